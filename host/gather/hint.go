package gather

import (
	"sync"

	"github.com/my21staff/my21staff/crm"
)

// hints remember whose webhooks are about which number
// (webhook.Request.SeemsFor), so that who is to be refused can be told before the
// signature is checked and the body decoded, which costs many times what a refusal
// does. A number counts only once a request about it was found to be signed; and
// what is remembered decides about nothing but who is asked to come again.
//
// With the number goes how many bytes a fact of it takes, and so how much room a
// body wants: were it taken for one fact, every request of twenty would be verified
// and decoded first that finds room for one and none for twenty.
type hints struct {
	mu    sync.RWMutex
	known map[string]hint
}

type hint struct {
	lane crm.WorkspaceID
	each int // bytes of a fact
}

// facts returns how many facts a body of so many bytes seems to hold.
func (h hint) facts(bytes int) int { return max(1, bytes/h.each) }

// mostHints bounds the memory; what is forgotten is learned again.
const mostHints = 100_000

// of returns what is known of a number.
func (h *hints) of(number string) (hint, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	known, ok := h.known[number]
	return known, ok
}

// learn notes whose a verified body about a number was, and how much it held.
func (h *hints) learn(number string, ws crm.WorkspaceID, w weight) {
	now := hint{ws, max(1, w.bytes/max(1, w.facts))}
	if was, ok := h.of(number); number == "" || ok && was.lane == ws && abs(was.each-now.each) <= was.each/8 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil || len(h.known) >= mostHints {
		h.known = map[string]hint{}
	}
	h.known[number] = now
}

func abs(n int) int { return max(n, -n) }
