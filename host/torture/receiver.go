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

// Receive implements hook.Receiver. The points are passed for each request; an
// answer that is lost leaves nobody knowing that it was stored.
func (r receiver) Receive(ctx context.Context, requests ...webhook.Request) []inbox.Result {
	results := make([]inbox.Result, len(requests))
	var in []webhook.Request
	var of []int
	for i := range requests {
		if results[i].Err = r.h.at("ingest.afterRead"); results[i].Err == nil {
			in, of = append(in, requests[i]), append(of, i)
		}
	}
	for j, result := range r.Receiver.Receive(ctx, in...) {
		if result.Err == nil && r.h.at("ingest.beforeAck") != nil {
			result = inbox.Result{Err: uncertain("ingest.beforeAck")}
		}
		results[of[j]] = result
	}
	return results
}
