package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/my21staff/my21staff/bench/record"
)

// driver sends deliveries until each is settled.
type driver struct {
	plan    *record.Plan
	hosts   []string // host and port of each
	mix     *mix
	journal *record.Journal

	taken func(text string) // hears of a send that was taken on

	tries    atomic.Int64
	requests atomic.Int64
	retries  atomic.Int64
	repeats  atomic.Int64
	classes  sync.Map // class -> *atomic.Int64
	open     atomic.Int64
	done     atomic.Int64 // requests that were taken

	mu      sync.Mutex
	latency map[string]*hdrhistogram.Histogram // microseconds, by kind; from the intended start
}

func newDriver(p *record.Plan, hosts []string, m *mix, j *record.Journal) *driver {
	return &driver{plan: p, hosts: hosts, mix: m, journal: j, latency: map[string]*hdrhistogram.Histogram{}}
}

// prepared is a delivery whose intent is durable.
type prepared struct {
	*delivery
	try  int64
	host int
	due  time.Time // the intended start; zero: as soon as there is a hand
}

// ahead is how many requests are written down together, before any is sent, so
// that the journal's fsync does not stand between a request and its intended
// start.
const ahead = 32

// prepare makes requests until ctx ends. With a rate each has its time, and is
// handed on a little before it.
func (d *driver) prepare(ctx context.Context, rate float64, ready chan<- prepared) error {
	defer close(ready)
	began, made := time.Now().Add(50*time.Millisecond), 0
	for ctx.Err() == nil {
		chunk := make([]prepared, 0, ahead)
		var lines []any
		for range ahead {
			p := d.prepareOne(d.mix.next())
			if rate > 0 {
				p.due = began.Add(time.Duration(float64(made) / rate * float64(time.Second)))
				made++
			}
			if !p.again {
				lines = append(lines, p.line)
			}
			lines = append(lines, p.intent())
			chunk = append(chunk, p)
		}
		if rate > 0 {
			pause(ctx, time.Until(chunk[0].due.Add(-20*time.Millisecond)))
		}
		if err := d.journal.Append(lines...); err != nil {
			return err
		}
		for _, p := range chunk {
			ready <- p
		}
	}
	return nil
}

func (d *driver) prepareOne(made *delivery) prepared {
	return prepared{delivery: made, try: d.tries.Add(1), host: rand.IntN(len(d.hosts))}
}

func (p prepared) intent() record.Line {
	return record.Line{T: record.Intent, At: record.Now(), D: p.line.D, Try: p.try, Host: p.host, Again: p.again}
}

// closed sends with so many hands, each one request after another.
func (d *driver) closed(ctx context.Context, hands int, ready <-chan prepared) {
	var group sync.WaitGroup
	for range hands {
		group.Go(func() {
			h := d.newHand()
			defer h.close()
			for p := range ready {
				h.settle(ctx, p)
			}
		})
	}
	group.Wait()
}

// openLoop sends each request at its time, whatever became of those before it;
// beyond most under way it falls behind, which the latencies then show.
func (d *driver) openLoop(ctx context.Context, most int, ready <-chan prepared) {
	free := make(chan struct{}, most)
	var idle stack
	var group sync.WaitGroup
	for p := range ready {
		pause(ctx, time.Until(p.due))
		free <- struct{}{}
		h := idle.pop(d)
		group.Go(func() {
			h.settle(ctx, p)
			idle.push(h)
			<-free
		})
	}
	group.Wait()
	idle.close()
}

// stack holds hands that have nothing to do. The last one back is the first one
// out, so that no more connections are open than are used.
type stack struct {
	mu    sync.Mutex
	hands []*hand
}

func (s *stack) pop(d *driver) *hand {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.hands)
	if n == 0 {
		return d.newHand()
	}
	h := s.hands[n-1]
	s.hands = s.hands[:n-1]
	return h
}

func (s *stack) push(h *hand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hands = append(s.hands, h)
}

func (s *stack) close() {
	for _, h := range s.hands {
		h.close()
	}
}

