package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// A flood sends more than a host can take. First it finds, in a closed loop, how
// much that is, then it offers what is normal and multiples of the capacity, each
// request at its time, and at the end what is normal again. How much the host takes
// is then found once more: its database is full of the flood by now, and machines
// change their speed.
//
// It is cheap for its cores are the host's: bodies and signatures are made, and
// their intents durable, before a step begins; a worker is a connection, and
// takes the next moment that is due, without anybody handing work on. A request
// that is refused is sent again later, as a provider does it, and one that was
// accepted never is; so the bodies of a step are as many as can be accepted,
// however many are sent.

// flooding says what a flood does.
type flooding struct {
	steps    string // multiples of the capacity, with commas
	normal   float64
	step     time.Duration
	warm     time.Duration // of a step, not measured: what comes in a burst may wait
	back     time.Duration
	messages int // of a request
	probes   int // clients of the closed loop
	accept   int
}

// Step is how one step of a flood went. Latencies are of what began and ended
// after the warming up, in milliseconds; from the moment a request was due, but
// for those that say otherwise.
type Step struct {
	Name         string
	Factor       float64 // of the capacity; 0: closed loop
	Began, Ended int64   // microseconds since 1970, without the warming up
	Offered      float64 // requests a second that were due
	Sent         float64 // requests a second that were sent
	Goodput      float64 // accepted requests a second
	Refused      float64
	Unclear      int // requests without an answer that says what became of them
	P50, P99     float64
	FromSending  float64 // P99 of what was accepted, from its sending
	RefusalP50   float64 // from the sending
	RefusalP99   float64
	LateP99      float64 // how late the driver sent
	Rejected     int     // requests that were refused for what they are: the driver is wrong about something
	Impolite     int     // refusals that do not say when to come back
	Dry          bool    // bodies ran out: the driver was the bound
}

// Flood is the whole of it.
type Flood struct {
	Messages int     // of a request
	Capacity float64 // requests a second
	Steps    []Step
	Accepted int     // requests
	Settled  float64 // seconds from the end of the last multiple until nothing was refused or late any more; -1: never
	Process  float64 // seconds of processor time of the driver, the making of bodies included
}

// shot is one attempt.
type shot struct {
	d                *delivery
	due, start, took int64 // microseconds; start since 1970
	late             int64
	code             int
	class            string
	wait             time.Duration
}

// flood runs all steps on a session.
type flood struct {
	*session
	o        flooding
	workers  []*conn
	pool     pool
	accepted []*delivery
}

// run floods, and then repeats some of what was accepted: the host has to know
// it again.
func (f *flood) run(ctx context.Context) error {
	host := strings.TrimPrefix(f.plan.Hosts[0], "http://")
	for range f.clients {
		f.workers = append(f.workers, &conn{address: host, hasty: true})
	}
	defer func() {
		for _, c := range f.workers {
			c.close()
		}
	}()
	result := &Flood{Messages: f.o.messages, Settled: -1}
	steps := f.all
	if f.o.accept > 0 {
		steps = f.until
	}
	if err := steps(ctx, result); err != nil {
		return err
	}
	result.Accepted = len(f.accepted)
	if err := f.journal.Append(f.pool.unsent()...); err != nil {
		return err
	}
	if err := f.repeat(); err != nil {
		return err
	}
	result.Process = processorTime()
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.dir, "flood.json"), append(text, '\n'), 0o600)
}

