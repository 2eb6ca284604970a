//go:build torture

package torture

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/worker"
)

// Outbox puts the points of claims and results, and a bug of the outbox's store,
// in front of a store.
func (h *Harness) Outbox(s outbox.Store) outbox.Store {
	s = outboxStore{s, h}
	if h.bug.outbox != nil {
		s = h.bug.outbox(h, s)
	}
	return s
}

type outboxStore struct {
	outbox.Store
	h *Harness
}

// Claim implements outbox.Store. The points are passed only when there is
// something to claim: the outbox asks every second.
func (s outboxStore) Claim(ctx context.Context, c outbox.Claiming) ([]outbox.Claim, int, error) {
	if waiting, _, err := s.Depth(ctx); err == nil && waiting > 0 {
		if err := s.h.at("outbox.beforeClaim"); err != nil {
			return nil, 0, err
		}
	}
	claims, putOff, err := s.Store.Claim(ctx, c)
	if err != nil || len(claims) == 0 {
		return claims, putOff, s.h.translated(err)
	}
	return claims, putOff, s.h.at("outbox.afterClaim")
}

// Update implements outbox.Store; it is called to record a result.
func (s outboxStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, outbox.Tx) error) error {
	if err := s.h.at("outbox.beforeResult"); err != nil {
		return err
	}
	err := s.Store.Update(ctx, ws, func(ctx context.Context, tx outbox.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return s.h.at("outbox.beforeResultCommit")
	})
	if err != nil {
		return s.h.translated(err)
	}
	return s.h.after("outbox.afterResult")
}

// Sender puts the points of a provider's call, and a bug of it, in front of a
// sender.
func (h *Harness) Sender(s outbox.Sender) outbox.Sender {
	s = sender{s, h}
	if h.bug.sender != nil {
		s = h.bug.sender(h, s)
	}
	return s
}

type sender struct {
	outbox.Sender
	h *Harness
}

// Send implements outbox.Sender. An error before the call is one of a provider
// that was not reached; one after it is an answer that was lost.
func (s sender) Send(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	if s.h.at("outbox.beforeCall") != nil {
		return crm.Accepted{}, &crm.SendError{Err: errTorture}
	}
	accepted, err := s.Sender.Send(ctx, ch, m)
	if s.h.at("outbox.afterCall") != nil {
		return crm.Accepted{}, &crm.SendError{Err: errTorture, Ambiguous: true}
	}
	return accepted, err
}

// Lister puts the points of a provider's list in front of a lister.
func (h *Harness) Lister(l worker.Lister) worker.Lister { return lister{l, h} }

type lister struct {
	worker.Lister
	h *Harness
}

// Recent implements worker.Lister.
func (l lister) Recent(ctx context.Context, ch *crm.Channel, since time.Time) ([]webhook.Fact, error) {
	if err := l.h.at("reconcile.beforeList"); err != nil {
		return nil, err
	}
	facts, err := l.Lister.Recent(ctx, ch, since)
	if err != nil {
		return facts, err
	}
	return facts, l.h.at("reconcile.afterList")
}
