package bunstore

import (
	"context"
	"sync"

	"github.com/my21staff/my21staff/crm"
)

// hub hands news to the watchers of this process. A slow watcher is told once
// about all that happened meanwhile.
type hub struct {
	mu       sync.Mutex
	watchers map[*watcher]bool
	done     chan struct{}
}

// watcher is one call of Watch.
type watcher struct {
	news    chan struct{} // holds one: there is something pending
	pending map[crm.WorkspaceID]bool
	any     bool
}

func newHub() *hub {
	return &hub{watchers: make(map[*watcher]bool), done: make(chan struct{})}
}

// tell adds workspaces, nil for any, to what every watcher has pending.
func (h *hub) tell(workspaces []crm.WorkspaceID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		w.any = w.any || workspaces == nil
		for _, ws := range workspaces {
			w.pending[ws] = true
		}
		select {
		case w.news <- struct{}{}:
		default:
		}
	}
}

// watch calls wake with what is pending until ctx or the hub ends.
func (h *hub) watch(ctx context.Context, wake func([]crm.WorkspaceID)) {
	w := &watcher{news: make(chan struct{}, 1), pending: make(map[crm.WorkspaceID]bool)}
	h.mu.Lock()
	h.watchers[w] = true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.watchers, w)
		h.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.done:
			return
		case <-w.news:
			wake(h.take(w))
		}
	}
}

// take empties a watcher's pending workspaces.
func (h *hub) take(w *watcher) []crm.WorkspaceID {
	h.mu.Lock()
	defer h.mu.Unlock()
	var workspaces []crm.WorkspaceID
	if !w.any {
		workspaces = make([]crm.WorkspaceID, 0, len(w.pending))
		for ws := range w.pending {
			workspaces = append(workspaces, ws)
		}
	}
	w.any = false
	clear(w.pending)
	return workspaces
}

// close ends every watch.
func (h *hub) close() { close(h.done) }
