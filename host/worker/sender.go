package worker

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm/outbox"
)

const (
	// lookEvery is how soon a job is found that no kick announced: one another
	// host wrote, or one that waited for its time.
	lookEvery = time.Second
	// leastGap keeps a busy workspace's kicks from asking for jobs all the
	// time.
	leastGap = 10 * time.Millisecond
)

// Outbox hands out send jobs; the outbox service is one.
type Outbox interface {
	// Claim leases at most limit due jobs.
	Claim(ctx context.Context, limit int) ([]outbox.Claim, error)
	// Attempt makes one attempt and records what came of it.
	Attempt(ctx context.Context, c outbox.Claim) (outbox.Outcome, error)
}

// SendCounter counts attempts and panics; telemetry.Metrics is one.
type SendCounter interface {
	Counter
	Send(outcome string)
}

// Sender attempts what the outbox has, several at once.
type Sender struct {
	outbox  Outbox
	log     *slog.Logger
	counter SendCounter
	slots   chan struct{} // one for each attempt under way
	kicked  chan struct{} // of size 1
}

// NewSender returns a sender that makes at most slots attempts at once.
func NewSender(o Outbox, slots int, log *slog.Logger, counter SendCounter) *Sender {
	return &Sender{outbox: o, log: log, counter: counter, slots: make(chan struct{}, slots), kicked: make(chan struct{}, 1)}
}

// Kick says that there may be something to send.
func (s *Sender) Kick() {
	select {
	case s.kicked <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends, and then waits for the attempts under way: they are
// not cut off, because nobody would know what became of them.
func (s *Sender) Run(ctx context.Context) error {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		claims, err := s.claim(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("no jobs could be claimed; it is tried again", "error", err)
			wait(ctx, lookEvery)
		}
		for _, c := range claims {
			s.slots <- struct{}{}
			attempts.Go(func() { s.attempt(context.WithoutCancel(ctx), c) })
		}
		wait(ctx, leastGap)
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		case <-s.kicked:
		}
	}
}

// claim leases as many jobs as there are free slots.
func (s *Sender) claim(ctx context.Context) ([]outbox.Claim, error) {
	free := cap(s.slots) - len(s.slots)
	if free == 0 {
		return nil, nil // an attempt that ends kicks
	}
	return s.outbox.Claim(ctx, free)
}

func (s *Sender) attempt(ctx context.Context, c outbox.Claim) {
	defer func() {
		if cause := recover(); cause != nil {
			s.counter.Panic("sender")
			s.log.Error("an attempt to send panicked", "error", fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
		<-s.slots
		s.Kick() // the next job of the lane, or one that waited for a slot
	}()
	outcome, err := s.outbox.Attempt(ctx, c)
	if err != nil {
		s.log.Error("what became of an attempt to send could not be recorded", "error", err, "message", c.Message.ID.String())
		return
	}
	s.counter.Send(string(outcome))
	s.log.Debug("attempted to send", "outcome", string(outcome), "message", c.Message.ID.String())
}
