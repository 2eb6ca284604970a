package feed

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Store is what the feed asks of a store.
type Store interface {
	// Facts returns at most limit facts of a workspace with a number above
	// after, in the order of their numbers, without gap from after+1 unless
	// older ones were dropped by retention.
	Facts(ctx context.Context, ws crm.WorkspaceID, after int64, limit int) ([]crm.Fact, error)

	// Bounds returns the lowest number still kept and the highest given; 0, 0
	// for a workspace in which nothing happened.
	Bounds(ctx context.Context, ws crm.WorkspaceID) (first, last int64, err error)

	// Expire takes away facts of before a time, of any workspace, at most limit
	// of them, and returns how many, 0 when there are no more. In each workspace
	// it takes the oldest up to the first that is not of before that time, so
	// that no gap comes between two that stay, and never the newest. It may be
	// called by several processes at once.
	Expire(ctx context.Context, before time.Time, limit int) (int, error)

	// Watch calls wake, from one goroutine, after each commit that added
	// facts, with the workspaces it touched, until ctx ends. It may call once
	// for several commits and for commits without facts; it may also miss one
	// (a broken connection to the database), so who must not miss a fact asks
	// again every second. A nil slice means "any workspace".
	Watch(ctx context.Context, wake func([]crm.WorkspaceID)) error
}
