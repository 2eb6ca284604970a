package bunstore

import (
	"context"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// zones remembers workspaces' time zones, by which days are counted: they are
// asked for in every transaction and hardly ever change. A change reaches the
// process that makes it at once, and the others within freshZone.
type zones struct {
	mu   sync.RWMutex
	seen map[crm.WorkspaceID]zone
}

type zone struct {
	location *time.Location
	read     time.Time
}

// freshZone is how long a zone is taken to be what it was.
const freshZone = time.Minute

// fresh reports whether a workspace's zone is known and not old.
func (z *zones) fresh(ws crm.WorkspaceID) bool {
	z.mu.RLock()
	defer z.mu.RUnlock()
	return time.Since(z.seen[ws].read) < freshZone
}

// of returns a workspace's zone as it was last known; UTC for one never heard of.
func (z *zones) of(ws crm.WorkspaceID) *time.Location {
	z.mu.RLock()
	defer z.mu.RUnlock()
	if known := z.seen[ws].location; known != nil {
		return known
	}
	return time.UTC
}

// know takes over what a workspace's row says. A name that this machine has no
// zone for counts as UTC.
func (z *zones) know(row *workspaceRow) {
	location, err := time.LoadLocation(string(row.TimeZone))
	if err != nil {
		location = time.UTC
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.seen[crm.WorkspaceID(row.WorkspaceID)] = zone{location, time.Now()}
}

// zoneSteps reads the zones of the transaction's workspaces that are not fresh.
func (t *tx) zoneSteps(ctx context.Context, rows *[]workspaceRow) []step {
	stale := lookupBy(byWorkspace)
	for _, ws := range t.scope.Workspaces {
		if !ws.IsZero() && !t.store.zones.fresh(ws) {
			stale.add(uid(ws))
		}
	}
	return find(ctx, t.link, stale, "", rows)
}
