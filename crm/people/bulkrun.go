package people

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/filter"
)

// bulkLease is how long who claimed a bulk change has for its next step.
const bulkLease = 15 * time.Second

// Bulks makes changes to all contacts that fit a filter, in the background:
// started once, and worked on by whoever calls [Bulks.Turn], in steps of MaxBulk
// contacts in the order of their ids. Each transaction writes its contacts and how
// far the change is, so that one that is killed goes on after the last step, and
// no contact is missed or changed twice. Who comes to fit meanwhile, further on in
// that order, is changed too. Its methods may be called from several goroutines
// and processes.
type Bulks struct {
	store BulkStore
	mint  *crm.Mint
}

// BulkStore is what bulk changes ask of a store. Every method but ClaimBulk sees
// rows of one workspace only.
type BulkStore interface {
	// UpdateBulk runs fn in one transaction; see inbox.Store, whose contract it
	// shares.
	UpdateBulk(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, BulkTx) error) error

	// Contacts is Store's.
	Contacts(ctx context.Context, ws crm.WorkspaceID, q ContactQuery) ([]*crm.Contact, error)

	// Bulk returns a bulk change, or NotFound.
	Bulk(ctx context.Context, ws crm.WorkspaceID, id crm.BulkID) (*crm.BulkRun, error)

	// Bulks returns at most limit bulk changes, newest first, after the one named
	// (zero: from the newest).
	Bulks(ctx context.Context, ws crm.WorkspaceID, after crm.BulkID, limit int) ([]*crm.BulkRun, error)

	// ClaimBulk takes the bulk change that has been due longest at now, of any
	// workspace, and sets its DueAt to until: so nobody else takes it before, and
	// who dies leaves it to others. It returns nil if there is none. Several
	// processes may claim at once: none is claimed by two.
	ClaimBulk(ctx context.Context, now, until time.Time) (*crm.BulkRun, error)
}

// BulkTx is one transaction of a BulkStore.
type BulkTx interface {
	Tx

	// Bulk returns a bulk change and locks it, or NotFound.
	Bulk(ctx context.Context, id crm.BulkID) (*crm.BulkRun, error)
	// SaveBulk makes a bulk change, or replaces it whole.
	SaveBulk(ctx context.Context, run *crm.BulkRun) error
}

// NewBulks returns the bulk changes of a store.
func NewBulks(store BulkStore, mint *crm.Mint) *Bulks { return &Bulks{store: store, mint: mint} }

// bulkChange is what a bulk change is kept as.
type bulkChange struct {
	Filter   *filter.Test  `json:"filter"`
	Edit     Edit          `json:"edit"`
	Assignee *crm.MemberID `json:"assignee,omitempty"`
}

