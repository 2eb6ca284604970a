package sse

import (
	"context"
	"hash/fnv"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/host/auth"
)

// Feed is where the facts come from; the feed service is one.
type Feed interface {
	// After returns at most limit facts after a number, or says that the
	// reader must load anew; see feed.Service.
	After(ctx context.Context, p access.Principal, after int64, limit int) (feed.Page, error)
}

// Checker says which claims do not hold any more; auth.Guard is one.
type Checker interface {
	Check(ctx context.Context, claims []auth.Claim) ([]auth.Claim, error)
}

// Options tune a hub. The zero value is useful.
type Options struct {
	Max       int           // open streams; 0: 10,000
	Shards    int           // writers; 0: 4
	Sweep     time.Duration // how often rights are asked for again and the feed is looked at unasked; 0: 1s
	Heartbeat time.Duration // the longest silence; 0: 15s
	Patience  time.Duration // how long a reader may not read; 0: 10s
	Log       *slog.Logger  // nil: slog.Default()

	// Timing returns the answer's Server-Timing, which the host adds only after
	// a handler; nil: none.
	Timing func(*fasthttp.RequestCtx) string
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&o.Sweep, time.Second)
	set(&o.Heartbeat, 15*time.Second)
	set(&o.Patience, 10*time.Second)
	if o.Max == 0 {
		o.Max = 10_000
	}
	if o.Shards == 0 {
		o.Shards = 4
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Hub is the registry of open streams.
type Hub struct {
	feed   Feed
	check  Checker
	o      Options
	shards []*shard
	open   atomic.Int64
}

// New returns a hub. It accepts streams at once and serves them while Run runs.
func New(f Feed, check Checker, o Options) *Hub {
	h := &Hub{feed: f, check: check, o: o.withDefaults()}
	for range h.o.Shards {
		h.shards = append(h.shards, newShard(h))
	}
	return h
}

// Open returns how many streams are open.
func (h *Hub) Open() int { return int(h.open.Load()) }

// Run serves the streams until ctx ends; then it tells every reader to come
// back and closes. A hub runs once.
func (h *Hub) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, s := range h.shards {
		group.Go(func() { s.run(ctx) })
	}
	group.Wait()
}

// Wake says that there may be news in the workspaces, in all for nil. Without it
// news waits for the next sweep.
func (h *Hub) Wake(workspaces []crm.WorkspaceID) {
	if workspaces == nil {
		for _, s := range h.shards {
			s.wake(nil)
		}
	}
	for _, ws := range workspaces {
		h.shard(ws).wake(&ws)
	}
}

func (h *Hub) shard(ws crm.WorkspaceID) *shard {
	hash := fnv.New32a()
	_, _ = hash.Write(ws[:])
	return h.shards[hash.Sum32()%uint32(len(h.shards))]
}
