package gather

import (
	"bytes"
	"sync"

	"github.com/my21staff/my21staff/crm"
)

// hints remember whose webhooks are about which number, so that who is to be
// refused can be told before the signature is checked and the body decoded,
// which costs many times what a refusal does. A number counts only once a
// request about it was found to be signed; and what is remembered decides
// about nothing but who is asked to come again.
type hints struct {
	mu    sync.RWMutex
	lanes map[string]crm.WorkspaceID
}

// mostHints bounds the memory; what is forgotten is learned again.
const mostHints = 100_000

// lane returns who is thought to be behind a body.
func (h *hints) lane(body []byte) (crm.WorkspaceID, bool) {
	number := numberIn(body)
	h.mu.RLock()
	defer h.mu.RUnlock()
	ws, known := h.lanes[string(number)]
	return ws, known
}

// learn notes whose a verified body was.
func (h *hints) learn(body []byte, ws crm.WorkspaceID) {
	number := numberIn(body)
	h.mu.RLock()
	known, ok := h.lanes[string(number)]
	h.mu.RUnlock()
	if len(number) == 0 || ok && known == ws {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lanes == nil || len(h.lanes) >= mostHints {
		h.lanes = map[string]crm.WorkspaceID{}
	}
	h.lanes[string(number)] = ws
}

var numberKey = []byte(`"phone_number_id"`)

// numberIn returns the first phone number id in a body, as both providers write
// it; nil if there is none to be seen at a glance. The body need not be JSON.
func numberIn(body []byte) []byte {
	_, rest, found := bytes.Cut(body, numberKey)
	if !found {
		return nil
	}
	rest, found = bytes.CutPrefix(bytes.TrimLeft(rest[:min(len(rest), 64)], " :"), []byte{'"'})
	end := bytes.IndexByte(rest, '"')
	if !found || end < 0 {
		return nil
	}
	return rest[:end]
}
