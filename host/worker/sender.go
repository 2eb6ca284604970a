package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

const (
	// lookEvery is how soon a job is found that no kick announced: one another
	// host wrote, or one that waited for its time.
	lookEvery = time.Second
	// leastGap keeps a busy workspace's kicks from asking for jobs all the
	// time.
	leastGap = 10 * time.Millisecond
	// What became of an attempt is recorded again and again while the store is
	// away, until about the end of its claim's lease. Later it is in doubt; that the
	// provider took the message counts even then.
	recordFor  = time.Minute
	firstPause = 50 * time.Millisecond
	mostPause  = 2 * time.Second
)

// Outbox hands out send jobs; the outbox service is one.
type Outbox interface {
	// Claim leases at most limit due jobs.
	Claim(ctx context.Context, limit int) ([]outbox.Claim, error)
	// Hand hands a message to its provider, if it is to go now.
	Hand(ctx context.Context, c outbox.Claim) outbox.Handed
	// Record writes what came of it, and may be called again.
	Record(ctx context.Context, h outbox.Handed) (outbox.Outcome, error)
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
			attempts.Go(func() { s.attempt(ctx, c) })
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

// attempt makes one attempt and records what came of it. It is not cut off when ctx
// ends; only a store that is away is not waited for any longer.
func (s *Sender) attempt(ctx context.Context, c outbox.Claim) {
	defer func() {
		if cause := recover(); cause != nil {
			s.counter.Panic("sender")
			s.log.Error("an attempt to send panicked", "error", fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		}
		<-s.slots
		s.Kick() // the next job of the lane, or one that waited for a slot
	}()
	outcome, err := s.record(ctx, s.outbox.Hand(context.WithoutCancel(ctx), c))
	if err != nil {
		s.log.Error("what became of an attempt to send could not be recorded", "error", err, "message", c.Message.ID.String())
		return
	}
	s.counter.Send(string(outcome))
	s.log.Debug("attempted to send", "outcome", string(outcome), "message", c.Message.ID.String())
}

// record records what came of an attempt. While the store is away it tries again:
// what the provider took would be called unknown, and what the conversation says next
// would wait until the lease ends, for a disk that was full for a second.
func (s *Sender) record(ctx context.Context, h outbox.Handed) (outbox.Outcome, error) {
	end := time.Now().Add(recordFor)
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		outcome, err := s.outbox.Record(context.WithoutCancel(ctx), h)
		passes := errors.Is(err, crm.Unavailable) || errors.Is(err, crm.Uncertain)
		if !passes || ctx.Err() != nil || time.Now().Add(pause).After(end) {
			return outcome, err
		}
		wait(ctx, pause)
	}
}
