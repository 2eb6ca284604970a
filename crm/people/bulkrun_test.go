package people_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

var isNew = filter.Test{Kind: filter.Equals, Place: filter.InStatus, Text: crm.NewLead}

// many makes contacts with the status new.
func (o *office) many(n int) {
	o.t.Helper()
	changes := &crm.Changes{}
	for i := range n {
		changes.Contacts = append(changes.Contacts, &crm.Contact{
			ID: crm.NewID[crm.Contact](o.mint), WorkspaceID: o.me.WorkspaceID, Name: fmt.Sprint("Dewi ", i), LeadStatus: crm.NewLead, CreatedAt: o.mint.Now(), UpdatedAt: o.mint.Now(),
		})
	}
	err := o.store.Update(o.t.Context(), o.me.WorkspaceID, func(ctx context.Context, tx people.Tx) error { return tx.Write(ctx, changes) })
	if err != nil {
		o.t.Fatal(err)
	}
}

// count returns how many contacts pass a test.
func (o *office) count(test filter.Test) int {
	o.t.Helper()
	found, err := o.store.Contacts(o.t.Context(), o.me.WorkspaceID, people.ContactQuery{Filter: &test, Limit: 10_000})
	if err != nil {
		o.t.Fatal(err)
	}
	return len(found)
}

// stuttering is a store whose transactions fail after some.
type stuttering struct {
	people.BulkStore
	good int
}

func (s *stuttering) UpdateBulk(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.BulkTx) error) error {
	if s.good == 0 {
		return errors.New("the host is gone")
	}
	s.good--
	return s.BulkStore.UpdateBulk(ctx, ws, fn)
}

// TestBulkRunGoesOn: a change to all that fit a filter is made in steps, by
// whoever comes after one that died, each contact once.
func TestBulkRunGoesOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const n = 2*people.MaxBulk + 7
	o.many(n)
	seen := o.seen(o.me)
	first, second := people.NewBulks(&stuttering{o.bulks, 2}, o.mint), people.NewBulks(o.bulks, o.mint)
	run, err := first.Start(t.Context(), o.me, people.Bulk{Filter: &isNew, Edit: people.Edit{LeadStatus: new("won"), Fields: map[string]*string{"kota": new(" Bandung "), "umur": nil}}})
	if err != nil || run.State != crm.BulkRunning {
		t.Fatalf("started is %+v, %v", run, err)
	}
	if worked, err := first.Turn(t.Context()); !worked || err == nil {
		t.Fatalf("a host that dies worked %t, %v", worked, err)
	}
	at := func(want crm.BulkState, seen int) *crm.BulkRun {
		t.Helper()
		run, err := second.Run(t.Context(), o.me, run.ID)
		if err != nil || run.State != want || run.Seen != seen || run.Changed != seen || run.Failed != 0 {
			t.Errorf("the change is %+v, %v, want %s with %d seen", run, err, want, seen)
		}
		return run
	}
	at(crm.BulkRunning, people.MaxBulk)
	if worked, err := second.Turn(t.Context()); worked || err != nil {
		t.Errorf("what another has claimed is worked on: %t, %v", worked, err)
	}
	o.clock.Advance(time.Minute)
	if worked, err := second.Turn(t.Context()); !worked || err != nil {
		t.Errorf("what a host left when it died is not worked on: %v", err)
	}
	if done := at(crm.BulkDone, n); !done.EndedAt.Equal(o.clock.Now()) || !done.DueAt.IsZero() {
		t.Errorf("it ended at %v and is due at %v", done.EndedAt, done.DueAt)
	}
	won := filter.Test{Kind: filter.All, Of: []filter.Test{
		{Kind: filter.Equals, Place: filter.InStatus, Text: "won"}, {Kind: filter.Equals, Place: filter.InField, Key: "kota", Text: "bandung"},
	}}
	if left, changed := o.count(isNew), o.count(won); left != 0 || changed != n {
		t.Errorf("%d are left and %d changed, want %d", left, changed, n)
	}
	facts := 0
	for after := seen; ; {
		page, err := o.feed.After(t.Context(), o.me, after, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Facts {
			if facts++; f.Actor != o.me.Actor {
				t.Fatalf("a fact is by %v, want %v", f.Actor, o.me.Actor)
			}
		}
		if after = page.Next; len(page.Facts) == 0 {
			break
		}
	}
	if facts != n {
		t.Errorf("%d facts tell of %d changes", facts, n)
	}
	if worked, err := second.Turn(t.Context()); worked || err != nil {
		t.Errorf("one that is done is worked on: %v", err)
	}
}

// TestBulkRunEnds: it can be cancelled, and fails when what it is about is gone.
func TestBulkRunEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.many(3)
	bulks := people.NewBulks(o.bulks, o.mint)
	start := func(e people.Edit) *crm.BulkRun {
		t.Helper()
		run, err := bulks.Start(t.Context(), o.me, people.Bulk{Filter: &isNew, Edit: e})
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	cancelled := start(people.Edit{LeadStatus: new("won")})
	if _, err := bulks.Cancel(t.Context(), o.them, cancelled.ID); crm.CodeOf(err) != crm.NotFound {
		t.Errorf("another workspace cancels it: %v", err)
	}
	for range 2 {
		if run, err := bulks.Cancel(t.Context(), o.me, cancelled.ID); err != nil || run.State != crm.BulkCancelled {
			t.Errorf("cancelled it is %+v, %v", run, err)
		}
	}
	tag := o.tag(o.me, "VIP")
	failed := start(people.Edit{AddTags: []crm.TagID{tag.ID}})
	if err := o.DeleteTag(t.Context(), o.me, tag.ID); err != nil {
		t.Fatal(err)
	}
	if worked, err := bulks.Turn(t.Context()); !worked || err != nil {
		t.Errorf("worked %t, %v", worked, err)
	}
	if run, err := bulks.Run(t.Context(), o.me, failed.ID); err != nil || run.State != crm.BulkFailed || run.Reason != "There is no such tag." || run.Seen != 0 {
		t.Errorf("without its tag it is %+v, %v", run, err)
	}
	if worked, err := bulks.Turn(t.Context()); worked || err != nil {
		t.Errorf("with nothing to do it worked: %v", err)
	}
	if left := o.count(isNew); left != 3 {
		t.Errorf("%d contacts are as they were, want 3", left)
	}
	if list, err := bulks.List(t.Context(), o.me, crm.BulkID{}, 10); err != nil || len(list) != 2 || list[0].ID != failed.ID {
		t.Errorf("the list is %v, %v", list, err)
	}
	won := people.Edit{LeadStatus: new("won")}
	for what, b := range map[string]people.Bulk{
		"invalid bad_filter": {IDs: []crm.ContactID{{1}}, Edit: won}, "invalid bad_action": {Filter: &isNew}, "invalid bad_name": {Filter: &isNew, Edit: people.Edit{Name: new("x")}},
		"not_found": {Filter: &isNew, Edit: people.Edit{AddTags: []crm.TagID{tag.ID}}},
	} {
		if _, err := bulks.Start(t.Context(), o.me, b); code(err) != what {
			t.Errorf("starting %+v: %s, want %s", b, code(err), what)
		}
	}
	if _, err := bulks.Start(t.Context(), o.me, people.Bulk{Filter: &isNew, Assignee: &crm.MemberID{9}}); code(err) != "not_found" {
		t.Errorf("for a member that is not there: %v", err)
	}
}
