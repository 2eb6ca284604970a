package runner

import (
	"context"
	"runtime"
	"time"

	"github.com/my21staff/my21staff/edge"
)

// Instance is an instance outside of a pool, for tests and benchmarks.
type Instance = instance

// Spawn starts an instance as the pool does for a call.
func (p *Pool) Spawn() (*Instance, error) {
	return newInstance(context.Background(), p.engine, p.setting.Load())
}

// End closes the instance.
func (i *instance) End() { i.close() }

// Memory returns the linear memory.
func (i *instance) Bytes() []byte {
	b, _ := i.memory.Read(0, i.memory.Size())
	return b
}

// Split is the taking apart of a module.
var Split = split

// Decide decides in this instance.
func (i *instance) Decide(r *edge.Request, now time.Time, d *Decision) error {
	return i.decide(context.Background(), r, now.UnixMilli(), d)
}

// Hold takes an instance, as a call does; the function gives it back.
func (p *Pool) Hold() (release func()) {
	i, err := p.take(context.Background())
	if err != nil {
		panic(err)
	}
	return func() { p.give(i, true) }
}

// AwaitWaiting returns when n calls wait for an instance.
func (p *Pool) AwaitWaiting(n int64) {
	for p.waiting.Load() < n {
		runtime.Gosched()
	}
}

// ExhaustModule leaves no memory for instances that begin as the module does.
func (p *Pool) ExhaustModule() { p.engine.image.size = -1 }

// ExhaustState leaves none for those that begin in the state of one that took the
// configuration, and reports whether there is such a state.
func (p *Pool) ExhaustState() bool {
	state := p.setting.Load().state
	if state != nil {
		state.image.size = -1
	}
	return state != nil
}

// Expose is the exporting of globals.
var Expose = expose

// Hollow is the making of a shell.
var Hollow = hollow
