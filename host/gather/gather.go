// Package gather lets what comes at the same time share one transaction: group
// commit, of webhooks and of messages to send. A commit costs a wait for the disk,
// whether it holds one message or five hundred, and commits of one workspace wait
// for each other besides, as its feed has no gaps.
//
// There is no timer. Whoever comes while nothing is being committed is committed
// at once; whoever comes while a commit runs waits for it and goes with all who
// waited. So a quiet host answers as fast as the disk does, and the busier it is
// the larger its batches are. (Measured with a wait of two milliseconds instead:
// a fifth slower.)
//
// What waits is bounded, by facts and by bytes, and each workspace may fill only
// a part of it; beyond that who comes is asked to come again later. Batches take
// from each workspace in turn, so that one which is flooded delays the others by
// its share and no more.
//
// Where several commits run at once a workspace waits where least does, and never in two
// places: two commits of one workspace would only wait for each other's rows. (Measured with places given by a hash instead, one of twenty workspaces
// having half of what comes: a sixth fewer messages stored, as others stood behind it
// while a processor was idle.)
//
// Those are the bounds of a burst. When more comes than can be committed, commit
// after commit, only so much is let wait as keeps the wait of who is let in at
// about twice the usual (see pace), shared among the workspaces that want
// something; and a webhook that is to be refused is refused before the signature
// is checked and the body decoded, or the refusing would take what the committing
// needs.
package gather

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Inbox is who takes webhooks in; the inbox service is one.
type Inbox interface {
	// Prepare verifies and decodes a request; see inbox.Service.
	Prepare(ctx context.Context, r webhook.Request) (*inbox.Arrival, error)
	// Commit takes arrivals in, in one transaction where it can, and says of
	// each what became of it.
	Commit(ctx context.Context, arrivals []*inbox.Arrival) []inbox.Result
}

// Counter counts commits; telemetry.Metrics is one.
type Counter interface {
	// Commit counts a commit of so many requests and facts.
	Commit(requests, facts int, took time.Duration)
	// CommitSends counts a commit of so many messages to send.
	CommitSends(messages int, took time.Duration)
	Panic(where string)
}

// Options bound what waits and what is committed together. The zero value is useful.
type Options struct {
	Batch   int           // facts in one commit, but for a request that holds more; 0: 512
	Commits int           // commits at once, each of workspaces of its own (see beside); 0: 1
	Queue   int           // facts that wait; 0: 8192
	Bytes   int           // of bodies that wait; 0: 64 MiB
	Timeout time.Duration // what a commit may take; 0: 15 seconds
}

func (o Options) withDefaults() Options {
	set := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	set(&o.Batch, 512)
	set(&o.Commits, 1)
	set(&o.Queue, 8192)
	set(&o.Bytes, 64<<20)
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	return o
}

// Gatherer gathers webhook requests. Its methods may be called from several
// goroutines.
type Gatherer struct {
	line[arrival]
	inbox Inbox
	hints hints
}

// arrival is a request that waits for its commit.
type arrival struct {
	*inbox.Arrival
	result *inbox.Result // where its result goes
}

func (a arrival) fail(err error) { a.result.Err = err }

// New returns a gatherer in front of an inbox.
func New(in Inbox, counter Counter, o Options) *Gatherer {
	g := &Gatherer{inbox: in}
	g.line = line[arrival]{
		o: o, op: "receive webhook", commit: g.commit, counted: counter.Commit, panics: func() { counter.Panic("commit") },
	}
	g.open()
	return g
}

// Receive takes webhook requests in, in their order, and says of each what became
// of it; see inbox.Service.Receive, whose contract it keeps. One for which there
// is no room is Unavailable, as is one whose commit had not begun when ctx ended:
// nothing of it is stored then. Once a commit has begun its result is waited for,
// however long that takes.
func (g *Gatherer) Receive(ctx context.Context, requests ...webhook.Request) []inbox.Result {
	results := make([]inbox.Result, len(requests))
	var waiting []*waiter[arrival]
	for i, r := range requests {
		w, err := g.let(ctx, r, &results[i])
		if err == g.full && len(waiting) > 0 { // what came with it may be what stands in its way
			g.await(ctx, waiting...)
			waiting = nil
			w, err = g.let(ctx, r, &results[i])
		}
		if err != nil {
			results[i].Err = err
			continue
		}
		waiting = append(waiting, w)
	}
	g.await(ctx, waiting...)
	return results
}

// let lets a request into the queue. It returns full, and has made nothing of the
// request but for one whose number it does not know, if there is no room.
func (g *Gatherer) let(ctx context.Context, r webhook.Request, result *inbox.Result) (*waiter[arrival], error) {
	a, err := g.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	w := g.enter(arrival{a, result}, a.Workspace(), weightOf(a, r))
	if w == nil {
		return nil, g.full
	}
	return w, nil
}

// prepare verifies and decodes a request, unless that is sure to be in vain.
func (g *Gatherer) prepare(ctx context.Context, r webhook.Request) (*inbox.Arrival, error) {
	number := r.SeemsFor()
	if hint, known := g.hints.of(number); known {
		facts := hint.facts(len(r.Body))
		if !g.expect(hint.lane, facts) {
			return nil, g.full
		}
		defer g.expected(hint.lane, facts)
	}
	a, err := g.inbox.Prepare(ctx, r)
	if err != nil {
		return nil, crm.Wrap("receive webhook", err)
	}
	g.hints.learn(number, a.Workspace(), weightOf(a, r))
	return a, nil
}

func weightOf(a *inbox.Arrival, r webhook.Request) weight {
	return weight{facts: max(1, a.Facts()), bytes: len(r.Body)}
}

// Full returns why a request of so many bytes is sure to be refused, as far as can
// be seen at a glance, and nil if it is not. The request need not be there as a
// whole: what is looked at is the number it names first.
func (g *Gatherer) Full(r webhook.Request, bytes int) error {
	hint, known := g.hints.of(r.SeemsFor())
	if !known {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.admits(g.laneOf(hint.lane), hint.facts(bytes)) {
		return g.full
	}
	return nil
}

func (g *Gatherer) commit(ctx context.Context, batch []arrival) {
	arrivals := make([]*inbox.Arrival, len(batch))
	for i, a := range batch {
		arrivals[i] = a.Arrival
	}
	for i, result := range g.inbox.Commit(ctx, arrivals) {
		*batch[i].result = result
	}
}
