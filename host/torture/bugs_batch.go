//go:build torture

package torture

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hook"
)

// batches are mistakes about requests with several items.
var batches = []*Bug{
	{
		Name: "batch-stops", Verdict: lost,
		About:    "The first item of a request that cannot be read ends the loop over them; those before it are stored and the answer is 200. Needs batches with a bad item.",
		receiver: leaveOut(func(facts []webhook.Fact) []webhook.Fact { return afterBad(facts) }),
		write:    (*writing).leftOut,
	},
	{
		Name: "half-batch", Verdict: lost,
		About:    "Of a request with two items or more the second half is not stored; the answer is 200.",
		receiver: leaveOut(func(facts []webhook.Fact) []webhook.Fact { return facts[(len(facts)+1)/2:] }),
		write:    (*writing).leftOut,
	},
}

// leaveOut returns a bug that leaves some of a request's facts out.
func leaveOut(which func([]webhook.Fact) []webhook.Fact) func(*Harness, hook.Receiver) hook.Receiver {
	return func(h *Harness, r hook.Receiver) hook.Receiver {
		return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
			if facts, err := webhook.Decode(request.Provider, request.Event, request.Body); err == nil {
				out := which(facts)
				h.mark(facts, false)
				h.mark(out, true)
			}
			return receive(ctx, r, request)
		})
	}
}

// afterBad returns the facts after the first that is not readable.
func afterBad(facts []webhook.Fact) []webhook.Fact {
	for i := range facts {
		if facts[i].Kind == webhook.Unreadable {
			return facts[i+1:]
		}
	}
	return nil
}

// mark notes which messages are to be left out.
func (h *Harness) mark(facts []webhook.Fact, out bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range facts {
		if id := facts[i].ProviderID; out && id != "" {
			h.behind[id] = true
		} else {
			delete(h.behind, id)
		}
	}
}

// leftOut forgets the messages that were marked.
func (w *writing) leftOut() {
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	w.forget(func(m *crm.Message) bool { return w.h.behind[m.ProviderID] })
}
