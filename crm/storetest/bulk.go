package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

var bulkTests = []test{
	{"comes back with every field, and is replaced whole", bulkStored},
	{"pages join to all of a workspace's, newest first", bulkPages},
	{"is not another workspace's", bulkForeign},
	{"that runs is claimed, by one of many claimers, the longest due first", bulkClaimed},
	{"is written together with contacts, or not at all", bulkTogether},
}

func (w *world) newBulk(c *tenant) *crm.BulkRun {
	now := w.clock.Advance(time.Second)
	return &crm.BulkRun{
		ID: crm.NewID[crm.BulkRun](w.mint), WorkspaceID: c.ws, Author: crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()}, Change: []byte(`{"edit":"'?\\"}`),
		State: crm.BulkFailed, Reason: "none", After: c.contact.ID, Seen: 9, Changed: 7, Failed: 2, CreatedAt: now, EndedAt: now.Add(time.Hour),
	}
}

func (w *world) saveBulk(t *testing.T, run *crm.BulkRun) *crm.BulkRun {
	t.Helper()
	err := w.store.Bulks().UpdateBulk(t.Context(), run.WorkspaceID, func(ctx context.Context, tx people.BulkTx) error { return tx.SaveBulk(ctx, copied(run)) })
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func bulkStored(t *testing.T, w *world) {
	full := w.saveBulk(t, w.newBulk(w.ours))
	everyField(t, "a bulk change", full, nil, "DueAt") // one that ended is not due, one that runs is
	bare := w.saveBulk(t, &crm.BulkRun{ID: crm.NewID[crm.BulkRun](w.mint), WorkspaceID: w.ours.ws, Change: []byte("{}"), State: crm.BulkRunning, DueAt: w.clock.Now(), CreatedAt: w.clock.Now()})
	for _, want := range []*crm.BulkRun{full, bare} {
		same(t, "a bulk change", must[*crm.BulkRun](t)(w.store.Bulks().Bulk(t.Context(), w.ours.ws, want.ID)), want)
		err := w.store.Bulks().UpdateBulk(t.Context(), w.ours.ws, func(ctx context.Context, tx people.BulkTx) error {
			got, err := tx.Bulk(ctx, want.ID)
			same(t, "a bulk change in a transaction", got, want)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	bare.Seen, bare.After, bare.DueAt, bare.State = 500, w.ours.contact.ID, time.Time{}, crm.BulkDone
	same(t, "one that was replaced", must[*crm.BulkRun](t)(w.store.Bulks().Bulk(t.Context(), w.ours.ws, w.saveBulk(t, bare).ID)), bare)
}

func bulkPages(t *testing.T, w *world) {
	var want []*crm.BulkRun
	for range 5 {
		want = append([]*crm.BulkRun{w.saveBulk(t, w.newBulk(w.ours))}, want...)
		w.saveBulk(t, w.newBulk(w.theirs))
	}
	var got []*crm.BulkRun
	for after := (crm.BulkID{}); ; after = got[len(got)-1].ID {
		page := must[[]*crm.BulkRun](t)(w.store.Bulks().Bulks(t.Context(), w.ours.ws, after, 2))
		if got = append(got, page...); len(page) < 2 {
			break
		}
	}
	same(t, "the bulk changes of all pages", got, want)
}

func bulkForeign(t *testing.T, w *world) {
	run := w.saveBulk(t, w.newBulk(w.theirs))
	_, err := w.store.Bulks().Bulk(t.Context(), w.ours.ws, run.ID)
	wantCode(t, "a foreign bulk change", err, crm.NotFound)
	err = w.store.Bulks().UpdateBulk(t.Context(), w.ours.ws, func(ctx context.Context, tx people.BulkTx) error {
		_, err := tx.Bulk(ctx, run.ID)
		return err
	})
	wantCode(t, "a foreign bulk change in a transaction", err, crm.NotFound)
	err = w.store.Bulks().UpdateBulk(t.Context(), w.ours.ws, func(ctx context.Context, tx people.BulkTx) error { return tx.SaveBulk(ctx, run) })
	wantCode(t, "a bulk change of another workspace than the transaction's", err, crm.Internal)
}

func bulkClaimed(t *testing.T, w *world) {
	now := w.clock.Advance(time.Hour)
	w.saveBulk(t, w.newBulk(w.ours)) // that ended
	const n = 6
	for i := range n {
		run := w.newBulk([]*tenant{w.ours, w.theirs}[i%2])
		run.State, run.DueAt, run.Seen = crm.BulkRunning, now.Add(time.Duration(n-i)*time.Second), n-i
		w.saveBulk(t, run)
	}
	if early, err := w.store.Bulks().ClaimBulk(t.Context(), now, now); early != nil || err != nil {
		t.Errorf("before any is due %v is claimed, %v", early, err)
	}
	until := now.Add(time.Hour)
	first := must[*crm.BulkRun](t)(w.store.Bulks().ClaimBulk(t.Context(), now.Add(time.Minute), until))
	if first.Seen != 1 || !first.DueAt.Equal(until) {
		t.Errorf("first is claimed the one of place %d, due at %v, want 1 and %v", first.Seen, first.DueAt, until)
	}
	same(t, "the claimed one", must[*crm.BulkRun](t)(w.store.Bulks().Bulk(t.Context(), first.WorkspaceID, first.ID)), first)
	var claimed atomic.Int64
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			for {
				run, err := w.store.Bulks().ClaimBulk(t.Context(), now.Add(time.Minute), until)
				if err != nil {
					t.Error(err)
				}
				if run == nil {
					return
				}
				claimed.Add(1)
			}
		})
	}
	running.Wait()
	if claimed.Load() != n-1 {
		t.Errorf("%d are claimed of %d", claimed.Load(), n-1)
	}
}

func bulkTogether(t *testing.T, w *world) {
	run, contact := w.newBulk(w.ours), copied(w.ours.contact)
	contact.Name = "Sari"
	broken := errors.New("broken")
	for _, fails := range []error{broken, nil} {
		err := w.store.Bulks().UpdateBulk(t.Context(), w.ours.ws, func(ctx context.Context, tx people.BulkTx) error {
			if err := tx.SaveBulk(ctx, run); err != nil {
				return err
			}
			if err := tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{copied(contact)}}); err != nil {
				return err
			}
			return fails
		})
		if !errors.Is(err, fails) {
			t.Fatalf("the transaction ends with %v, want %v", err, fails)
		}
		_, err = w.store.Bulks().Bulk(t.Context(), w.ours.ws, run.ID)
		if there, named := err == nil, w.contact(t, contact.ID).Name == "Sari"; there != (fails == nil) || named != (fails == nil) {
			t.Errorf("after %v the change is there: %t, and the contact changed: %t", fails, there, named)
		}
	}
}
