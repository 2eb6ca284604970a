package gather

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// lanes is into how many parts the queue is thought to be divided: one workspace
// may fill one of them.
const lanes = 4

// beside is which part of a batch must wait for a commit to begin while another
// runs. Smaller ones wait for its end: what a commit costs by itself, however few
// share it, is more than what is gained by running two. A quarter of a batch in
// place of sixteen facts was too many: on PostgreSQL 32 clients lost a fifth, and
// at 1,500 webhooks a second the slowest hundredth took twice as long.
const beside = 32

// work is what is committed. It knows whom to tell what became of it.
type work interface{ fail(err error) }

// line is work that waits, and its commits.
type line[W work] struct {
	o       Options
	op      string                                     // what is done with the work, for errors
	full    error                                      // the answer to who comes when too much waits
	commit  func(ctx context.Context, batch []W)       // tells each what became of it
	counted func(works, facts int, took time.Duration) // is told of each commit
	panics  func()                                     // is told of a commit that panicked

	mu      sync.Mutex
	total   weight
	lanes   map[crm.WorkspaceID]*lane[W] // of which something is here
	places  []*queue[W]                  // where they wait
	turns   []*queue[W]                  // the same, first the one that is to commit next
	running int                          // commits
}

// open makes the places of a line whose fields are set.
func (l *line[W]) open() {
	l.o = l.o.withDefaults()
	l.full = &problem.Error{RetryAfter: 2 * time.Second, Err: &crm.Error{Op: l.op, Code: crm.Unavailable, Reason: "busy",
		Msg: "More comes in than can be stored at once. Try again in a moment."}}
	for range l.o.Commits {
		l.places = append(l.places, new(queue[W]))
	}
	l.turns = slices.Clone(l.places)
	l.lanes = make(map[crm.WorkspaceID]*lane[W])
}

// laneOf returns the lane of a workspace, or the one it would have.
func (l *line[W]) laneOf(ws crm.WorkspaceID) *lane[W] {
	if has := l.lanes[ws]; has != nil {
		return has
	}
	return &lane[W]{id: ws, queue: l.place()}
}

// enough is how many facts are worth a commit of their own; see beside.
func (l *line[W]) enough() int { return l.o.Batch / beside }

// place returns where a workspace is to wait of which nothing is here: where least is,
// but with a few others rather than alone, as few here and few there are two commits,
// one after the other.
func (l *line[W]) place() *queue[W] {
	rank := func(q *queue[W]) int {
		if load := q.load(); load >= l.enough() {
			return load
		}
		return -q.load()
	}
	return slices.MinFunc(l.places, func(a, b *queue[W]) int { return cmp.Compare(rank(a), rank(b)) })
}

// level moves a lane to where less is, if there are not few there then and fewer than
// there were here. What has something waiting all the time would never leave its place
// by itself.
func (l *line[W]) level(lane *lane[W]) {
	to := slices.MinFunc(l.places, func(a, b *queue[W]) int { return cmp.Compare(a.load(), b.load()) })
	if load := to.load() + lane.load(); lane.committing == 0 && load >= l.enough() && load < lane.queue.load() {
		lane.move(to)
	}
}

// drop forgets a lane of which nothing is here any more.
func (l *line[W]) drop(lane *lane[W]) {
	if lane.load() == 0 {
		delete(l.lanes, lane.id)
	}
}

// waiter is work that waits for its commit.
type waiter[W work] struct {
	work   W
	lane   *lane[W]
	weight weight
	taken  bool          // into a commit: it is too late to go
	done   chan struct{} // closed when it was told what became of it
}

// enter puts work of a workspace into the queue. It returns nil if there is no room.
// Once it is in, a commit may be done with it before enter returns.
func (l *line[W]) enter(made W, ws crm.WorkspaceID, size weight) *waiter[W] {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.laneOf(ws)
	if !l.room(lane, size, weight{}) {
		lane.queue.pace.refused(size.facts)
		return nil
	}
	w := &waiter[W]{work: made, lane: lane, weight: size, done: make(chan struct{})}
	l.lanes[ws] = lane
	lane.push(w)
	l.level(lane)
	l.total = l.total.plus(size)
	return w
}

// room reports whether so much more of a workspace fits, beside what is thought to be
// coming. What is larger than its part of the queue fits into an empty lane.
func (l *line[W]) room(lane *lane[W], more, coming weight) bool {
	bound := weight{facts: l.o.Queue, bytes: l.o.Bytes}
	part := weight{facts: l.o.Queue / lanes, bytes: l.o.Bytes / lanes}
	mine := lane.weight.plus(coming)
	return l.total.plus(coming).plus(more).within(bound) && (mine == weight{} || mine.plus(more).within(part)) && lane.queue.admits(lane, more.facts)
}

