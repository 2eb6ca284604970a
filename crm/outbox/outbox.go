// Package outbox sends what was promised. The inbox stores a message and a job
// in one transaction; the outbox claims the job, hands the message to its
// provider and records what came of it.
//
// It keeps three promises. A message that a provider may have taken is never
// handed over again: when no answer came it is shown as unknown, until a status
// report settles it. The messages of a conversation leave in the order they were
// written. And what failed for a reason that passes is tried again, more and
// more slowly, for at most a day.
package outbox

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Service sends what was promised. Its methods may be called from several
// goroutines, and by several programs on one store.
type Service struct {
	store   Store
	senders map[crm.Provider]Sender
	mint    *crm.Mint
	pace    *pace
	results results
}

// New returns an outbox with a sender for each provider.
func New(store Store, senders map[crm.Provider]Sender, mint *crm.Mint) *Service {
	return &Service{store: store, senders: senders, mint: mint, pace: newPace()}
}

// Outcome is what came of an attempt.
type Outcome string

// The outcomes.
const (
	Accepted Outcome = "accepted"
	Retry    Outcome = "retry" // it will be tried again later, or had to wait for the rate
	Failed   Outcome = "failed"
	Unknown  Outcome = "unknown"
	Stopped  Outcome = "stopped" // the channel was paused
	Gone     Outcome = "gone"    // somebody else settled it
)

// A claim's lease, and how much of it an attempt must have before it begins: a
// sender's whole call and the time to record it. A host that is slower than its
// lease gives the job back rather than race with the next one.
const (
	lease   = 2 * time.Minute
	reserve = 45 * time.Second
)

// Claim leases at most limit due jobs for two minutes, of those whose turn by the
// rates has come; the others are put off until theirs. Each claim is good for one
// Attempt. A program that ends before it made the attempt leaves the message
// unknown, so it should claim no more than it can attempt at once.
func (s *Service) Claim(ctx context.Context, limit int) ([]Claim, error) {
	for {
		now := s.mint.Now()
		claims, putOff, err := s.store.Claim(ctx, Claiming{Now: now, Lease: lease, Limit: limit, Turn: func(job *crm.Job) time.Time { return s.pace.turn(job, now) }})
		if err != nil { // what is not leased for certain is nobody's to send
			return nil, crm.Wrap("claim sends", err)
		}
		if len(claims) > 0 || putOff == 0 { // behind what was put off may be what can leave
			return claims, nil
		}
	}
}

// Work claims and attempts until nothing is due, one after another, and returns
// how many attempts it made. Programs without goroutines of their own (tests,
// examples, a command) use it.
func (s *Service) Work(ctx context.Context) (int, error) {
	for attempts := 0; ; attempts++ {
		claims, err := s.Claim(ctx, 1)
		if err != nil || len(claims) == 0 {
			return attempts, err
		}
		if _, err := s.Attempt(ctx, claims[0]); err != nil {
			return attempts, err
		}
	}
}

// Depth returns how many sends wait, and since when the oldest does; the zero
// time if none does.
func (s *Service) Depth(ctx context.Context) (int, time.Time, error) {
	waiting, oldest, err := s.store.Depth(ctx)
	return waiting, oldest, crm.Wrap("count sends", err)
}
