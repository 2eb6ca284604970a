//go:build torture

package torture

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hook"
)

// acknowledgements are mistakes about when a webhook may be answered 200.
var acknowledgements = []*Bug{
	{
		Name: "ack-before-commit", Verdict: lost, Needs: needsKill,
		About: "A transaction is called done when everything is written, 5 ms before it is committed.",
		inbox: func(h *Harness, s inbox.Store) inbox.Store { return earlyStore{s} },
	},
	{
		Name: "ack-in-goroutine", Verdict: lost, Needs: needsKill,
		About: "A signed webhook is answered 200 and taken in by a goroutine 20 ms later, whose errors nobody hears.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				if !h.signed(ctx, request) {
					return receive(ctx, r, request)
				}
				go func() {
					time.Sleep(20 * time.Millisecond)
					_, _ = receive(context.WithoutCancel(ctx), r, request)
				}()
				return acked, nil
			})
		},
	},
	{
		Name: "queue-dropped", Verdict: lost, Needs: needsDrain,
		About: "Webhooks are answered 200 and wait 100 ms in a queue in memory, which is dropped when the program is told to stop.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				if !h.signed(ctx, request) {
					return receive(ctx, r, request)
				}
				go func() {
					select {
					case <-time.After(100 * time.Millisecond):
						_, _ = receive(context.WithoutCancel(ctx), r, request)
					case <-h.closing:
					}
				}()
				return acked, nil
			})
		},
	},
	{
		Name: "swallow-error", Verdict: lost,
		About: "One webhook in twenty-five meets a database that is away; the error is logged and answered 200.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				if h.signed(ctx, request) && h.every(25) {
					return acked, nil
				}
				receipt, err := receive(ctx, r, request)
				if code := crm.CodeOf(err); code == crm.Unavailable || code == crm.Internal || code == crm.Conflict {
					return acked, nil
				}
				return receipt, err
			})
		},
	},
	{
		Name: "cache-before-commit", Verdict: lost,
		About: "A webhook's bytes are noted as seen before they are stored; one in twenty-five fails with 503, and the provider's second try is answered 200 as a repeat.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				if !h.signed(ctx, request) {
					return receive(ctx, r, request)
				}
				if !h.remember(string(request.Provider) + string(request.Body)) {
					return acked, nil
				}
				if h.every(25) {
					return inbox.Receipt{}, unreachable("cache-before-commit")
				}
				return receive(ctx, r, request)
			})
		},
	},
}

// acked is the receipt of a webhook about which nothing is known.
var acked = inbox.Receipt{Verdict: crm.DeliveryApplied}

// received makes a function that takes one request a receiver.
type received func(context.Context, webhook.Request) (inbox.Receipt, error)

// Receive implements hook.Receiver.
func (f received) Receive(ctx context.Context, requests ...webhook.Request) []inbox.Result {
	results := make([]inbox.Result, len(requests))
	for i, r := range requests {
		results[i].Receipt, results[i].Err = f(ctx, r)
	}
	return results
}

// receive has a receiver take one request.
func receive(ctx context.Context, by hook.Receiver, r webhook.Request) (inbox.Receipt, error) {
	result := by.Receive(ctx, r)[0]
	return result.Receipt, result.Err
}

// signed reports whether a webhook carries a signature of ours.
func (h *Harness) signed(ctx context.Context, r webhook.Request) bool {
	secrets, err := h.channels.Secrets(ctx, r.Provider)
	if err != nil {
		return false
	}
	_, err = webhook.Verify(r, secrets)
	return err == nil
}

// remember notes a word and reports whether it is new.
func (h *Harness) remember(word string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen.add(word)
}

// earlyStore says that it is done before it is.
type earlyStore struct{ inbox.Store }

// Update implements inbox.Store.
func (s earlyStore) Update(ctx context.Context, workspaces []crm.WorkspaceID, fn func(context.Context, inbox.Tx) error) error {
	done := make(chan error, 2) // of a written transaction, or of one that never came to it
	go func() {
		told := false
		err := s.Store.Update(context.WithoutCancel(ctx), workspaces, func(ctx context.Context, tx inbox.Tx) error {
			if told { // another try: who waited is gone, with what fn writes into
				return crm.Conflict
			}
			if err := fn(ctx, tx); err != nil {
				return err
			}
			told = true
			done <- nil
			time.Sleep(5 * time.Millisecond)
			return nil
		})
		done <- err
	}()
	return <-done
}
