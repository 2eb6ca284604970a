//go:build torture

package torture

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/host/sse"
)

// feeds are mistakes about what a reader of the feed is given.
var feeds = []*Bug{
	{
		Name: "subscribe-after-replay", Verdict: gap,
		About: "A reader is given what it missed, and goes on from the number that is the newest 25 ms later: what was committed between is never given. Needs facts that come while somebody reads.",
		stream: func(_ *Harness, f sse.Feed) sse.Feed {
			return given{f, func(ctx context.Context, p access.Principal, page feed.Page) feed.Page {
				time.Sleep(25 * time.Millisecond)
				if now, err := f.After(ctx, p, -1, 1); err == nil && len(page.Facts) > 0 && len(page.Facts) < bigPage {
					page.Next = max(page.Next, now.Next)
				}
				return page
			}}
		},
	},
	{
		Name: "replay-skips-one", Verdict: gap,
		About:  "A reader that comes back is given what stands after the fact behind its Last-Event-ID. Needs readers that come back after more than is kept in memory.",
		stream: func(_ *Harness, f sse.Feed) sse.Feed { return &replayed{Feed: f, by: +1} },
	},
	{
		Name: "replay-repeats-one", Verdict: twice,
		About:  "A reader that comes back is given the fact of its Last-Event-ID again. Needs readers that come back after more than is kept in memory.",
		stream: func(_ *Harness, f sse.Feed) sse.Feed { return &replayed{Feed: f, by: -1} },
	},
	{
		Name: "slow-reader-dropped", Verdict: gap,
		About: "A reader that is more than eight facts behind is given the newest eight, and no resync. Needs a burst in one workspace, or readers that come back.",
		stream: func(_ *Harness, f sse.Feed) sse.Feed {
			return given{f, func(_ context.Context, _ access.Principal, page feed.Page) feed.Page {
				page.Facts = page.Facts[max(0, len(page.Facts)-8):]
				return page
			}}
		},
	},
	{
		Name: "numbers-before-commit", Verdict: gap,
		About: "Facts are numbered outside their transaction, so that a reader sees a number before the one below it is committed, goes on after it and never comes back. One fact in nine is late by up to 30 ms.",
		facts: func(_ *Harness, s feed.Store) feed.Store {
			return &lateFacts{Store: s, first: make(map[place]time.Time)}
		},
	},
	{
		Name: "one-event-per-commit", Verdict: gap,
		About: "The feed tells of the first message of a transaction only. Needs batches, or webhooks that share a commit.",
		write: func(w *writing) {
			told := false
			w.changes.Facts = slices.DeleteFunc(slices.Clone(w.changes.Facts), func(f crm.Fact) bool {
				again := told && f.Kind == crm.MessageReceived
				told = told || f.Kind == crm.MessageReceived
				return again
			})
		},
	},
}

// bigPage is a page that is surely not the last of what a reader missed.
const bigPage = 64

// given changes the pages that streams are given.
type given struct {
	sse.Feed
	change func(context.Context, access.Principal, feed.Page) feed.Page
}

// After implements sse.Feed.
func (g given) After(ctx context.Context, p access.Principal, after int64, limit int) (feed.Page, error) {
	page, err := g.Feed.After(ctx, p, after, limit)
	if err != nil || after < 0 {
		return page, err
	}
	return g.change(ctx, p, page), nil
}

// replayed starts replays at the wrong number. A replay is a read behind what
// somebody of the workspace was given before.
type replayed struct {
	sse.Feed
	by int64

	mu     sync.Mutex
	newest map[crm.WorkspaceID]int64
}

// After implements sse.Feed.
func (r *replayed) After(ctx context.Context, p access.Principal, after int64, limit int) (feed.Page, error) {
	from := after
	if r.behind(p.WorkspaceID, after) {
		from = max(0, after+r.by)
	}
	page, err := r.Feed.After(ctx, p, from, limit)
	if err == nil {
		r.given(p.WorkspaceID, page.Next)
	}
	return page, err
}

func (r *replayed) behind(ws crm.WorkspaceID, after int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return after >= 0 && after < r.newest[ws]
}

func (r *replayed) given(ws crm.WorkspaceID, next int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.newest == nil {
		r.newest = make(map[crm.WorkspaceID]int64)
	}
	r.newest[ws] = max(r.newest[ws], next)
}

// lateFacts hides some facts until they have been asked for a while.
type lateFacts struct {
	feed.Store

	mu    sync.Mutex
	first map[place]time.Time // when a late fact was first there
}

// place is a number of a workspace's feed.
type place struct {
	ws  crm.WorkspaceID
	seq int64
}

const lateBy = 30 * time.Millisecond

// Facts implements feed.Store. The last fact there is is not hidden: who sees
// nothing new does not go on.
func (s *lateFacts) Facts(ctx context.Context, ws crm.WorkspaceID, after int64, limit int) ([]crm.Fact, error) {
	facts, err := s.Store.Facts(ctx, ws, after, limit)
	if err != nil || len(facts) < 3 {
		return facts, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	middle := slices.DeleteFunc(slices.Clone(facts[1:len(facts)-1]), func(f crm.Fact) bool { return f.Seq%9 == 0 && s.early(place{ws, f.Seq}) })
	return slices.Concat(facts[:1], middle, facts[len(facts)-1:]), nil
}

// early reports whether a fact is not committed yet.
func (s *lateFacts) early(p place) bool {
	first, known := s.first[p]
	if !known {
		first = time.Now()
		s.first[p] = first
	}
	return time.Since(first) < lateBy
}
