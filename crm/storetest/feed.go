package storetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
)

var feedTests = []test{
	{"comes back in order, numbered from one", feedStored},
	{"pages join to the whole", feedPages},
	{"has bounds", feedBounds},
	{"has no number for what was rolled back", feedRollback},
	{"has no gap for who follows it while many write", feedRace},
	{"wakes its watchers", feedWatch},
	{"is taken by retention up to the first fact that is new enough, and never whole", feedExpired},
	{"keeps watchers apart and ends with their context", feedWatchEnds},
}

// facts reads our feed after a number.
func (w *world) facts(t *testing.T, after int64, limit int) []crm.Fact {
	t.Helper()
	return must[[]crm.Fact](t)(w.store.Feed().Facts(t.Context(), w.ours.ws, after, limit))
}

func feedStored(t *testing.T, w *world) {
	first := w.ours.fact(w.ours.message)
	bare := crm.Fact{WorkspaceID: w.ours.ws, Kind: crm.ProviderEvent, At: w.clock.Now()}
	whole := w.ours.fact(w.ours.reply)
	whole.Kind, whole.Data = crm.MessageCreated, []byte(`{"big":12345678901234567890,"text":"émoji 👍🏽","deep":{"a":[1,2.50]}}`)
	everyField(t, "a fact", whole, nil, "Seq") // the store gives it
	w.write(t, w.ours.ws, &crm.Changes{Facts: []crm.Fact{bare, whole}})
	first.Seq, bare.Seq, whole.Seq = 1, 2, 3
	same(t, "the feed", w.facts(t, 0, all), []crm.Fact{first, bare, whole})
}

func feedPages(t *testing.T, w *world) {
	for range 4 {
		fact := w.ours.fact(w.ours.message)
		w.write(t, w.ours.ws, &crm.Changes{Facts: []crm.Fact{fact, fact, fact}})
	}
	want := w.facts(t, 0, all)
	if len(want) != 13 {
		t.Fatalf("the feed has %d facts, want 13", len(want))
	}
	for _, limit := range []int{1, 5, 13, 20} {
		var got []crm.Fact
		for after := int64(0); ; after = got[len(got)-1].Seq {
			page := w.facts(t, after, limit)
			got = append(got, page...)
			if len(page) < limit || len(got) > len(want) {
				break
			}
		}
		same(t, "the feed in pages", got, want)
	}
	if beyond := w.facts(t, math.MaxInt64, all); len(beyond) > 0 {
		t.Errorf("after the highest number there are %d facts", len(beyond))
	}
}

func feedBounds(t *testing.T, w *world) {
	for _, tt := range []struct {
		ws          crm.WorkspaceID
		first, last int64
	}{{w.ours.ws, 1, 3}, {w.theirs.ws, 1, 1}, {crm.NewID[crm.Workspace](w.mint), 0, 0}} {
		if tt.last > 1 {
			fact := w.ours.fact(w.ours.message)
			w.write(t, tt.ws, &crm.Changes{Facts: []crm.Fact{fact, fact}})
		}
		first, last, err := w.store.Feed().Bounds(t.Context(), tt.ws)
		if err != nil || first != tt.first || last != tt.last {
			t.Errorf("Bounds = %d, %d, %v, want %d, %d", first, last, err, tt.first, tt.last)
		}
	}
}

func feedExpired(t *testing.T, w *world) {
	read := w.store.Feed()
	add := func(n int) {
		for range n {
			w.write(t, w.ours.ws, &crm.Changes{Facts: []crm.Fact{w.ours.fact(w.ours.message)}})
		}
	}
	at := func(ahead time.Duration) (fact crm.Fact) {
		fact = w.ours.fact(w.ours.message)
		fact.At = w.clock.Now().Add(ahead)
		return fact
	}
	bounds := func(what string, ws crm.WorkspaceID, wantFirst, wantLast int64) {
		t.Helper()
		first, last, err := read.Bounds(t.Context(), ws)
		if err != nil || first != wantFirst || last != wantLast {
			t.Errorf("%s Bounds = %d, %d, %v, want %d, %d", what, first, last, err, wantFirst, wantLast)
		}
	}
	add(5)
	cut := w.clock.Advance(time.Hour)
	// A clock that went back leaves an old fact behind a new one: it stays, or
	// there would be a gap.
	w.write(t, w.ours.ws, &crm.Changes{Facts: []crm.Fact{at(time.Minute), at(-30 * time.Minute), at(time.Minute)}})
	if n := expire(t, read.Expire, cut.Add(-24*time.Hour)); n != 0 {
		t.Errorf("retention took %d facts that are not old enough", n)
	}
	bounds("before anything was taken,", w.ours.ws, 1, 9)
	if n := expire(t, read.Expire, cut); n != 6 {
		t.Errorf("retention took %d facts, want our first six; theirs is the only one", n)
	}
	bounds("after the old ones were taken,", w.ours.ws, 7, 9)
	bounds("of the other workspace,", w.theirs.ws, 1, 1)
	left := w.facts(t, 0, all)
	if len(left) != 3 || left[0].Seq != 7 || left[1].Seq != 8 || left[2].Seq != 9 {
		t.Errorf("the feed is %+v, want 7, 8 and 9", left)
	}
	if n := expire(t, read.Expire, w.later()); n != 2 {
		t.Errorf("retention took %d facts of the last three, want two", n)
	}
	bounds("after all but the newest were taken,", w.ours.ws, 9, 9)
	add(1)
	bounds("after one more,", w.ours.ws, 9, 10)
	if after := w.facts(t, 9, all); len(after) != 1 || after[0].Seq != 10 {
		t.Errorf("after 9 the feed is %+v, want 10", after)
	}
}

