//go:build torture

package torture

import (
	"context"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// Inbox puts the points of the inbox's transactions, and a bug of its store, in
// front of a store. The bug stands outside: to the points it is the service.
func (h *Harness) Inbox(s inbox.Store) inbox.Store {
	h.store = s
	s = inboxStore{s, h}
	if h.bug.inbox != nil {
		s = h.bug.inbox(h, s)
	}
	return s
}

type inboxStore struct {
	inbox.Store
	h *Harness
}

// Update implements inbox.Store. What a transaction is for shows when it loads.
func (s inboxStore) Update(ctx context.Context, workspaces []crm.WorkspaceID, fn func(context.Context, inbox.Tx) error) error {
	var way string
	err := s.Store.Update(ctx, workspaces, func(ctx context.Context, tx inbox.Tx) error {
		t := &inboxTx{Tx: tx, h: s.h}
		if err := fn(ctx, t); err != nil {
			return err
		}
		way = t.way
		return s.h.along(way, "beforeCommit")
	})
	if err != nil {
		return s.h.translated(err)
	}
	if s.h.along(way, "afterCommit") != nil {
		return uncertain(way + ".afterCommit")
	}
	return nil
}

// Snoozed implements inbox.Store.
func (s inboxStore) Snoozed(ctx context.Context, now time.Time, limit int) ([]*crm.Conversation, error) {
	found, err := s.Store.Snoozed(ctx, now, limit)
	if err != nil || len(found) == 0 {
		return found, err
	}
	s.h.mu.Lock()
	clear(s.h.due)
	for _, cv := range found {
		s.h.due[cv.ID] = true
	}
	s.h.mu.Unlock()
	return found, s.h.at("snooze.afterFind")
}

// along passes the point of a kind of transaction, if it has that point.
func (h *Harness) along(way, place string) error {
	if point := way + "." + place; h.passed[point] != nil {
		return h.at(point)
	}
	return nil
}

// inboxTx is a transaction that knows what it is for.
type inboxTx struct {
	inbox.Tx
	h      *Harness
	way    string
	needs  []inbox.Need
	states []*inbox.State
}

// Load implements inbox.Tx.
func (t *inboxTx) Load(ctx context.Context, need inbox.Need) (*inbox.State, error) {
	states, err := t.load([]inbox.Need{need}, func(needs []inbox.Need) ([]*inbox.State, error) {
		state, err := t.Tx.Load(ctx, needs[0])
		return []*inbox.State{state}, err
	})
	if err != nil {
		return nil, err
	}
	return states[0], nil
}

// LoadAll implements inbox.Tx.
func (t *inboxTx) LoadAll(ctx context.Context, needs []inbox.Need) ([]*inbox.State, error) {
	return t.load(needs, func(needs []inbox.Need) ([]*inbox.State, error) { return t.Tx.LoadAll(ctx, needs) })
}

func (t *inboxTx) load(needs []inbox.Need, from func([]inbox.Need) ([]*inbox.State, error)) ([]*inbox.State, error) {
	for _, need := range needs {
		t.way = t.h.wayOf(need)
	}
	if err := t.h.along(t.way, "beforeLoad"); err != nil {
		return nil, err
	}
	needs = slices.Clone(needs)
	if t.h.bug.need != nil {
		for i := range needs {
			t.h.bug.need(t.h, &needs[i])
		}
	}
	states, err := from(needs)
	if err != nil {
		return nil, err
	}
	if t.h.bug.loaded != nil {
		for i := range needs {
			t.h.bug.loaded(t.h, needs[i], states[i])
		}
	}
	t.needs, t.states = append(t.needs, needs...), append(t.states, states...)
	return states, t.h.along(t.way, "afterLoad")
}

// Write implements inbox.Tx.
func (t *inboxTx) Write(ctx context.Context, changes *crm.Changes) error {
	if err := t.h.along(t.way, "beforeInsert"); err != nil {
		return err
	}
	if t.h.bug.write != nil {
		t.h.bug.write(&writing{h: t.h, needs: t.needs, states: t.states, changes: changes})
	}
	if err := t.Tx.Write(ctx, changes); err != nil {
		return err
	}
	return t.h.along(t.way, "afterInsert")
}

// wayOf tells what a transaction is for by what it has to know.
func (h *Harness) wayOf(need inbox.Need) string {
	switch {
	case len(need.Deliveries) > 0:
		return "ingest"
	case need.AllChannels:
		return "send"
	case need.Threads && len(need.Conversations) == 0:
		return "reconcile"
	case len(need.Conversations) == 1:
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.due[need.Conversations[0]] {
			delete(h.due, need.Conversations[0]) // the next change of it is somebody's
			return "snooze"
		}
		return "edit"
	}
	return ""
}

// Channels puts the points of the signature check in front of what the inbox
// asks about numbers.
func (h *Harness) Channels(c inbox.Channels) inbox.Channels {
	h.channels = c
	return channels{c, h}
}

type channels struct {
	inbox.Channels
	h *Harness
}

// Channel implements inbox.Channels; it is asked for the number that a body seems
// to be for, and for each fact of a signed one.
func (c channels) Channel(ctx context.Context, p crm.Provider, number string) (*crm.Channel, error) {
	if err := c.h.at("ingest.beforeChannel"); err != nil {
		return nil, err
	}
	return c.Channels.Channel(ctx, p, number)
}
