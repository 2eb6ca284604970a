package simulator

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// Simulator is one simulated WhatsApp. Its methods may be called from several
// goroutines.
type Simulator struct {
	now     func() time.Time
	delays  Delays
	limits  Limits
	log     *slog.Logger
	scale   float64
	keep    int
	server  *fasthttp.Server
	client  *fasthttp.Client
	conns   *connections // of client; nil when the client is the caller's
	queue   *queue
	jobs    chan work
	stop    chan struct{} // closed by Close
	running sync.WaitGroup

	mu         sync.Mutex // guards what follows
	closed     bool
	listeners  []net.Listener
	base       string
	random     *rand.Rand // for what a call makes: ids, and which fault strikes
	sending    *rand.Rand // for what is drawn when a webhook leaves, which is at no certain moment
	seq        int64      // numbers messages and sends
	timers     map[*time.Timer]struct{}
	numbers    []*number
	people     directory
	media      library
	faults     []*Fault
	sends      sendLog
	deliveries ring[*Delivery]
	windows    map[crm.Secret]*minute
}

// New starts a simulator: its webhooks leave from now on. Close ends it.
func New(o Options) *Simulator {
	s := &Simulator{
		now:     o.Now,
		delays:  DefaultDelays,
		limits:  o.Limits,
		log:     o.Logger,
		scale:   cmp.Or(o.RetryScale, 1),
		keep:    cmp.Or(o.Keep, 100_000),
		client:  o.Client,
		queue:   newQueue(cmp.Or(o.Queue, 100_000)),
		jobs:    make(chan work),
		stop:    make(chan struct{}),
		base:    o.BaseURL,
		random:  newRandom(o.Seed, forCalls),
		sending: newRandom(o.Seed, forWebhooks),
		timers:  map[*time.Timer]struct{}{},
		people:  newDirectory(),
		media:   newLibrary(),
		sends:   newSendLog(),
		windows: map[crm.Secret]*minute{},
	}
	s.fill(o)
	s.server = &fasthttp.Server{
		Handler: s.routes(), NoDefaultServerHeader: true, MaxRequestBodySize: maxUpload + 1<<20,
		ReadTimeout: time.Minute, IdleTimeout: time.Minute, Logger: quiet{},
	}
	s.start(cmp.Or(o.Workers, 8))
	return s
}

// fill sets what has no zero value of its own and makes the numbers and
// customers.
func (s *Simulator) fill(o Options) {
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.Delays != nil {
		s.delays = *o.Delays
	}
	if s.client == nil {
		s.client, s.conns = newClient()
	}
	for _, n := range o.Numbers {
		s.numbers = append(s.numbers, s.newNumber(n))
	}
	for _, c := range o.Customers {
		s.people.put(s.complete(c))
	}
}

// start runs the goroutines that send webhooks.
func (s *Simulator) start(workers int) {
	s.running.Go(s.dispatch)
	for range workers {
		s.running.Go(s.work)
	}
}

// Handler returns what answers requests, for a server of the caller's. BaseURL
// must be set for media to have an address.
func (s *Simulator) Handler() fasthttp.RequestHandler { return s.server.Handler }

// Serve answers requests on ln until Close, and then returns nil. First it
// performs the handshake with the webhook of every number of Meta's, and logs
// how each went.
func (s *Simulator) Serve(ln net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ln.Close()
	}
	s.listeners = append(s.listeners, ln)
	if s.base == "" {
		s.base = "http://" + ln.Addr().String()
	}
	for _, n := range s.numbers {
		if n.Provider == crm.Meta && n.hooks[0].URL != "" {
			s.running.Go(func() { s.logHandshake(n) })
		}
	}
	s.mu.Unlock()
	return s.server.Serve(ln)
}

func (s *Simulator) logHandshake(n *number) {
	if err := s.handshake(n); err != nil {
		s.log.Warn("webhook handshake failed", "number", n.PhoneNumberID, "error", err)
		return
	}
	s.log.Info("webhook handshake done", "number", n.PhoneNumberID)
}

// Close stops answering, drops the webhooks that wait and ends every goroutine.
// It may be called again. The error is the context's, if something still ran
// when it ended.
func (s *Simulator) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
		for _, ln := range s.listeners {
			_ = ln.Close() // the server may not have got hold of it yet
		}
		for timer := range s.timers {
			s.halt(timer)
		}
	}
	s.mu.Unlock()
	if s.conns != nil {
		s.conns.cut()
	}
	err := s.server.ShutdownWithContext(ctx)
	if errors.Is(err, net.ErrClosed) {
		err = nil // a listener that was closed above
	}
	ended := make(chan struct{})
	go func() { s.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.client.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("close simulator: %w", err)
	}
	return nil
}

// after runs do after d, with s.mu held, unless the simulator closes first.
// Without a delay it runs at once. s.mu is held.
func (s *Simulator) after(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	if s.closed {
		return
	}
	s.running.Add(1)
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		defer s.running.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.timers, timer)
		if !s.closed {
			do()
		}
	})
	s.timers[timer] = struct{}{}
}

// halt stops a timer of after. s.mu is held.
func (s *Simulator) halt(timer *time.Timer) {
	delete(s.timers, timer)
	if timer.Stop() {
		s.running.Done()
	}
}

// The sources of one seed.
const (
	forCalls byte = iota
	forWebhooks
)

// newRandom returns one source of a seed; those of seed zero never repeat.
func newRandom(seed uint64, source byte) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	key[8] = source
	if seed == 0 {
		_, _ = crand.Read(key[:]) // it never fails
	}
	return rand.New(rand.NewChaCha8(key))
}

// quiet drops what the server says about broken connections: faults break them
// on purpose.
type quiet struct{}

// Printf implements fasthttp.Logger.
func (quiet) Printf(string, ...any) {}
