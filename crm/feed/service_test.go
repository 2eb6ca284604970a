package feed_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/feed"
)

var (
	ours   = crm.WorkspaceID{1}
	theirs = crm.WorkspaceID{2}
)

// memory is a feed kept in memory: the facts of workspaces, the first dropped
// ones gone.
type memory struct {
	facts   map[crm.WorkspaceID][]crm.Fact
	dropped map[crm.WorkspaceID]int64
	err     error
}

func newMemory() *memory {
	return &memory{facts: map[crm.WorkspaceID][]crm.Fact{}, dropped: map[crm.WorkspaceID]int64{}}
}

// add gives a workspace n more facts.
func (m *memory) add(ws crm.WorkspaceID, n int) {
	for range n {
		seq := int64(len(m.facts[ws]) + 1)
		m.facts[ws] = append(m.facts[ws], crm.Fact{WorkspaceID: ws, Seq: seq, Kind: crm.MessageReceived})
	}
}

func (m *memory) Facts(_ context.Context, ws crm.WorkspaceID, after int64, limit int) ([]crm.Fact, error) {
	all := m.facts[ws]
	from := min(max(after, m.dropped[ws]), int64(len(all)))
	return slices.Clone(all[from:min(from+int64(limit), int64(len(all)))]), m.err
}

func (m *memory) Bounds(_ context.Context, ws crm.WorkspaceID) (first, last int64, err error) {
	last = int64(len(m.facts[ws]))
	if m.dropped[ws] < last {
		first = m.dropped[ws] + 1
	}
	return first, last, m.err
}

// Expire is not asked of it: its facts have no time.
func (m *memory) Expire(context.Context, time.Time, int) (int, error) { return 0, m.err }

func (m *memory) Watch(ctx context.Context, wake func([]crm.WorkspaceID)) error {
	wake([]crm.WorkspaceID{ours})
	<-ctx.Done()
	return m.err
}

func TestAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		kept, dropped int // facts given, and how many of the first are gone
		after         int64
		limit         int
		want          []int64
		next          int64
		resync        bool
	}{
		{name: "nothing ever happened", after: 0, next: 0},
		{name: "from now on, in an empty workspace", after: -1, next: 0},
		{name: "from now on", kept: 7, after: -1, next: 7},
		{name: "from the start", kept: 3, after: 0, want: []int64{1, 2, 3}, next: 3},
		{name: "a full page", kept: 3, after: 0, limit: 2, want: []int64{1, 2}, next: 2},
		{name: "exactly a page", kept: 2, after: 0, limit: 2, want: []int64{1, 2}, next: 2},
		{name: "up to date", kept: 3, after: 3, next: 3},
		{name: "ahead of the newest", kept: 3, after: 4, next: 3, resync: true},
		{name: "ahead of an empty workspace", after: 4, next: 0, resync: true},
		{name: "just kept", kept: 5, dropped: 2, after: 2, want: []int64{3, 4, 5}, next: 5},
		{name: "just dropped", kept: 5, dropped: 2, after: 1, next: 5, resync: true},
		{name: "all dropped", kept: 5, dropped: 5, after: 2, next: 5, resync: true},
		{name: "all dropped, and up to date", kept: 5, dropped: 5, after: 5, next: 5},
		{name: "as far behind as may be", kept: feed.MaxReplay + 1, after: 1, limit: 1, want: []int64{2}, next: 2},
		{name: "too far behind", kept: feed.MaxReplay + 1, after: 0, limit: 1, next: feed.MaxReplay + 1, resync: true},
	} {
		store := newMemory()
		store.add(ours, c.kept)
		store.dropped[ours] = int64(c.dropped)
		page, err := feed.New(store).After(t.Context(), access.System(ours), c.after, c.limit)
		if err != nil || !slices.Equal(seqs(page.Facts), c.want) || page.Next != c.next || page.Resync != c.resync {
			t.Errorf("%s: After(%d) = %v, next %d, resync %t, %v; want %v, next %d, resync %t",
				c.name, c.after, seqs(page.Facts), page.Next, page.Resync, err, c.want, c.next, c.resync)
		}
	}
}

func TestAfterRefuses(t *testing.T) {
	t.Parallel()
	broken := newMemory()
	broken.err = crm.Unavailable
	for _, c := range []struct {
		name  string
		store *memory
		as    access.Principal
		limit int
		want  crm.Code
	}{
		{"nobody", newMemory(), access.Principal{}, 10, crm.Unauthenticated},
		{"a key without the scope", newMemory(), access.Principal{WorkspaceID: ours, Scopes: []string{"contacts:read"}}, 10, crm.Forbidden},
		{"a negative limit", newMemory(), access.System(ours), -1, crm.Invalid},
		{"a limit too high", newMemory(), access.System(ours), feed.MaxLimit + 1, crm.Invalid},
		{"a store that is down", broken, access.System(ours), 10, crm.Unavailable},
	} {
		page, err := feed.New(c.store).After(t.Context(), c.as, 0, c.limit)
		if !errors.Is(err, c.want) || page.Facts != nil {
			t.Errorf("%s: After = %v, %v, want %s", c.name, page, err, c.want)
		}
	}
}

// TestPagesJoin: whoever goes on from Next while facts are added gets all facts
// of the workspace once and in order, and none of another's.
func TestPagesJoin(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("pages join to the feed", prop.ForAll(
		func(added []int, limit int) bool {
			store := newMemory()
			reader := feed.New(store)
			var got []crm.Fact
			next := int64(0)
			read := func() int {
				page, err := reader.After(t.Context(), access.System(ours), next, limit)
				if err != nil || page.Resync || len(page.Facts) > limit {
					t.Fatalf("After(%d, %d) = %v, %v", next, limit, page, err)
				}
				got, next = append(got, page.Facts...), page.Next
				return len(page.Facts)
			}
			for _, n := range added {
				store.add(ours, n)
				store.add(theirs, n+1)
				read()
			}
			for read() > 0 {
			}
			return slices.EqualFunc(got, store.facts[ours], func(a, b crm.Fact) bool { return a.Seq == b.Seq && a.WorkspaceID == b.WorkspaceID })
		},
		gen.SliceOf(gen.IntRange(0, 9)), gen.IntRange(1, 7)))
	properties.TestingRun(t)
}

func TestWatchPassesOn(t *testing.T) {
	t.Parallel()
	store := newMemory()
	store.err = crm.Unavailable
	ctx, cancel := context.WithCancel(t.Context())
	var woken []crm.WorkspaceID
	err := feed.New(store).Watch(ctx, func(ws []crm.WorkspaceID) {
		woken = append(woken, ws...)
		cancel()
	})
	if !errors.Is(err, crm.Unavailable) || !slices.Equal(woken, []crm.WorkspaceID{ours}) {
		t.Errorf("Watch = %v after waking %v, want the store's error after waking ours", err, woken)
	}
}

func seqs(facts []crm.Fact) []int64 {
	var seqs []int64
	for _, f := range facts {
		seqs = append(seqs, f.Seq)
	}
	return seqs
}
