package outbox

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/my21staff/my21staff/crm"
)

// What became of attempts is recorded in groups: every transaction of a workspace
// waits for the one before, which holds the counter of its feed until it is
// durable. Whoever comes while nobody records does so at once; whoever comes
// meanwhile waits, and goes with all of the workspace who waited.

// results are the groups.
type results struct {
	mu      sync.Mutex
	waiting map[crm.WorkspaceID][]*result // there, if empty, while somebody records
}

// mostTogether bounds a group.
const mostTogether = 64

// result is what became of an attempt, and of recording it.
type result struct {
	claim    Claim
	decision Decision
	outcome  Outcome
	err      error
	told     chan bool // that it is recorded; or, false, that it is to record the next group
}

// errNotRecorded is what is told to those whose group came to no end.
var errNotRecorded = errors.New("recording what became of an attempt did not end")

// record writes what a decision changes, alone or with others.
func (s *Service) record(ctx context.Context, c Claim, d Decision) (Outcome, error) {
	r := &result{claim: c, decision: d, err: errNotRecorded, told: make(chan bool, 1)}
	if !s.results.first(r) && <-r.told {
		return r.outcome, r.err
	}
	group := s.results.take(r)
	defer s.results.done(group)
	s.write(ctx, group)
	return r.outcome, r.err
}

// first reports whether nobody records for the workspace now; if somebody does, the
// result waits.
func (g *results) first(r *result) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting == nil {
		g.waiting = map[crm.WorkspaceID][]*result{}
	}
	ws := r.claim.Job.WorkspaceID
	queue, busy := g.waiting[ws]
	if busy {
		g.waiting[ws] = append(queue, r)
	} else {
		g.waiting[ws] = nil
	}
	return !busy
}

// take returns a result with those that go with it: what two of one contact change
// may be the same row, so each contact comes once.
func (g *results) take(r *result) []*result {
	g.mu.Lock()
	defer g.mu.Unlock()
	group, contacts := []*result{r}, map[crm.ContactID]bool{r.claim.Contact.ID: true}
	ws := r.claim.Job.WorkspaceID
	g.waiting[ws] = slices.DeleteFunc(g.waiting[ws], func(other *result) bool {
		id := other.claim.Contact.ID
		if len(group) == mostTogether || contacts[id] {
			return false
		}
		contacts[id] = true
		group = append(group, other)
		return true
	})
	return group
}

// done tells a group, of which the first recorded, that it is recorded, and the
// first of those who wait that it is to record now.
func (g *results) done(group []*result) {
	for _, r := range group[1:] {
		r.told <- true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	ws := group[0].claim.Job.WorkspaceID
	queue := g.waiting[ws]
	if len(queue) == 0 {
		delete(g.waiting, ws)
		return
	}
	g.waiting[ws] = queue[1:]
	queue[0].told <- false
}

// write writes a group in one transaction. When something in it cannot be written,
// each is written by itself.
func (s *Service) write(ctx context.Context, group []*result) {
	err := s.commit(ctx, group)
	if len(group) == 1 {
		s.relent(ctx, group[0])
		return
	}
	if err == nil || errors.Is(err, crm.Unavailable) || errors.Is(err, crm.Uncertain) {
		return
	}
	for _, r := range group {
		s.write(ctx, []*result{r})
	}
}

// relent writes a result that is in conflict with what is stored without what it is
// in conflict about.
func (s *Service) relent(ctx context.Context, r *result) {
	a := &r.decision.accepted
	if errors.Is(r.err, crm.Conflict) && a.WaID+a.UserID != "" {
		// The number or user id that the provider answered is another
		// contact's: who is who is for a person to say.
		a.WaID, a.UserID = "", ""
		_ = s.commit(ctx, []*result{r})
	}
	if errors.Is(r.err, crm.Conflict) && a.ProviderID != "" {
		// An echo of the message was stored under the provider's id before
		// this answer came, and nothing told that it was ours. To show it
		// twice is better than to call it unknown.
		a.ProviderID = ""
		_ = s.commit(ctx, []*result{r})
	}
}

// commit writes a group in one transaction and says in each result what came of it.
func (s *Service) commit(ctx context.Context, group []*result) error {
	asked := make([]Ask, len(group))
	for i, r := range group {
		asked[i] = Ask{Job: r.claim.Job, ProviderID: r.decision.accepted.ProviderID}
	}
	err := s.store.Update(ctx, group[0].claim.Job.WorkspaceID, func(ctx context.Context, tx Tx) error {
		states, err := tx.Load(ctx, asked...)
		if err != nil {
			return err
		}
		var all crm.Changes
		for i, r := range group {
			changes := settle(states[i], r.claim, r.decision, s.mint.Now())
			r.outcome = changes.outcome
			all.Add(changes.Changes)
		}
		if all.Empty() {
			return nil
		}
		return tx.Write(ctx, &all)
	})
	for _, r := range group {
		r.err = err
	}
	return err
}
