package sse

import (
	"context"
	"slices"

	"github.com/my21staff/my21staff/crm/access"
)

const (
	pageFacts  = 64      // facts read at once
	keptEvents = 64      // newest events a group keeps for readers that come back
	chunkBytes = 8 << 10 // a stream is sent about so much at once
	turnChunks = 8       // and so often before the others have their turn
)

// group is the streams of one audience.
type group struct {
	who     access.Principal // any of them
	streams []*stream
	dirty   bool // there may be news

	head   int64   // the newest number read
	from   int64   // events are all facts after from up to head
	events []event // in order, encoded once
}

// event is a fact as it is sent.
type event struct {
	seq  int64
	text []byte
}

// advance reads what is new and sends every stream what it lacks. It reports
// whether there is more.
func (g *group) advance(ctx context.Context, h *Hub) bool {
	more := g.read(ctx, h)
	for _, st := range g.streams {
		if g.send(ctx, h, st) {
			more = true
		}
	}
	if n := len(g.events) - keptEvents; n > 0 {
		g.from = g.events[n-1].seq
		g.events = slices.Clone(g.events[n:]) // lets the sent ones go
	}
	return more
}

// read takes new facts into memory, a few pages at most, and reports whether
// there may be more.
func (g *group) read(ctx context.Context, h *Hub) bool {
	for range turnChunks {
		page, err := h.feed.After(ctx, g.who, g.head, pageFacts)
		if err != nil {
			h.o.Log.Debug("the feed could not be read; it is tried again", "error", err)
			return false
		}
		if page.Resync {
			g.events, g.from = nil, page.Next
		}
		for _, fact := range page.Facts {
			g.events = append(g.events, event{fact.Seq, encode(fact)})
		}
		g.head = page.Next
		if len(page.Facts) < pageFacts {
			return false
		}
	}
	return true
}

// send sends a stream what it lacks, for one turn, and reports whether it needs
// another.
func (g *group) send(ctx context.Context, h *Hub, st *stream) bool {
	st.flush()
	for range turnChunks {
		if st.cut || st.at == g.head {
			break
		}
		if len(st.pending) > 0 {
			return true
		}
		if st.at >= g.from && st.at < g.head {
			g.fromMemory(st)
		} else if !g.fromStore(ctx, h, st) {
			return false
		}
	}
	return !st.cut && (st.at != g.head || len(st.pending) > 0)
}

// fromMemory sends a chunk of the kept events.
func (g *group) fromMemory(st *stream) {
	first, _ := slices.BinarySearchFunc(g.events, st.at+1, func(e event, seq int64) int { return int(e.seq - seq) })
	var chunk []byte
	next := g.head // events may end before head: facts this audience does not see
	for i, e := range g.events[first:] {
		chunk = append(chunk, e.text...)
		if len(chunk) >= chunkBytes && first+i+1 < len(g.events) {
			next = e.seq
			break
		}
	}
	st.at = next
	st.send(chunk)
}

// fromStore sends a page of a stream that is too far behind for the kept
// events. It reports whether the stream got on.
func (g *group) fromStore(ctx context.Context, h *Hub, st *stream) bool {
	page, err := h.feed.After(ctx, g.who, st.at, pageFacts)
	if err != nil {
		h.o.Log.Debug("the feed could not be read; it is tried again", "error", err)
		return false
	}
	if page.Resync {
		st.at = page.Next
		st.send(resync(page.Next))
		return true
	}
	if page.Next == st.at {
		return false
	}
	var chunk []byte
	for _, fact := range page.Facts {
		chunk = append(chunk, encode(fact)...)
	}
	st.at = page.Next
	st.send(chunk)
	return true
}

// drop closes the streams that were cut.
func (g *group) drop(h *Hub) {
	g.streams = slices.DeleteFunc(g.streams, func(st *stream) bool {
		if !st.cut {
			return false
		}
		_ = st.conn.Close()
		h.open.Add(-1)
		return true
	})
}