// Start begins a change to all that fit b.Filter. What [Service.Bulk] would refuse
// is refused; a tag or member that is not there is NotFound.
func (s *Bulks) Start(ctx context.Context, p access.Principal, b Bulk) (*crm.BulkRun, error) {
	const op = "start a bulk change"
	if b.Filter == nil {
		return nil, crm.Wrap(op, invalid("filter", "What runs in the background needs a filter."))
	}
	if err := b.check(p); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if b.Edit, err = b.Edit.checked(""); err != nil {
		return nil, crm.Wrap(op, err)
	}
	run := &crm.BulkRun{
		ID: crm.NewID[crm.BulkRun](s.mint), WorkspaceID: p.WorkspaceID, Author: p.Actor, State: crm.BulkRunning, DueAt: s.mint.Now(), CreatedAt: s.mint.Now(),
	}
	if run.Change, err = json.Marshal(bulkChange{b.Filter, b.Edit, b.Assignee}); err != nil {
		return nil, crm.Wrap(op, err)
	}
	err = s.store.UpdateBulk(ctx, p.WorkspaceID, func(ctx context.Context, tx BulkTx) error {
		state, err := tx.Load(ctx, b.need(p.WorkspaceID))
		if err == nil {
			_, err = b.decide(state, p.Actor, s.mint, new(BulkResult)) // of no contact: are the tags and the member there?
		}
		if err == nil {
			err = b.Edit.tagsThere(state)
		}
		if err != nil {
			return err
		}
		return tx.SaveBulk(ctx, run)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return run, nil
}

// Cancel ends a bulk change. What it changed before stays. One that ended already
// stays as it is.
func (s *Bulks) Cancel(ctx context.Context, p access.Principal, id crm.BulkID) (*crm.BulkRun, error) {
	const op = "cancel a bulk change"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var run *crm.BulkRun
	err := s.store.UpdateBulk(ctx, p.WorkspaceID, func(ctx context.Context, tx BulkTx) (err error) {
		if run, err = tx.Bulk(ctx, id); err != nil || run.State != crm.BulkRunning {
			return err
		}
		s.end(run, crm.BulkCancelled)
		return tx.SaveBulk(ctx, run)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return run, nil
}

func (s *Bulks) end(run *crm.BulkRun, state crm.BulkState) {
	run.State, run.DueAt, run.EndedAt = state, time.Time{}, s.mint.Now()
}

// Run returns a bulk change, or NotFound.
func (s *Bulks) Run(ctx context.Context, p access.Principal, id crm.BulkID) (*crm.BulkRun, error) {
	const op = "read a bulk change"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	run, err := s.store.Bulk(ctx, p.WorkspaceID, id)
	return run, crm.Wrap(op, err)
}

// List returns a page of bulk changes, newest first, after the one named.
func (s *Bulks) List(ctx context.Context, p access.Principal, after crm.BulkID, rows int) ([]*crm.BulkRun, error) {
	const op = "list bulk changes"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	rows, err := crm.CheckPage(rows)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Bulks(ctx, p.WorkspaceID, after, rows)
	return list, crm.Wrap(op, err)
}

// Turn works on one bulk change that runs, until it ends or ctx does, and reports
// whether there was one. An error of the database leaves it for the next turn, of
// this process or another.
func (s *Bulks) Turn(ctx context.Context) (bool, error) {
	const op = "change contacts in the background"
	run, err := s.store.ClaimBulk(ctx, s.mint.Now(), s.mint.Now().Add(bulkLease))
	if err != nil || run == nil {
		return false, crm.Wrap(op, err)
	}
	for err == nil && run.State == crm.BulkRunning {
		run, err = s.step(ctx, run)
	}
	if errors.Is(err, errTaken) {
		err = nil
	}
	return true, crm.Wrap(op, err)
}

// step changes the next MaxBulk contacts and returns the run as it is then.
func (s *Bulks) step(ctx context.Context, run *crm.BulkRun) (*crm.BulkRun, error) {
	var change bulkChange
	if err := json.Unmarshal(run.Change, &change); err != nil {
		return nil, err
	}
	b := Bulk{Filter: change.Filter, Edit: change.Edit, Assignee: change.Assignee}
	fitting, err := s.store.Contacts(ctx, run.WorkspaceID, ContactQuery{Filter: b.Filter, Sort: ByID, After: ContactCursor{ID: run.After}, Limit: MaxBulk})
	if err != nil {
		return nil, err
	}
	for _, c := range fitting {
		b.IDs = append(b.IDs, c.ID)
	}
	var stored *crm.BulkRun
	err = s.store.UpdateBulk(ctx, run.WorkspaceID, func(ctx context.Context, tx BulkTx) error {
		now, err := tx.Bulk(ctx, run.ID)
		if err != nil {
			return err
		}
		if now.State != crm.BulkRunning || now.After != run.After {
			return errTaken
		}
		var changes crm.Changes
		result := &BulkResult{Seen: len(b.IDs)}
		if len(b.IDs) > 0 {
			if changes, err = b.inTx(ctx, tx, run, s.mint, result); err != nil {
				return s.fail(ctx, tx, now, err, &stored)
			}
			now.After = b.IDs[len(b.IDs)-1]
		}
		now.Seen, now.Changed, now.Failed = now.Seen+result.Seen, now.Changed+result.Changed, now.Failed+len(result.Failed)
		if now.DueAt = s.mint.Now().Add(bulkLease); len(b.IDs) < MaxBulk {
			s.end(now, crm.BulkDone)
		}
		if err := tx.SaveBulk(ctx, now); err != nil {
			return err
		}
		stored = now
		return tx.Write(ctx, &changes)
	})
	return stored, err
}

// inTx decides about the contacts in a transaction.
func (b *Bulk) inTx(ctx context.Context, tx Tx, run *crm.BulkRun, mint *crm.Mint, result *BulkResult) (crm.Changes, error) {
	need := b.need(run.WorkspaceID)
	state, err := tx.Load(ctx, need)
	if err != nil {
		return crm.Changes{}, err
	}
	changes, err := b.decide(state, run.Author, mint, result)
	if err == nil && need.Leads && !changes.Empty() {
		changes.Facts = append(changes.Facts, state.score(run.WorkspaceID, &changes, mint.Now())...)
	}
	return changes, err
}

// fail ends a run whose change cannot be made any more, because its tag or member
// is gone. Another error is left for the next turn.
func (s *Bulks) fail(ctx context.Context, tx BulkTx, run *crm.BulkRun, why error, stored **crm.BulkRun) error {
	var said *crm.Error
	if crm.CodeOf(why) != crm.NotFound || !errors.As(why, &said) {
		return why
	}
	run.Reason = said.Msg
	s.end(run, crm.BulkFailed)
	*stored = run
	return tx.SaveBulk(ctx, run)
}
