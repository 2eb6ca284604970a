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
type hints struct {
	mu    sync.RWMutex
	lanes map[string]crm.WorkspaceID
}

// mostHints bounds the memory; what is forgotten is learned again.
const mostHints = 100_000

// lane returns who is thought to be behind a number.
func (h *hints) lane(number string) (crm.WorkspaceID, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	ws, known := h.lanes[number]
	return ws, known
}

// learn notes whose a verified body about a number was.
func (h *hints) learn(number string, ws crm.WorkspaceID) {
	if known, ok := h.lane(number); number == "" || ok && known == ws {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lanes == nil || len(h.lanes) >= mostHints {
		h.lanes = map[string]crm.WorkspaceID{}
	}
	h.lanes[number] = ws
}
