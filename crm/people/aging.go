package people

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// agingLease is how long who claimed leads has for scoring them.
const agingLease = time.Minute

// Aging scores leads again whose score fell while nothing happened, so that the
// contacts' lists by score and by temperature follow. It is not needed for truth:
// who reads a lead works out its score of that moment. A list is late by at most
// [lead.Rules.Steady] after the last news of a contact, which is a point or two,
// and by a quarter of an hour from then on, besides what Step waits for being
// called. Its methods may be called from several goroutines and processes.
type Aging struct {
	store AgingStore
	mint  *crm.Mint
}

// AgingStore is what aging asks of a store.
type AgingStore interface {
	// Update runs fn in one transaction; see Store.
	Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, Tx) error) error

	// ClaimDue takes the leads that have been due longest at now, of any
	// workspace, at most limit, and sets their DueAt to until: so nobody else
	// takes them before, and who dies leaves them to others. Several processes
	// may claim at once: no lead is claimed by two.
	ClaimDue(ctx context.Context, now, until time.Time, limit int) ([]DueLead, error)
}

// DueLead names a lead that is to be scored again.
type DueLead struct {
	WorkspaceID crm.WorkspaceID
	ContactID   crm.ContactID
}

// NewAging returns the aging of a store's leads.
func NewAging(store AgingStore, mint *crm.Mint) *Aging { return &Aging{store: store, mint: mint} }

// Step scores at most limit leads that are due, the longest first, and returns
// how many there were: when it is 0, all are as they should be. A temperature that
// changes shows at the contact and in its conversations and is a fact. A contact
// that merely cools counts as unchanged: it does not come to the top of the lists.
func (a *Aging) Step(ctx context.Context, limit int) (int, error) {
	const op = "score aging leads"
	until := a.mint.Now().Add(agingLease).Truncate(time.Millisecond)
	claimed, err := a.store.ClaimDue(ctx, a.mint.Now(), until, limit)
	if err != nil {
		return 0, crm.Wrap(op, err)
	}
	of := make(map[crm.WorkspaceID][]crm.ContactID)
	for _, due := range claimed {
		of[due.WorkspaceID] = append(of[due.WorkspaceID], due.ContactID)
	}
	for ws, contacts := range of {
		if err := a.score(ctx, ws, contacts, until); err != nil {
			return 0, crm.Wrap(op, err)
		}
	}
	return len(claimed), nil
}

// score scores a workspace's leads that were claimed until a moment. One that is
// not due then any more has been scored since.
func (a *Aging) score(ctx context.Context, ws crm.WorkspaceID, contacts []crm.ContactID, until time.Time) error {
	return a.store.Update(ctx, ws, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: ws, Contacts: contacts, Leads: true, Threads: true})
		if err != nil {
			return err
		}
		now := a.mint.Now()
		changes := crm.Changes{Leads: state.book(ws, now).Aged(until)}
		changes.Facts = told(ws, state.warm(&changes), now)
		return tx.Write(ctx, &changes)
	})
}
