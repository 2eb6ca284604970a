package sse

import (
	"context"
	"slices"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/auth"
)

const (
	pageFacts  = 64 // facts read at once
	keptEvents = 64 // newest events a group keeps for readers that come back
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

// claim is who a stream was taken for.
func (g *group) claim(st *stream) auth.Claim {
	return auth.Claim{Credential: st.credential, As: &g.who}
}

// event is a fact as it is sent.
type event struct {
	seq  int64
	text []byte
}

// trim lets the events go beyond those that are kept.
func (g *group) trim() {
	if n := len(g.events) - keptEvents; n > 0 {
		g.from = g.events[n-1].seq
		g.events = slices.Clone(g.events[n:])
	}
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

// drop closes the streams that were cut.
func (g *group) drop(h *Hub) {
	g.streams = slices.DeleteFunc(g.streams, func(st *stream) bool {
		if !st.cut {
			return false
		}
		st.close()
		h.open.Add(-1)
		return true
	})
}