// all runs the steps.
func (f *flood) all(ctx context.Context, result *Flood) error {
	probe, _, err := f.step(ctx, Step{Name: "probe"}, 0, time.Second, 4000)
	if err != nil {
		return err
	}
	closed, _, err := f.step(ctx, Step{Name: "capacity"}, 0, f.o.step, int(probe.Goodput*1.5*f.seconds())+f.clients)
	if err != nil {
		return err
	}
	result.Steps, result.Capacity = append(result.Steps, closed), closed.Goodput
	if result.Capacity <= 0 {
		return errors.New("nothing is accepted in the closed loop")
	}
	for _, word := range append([]string{fmt.Sprint(f.o.normal)}, strings.Split(f.o.steps, ",")...) {
		factor, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return fmt.Errorf("%q is no multiple: %w", word, err)
		}
		step, _, err := f.step(ctx, Step{Name: word + "x", Factor: factor}, factor*result.Capacity, f.o.step, f.enough(factor, f.o.step, result))
		if err != nil {
			return err
		}
		result.Steps = append(result.Steps, step)
	}
	warm := f.o.warm
	f.o.warm = 0
	after, shots, err := f.step(ctx, Step{Name: "after", Factor: f.o.normal}, f.o.normal*result.Capacity, f.o.back, f.enough(f.o.normal, f.o.back, result))
	if err != nil {
		return err
	}
	result.Settled = settled(shots, 2*result.Steps[1].P99)
	f.o.warm = warm
	again, _, err := f.step(ctx, Step{Name: "again"}, 0, f.o.step, int(1.5*result.Capacity*f.seconds())+f.clients)
	if err != nil {
		return err
	}
	result.Steps = append(result.Steps, after, again)
	return nil
}

// until sends in a closed loop until enough was accepted.
func (f *flood) until(ctx context.Context, result *Flood) error {
	f.o.warm, f.o.probes = 0, f.clients
	total := Step{Name: "batches"}
	for len(f.accepted) < f.o.accept {
		if err := f.pool.fill(f, f.o.accept-len(f.accepted)); err != nil {
			return err
		}
		s, _, err := f.step(ctx, Step{Name: "batches"}, 0, f.o.step, 0)
		if err != nil {
			return err
		}
		total.add(&s)
	}
	result.Steps = []Step{total}
	return nil
}

func (f *flood) seconds() float64 { return (f.o.step + f.o.warm).Seconds() }

// enough returns how many bodies a step may need: half as many again as the
// capacity, at most those that are sent.
func (f *flood) enough(factor float64, lasts time.Duration, result *Flood) int {
	return int(min(factor, 1.5)*result.Capacity*(lasts+f.o.warm).Seconds()) + 2*f.clients
}

// step sends for so long; a rate of 0 is a closed loop. It returns what was
// measured and every shot.
func (f *flood) step(ctx context.Context, s Step, rate float64, lasts time.Duration, bodies int) (Step, []shot, error) {
	if err := f.pool.fill(f, bodies); err != nil {
		return s, nil, err
	}
	workers := f.workers
	if rate == 0 {
		workers = workers[:min(f.o.probes, len(workers))]
	}
	c := &clock{rate: rate, begin: time.Now().Add(50 * time.Millisecond)}
	c.end = c.begin.Add(f.o.warm + lasts)
	shots := make([][]shot, len(workers))
	var group sync.WaitGroup
	for i, worker := range workers {
		group.Go(func() { shots[i] = f.work(ctx, worker, c) })
	}
	group.Wait()
	var all []shot
	for _, some := range shots {
		all = append(all, some...)
	}
	s.Dry = c.dry.Load()
	s.measure(all, c.begin.Add(f.o.warm), c.end)
	if rate > 0 {
		s.Offered = rate
	}
	progress("%s: offered %.0f/s, accepted %.0f/s, refused %.0f/s, P99 %.1f ms", s.Name, s.Offered, s.Goodput, s.Refused, s.P99)
	return s, all, errors.Join(ctx.Err(), f.write(all))
}

// clock says when requests are due.
type clock struct {
	rate       float64
	begin, end time.Time
	next       atomic.Int64
	dry        atomic.Bool
}

// wait waits for the next moment and returns it; false if the step is over.
func (c *clock) wait() (time.Time, bool) {
	if c.rate == 0 {
		now := time.Now()
		if early := time.Until(c.begin); early > 0 {
			time.Sleep(early)
			now = c.begin
		}
		return now, now.Before(c.end)
	}
	due := c.begin.Add(time.Duration(float64(c.next.Add(1)-1) / c.rate * float64(time.Second)))
	if !due.Before(c.end) {
		return due, false
	}
	if early := time.Until(due); early > 0 {
		time.Sleep(early)
	}
	return due, true
}

