//go:build torture

package torture

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hook"
)

// doors are mistakes about whose webhooks are taken. They show only while no
// edge engine stands in front, which is the default.
var doors = []*Bug{
	{
		Name: "signature-optional", Verdict: phantom,
		About: "The signature is checked if there is one. Needs requests without one.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				if len(request.Hub)+len(request.Signature) == 0 {
					request = h.sign(ctx, request)
				}
				return receive(ctx, r, request)
			})
		},
	},
	{
		Name: "signature-of-any", Verdict: phantom,
		About: "Whoever can sign for one number can write into every other's inbox. Needs requests for one workspace's number that are signed with another's secret.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				if h.signed(ctx, request) {
					request = h.sign(ctx, request)
				}
				return receive(ctx, r, request)
			})
		},
	},
	{
		Name: "refused-and-stored", Verdict: refusedStored,
		About: "A request whose signature is wrong is answered 401, after it was stored. Needs such requests.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				receipt, err := receive(ctx, r, request)
				if crm.CodeOf(err) == crm.Unauthenticated {
					_, _ = receive(ctx, r, h.sign(ctx, request))
				}
				return receipt, err
			})
		},
	},
}

// sign returns the request signed with the secret of the number it is about, as
// if its provider had; as it is if the number is not known.
func (h *Harness) sign(ctx context.Context, r webhook.Request) webhook.Request {
	facts, err := webhook.Decode(r.Provider, r.Event, r.Body)
	if err != nil {
		return r
	}
	for i := range facts {
		ch, err := h.channels.Channel(ctx, r.Provider, facts[i].PhoneNumberID)
		if err != nil || len(ch.Credentials.WebhookSecrets) == 0 {
			continue
		}
		header, value := webhook.Sign(r.Provider, ch.Credentials.WebhookSecrets[0], r.Body)
		r.Hub, r.Signature = nil, []string{value}
		if header == webhook.HubHeader {
			r.Hub, r.Signature = []string{value}, nil
		}
		return r
	}
	return r
}
