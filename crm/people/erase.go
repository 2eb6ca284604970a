package people

import (
	"context"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// The bounds of an erasure.
const (
	eraseLease = 15 * time.Second
	eraseRows  = 500 // that one transaction looks at or takes away
)

// Erasures take contacts away for good. The first transaction makes a contact
// vanish from everything that is read; whoever calls [Erasures.Turn] then takes
// away, in bounded steps, what is stored of it: its messages and what providers
// reported about them, the requests of the webhook journal that name it, the rows
// of files, and what the feed carries beside ids. One that is killed goes on after
// the last step. What stays says nothing about a person: the journal's rows with
// verdict, time and size, the feed's with kind and ids, every counter, and the
// erasure with its counts.
//
// A webhook request is the journal's smallest part: one that names several
// people loses its whole body. A message of somebody else that mentions the
// contact, such as a card of it, is that person's and stays.
//
// A message that comes from the same number later is from somebody new. Its
// methods may be called from several goroutines and processes.
type Erasures struct {
	store   EraseStore
	imports ImportStore
	mint    *crm.Mint
}

// NewErasures returns the erasures of a store.
func NewErasures(store EraseStore, imports ImportStore, mint *crm.Mint) *Erasures {
	return &Erasures{store: store, imports: imports, mint: mint}
}

// Erase makes a contact vanish and begins to take away what is stored of it. For
// one that is being erased or was it returns that erasure. NotFound if there was
// no such contact.
func (s *Erasures) Erase(ctx context.Context, p access.Principal, id crm.ContactID) (*crm.Erasure, error) {
	const op = "erase contact"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := s.store.Erasure(ctx, p.WorkspaceID, id)
	if err == nil || crm.CodeOf(err) != crm.NotFound {
		return e, crm.Wrap(op, err)
	}
	err = s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx EraseTx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: p.WorkspaceID, Contacts: []crm.ContactID{id}, Threads: true})
		if err != nil {
			return err
		}
		contact, err := state.contact(id)
		if err != nil {
			return err
		}
		now := s.mint.Now()
		e = &crm.Erasure{WorkspaceID: p.WorkspaceID, ContactID: id, Actor: p.Actor, BegunAt: now, Stage: crm.ErasureStages[0]}
		traces := Traces{Identities: contact.Identities}
		changes := crm.Changes{GoneContacts: []crm.ContactID{id}, Facts: []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.ContactErased, At: now, Actor: p.Actor, ContactID: id,
		}}}
		for _, cv := range state.Conversations {
			traces.Threads, changes.GoneThreads = append(traces.Threads, cv.ID), append(changes.GoneThreads, cv.ID)
		}
		if traces.Contacts, e.Erased, err = tx.Hide(ctx, id); err != nil {
			return err
		}
		e.Erased.Conversations = len(traces.Threads)
		e.Traces = traces.Encode()
		if err := tx.SaveErasure(ctx, e); err != nil {
			return err
		}
		return tx.Write(ctx, &changes)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return e, nil
}

// Erasure returns how far the erasure of a contact is, or NotFound.
func (s *Erasures) Erasure(ctx context.Context, p access.Principal, id crm.ContactID) (*crm.Erasure, error) {
	const op = "read erasure"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := s.store.Erasure(ctx, p.WorkspaceID, id)
	return e, crm.Wrap(op, err)
}

// Turn works on one erasure until it or ctx ends, and reports whether there was
// one. An error of the database leaves it for the next turn, of this process or
// another.
func (s *Erasures) Turn(ctx context.Context) (bool, error) { return s.turn(ctx, crm.ContactID{}) }

// Run is Turn for the erasure of one contact. It reports false when there is
// nothing to do for it: somebody else works on it, or it ended.
func (s *Erasures) Run(ctx context.Context, id crm.ContactID) (bool, error) { return s.turn(ctx, id) }

func (s *Erasures) turn(ctx context.Context, only crm.ContactID) (bool, error) {
	const op = "erase contact"
	e, err := s.store.Claim(ctx, s.mint.Now(), eraseLease, only)
	if err != nil || e == nil {
		return false, crm.Wrap(op, err)
	}
	for !e.Ended() && ctx.Err() == nil {
		if err := s.step(ctx, e); err != nil {
			return true, crm.Wrap(op, err)
		}
	}
	return true, nil
}

// step does one step of an erasure, and when that was a stage's last goes on to
// the next stage.
func (s *Erasures) step(ctx context.Context, e *crm.Erasure) error {
	traces := new(Traces)
	if e.Traces != nil {
		var err error
		if traces, err = ReadTraces(e.Traces); err != nil {
			return err
		}
	}
	work := func() (bool, error) { return s.store.Step(ctx, e, traces, eraseRows) }
	if e.Stage == crm.EraseImports {
		work = func() (bool, error) { return s.eraseImport(ctx, e, traces) }
	}
	e.LeasedUntil = s.mint.Now().Add(eraseLease)
	done, err := work()
	if err != nil || !done {
		return err
	}
	return s.advance(ctx, e, func(_ context.Context, _ EraseTx, next *crm.Erasure) error {
		next.Stage, next.After = crm.ErasureStages[slices.Index(crm.ErasureStages, e.Stage)+1], nil
		switch next.Stage {
		case crm.EraseRemains:
			next.Traces = nil
		case crm.EraseDone:
			next.EndedAt, next.LeasedUntil = s.mint.Now(), time.Time{}
		}
		return nil
	})
}

// advance brings an erasure further in one transaction, unless somebody else has.
func (s *Erasures) advance(ctx context.Context, e *crm.Erasure, change func(context.Context, EraseTx, *crm.Erasure) error) error {
	var next crm.Erasure
	err := s.store.Update(ctx, e.WorkspaceID, func(ctx context.Context, tx EraseTx) error {
		stored, err := tx.Erasure(ctx, e.ContactID)
		switch {
		case err != nil:
			return err
		case !stored.At(e):
			return &crm.Error{Op: "go on erasing", Code: crm.Conflict, Reason: "taken", Msg: "Another process erases this contact."}
		}
		next = *e
		if err := change(ctx, tx, &next); err != nil {
			return err
		}
		return tx.SaveErasure(ctx, &next)
	})
	if err == nil {
		*e = next
	}
	return err
}
