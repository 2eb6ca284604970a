package runner

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/edge"
)

// growth is by how many bytes the memory of an instance may grow. A large body
// makes it grow for good; few are, so that starting anew costs less than keeping
// the memory.
const growth = 4 << 20

// Pool decides in instances of the edge module. It is a [Decider].
type Pool struct {
	options Options
	engine  *engine
	budget  uint64 // bytes of memory above which an instance is not used again
	setting atomic.Pointer[setting]
	slots   chan *instance // as many as Size; nil: one that is yet to be started
	waiting atomic.Int64
	counts  counts

	configuring sync.Mutex
	closing     sync.Once
	closed      chan struct{}
}

// New compiles the module, or takes it from the cache, and tries the
// configuration on an instance. What is not sound about the options, the module
// or the configuration is an error of class crm.Invalid (of the configuration,
// around an *edge.ConfigError); a module that fails at its first configuration
// is [ErrModule]. The pool does not keep ctx.
func New(ctx context.Context, o Options) (*Pool, error) {
	if err := o.complete(); err != nil {
		return nil, invalid("start edge module", err)
	}
	engine, err := newEngine(ctx, &o)
	if err != nil {
		return nil, invalid("load edge module", err)
	}
	p := &Pool{
		options: o, engine: engine, budget: engine.smallest + growth,
		slots: make(chan *instance, o.Size), closed: make(chan struct{}),
	}
	for range o.Size {
		p.slots <- nil
	}
	if err = p.Configure(o.Config); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Decide decides a request in an instance; see [Decider].
func (p *Pool) Decide(ctx context.Context, r *edge.Request, now time.Time, d *Decision) error {
	d.clear()
	i, err := p.take(ctx)
	if err != nil {
		return err
	}
	sound := false
	defer func() { p.give(i, sound) }()
	call, cancel := p.deadline()
	defer cancel()
	if err := i.decide(call, r, now.UnixMilli(), d); err != nil {
		d.clear()
		return failed("decide", err)
	}
	sound = true
	return nil
}

// take waits for a slot and returns an instance with the current configuration.
func (p *Pool) take(ctx context.Context) (*instance, error) {
	i, err := p.wait(ctx)
	if err != nil {
		return nil, err
	}
	s := p.setting.Load()
	if i != nil && i.setting == s {
		return i, nil
	}
	if i != nil { // it was given back while Configure ended the others
		p.end(i, &p.counts.replaced)
	}
	if i, err = p.start(s); err != nil {
		p.slots <- nil
		return nil, failed("decide", err)
	}
	return i, nil
}

// wait returns the instance of a free slot, or nil if the slot has none.
func (p *Pool) wait(ctx context.Context) (*instance, error) {
	if p.isClosed() {
		return nil, closed("decide")
	}
	select {
	case i := <-p.slots:
		return i, nil
	default:
	}
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > int64(p.options.Waiting) {
		p.counts.busy.Add(1)
		return nil, unavailable("decide", "busy", ErrBusy)
	}
	select {
	case i := <-p.slots:
		return i, nil
	case <-p.closed:
		return nil, closed("decide")
	case <-ctx.Done():
		return nil, unavailable("decide", "busy", context.Cause(ctx))
	}
}

// give gives a slot back, with its instance if that may be called again.
func (p *Pool) give(i *instance, sound bool) {
	switch {
	case !sound:
		p.end(i, &p.counts.discarded)
		i = nil
	case p.stale(i):
		p.end(i, &p.counts.replaced)
		i = nil
	}
	p.slots <- i
}

// stale reports whether an instance is of no use any more: its memory has grown,
// its configuration is an older one, or its deadline passed as the call
// returned, which closes the module.
func (p *Pool) stale(i *instance) bool {
	return uint64(i.memory.Size()) > p.budget || i.setting != p.setting.Load() || i.module.IsClosed()
}

func (p *Pool) start(s *setting) (*instance, error) {
	ctx, cancel := p.deadline()
	defer cancel()
	i, err := newInstance(ctx, p.engine, s)
	if err != nil {
		return nil, err
	}
	if p.options.HostMAC {
		i.keys = new(keyring)
	}
	p.counts.started.Add(1)
	p.counts.live.Add(1)
	return i, nil
}

func (p *Pool) end(i *instance, why *atomic.Uint64) {
	i.close()
	why.Add(1)
	p.counts.live.Add(-1)
}

// deadline returns the context of a call into the module. The caller's is not
// for it: a client that goes away would end an instance.
func (p *Pool) deadline() (context.Context, context.CancelFunc) {
	if !p.options.Untrusted {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), p.options.Timeout)
}

// Configure tries a document on an instance of its own and, if that takes it,
// ends the others, those that are in a call after it; see [Decider]. A module
// that fails at it is [ErrModule], and the old configuration stays.
func (p *Pool) Configure(document []byte) error {
	config, err := parse(document)
	if err != nil {
		return err
	}
	p.configuring.Lock()
	defer p.configuring.Unlock()
	if p.isClosed() {
		return closed("configure edge")
	}
	s := &setting{document: bytes.Clone(document), config: config}
	i, err := p.start(s)
	if err != nil {
		return refused(err)
	}
	s.state = p.engine.capture(i, p.options.MaxMemory)
	p.setting.Swap(s).forget()
	p.succeed(i)
	return nil
}

// succeed ends the idle instances that have an older configuration and puts
// their successor into a slot, if one is free.
func (p *Pool) succeed(successor *instance) {
	s := successor.setting
	for range cap(p.slots) { // what is given comes last, so each is taken once
		select {
		case i := <-p.slots:
			if i != nil && i.setting != s {
				p.end(i, &p.counts.replaced)
				i = nil
			}
			if i == nil {
				i, successor = successor, nil
			}
			p.slots <- i
		default:
		}
	}
	if successor != nil {
		p.end(successor, &p.counts.replaced)
	}
}

// Close waits for the calls that run, ends the instances and frees the code; see
// [Decider].
func (p *Pool) Close() error {
	var err error
	p.closing.Do(func() {
		close(p.closed)
		p.configuring.Lock() // for a Configure that has begun
		defer p.configuring.Unlock()
		for range cap(p.slots) {
			if i := <-p.slots; i != nil {
				p.end(i, &p.counts.replaced)
			}
		}
		p.setting.Load().forget()
		err = p.engine.close()
	})
	return err
}

func (p *Pool) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}