// pause waits, not longer than ctx lasts.
func pause(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// hand is one sender with a connection to each host.
type hand struct {
	*driver
	conns []conn
}

func (d *driver) newHand() *hand {
	h := &hand{driver: d, conns: make([]conn, len(d.hosts))}
	for i, address := range d.hosts {
		h.conns[i].address = address
	}
	return h
}

func (h *hand) close() {
	for i := range h.conns {
		h.conns[i].close()
	}
}

// The waits between attempts: a provider waits longer, and the order of events
// is the same.
const (
	firstWait = 20 * time.Millisecond
	mostWait  = 500 * time.Millisecond
	mostTries = 5 // for a request that is refused for what it is
)

// settle sends a request until it is settled or ctx, which is the end of the
// drain, ends. All attempts of one are in its journal.
func (h *hand) settle(ctx context.Context, p prepared) {
	h.open.Add(1)
	defer h.open.Add(-1)
	begin := p.due
	if begin.IsZero() {
		begin = time.Now()
	}
	onlyRefused := true
	for n := 1; ; n++ {
		got := h.try(p)
		onlyRefused = onlyRefused && got.class == record.Fail
		if got.class == record.OK {
			h.done.Add(1)
			h.record(p, time.Since(begin))
			switch p.line.Kind {
			case record.Webhook:
				h.mix.wrote(p.line.Items)
			case record.Send:
				h.taken(p.line.Items[0].Text)
			}
			return
		}
		if h.settled(p, got, n) || p.line.Abandoned && onlyRefused || ctx.Err() != nil {
			return
		}
		wait := min(firstWait<<min(n-1, 10), mostWait)
		if got.wait > 0 {
			wait = min(max(wait, got.wait), mostWait)
		}
		pause(ctx, wait/2+rand.N(wait/2+1))
		if ctx.Err() != nil {
			return
		}
		h.retries.Add(1)
		p.try, p.host = h.tries.Add(1), (p.host+1)%len(h.hosts)
		if h.journal.Append(p.intent()) != nil {
			return
		}
	}
}

// settled reports whether an answer that is not a success is the last word.
func (h *hand) settled(p prepared, got answer, n int) bool {
	refused := got.code/100 == 4 && got.code != 429 && got.code != 408
	switch p.line.Kind {
	case record.Forged, record.Crossed, record.Send:
		return refused
	default:
		return refused && n >= mostTries
	}
}

// try makes one attempt and writes down how it ended.
func (h *hand) try(p prepared) answer {
	start := time.Now()
	got := h.conns[p.host].do(p.request)
	h.requests.Add(1)
	h.count(got.class)
	if p.again {
		h.repeats.Add(1)
	}
	line := record.Line{
		T: record.Outcome, At: record.Now(), D: p.line.D, Try: p.try, Host: p.host, Class: got.class, Code: got.code,
		Start: start.UnixMicro(), Took: time.Since(start).Microseconds(), Again: p.again, Note: got.reason,
	}
	if got.class == record.OK && p.line.Kind != record.Send {
		var receipt struct{ ID string }
		if json.Unmarshal(got.body, &receipt) == nil {
			line.Receipt = receipt.ID
		}
	}
	if got.class != record.OK && got.reason == "" {
		line.Note = string(got.body[:min(len(got.body), 300)])
	}
	_ = h.journal.Note(line) // a journal that fails also fails the next intent
	return got
}

func (d *driver) count(class string) {
	counter, _ := d.classes.LoadOrStore(class, new(atomic.Int64))
	counter.(*atomic.Int64).Add(1)
}

// record keeps how long a request took from its intended start to success.
func (d *driver) record(p prepared, took time.Duration) {
	kind := p.line.Kind
	if kind == record.Webhook && len(p.line.Items) > 2 {
		kind = "batch"
	}
	d.observe(kind, took)
}

func (d *driver) observe(kind string, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.latency[kind]
	if h == nil {
		h = hdrhistogram.New(1, 600_000_000, 3)
		d.latency[kind] = h
	}
	_ = h.RecordValue(max(took.Microseconds(), 1)) // above ten minutes nothing lasts
}