// work sends on one connection until the step is over. A worker that is far
// behind stops with it: what was due and never sent shows in Sent.
func (f *flood) work(ctx context.Context, c *conn, at *clock) []shot {
	var shots []shot
	for ctx.Err() == nil {
		due, more := at.wait()
		if !more || time.Since(at.end) > time.Second {
			return shots
		}
		d := f.pool.get()
		if d == nil {
			at.dry.Store(true)
			return shots
		}
		start := time.Now()
		got := c.do(d.request)
		shots = append(shots, shot{
			d: d, due: due.UnixMicro(), start: start.UnixMicro(), took: time.Since(start).Microseconds(), late: start.Sub(due).Microseconds(),
			code: got.code, class: got.class, wait: got.wait,
		})
		if got.class == record.Fail {
			f.pool.put(d)
			if at.rate == 0 { // a closed loop waits when it is told to
				time.Sleep(time.Millisecond + rand.N(4*time.Millisecond) + time.Duration(len(d.request))*100*time.Nanosecond)
			}
		}
	}
	return shots
}

// write writes down how the attempts ended, and for all but the first of a
// request that they were made.
func (f *flood) write(shots []shot) error {
	lines := make([]any, 0, 2*len(shots))
	for _, s := range shots {
		try := f.driver.tries.Add(1)
		f.driver.requests.Add(1)
		f.driver.count(s.class)
		if s.d.tried {
			lines = append(lines, record.Line{T: record.Intent, At: s.start, D: s.d.line.D, Try: try})
		}
		s.d.tried = true
		if s.class == record.OK {
			f.accepted = append(f.accepted, s.d)
		}
		lines = append(lines, record.Line{T: record.Outcome, At: s.start + s.took, D: s.d.line.D, Try: try, Class: s.class, Code: s.code, Start: s.start, Took: s.took})
	}
	return f.journal.Append(lines...)
}

// repeats is how much of what was accepted is sent again.
const repeats = 200

func (f *flood) repeat() error {
	hand := f.driver.newHand()
	defer hand.close()
	for _, d := range f.accepted[:min(repeats, len(f.accepted))] {
		again := *d
		again.again = true
		p := f.driver.prepareOne(&again)
		if err := f.journal.Append(p.intent()); err != nil {
			return err
		}
		hand.settle(context.Background(), p)
	}
	return nil
}

// pool holds requests that were not accepted yet, those refused longest ago
// first. Its methods may be called from several goroutines.
type pool struct {
	mu    sync.Mutex
	ready []*delivery
	head  int
}

// fill makes requests until there are so many, and writes down that each is
// about to be sent.
func (p *pool) fill(f *flood, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready, p.head = p.ready[p.head:], 0
	for len(p.ready) < n {
		lines := make([]any, 0, 512)
		for range min(256, n-len(p.ready)) {
			d := f.driver.mix.flood(f.o.messages)
			lines = append(lines, d.line, record.Line{T: record.Intent, At: record.Now(), D: d.line.D})
			p.ready = append(p.ready, d)
		}
		if err := f.journal.Append(lines...); err != nil {
			return err
		}
	}
	return nil
}

// get takes one; nil if there is none.
func (p *pool) get() *delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.head == len(p.ready) {
		return nil
	}
	d := p.ready[p.head]
	p.ready[p.head] = nil
	p.head++
	return d
}

// unsent returns the outcomes of requests that were announced and never sent.
func (p *pool) unsent() []any {
	var lines []any
	for _, d := range p.ready[p.head:] {
		if !d.tried {
			lines = append(lines, record.Line{T: record.Outcome, At: record.Now(), D: d.line.D, Class: record.Fail, Note: "it was never sent"})
		}
	}
	return lines
}

// put gives one back.
func (p *pool) put(d *delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = append(p.ready, d)
}