// admits reports whether there seems to be room for so many facts of a workspace,
// and notes that somebody is refused if there is none. l.mu is held.
func (l *line[W]) admits(lane *lane[W], facts int) bool {
	if !l.room(lane, weight{facts: facts}, weight{facts: lane.coming}) {
		lane.queue.pace.refused(facts)
		return false
	}
	return true
}

// expect notes that so many facts of a workspace are being prepared; false if
// there is no room for them.
func (l *line[W]) expect(ws crm.WorkspaceID, facts int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.laneOf(ws)
	if !l.admits(lane, facts) {
		return false
	}
	l.lanes[ws] = lane
	lane.expect(facts)
	return true
}

// expected notes that so many facts that were expected are prepared, whatever came of
// it.
func (l *line[W]) expected(ws crm.WorkspaceID, facts int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.lanes[ws]
	lane.expect(-facts)
	l.drop(lane)
}

// await waits until waiters were told what became of them. Only now may their
// commit begin: what comes together goes together. Who is still waiting when ctx
// ends leaves.
func (l *line[W]) await(ctx context.Context, waiting ...*waiter[W]) {
	if len(waiting) > 0 {
		l.mu.Lock()
		l.begin()
		l.mu.Unlock()
	}
	for _, w := range waiting {
		select {
		case <-w.done:
			continue
		case <-ctx.Done():
		}
		if l.leave(w) {
			w.work.fail(&crm.Error{Op: l.op, Code: crm.Unavailable, Reason: "timeout", Err: ctx.Err()})
			continue
		}
		<-w.done
	}
}

// leave takes a waiter out of the queue; false if its commit has begun.
func (l *line[W]) leave(w *waiter[W]) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.taken {
		return false
	}
	w.lane.remove(w)
	l.drop(w.lane)
	l.total = l.total.minus(w.weight)
	return true
}

// begin begins the commits that may begin, in turn. l.mu is held.
func (l *line[W]) begin() {
	for _, q := range slices.Clone(l.turns) {
		if !q.running && q.waiting > 0 && (l.running == 0 || q.waiting >= l.enough()) {
			q.running = true
			l.running++
			l.turns = append(slices.DeleteFunc(l.turns, func(other *queue[W]) bool { return other == q }), q)
			go l.commits(q)
		}
	}
}

// commits commits what waits in a queue, once, and lets others begin.
func (l *line[W]) commits(q *queue[W]) {
	runtime.Gosched() // what is here already comes in first
	batch := l.take(q)
	var facts int
	var took time.Duration
	if len(batch) > 0 { // they did not all leave
		facts, took = l.together(batch)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if facts > 0 {
		q.pace.learn(facts, took)
	}
	for _, w := range batch {
		w.lane.committed(w.weight.facts)
		l.drop(w.lane)
	}
	q.running = false
	l.running--
	for _, lane := range slices.Clone(q.lanes) {
		l.level(lane)
	}
	l.begin()
}

// take takes a batch out of a queue.
func (l *line[W]) take(q *queue[W]) []*waiter[W] {
	l.mu.Lock()
	defer l.mu.Unlock()
	q.pace.look(time.Now(), q.waiting)
	batch := q.take(l.o.Batch)
	for _, w := range batch {
		l.total = l.total.minus(w.weight)
	}
	return batch
}

// together commits a batch and wakes everyone in it. Their own contexts do not
// count: one that gives up must not take the others with it. It returns how many
// facts there were, and what it took.
func (l *line[W]) together(batch []*waiter[W]) (facts int, took time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), l.o.Timeout)
	defer cancel()
	began := time.Now()
	works := make([]W, len(batch))
	for i, w := range batch {
		works[i] = w.work
		facts += w.weight.facts
	}
	l.caught(ctx, works)
	for _, w := range batch {
		close(w.done)
	}
	took = time.Since(began)
	l.counted(len(batch), facts, took)
	return facts, took
}

// caught commits a batch; a panic is everybody's error.
func (l *line[W]) caught(ctx context.Context, works []W) {
	defer func() {
		if cause := recover(); cause != nil {
			l.panics()
			for _, made := range works {
				made.fail(&crm.Error{Op: l.op, Code: crm.Internal, Err: fmt.Errorf("panic: %v\n%s", cause, debug.Stack())})
			}
		}
	}()
	l.commit(ctx, works)
}

// Waiting returns how many facts wait for a commit.
func (l *line[W]) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total.facts
}
