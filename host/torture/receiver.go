//go:build torture

package torture

import (
	"context"

	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hook"
)

// Receiver puts the points of a webhook's way in and out, and a bug of it, in
// front of whatever takes webhooks in: the inbox service, or one that gathers
// several requests into a commit.
func (h *Harness) Receiver(r hook.Receiver) hook.Receiver {
	if h.bug.receiver != nil {
		r = h.bug.receiver(h, r)
	}
	return receiver{r, h}
}

type receiver struct {
	hook.Receiver
	h *Harness
}

// Receive implements hook.Receiver.
func (r receiver) Receive(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
	if err := r.h.at("ingest.afterRead"); err != nil {
		return inbox.Receipt{}, err
	}
	receipt, err := r.Receiver.Receive(ctx, request)
	if err != nil {
		return receipt, err
	}
	return receipt, r.h.at("ingest.beforeAck")
}
