package runner

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/edge"
)

// Decider decides webhook requests. It may be used by any number of goroutines.
type Decider interface {
	// Decide decides a request by the configuration and writes the decision
	// into d. It reads r and what r refers to until it returns and changes none
	// of it. A request that is refused is a decision and no error.
	//
	// An error has the class crm.Unavailable, of which [ErrBusy], [ErrModule]
	// and [ErrClosed] are kinds, and so has the end of ctx. It means that
	// nothing was decided: d then holds no verdict, and the provider must be
	// asked to try again (503). ctx bounds the wait for a free instance and not
	// the call, which is short.
	Decide(ctx context.Context, r *edge.Request, now time.Time, d *Decision) error

	// Configure replaces the configuration by a document in the form of
	// edge.Config. Every call sees the old one or the new one as a whole, and
	// one that begins after Configure has returned sees the new one. A document
	// that is not sound is an error of class crm.Invalid around an
	// *edge.ConfigError, and the old configuration stays. The document may be
	// changed afterwards.
	Configure(document []byte) error

	// Close lets the calls that run finish, frees what the decider holds, and
	// makes every later call fail with ErrClosed. Closing again does nothing.
	Close() error
}

// Decision is a decision in memory of its own: it holds nothing of the decider's
// and nothing of the request's, so it may be kept for as long as the hand-over
// takes. What it refers to is good until it is passed to Decide again, which
// then allocates nothing. The zero value is ready for use.
type Decision struct {
	edge.Decision
	bytes []byte // what the slices of bytes are parts of
}

// clear takes the verdict away and keeps the memory.
func (d *Decision) clear() {
	targets, events := d.Targets[:0], d.Events[:0]
	d.Decision = edge.Decision{Source: edge.None, Key: edge.None, Targets: targets, Events: events}
}

// own copies the bytes that the decision refers to into its own memory.
func (d *Decision) own() {
	d.bytes = d.bytes[:0]
	d.keep(&d.Challenge)
	for i := range d.Targets {
		d.keep(&d.Targets[i].ID)
	}
	for i := range d.Events {
		d.keep(&d.Events[i].ID)
		d.keep(&d.Events[i].Peer)
	}
}

// keep copies one slice. When the memory moves, earlier ones stay where they
// are.
func (d *Decision) keep(b *[]byte) {
	start := len(d.bytes)
	d.bytes = append(d.bytes, *b...)
	*b = d.bytes[start:len(d.bytes):len(d.bytes)]
}
