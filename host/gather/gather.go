// Package gather lets webhooks that come at the same time share one transaction:
// group commit. A commit costs a wait for the disk, whether it holds one message
// or five hundred.
//
// There is no timer. Whoever comes while nothing is being committed is committed
// at once; whoever comes while a commit runs waits for it and goes with all who
// waited. So a quiet host answers as fast as the disk does, and the busier it is
// the larger its batches are. (Measured with a wait of two milliseconds instead:
// a fifth slower.)
//
// What waits is bounded, by facts and by bytes, and each workspace may fill only
// a part of it; beyond that the provider is asked to come again later. Batches
// take from each workspace in turn, so that one which is flooded delays the
// others by its share and no more.
//
// Those are the bounds of a burst. When more comes than can be committed, commit
// after commit, only so much is let wait as keeps the wait of who is let in at
// about twice the usual (see pace), shared among the workspaces that want
// something; and who is to be refused is refused before the signature is checked
// and the body decoded, or the refusing would take what the committing needs.
package gather

import (
	"context"
	"fmt"
	"hash/fnv"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/problem"
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
	Panic(where string)
}

// Options bound a gatherer. The zero value is useful.
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

// lanes is into how many parts the queue is thought to be divided: one workspace
// may fill one of them.
const lanes = 4

// beside is which part of a batch must wait for a commit to begin while another
// runs. Smaller ones wait for its end: what a commit costs by itself, however few
// share it, is more than what is gained by running two. A quarter of a batch in
// place of sixteen facts was too many: on PostgreSQL 32 clients lost a fifth, and
// at 1,500 webhooks a second the slowest hundredth took twice as long.
const beside = 32

// Gatherer gathers requests. Its methods may be called from several goroutines.
type Gatherer struct {
	inbox   Inbox
	counter Counter
	o       Options
	hints   hints

	mu      sync.Mutex
	total   weight
	places  []*queue // by the hash of a workspace
	turns   []*queue // the same, first the one that is to commit next
	running int      // commits
}

// New returns a gatherer in front of an inbox.
func New(in Inbox, counter Counter, o Options) *Gatherer {
	g := &Gatherer{inbox: in, counter: counter, o: o.withDefaults()}
	for range g.o.Commits {
		g.places = append(g.places, new(queue))
	}
	g.turns = slices.Clone(g.places)
	return g
}

// queueOf returns where a workspace waits. It is always the same: two commits of
// one workspace would only wait for each other's rows.
func (g *Gatherer) queueOf(ws crm.WorkspaceID) *queue {
	hash := fnv.New32a()
	_, _ = hash.Write(ws[:])
	return g.places[hash.Sum32()%uint32(len(g.places))]
}

// waiter is a request that waits for its commit.
type waiter struct {
	arrival *inbox.Arrival
	lane    crm.WorkspaceID
	queue   *queue
	weight  weight
	taken   bool          // into a commit: it is too late to go
	result  *inbox.Result // where its result goes
	done    chan struct{} // closed when that is there
}

// Receive takes webhook requests in, in their order, and says of each what became
// of it; see inbox.Service.Receive, whose contract it keeps. One for which there
// is no room is Unavailable, as is one whose commit had not begun when ctx ended:
// nothing of it is stored then. Once a commit has begun its result is waited for,
// however long that takes.
func (g *Gatherer) Receive(ctx context.Context, requests ...webhook.Request) []inbox.Result {
	results := make([]inbox.Result, len(requests))
	var waiting []*waiter
	for i, r := range requests {
		w, err := g.let(ctx, r, &results[i])
		if err == full && len(waiting) > 0 { // what came with it may be what stands in its way
			g.await(ctx, waiting)
			waiting = nil
			w, err = g.let(ctx, r, &results[i])
		}
		if err != nil {
			results[i].Err = err
			continue
		}
		waiting = append(waiting, w)
	}
	g.await(ctx, waiting)
	return results
}

// let lets a request into the queue. It returns full, and has made nothing of the
// request but for one whose number it does not know, if there is no room. Once it is
// in, a commit may be done with it before let returns.
func (g *Gatherer) let(ctx context.Context, r webhook.Request, result *inbox.Result) (*waiter, error) {
	a, err := g.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	ws := a.Workspace()
	w := &waiter{arrival: a, lane: ws, queue: g.queueOf(ws), weight: weightOf(a, r), result: result, done: make(chan struct{})}
	if !g.enter(w) {
		return nil, full
	}
	return w, nil
}

