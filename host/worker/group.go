package worker

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// restartDelay is how long a worker that failed waits before it starts again.
const restartDelay = time.Second

// Counter counts panics; telemetry.Metrics is one.
type Counter interface{ Panic(where string) }

// Group runs workers until it is stopped. One that fails or panics is logged
// and started again.
type Group struct {
	log     *slog.Logger
	counter Counter
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	down map[string]string // workers that wait to be started again, and why
}

// NewGroup returns a group without workers.
func NewGroup(log *slog.Logger, counter Counter) *Group {
	ctx, cancel := context.WithCancel(context.Background())
	return &Group{log: log, counter: counter, ctx: ctx, cancel: cancel, down: map[string]string{}}
}

// Go starts a worker. run returns when its context ends; when it returns
// before, that is a failure.
func (g *Group) Go(name string, run func(context.Context) error) {
	g.running.Go(func() {
		for g.ctx.Err() == nil {
			err := g.once(name, run)
			if g.ctx.Err() != nil {
				return
			}
			g.log.Error("a worker failed and is started again", "worker", name, "error", err)
			g.mark(name, fmt.Sprintf("%v", err))
			wait(g.ctx, restartDelay)
			g.mark(name, "")
		}
	})
}

// once runs a worker and turns a panic into an error.
func (g *Group) once(name string, run func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			g.counter.Panic(name)
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return run(g.ctx)
}

// Every returns a worker that does something at once and then every period. An
// error is logged; the next turn tries again.
func (g *Group) Every(period time.Duration, name string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				g.log.Warn("a worker's turn failed; the next one tries again", "worker", name, "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	}
}

// Down returns the workers that do not run now, each with the reason.
func (g *Group) Down() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var down []string
	for name, why := range g.down {
		down = append(down, name+": "+why)
	}
	slices.Sort(down)
	return down
}

// Stop ends the workers and waits for them, at most until ctx ends.
func (g *Group) Stop(ctx context.Context) error {
	g.cancel()
	done := make(chan struct{})
	go func() {
		g.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("workers did not end in time: %w", ctx.Err())
	}
}

func (g *Group) mark(name, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if why == "" {
		delete(g.down, name)
	} else {
		g.down[name] = why
	}
}

// wait waits, at most until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