func feedRollback(t *testing.T, w *world) {
	refusal := errors.New("no")
	for range 3 {
		err := w.doors()[0].update(t.Context(), w.ours.ws, func(ctx context.Context, tx writer) error {
			return errors.Join(tx.Write(ctx, &crm.Changes{Facts: []crm.Fact{w.ours.fact(w.ours.message)}}), refusal)
		})
		if !errors.Is(err, refusal) {
			t.Fatal(err)
		}
	}
	w.write(t, w.ours.ws, &crm.Changes{Facts: []crm.Fact{w.ours.fact(w.ours.message)}})
	if facts := w.facts(t, 0, all); len(facts) != 2 || facts[1].Seq != 2 {
		t.Errorf("after three rollbacks and a commit the feed is %+v, want numbers 1 and 2", facts)
	}
}

// feedRace follows the feed while transactions of different length commit: who
// asks for what comes after the last number must never miss one.
func feedRace(t *testing.T, w *world) {
	const rounds = 15
	total := int64(1)
	for racer := range racers {
		total += int64(rounds * (1 + racer%3))
	}
	var follower sync.WaitGroup
	follower.Go(func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for last := int64(0); last < total; {
			facts, err := w.store.Feed().Facts(ctx, w.ours.ws, last, all)
			if err != nil {
				t.Errorf("follow the feed after %d of %d: %v", last, total, err)
				return
			}
			for _, fact := range facts {
				if fact.Seq != last+1 {
					t.Errorf("after %d comes %d", last, fact.Seq)
				}
				last = fact.Seq
			}
		}
	})
	race(t, func(racer int) error {
		for range rounds {
			fact := w.ours.fact(w.ours.message)
			if err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Facts: slices.Repeat([]crm.Fact{fact}, 1+racer%3)}); err != nil {
				return err
			}
		}
		return nil
	})
	follower.Wait()
	if facts := w.facts(t, 0, all); int64(len(facts)) != total {
		t.Errorf("the feed has %d facts, want %d", len(facts), total)
	}
}

// watch calls Watch until the test or stop ends it, and hands on what it is
// woken with.
func (w *world) watch(t *testing.T) (woken <-chan []crm.WorkspaceID, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	news, ended := make(chan []crm.WorkspaceID), make(chan struct{})
	go func() {
		defer close(ended)
		var busy sync.Mutex
		err := w.store.Feed().Watch(ctx, func(workspaces []crm.WorkspaceID) {
			if !busy.TryLock() {
				t.Error("wake is called by two goroutines at once")
				return
			}
			defer busy.Unlock()
			select {
			case news <- slices.Clone(workspaces):
			case <-ctx.Done():
			}
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Watch: %v", err)
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			t.Error("Watch goes on after its context has ended")
		}
	})
	t.Cleanup(stop)
	return news, stop
}

// writeUntil writes facts of a tenant until a watcher is woken for it: a single
// commit may be missed, and one before the watcher was there is.
func (w *world) writeUntil(t *testing.T, c *tenant, woken <-chan []crm.WorkspaceID) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(30 * time.Second)
	for {
		w.write(t, c.ws, &crm.Changes{Facts: []crm.Fact{c.fact(c.message)}})
		for waiting := true; waiting; {
			select {
			case workspaces := <-woken:
				if workspaces == nil || slices.Contains(workspaces, c.ws) {
					return
				}
			case <-again.C:
				waiting = false
			case <-deadline:
				t.Fatal("a watcher is not woken by a workspace's new facts")
			}
		}
	}
}

func feedWatch(t *testing.T, w *world) {
	one, _ := w.watch(t)
	w.writeUntil(t, w.ours, one)
	w.writeUntil(t, w.theirs, one)
}

func feedWatchEnds(t *testing.T, w *world) {
	one, stopOne := w.watch(t)
	other, _ := w.watch(t)
	w.writeUntil(t, w.ours, one)
	stopOne()
	w.writeUntil(t, w.ours, other)
}
