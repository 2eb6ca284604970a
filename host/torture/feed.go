//go:build torture

package torture

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/host/sse"
)

// Feed puts the points of the wake-up, and a bug of the feed's store, in front of
// a store.
func (h *Harness) Feed(s feed.Store) feed.Store {
	s = feedStore{s, h}
	if h.bug.facts != nil {
		s = h.bug.facts(h, s)
	}
	return s
}

type feedStore struct {
	feed.Store
	h *Harness
}

// Watch implements feed.Store. An error at a point ends the watch, as a broken
// connection would.
func (s feedStore) Watch(ctx context.Context, wake func([]crm.WorkspaceID)) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	err := s.Store.Watch(ctx, func(workspaces []crm.WorkspaceID) {
		if err := s.h.at("feed.beforeWake"); err != nil {
			end(err)
			return
		}
		wake(workspaces)
		if err := s.h.at("feed.afterWake"); err != nil {
			end(err)
		}
	})
	if cause := context.Cause(ctx); crm.CodeOf(cause) == crm.Unavailable {
		return cause
	}
	return err
}

// Stream puts the points of a reader's way from replay to live, and a bug of it,
// in front of the feed that streams read.
func (h *Harness) Stream(f sse.Feed) sse.Feed {
	f = stream{f, h}
	if h.bug.stream != nil {
		f = h.bug.stream(h, f)
	}
	return f
}

type stream struct {
	sse.Feed
	h *Harness
}

// After implements sse.Feed.
func (s stream) After(ctx context.Context, p access.Principal, after int64, limit int) (feed.Page, error) {
	if after < 0 { // it only asks where it is
		return s.Feed.After(ctx, p, after, limit)
	}
	if err := s.h.at("feed.beforeReplay"); err != nil {
		return feed.Page{}, err
	}
	page, err := s.Feed.After(ctx, p, after, limit)
	if err != nil || len(page.Facts) == 0 {
		return page, err
	}
	if err := s.h.at("feed.betweenReplayAndLive"); err != nil {
		return feed.Page{}, err
	}
	return page, nil
}
