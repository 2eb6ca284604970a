package gather

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
)

// Outbox is who takes messages to send on; the inbox service is one.
type Outbox interface {
	// PrepareSend looks at a command as far as that goes without the store.
	PrepareSend(p access.Principal, cmd inbox.SendCommand) (*inbox.Order, error)
	// CommitSends takes orders on, in one transaction where it can, and says of
	// each what became of it.
	CommitSends(ctx context.Context, orders []*inbox.Order) []inbox.SendResult
	// Explain makes an error of CommitSends one of Send.
	Explain(ctx context.Context, o *inbox.Order, err error) error
}

// Sends gathers messages to send. Its methods may be called from several
// goroutines.
type Sends struct {
	line[order]
	outbox Outbox
}

// order is a message to send that waits for its commit.
type order struct {
	*inbox.Order
	result *inbox.SendResult // where its result goes
}

func (o order) fail(err error) { o.result.Err = err }

// NewSends returns a gatherer in front of an outbox.
func NewSends(out Outbox, counter Counter, o Options) *Sends {
	s := &Sends{outbox: out}
	s.line = line[order]{
		o: o, op: "send message", commit: s.commit,
		counted: func(messages, _ int, took time.Duration) { counter.CommitSends(messages, took) },
		panics:  func() { counter.Panic("commit sends") },
	}
	s.open()
	return s
}

// Send takes a message on; see inbox.Service.Send, whose contract it keeps. One for
// which there is no room is Unavailable, as is one whose commit had not begun when
// ctx ended: nothing of it is stored then. Once a commit has begun its result is
// waited for, however long that takes.
func (s *Sends) Send(ctx context.Context, p access.Principal, cmd inbox.SendCommand) (*inbox.Sent, error) {
	made, err := s.outbox.PrepareSend(p, cmd)
	if err != nil {
		return nil, err
	}
	var result inbox.SendResult
	w := s.enter(order{made, &result}, made.Workspace(), weight{facts: 1})
	if w == nil {
		return nil, s.full
	}
	s.await(ctx, w)
	return result.Sent, s.outbox.Explain(ctx, made, result.Err)
}

func (s *Sends) commit(ctx context.Context, batch []order) {
	orders := make([]*inbox.Order, len(batch))
	for i, o := range batch {
		orders[i] = o.Order
	}
	for i, result := range s.outbox.CommitSends(ctx, orders) {
		*batch[i].result = result
	}
}
