package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// Decider decides requests by a configuration; a runner.Decider is one.
type Decider interface {
	// Configure puts a document in force as a whole: every decision that begins
	// after it returned is by the new one. A document that is not sound is an
	// error, and the one before stays.
	Configure(document []byte) error
	// Decide writes a decision, whose memory is the caller's, into d. An error
	// means that nothing was decided; ctx bounds the wait for a turn.
	Decide(ctx context.Context, r *edge.Request, now time.Time, d *runner.Decision) error
}

// Options change a gateway. All but the Decider may be left out.
type Options struct {
	Decider Decider
	Log     *slog.Logger
	Now     func() time.Time

	Patience    time.Duration // what a provider's request may take; Kapso gives up after 10 s
	PostTimeout time.Duration // what an origin may take for an envelope
	Posts       int           // envelopes on the way to one cell at once
	Batch       int           // parts in an envelope
	BatchBytes  int           // of their bodies; a part that is larger travels alone
	Queue       int           // parts that wait for one cell; beyond: 503
	QueueBytes  int           // of their bodies
	Requests    int           // requests in work; beyond: 503
	Bytes       int64         // of bodies in work
	ReadTimeout time.Duration // for a whole request
	Poll        time.Duration // how often Follow looks at the file
}

func (o Options) filled() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Patience = cmp.Or(o.Patience, 9*time.Second)
	o.PostTimeout = cmp.Or(o.PostTimeout, 8*time.Second)
	o.Posts = cmp.Or(o.Posts, 4)
	o.Batch = cmp.Or(o.Batch, 256)
	o.BatchBytes = cmp.Or(o.BatchBytes, 8<<20)
	o.Queue = cmp.Or(o.Queue, 1024)
	o.QueueBytes = cmp.Or(o.QueueBytes, 64<<20)
	o.Requests = cmp.Or(o.Requests, 8192)
	o.Bytes = cmp.Or(o.Bytes, 512<<20)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 10*time.Second)
	o.Poll = cmp.Or(o.Poll, 2*time.Second)
	return o
}

// Gateway answers webhooks. New makes one that is not configured yet.
type Gateway struct {
	options Options
	log     *slog.Logger
	metrics *metering
	http    *fasthttp.Server
	encoder *zstd.Encoder

	swap sync.RWMutex // guards plan, and that the decider decides by the same configuration
	plan *plan        // nil: not configured yet

	decisions sync.Pool    // of *runner.Decision
	working   atomic.Int64 // requests in work
	held      atomic.Int64 // bytes of their bodies
	draining  atomic.Bool
	posting   sync.WaitGroup // the goroutines that hand envelopes over
}

// New returns a gateway that answers 503 until it is configured.
func New(o Options) (*Gateway, error) {
	o = o.filled()
	if o.Decider == nil {
		return nil, errors.New("gateway: there is no decider")
	}
	// The fastest level: an envelope is compressed once for one short way.
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{options: o, log: o.Log, metrics: newMetering(), encoder: encoder}
	g.decisions.New = func() any { return new(runner.Decision) }
	g.http = g.server()
	return g, nil
}

// Serve answers requests on ln until Close.
func (g *Gateway) Serve(ln net.Listener) error { return g.http.Serve(ln) }

// Close stops cleanly, at most until ctx ends: what came in is handed over and
// answered, what is on its way arrives.
func (g *Gateway) Close(ctx context.Context) error {
	g.draining.Store(true)
	err := g.http.ShutdownWithContext(ctx)
	arrived := make(chan struct{})
	go func() {
		g.posting.Wait()
		close(arrived)
	}()
	select {
	case <-arrived:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("envelopes were still on their way: %w", ctx.Err()))
	}
	g.swap.RLock()
	defer g.swap.RUnlock()
	if g.plan != nil {
		for _, c := range g.plan.cells {
			c.client.CloseIdleConnections()
		}
	}
	return err
}