// prepare verifies and decodes a request, unless that is sure to be in vain.
func (g *Gatherer) prepare(ctx context.Context, r webhook.Request) (*inbox.Arrival, error) {
	number := r.SeemsFor()
	if hint, known := g.hints.of(number); known {
		facts := hint.facts(len(r.Body))
		if !g.expect(hint.lane, facts) {
			return nil, full
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

// await waits until waiters have their results. Only now may their commit begin:
// requests that come together go together.
func (g *Gatherer) await(ctx context.Context, waiting []*waiter) {
	if len(waiting) > 0 {
		g.mu.Lock()
		g.begin()
		g.mu.Unlock()
	}
	for _, w := range waiting {
		select {
		case <-w.done:
			continue
		case <-ctx.Done():
		}
		if g.leave(w) {
			w.result.Err = &crm.Error{Op: "receive webhook", Code: crm.Unavailable, Reason: "timeout", Err: ctx.Err()}
			continue
		}
		<-w.done
	}
}

// full is the answer to who comes when too much waits.
var full = &problem.Error{RetryAfter: 2 * time.Second, Err: &crm.Error{Op: "receive webhook", Code: crm.Unavailable, Reason: "busy",
	Msg: "More comes in than can be stored at once. Try again in a moment."}}

// enter puts a waiter into the queue; false if there is no room.
func (g *Gatherer) enter(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.room(w.queue, w.lane, w.weight, weight{}) {
		w.queue.pace.refused(time.Now())
		return false
	}
	w.queue.push(w)
	g.total = g.total.plus(w.weight)
	return true
}

// begin begins the commits that may begin, in turn. g.mu is held.
func (g *Gatherer) begin() {
	for _, q := range slices.Clone(g.turns) {
		if !q.running && q.waiting > 0 && (g.running == 0 || q.waiting >= g.o.Batch/beside) {
			q.running = true
			g.running++
			g.turns = append(slices.DeleteFunc(g.turns, func(other *queue) bool { return other == q }), q)
			go g.commits(q)
		}
	}
}

// room reports whether so much more of a workspace fits into a queue, beside what
// is thought to be coming. What is larger than its part of the queue fits into an
// empty lane.
func (g *Gatherer) room(q *queue, ws crm.WorkspaceID, more, coming weight) bool {
	bound := weight{facts: g.o.Queue, bytes: g.o.Bytes}
	part := weight{facts: g.o.Queue / lanes, bytes: g.o.Bytes / lanes}
	mine := q.of(ws).plus(coming)
	return g.total.plus(coming).plus(more).within(bound) && (mine == weight{} || mine.plus(more).within(part)) && q.admits(ws, more.facts)
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
	if !g.admits(hint.lane, hint.facts(bytes)) {
		return full
	}
	return nil
}

// admits reports whether there seems to be room for so many facts of a workspace,
// and notes that somebody is refused if there is none.
func (g *Gatherer) admits(ws crm.WorkspaceID, facts int) bool {
	q := g.queueOf(ws)
	if !g.room(q, ws, weight{facts: facts}, weight{facts: q.coming[ws]}) {
		q.pace.refused(time.Now())
		return false
	}
	return true
}

// expect notes that so many facts of a workspace are being prepared; false if
// there is no room for them.
func (g *Gatherer) expect(ws crm.WorkspaceID, facts int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.admits(ws, facts) {
		return false
	}
	g.queueOf(ws).expect(ws, facts)
	return true
}

// expected notes that so many facts are prepared, whatever came of it.
func (g *Gatherer) expected(ws crm.WorkspaceID, facts int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queueOf(ws).expect(ws, -facts)
}

// leave takes a waiter out of the queue; false if its commit has begun.
func (g *Gatherer) leave(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.taken {
		return false
	}
	w.queue.remove(w)
	g.total = g.total.minus(w.weight)
	return true
}

// commits commits what waits in a queue, once, and lets others begin.
func (g *Gatherer) commits(q *queue) {
	runtime.Gosched() // requests that are here already come in first
	batch := g.take(q)
	var facts int
	var took time.Duration
	if len(batch) > 0 { // they did not all leave
		facts, took = g.commit(batch)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if facts > 0 {
		q.pace.learn(facts, took)
	}
	q.running = false
	g.running--
	g.begin()
}

// take takes a batch out of a queue.
func (g *Gatherer) take(q *queue) []*waiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	q.pace.look(time.Now(), q.waiting)
	batch := q.take(g.o.Batch)
	for _, w := range batch {
		g.total = g.total.minus(w.weight)
	}
	return batch
}

// commit commits a batch and tells everyone in it. The requests' own contexts do
// not count: one that gives up must not take the others with it. It returns how
// many facts there were, and what it took.
func (g *Gatherer) commit(batch []*waiter) (facts int, took time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), g.o.Timeout)
	defer cancel()
	began := time.Now()
	arrivals := make([]*inbox.Arrival, len(batch))
	for i, w := range batch {
		arrivals[i] = w.arrival
		facts += w.weight.facts
	}
	for i, result := range g.results(ctx, arrivals) {
		*batch[i].result = result
		close(batch[i].done)
	}
	took = time.Since(began)
	g.counter.Commit(len(batch), facts, took)
	return facts, took
}

// results commits arrivals; a panic is everybody's error.
func (g *Gatherer) results(ctx context.Context, arrivals []*inbox.Arrival) (results []inbox.Result) {
	defer func() {
		if cause := recover(); cause != nil {
			g.counter.Panic("commit")
			results = make([]inbox.Result, len(arrivals))
			for i := range results {
				results[i].Err = &crm.Error{Op: "commit webhooks", Code: crm.Internal, Err: fmt.Errorf("panic: %v\n%s", cause, debug.Stack())}
			}
		}
	}()
	return g.inbox.Commit(ctx, arrivals)
}

// Waiting returns how many facts wait for a commit.
func (g *Gatherer) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total.facts
}
