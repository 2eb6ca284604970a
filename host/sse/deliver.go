package sse

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
)

const (
	chunkBytes  = 8 << 10 // a stream is sent about so much at once
	turnChunks  = 8       // and so often before the others have their turn
	keptChunks  = 64      // chunks a courier remembers in a turn
	courierLoad = 512     // streams that are worth a courier of their own
)

// chunk is what a stream that stands at one number is sent to come to another.
type chunk struct {
	text []byte
	next int64
}

// courier brings a part of a group's streams what they lack, for one turn.
// Readers that stand at the same number, which nearly all do, are sent the same
// bytes: an event goes out to all, and those who were cut together come back
// together.
type courier struct {
	*group
	hub    *Hub
	chunks map[int64]chunk // by where a stream stands
	more   bool            // a stream needs another turn
}

// deliver sends every stream what it lacks and reports whether one needs another
// turn. What it costs is the system's work for each write, so the streams of a
// large group are shared among the processors.
func (g *group) deliver(ctx context.Context, h *Hub) bool {
	n := max(1, min(runtime.GOMAXPROCS(0), len(g.streams)/courierLoad))
	couriers, failed := make([]courier, n), make([]error, n)
	var others sync.WaitGroup
	for i := range couriers {
		couriers[i] = courier{group: g, hub: h, chunks: map[int64]chunk{}}
		part := g.streams[i*len(g.streams)/n : (i+1)*len(g.streams)/n]
		run := func() {
			defer func() {
				if cause := recover(); cause != nil {
					failed[i] = fmt.Errorf("%v\n%s", cause, debug.Stack())
				}
			}()
			couriers[i].round(ctx, part)
		}
		if i == n-1 {
			run()
		} else {
			others.Go(run)
		}
	}
	others.Wait()
	for _, err := range failed {
		if err != nil {
			panic(err) // the shard's own goroutine catches it
		}
	}
	return slices.ContainsFunc(couriers, func(c courier) bool { return c.more })
}

// round visits each of the streams.
func (c *courier) round(ctx context.Context, streams []*stream) {
	for _, st := range streams {
		if c.send(ctx, st) {
			c.more = true
		}
	}
}

// send sends a stream what it lacks, for one turn, and reports whether it needs
// another.
func (c *courier) send(ctx context.Context, st *stream) bool {
	st.flush()
	for range turnChunks {
		if st.cut || st.at == c.head {
			break
		}
		if st.behind != nil {
			return true
		}
		next, ok := c.after(ctx, st.at)
		if !ok {
			return false
		}
		st.at = next.next
		st.send(next.text)
	}
	return !st.cut && (st.at != c.head || st.behind != nil)
}

// after returns what follows a number, and false when nothing can be had.
func (c *courier) after(ctx context.Context, at int64) (chunk, bool) {
	next, ok := c.chunks[at]
	if ok {
		return next, true
	}
	if at >= c.from && at < c.head {
		next, ok = c.fromMemory(at), true
	} else {
		next, ok = c.fromStore(ctx, at)
	}
	if ok {
		if len(c.chunks) >= keptChunks {
			clear(c.chunks)
		}
		c.chunks[at] = next
	}
	return next, ok
}

// fromMemory returns a chunk of the kept events.
func (c *courier) fromMemory(at int64) chunk {
	first, _ := slices.BinarySearchFunc(c.events, at+1, func(e event, seq int64) int { return int(e.seq - seq) })
	next := chunk{next: c.head} // events may end before head: facts this audience does not see
	for i, e := range c.events[first:] {
		next.text = append(next.text, e.text...)
		if len(next.text) >= chunkBytes && first+i+1 < len(c.events) {
			next.next = e.seq
			break
		}
	}
	return next
}

// fromStore returns a page for a stream that is too far behind for the kept
// events.
func (c *courier) fromStore(ctx context.Context, at int64) (chunk, bool) {
	page, err := c.hub.feed.After(ctx, c.who, at, pageFacts)
	if err != nil {
		c.hub.o.Log.Debug("the feed could not be read; it is tried again", "error", err)
		return chunk{}, false
	}
	next := chunk{next: page.Next}
	if page.Resync {
		next.text = resync(page.Next)
		return next, true
	}
	for _, fact := range page.Facts {
		next.text = append(next.text, encode(fact)...)
	}
	return next, page.Next != at
}
