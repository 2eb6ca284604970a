//go:build torture

package torture

import (
	"context"
	"errors"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

// sends are mistakes about messages that leave.
var sends = []*Bug{
	{
		Name: "send-without-key", Verdict: doubleSend,
		About: "The Idempotency-Key of a request to send is not looked at. Needs clients that try again with the same key.",
		need:  func(_ *Harness, need *inbox.Need) { need.Answers = nil },
		write: func(w *writing) { w.changes.Answers = nil },
	},
	{
		Name: "resend-after-reset", Verdict: doubleSend, Needs: needsReset,
		About: "A call whose answer was lost is made again at once, though the provider may have taken the message.",
		sender: func(_ *Harness, s outbox.Sender) outbox.Sender {
			return sent(func(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
				accepted, err := s.Send(ctx, ch, m)
				var failure *crm.SendError
				if errors.As(err, &failure) && failure.Ambiguous {
					return s.Send(ctx, ch, m)
				}
				return accepted, err
			})
		},
	},
	{
		Name: "resend-abandoned", Verdict: doubleSend, Needs: needsKill,
		About: "At the start every job that was claimed is put back and sent, though the host that died with it may have sent it. Needs a provider that takes a while to answer, so that a kill finds sends under way.",
		outbox: func(_ *Harness, s outbox.Store) outbox.Store {
			started := false // claims are asked for by one goroutine
			return claimed{s, func(ctx context.Context, want outbox.Claiming) ([]outbox.Claim, int, error) {
				if started {
					return s.Claim(ctx, want)
				}
				want.Now = want.Now.Add(allLeases)
				claims, putOff, err := s.Claim(ctx, want)
				started = err == nil
				for i := range claims {
					claims[i].Abandoned, claims[i].Message.Status, claims[i].Message.ProviderID = false, crm.Queued, ""
				}
				return claims, putOff, err
			}}
		},
	},
	{
		Name: "claimed-twice", Verdict: doubleSend,
		About: "Every tenth job is claimed by two workers at once: the row is not locked.",
		outbox: func(h *Harness, s outbox.Store) outbox.Store {
			return claimed{s, func(ctx context.Context, want outbox.Claiming) ([]outbox.Claim, int, error) {
				want.Limit = max(1, want.Limit/2)
				claims, putOff, err := s.Claim(ctx, want)
				for _, c := range claims {
					if h.every(10) {
						job, message := *c.Job, *c.Message
						c.Job, c.Message = &job, &message
						claims = append(claims, c)
					}
				}
				return claims, putOff, err
			}}
		},
	},
}

// allLeases is when every claim that was made has run out.
const allLeases = 3 * time.Minute

// sent makes a function a sender.
type sent func(context.Context, *crm.Channel, crm.Outgoing) (crm.Accepted, error)

// Send implements outbox.Sender.
func (f sent) Send(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	return f(ctx, ch, m)
}

// claimed claims in another way.
type claimed struct {
	outbox.Store
	claim func(context.Context, outbox.Claiming) ([]outbox.Claim, int, error)
}

// Claim implements outbox.Store.
func (s claimed) Claim(ctx context.Context, c outbox.Claiming) ([]outbox.Claim, int, error) {
	return s.claim(ctx, c)
}
