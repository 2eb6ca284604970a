package sse

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/auth"
)

// nextTurn is how soon a shard goes on with readers that lack more than one
// turn brings, or were not ready.
const nextTurn = 20 * time.Millisecond

// readTimeout is how long a database that hangs may hold a shard up.
const readTimeout = 5 * time.Second

// shard serves the streams of its workspaces from one goroutine; what stands
// above mu belongs to it alone.
type shard struct {
	hub    *Hub
	groups map[audience]*group
	asked  map[auth.Claim]bool // see claims; kept, as all of it is made every second

	signal chan struct{} // of size 1: look at what is below

	mu      sync.Mutex
	heads   map[audience]int64 // of its groups; see newest
	joining []arrival
	woken   map[crm.WorkspaceID]bool
	all     bool
	words   []word
	closed  bool
}

func newShard(h *Hub) *shard {
	return &shard{hub: h, groups: map[audience]*group{}, asked: map[auth.Claim]bool{}, heads: map[audience]int64{}, woken: map[crm.WorkspaceID]bool{}, signal: make(chan struct{}, 1)}
}

// wake asks the shard to look at a workspace, at all for nil.
func (s *shard) wake(ws *crm.WorkspaceID) {
	s.mu.Lock()
	if ws == nil {
		s.all = true
	} else {
		s.woken[*ws] = true
	}
	s.mu.Unlock()
	s.ring()
}

// arrival is a stream on its way to its shard.
type arrival struct {
	stream *stream
	who    access.Principal
	newest int64 // the newest number when it came
}

// join hands a stream to the shard; false if the shard has ended.
func (s *shard) join(a arrival) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.joining = append(s.joining, a)
	s.ring()
	return true
}

// newest returns the newest number that was read for an audience's streams; false if
// it has none. Who comes needs no newer one: what is newer is read for all of them.
func (s *shard) newest(who audience) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	head, known := s.heads[who]
	return head, known
}

// tell has newest know how far an audience's group is.
func (s *shard) tell(who audience, head int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heads[who] = head
}

// forget has newest know that audiences have no streams any more.
func (s *shard) forget(gone ...audience) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, who := range gone {
		delete(s.heads, who)
	}
}

func (s *shard) ring() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// run serves until ctx ends.
func (s *shard) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.turns(ctx)
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.dismiss()
}

// turns serves until ctx ends or something panics, which costs the shard's
// readers their connection and nobody else anything.
func (s *shard) turns(ctx context.Context) {
	defer func() {
		if cause := recover(); cause != nil {
			s.hub.o.Log.Error("event streams broke and start again", "error", fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
			s.dismiss()
		}
	}()
	sweep := time.NewTicker(s.hub.o.Sweep)
	defer sweep.Stop()
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.signal:
			s.take()
		case <-retry.C:
		case now := <-sweep.C:
			s.take()
			s.sweep(ctx, now)
		}
		if s.serve(ctx) {
			retry.Reset(nextTurn)
		}
	}
}

// take moves what other goroutines left into the shard's own state.
func (s *shard) take() {
	s.mu.Lock()
	joining, woken, all, words := s.joining, s.woken, s.all, s.words
	s.joining, s.woken, s.all, s.words = nil, map[crm.WorkspaceID]bool{}, false, nil
	s.mu.Unlock()
	for who, g := range s.groups {
		g.dirty = g.dirty || all || woken[who.ws]
	}
	for _, a := range joining {
		who := audienceOf(a.who)
		g := s.groups[who]
		if g == nil {
			g = &group{who: a.who, head: a.newest, from: a.newest}
			s.groups[who] = g
		}
		g.streams = append(g.streams, a.stream)
		g.dirty = true
	}
	s.passOn(words)
}

// serve gives every group that may have news one turn, and reports whether one
// needs another.
func (s *shard) serve(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	more := false
	for who, g := range s.groups {
		if g.dirty {
			unread := g.read(ctx, s.hub)
			s.tell(who, g.head)
			g.dirty = g.deliver(ctx, s.hub) || unread
			g.trim()
		}
		more = more || g.dirty
		g.drop(s.hub)
		if len(g.streams) == 0 {
			delete(s.groups, who)
			s.forget(who)
		}
	}
	return more
}

// sweep looks at every group unasked, asks again who may read, and cuts who
// may not, went away or does not read. A database that does not answer takes nobody's
// right.
func (s *shard) sweep(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, s.hub.o.Sweep)
	defer cancel()
	answer, _ := s.hub.check.Check(ctx, s.claims())
	fallen := make(map[auth.Claim]bool, len(answer))
	for _, claim := range answer {
		fallen[claim] = true
	}
	for _, g := range s.groups {
		g.dirty = true
		for _, st := range g.streams {
			if fallen[g.claim(st)] {
				st.say(goodbye())
				st.cut = true
			}
			st.tend(now, s.hub.o)
		}
	}
}

// claims returns who the streams were taken for, each once, however many came with the
// same.
func (s *shard) claims() []auth.Claim {
	clear(s.asked)
	for _, g := range s.groups {
		for _, st := range g.streams {
			s.asked[g.claim(st)] = true
		}
	}
	claims := make([]auth.Claim, 0, len(s.asked))
	return slices.AppendSeq(claims, maps.Keys(s.asked))
}

// dismiss tells every reader to come back.
func (s *shard) dismiss() {
	s.take()
	for _, g := range s.groups {
		for _, st := range g.streams {
			st.say(goodbye())
			st.close()
			s.hub.open.Add(-1)
		}
	}
	s.forget(slices.Collect(maps.Keys(s.groups))...)
	s.groups = map[audience]*group{}
}

// audience is who may see the same facts: streams of one audience share what
// is read and encoded.
type audience struct {
	ws     crm.WorkspaceID
	rights string
}

func audienceOf(p access.Principal) audience {
	rights := string(p.Role)
	for _, scope := range p.Scopes {
		rights += "," + scope
	}
	return audience{p.WorkspaceID, rights}
}
