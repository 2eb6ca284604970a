package gateway

import (
	"sync"
	"sync/atomic"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/envelope"
)

// outcome is what became of a part.
type outcome int

const (
	taken   outcome = iota + 1 // the origin has it
	kept                       // the origin refused it and has it in its journal
	refused                    // the origin does not believe it
	failed                     // the origin said no, or nothing
	full                       // too much waits for the origin already
	late                       // the provider's time was over before the origin answered
)

var outcomeWords = [...]string{"", "taken", "kept", "refused", "failed", "full", "late"}

// String returns the outcome's word.
func (o outcome) String() string { return outcomeWords[o] }

// done reports whether the origin has the part, so that its provider need not
// send it again.
func (o outcome) done() bool { return o == taken || o == kept }

// errand is a request's way to its cells.
type errand struct {
	results chan outcome // one for each parcel; holds all of them
	over    atomic.Bool  // nobody waits any more: what is still queued is not sent
}

// parcel is a part on its way to one cell.
type parcel struct {
	errand *errand
	part   envelope.Part
}

// cell is an origin and what waits for it.
type cell struct {
	gateway *Gateway
	name    string
	url     string
	secrets atomic.Pointer[[]string] // newest first
	client  *fasthttp.HostClient

	mu      sync.Mutex
	queue   []*parcel
	bytes   int // of the bodies in the queue
	posting int // goroutines that hand envelopes over
}

func (g *Gateway) newCell(c *edge.Cell) *cell {
	made := &cell{gateway: g, name: c.Name, url: c.URL, client: clientOf(c.URL, g.options)}
	made.secrets.Store(&c.Secrets)
	return made
}

// put queues a part and sees to it that somebody hands it over. It reports false
// when too much waits already.
func (c *cell) put(p *parcel) bool {
	o := &c.gateway.options
	c.mu.Lock()
	defer c.mu.Unlock()
	size := len(p.part.Body)
	if len(c.queue) >= o.Queue || len(c.queue) > 0 && c.bytes+size > o.QueueBytes {
		return false
	}
	c.queue = append(c.queue, p)
	c.bytes += size
	if c.posting < o.Posts {
		c.posting++
		c.gateway.posting.Go(c.work)
	}
	return true
}

// work hands envelopes over until nothing waits. What queued while the last one
// was on its way makes the next.
func (c *cell) work() {
	for batch := c.take(); batch != nil; batch = c.take() {
		c.deliver(batch)
	}
}

// take returns the parts of the next envelope, in the order of the queue and all
// of one provider, because an envelope goes to one provider's address; nil when
// nothing waits, which ends the goroutine that asked.
func (c *cell) take() []*parcel {
	c.mu.Lock()
	defer c.mu.Unlock()
	var batch []*parcel
	bytes, rest := 0, c.queue[:0]
	for _, p := range c.queue {
		size := len(p.part.Body)
		switch {
		case p.errand.over.Load():
			c.bytes -= size
		case len(batch) == 0, c.fits(batch, bytes+size) && p.part.Provider == batch[0].part.Provider:
			batch = append(batch, p)
			bytes += size
			c.bytes -= size
		default:
			rest = append(rest, p)
		}
	}
	clear(c.queue[len(rest):])
	c.queue = rest
	if batch == nil {
		c.posting--
	}
	return batch
}

// fits reports whether the batch takes one more and has then so many bytes.
func (c *cell) fits(batch []*parcel, bytes int) bool {
	return len(batch) < c.gateway.options.Batch && bytes <= c.gateway.options.BatchBytes
}

// waiting returns how many parts wait.
func (c *cell) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}
