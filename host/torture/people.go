//go:build torture

package torture

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// around runs a transaction between the points of its kind, which it tells when
// it has done its work; "" has none.
func (h *Harness) around(update func() (way string, err error)) error {
	way, err := update()
	if err != nil {
		return h.translated(err)
	}
	if h.along(way, "afterCommit") != nil {
		return uncertain(way + ".afterCommit")
	}
	return nil
}

// People puts the points of changes of the lead database and of rescores, and a
// bug of its store, in front of a store.
func (h *Harness) People(s people.Store) people.Store {
	s = peopleStore{s, h}
	if h.bug.people != nil {
		s = h.bug.people(h, s)
	}
	return s
}

type peopleStore struct {
	people.Store
	h *Harness
}

// Update implements people.Store. What a transaction is for shows when it writes.
func (s peopleStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.Tx) error) error {
	return s.h.around(func() (way string, err error) {
		err = s.Store.Update(ctx, ws, func(ctx context.Context, tx people.Tx) error {
			way = ""
			if err := fn(ctx, peopleTx{tx, &way}); err != nil {
				return err
			}
			return s.h.along(way, "beforeCommit")
		})
		return way, err
	})
}

// ClaimRescore implements people.Store.
func (s peopleStore) ClaimRescore(ctx context.Context, now time.Time, lease time.Duration) (*crm.Rescore, error) {
	r, err := s.Store.ClaimRescore(ctx, now, lease)
	if err != nil || r == nil {
		return r, s.h.translated(err)
	}
	return r, s.h.at("rescore.afterClaim")
}

// peopleTx is a transaction that notes what it is for.
type peopleTx struct {
	people.Tx
	way *string
}

// Write implements people.Tx.
func (t peopleTx) Write(ctx context.Context, changes *crm.Changes) error {
	if *t.way == "" {
		*t.way = "people"
	}
	for _, r := range changes.Rescores {
		if r.Seen > 0 {
			*t.way = "rescore"
		}
	}
	return t.Tx.Write(ctx, changes)
}

// Imports puts the points of an import's batches, and a bug of its store, in
// front of a store.
func (h *Harness) Imports(s people.ImportStore) people.ImportStore {
	s = importStore{s, h}
	if h.bug.imports != nil {
		s = h.bug.imports(h, s)
	}
	return s
}

type importStore struct {
	people.ImportStore
	h *Harness
}

// Claim implements people.ImportStore.
func (s importStore) Claim(ctx context.Context, now time.Time, lease time.Duration, only crm.ImportID) (*crm.Import, error) {
	im, err := s.ImportStore.Claim(ctx, now, lease, only)
	if err != nil || im == nil {
		return im, s.h.translated(err)
	}
	return im, s.h.at("import.afterClaim")
}

// Update implements people.ImportStore. Of its transactions those that write
// contacts are an import's batches.
func (s importStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.ImportTx) error) error {
	return s.h.around(func() (way string, err error) {
		err = s.ImportStore.Update(ctx, ws, func(ctx context.Context, tx people.ImportTx) error {
			way = ""
			if err := fn(ctx, importTx{tx, &way}); err != nil {
				return err
			}
			return s.h.along(way, "beforeCommit")
		})
		return way, err
	})
}

type importTx struct {
	people.ImportTx
	way *string
}

// Write implements people.Tx.
func (t importTx) Write(ctx context.Context, changes *crm.Changes) error {
	if len(changes.Contacts) > 0 {
		*t.way = "import"
	}
	return t.ImportTx.Write(ctx, changes)
}

// Bulks puts the points of a bulk change's steps, and a bug of its store, in
// front of a store.
func (h *Harness) Bulks(s people.BulkStore) people.BulkStore {
	s = bulkStore{s, h}
	if h.bug.bulks != nil {
		s = h.bug.bulks(h, s)
	}
	return s
}

type bulkStore struct {
	people.BulkStore
	h *Harness
}

// ClaimBulk implements people.BulkStore.
func (s bulkStore) ClaimBulk(ctx context.Context, now, until time.Time) (*crm.BulkRun, error) {
	run, err := s.BulkStore.ClaimBulk(ctx, now, until)
	if err != nil || run == nil {
		return run, s.h.translated(err)
	}
	return run, s.h.at("bulk.afterClaim")
}

// UpdateBulk implements people.BulkStore. Of its transactions those that write
// contacts are steps.
func (s bulkStore) UpdateBulk(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.BulkTx) error) error {
	return s.h.around(func() (way string, err error) {
		err = s.BulkStore.UpdateBulk(ctx, ws, func(ctx context.Context, tx people.BulkTx) error {
			way = ""
			if err := fn(ctx, bulkTx{tx, &way}); err != nil {
				return err
			}
			return s.h.along(way, "beforeCommit")
		})
		return way, err
	})
}

type bulkTx struct {
	people.BulkTx
	way *string
}

// Write implements people.Tx.
func (t bulkTx) Write(ctx context.Context, changes *crm.Changes) error {
	if len(changes.Contacts) > 0 {
		*t.way = "bulk"
	}
	return t.BulkTx.Write(ctx, changes)
}

// Erasures puts the points of an erasure's way, and a bug of its store, in front
// of a store.
func (h *Harness) Erasures(s people.EraseStore) people.EraseStore {
	s = eraseStore{s, h}
	if h.bug.erasures != nil {
		s = h.bug.erasures(h, s)
	}
	return s
}

type eraseStore struct {
	people.EraseStore
	h *Harness
}

// Claim implements people.EraseStore.
func (s eraseStore) Claim(ctx context.Context, now time.Time, lease time.Duration, only crm.ContactID) (*crm.Erasure, error) {
	e, err := s.EraseStore.Claim(ctx, now, lease, only)
	if err != nil || e == nil {
		return e, s.h.translated(err)
	}
	return e, s.h.at("erase.afterClaim")
}

// Step implements people.EraseStore.
func (s eraseStore) Step(ctx context.Context, e *crm.Erasure, traces *people.Traces, limit int) (bool, error) {
	if err := s.h.at("erase.beforeStep"); err != nil {
		return false, err
	}
	done, err := s.EraseStore.Step(ctx, e, traces, limit)
	if err != nil {
		return done, s.h.translated(err)
	}
	return done, s.h.at("erase.afterStep")
}

// Update implements people.EraseStore. A transaction that hides a contact begins
// an erasure, another takes one further.
func (s eraseStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.EraseTx) error) error {
	return s.h.around(func() (way string, err error) {
		err = s.EraseStore.Update(ctx, ws, func(ctx context.Context, tx people.EraseTx) error {
			way = "erasing"
			if err := fn(ctx, eraseTx{tx, &way}); err != nil {
				return err
			}
			return s.h.along(way, "beforeCommit")
		})
		return way, err
	})
}

type eraseTx struct {
	people.EraseTx
	way *string
}

// Hide implements people.EraseTx.
func (t eraseTx) Hide(ctx context.Context, contact crm.ContactID) ([]crm.ContactID, crm.ErasedCounts, error) {
	*t.way = "erase"
	return t.EraseTx.Hide(ctx, contact)
}
