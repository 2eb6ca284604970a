package gather

import (
	"slices"

	"github.com/my21staff/my21staff/crm"
)

// weight is how much waits.
type weight struct{ facts, bytes int }

func (w weight) plus(o weight) weight  { return weight{w.facts + o.facts, w.bytes + o.bytes} }
func (w weight) minus(o weight) weight { return weight{w.facts - o.facts, w.bytes - o.bytes} }
func (w weight) within(o weight) bool  { return w.facts <= o.facts && w.bytes <= o.bytes }

// lane is what there is of one workspace. While there is anything it is in one place:
// two commits of one workspace would only wait for each other's rows.
type lane[W work] struct {
	id      crm.WorkspaceID
	queue   *queue[W]
	waiters []*waiter[W] // in the order they came
	weight  weight       // of them

	// Facts that are being prepared wait as well, or all that come while one
	// request is prepared would find the same room. How many they are is guessed.
	coming     int
	committing int // facts
}

// load is how many facts there are of it.
func (l *lane[W]) load() int { return l.weight.facts + l.coming + l.committing }

// expect adds so many facts to those that are being prepared.
func (l *lane[W]) expect(facts int) {
	l.coming += facts
	l.queue.coming += facts
}

func (l *lane[W]) push(w *waiter[W]) {
	if len(l.waiters) == 0 {
		l.queue.lanes = append(l.queue.lanes, l)
	}
	l.waiters = append(l.waiters, w)
	l.weight = l.weight.plus(w.weight)
	l.queue.waiting += w.weight.facts
}

func (l *lane[W]) remove(w *waiter[W]) { l.drop(slices.Index(l.waiters, w)) }

// drop takes the i-th waiter out, and the lane out of the queue if it was the last.
func (l *lane[W]) drop(i int) {
	w := l.waiters[i]
	if i == 0 {
		l.waiters[0], l.waiters = nil, l.waiters[1:]
	} else {
		l.waiters = slices.Delete(l.waiters, i, i+1)
	}
	l.weight = l.weight.minus(w.weight)
	l.queue.waiting -= w.weight.facts
	if len(l.waiters) == 0 {
		l.queue.lanes = slices.DeleteFunc(l.queue.lanes, func(other *lane[W]) bool { return other == l })
	}
}

// commit takes the first waiter out, into a commit.
func (l *lane[W]) commit() *waiter[W] {
	w := l.waiters[0]
	l.drop(0)
	w.taken = true
	l.committing += w.weight.facts
	l.queue.committing += w.weight.facts
	return w
}

// committed takes so many facts out of the commit.
func (l *lane[W]) committed(facts int) {
	l.committing -= facts
	l.queue.committing -= facts
}

// move moves a lane that waits, and of which nothing is being committed, to another queue.
func (l *lane[W]) move(to *queue[W]) {
	from := l.queue
	from.lanes = slices.DeleteFunc(from.lanes, func(other *lane[W]) bool { return other == l })
	from.waiting -= l.weight.facts
	from.coming -= l.coming
	l.queue = to
	to.lanes = append(to.lanes, l)
	to.waiting += l.weight.facts
	to.coming += l.coming
}

// queue is what waits for the same commits, the lanes of the workspaces that have
// something waiting. Lanes are served in turn; the first is whose turn it is. The
// zero value is empty.
type queue[W work] struct {
	lanes      []*lane[W]
	running    bool // a goroutine commits what is here
	waiting    int  // facts, as are these
	coming     int
	committing int
	pace       pace
}

// load is how many facts there are.
func (q *queue[W]) load() int { return q.waiting + q.coming + q.committing }

// admits reports whether a workspace may let so many facts more wait. While the
// host is overloaded those that want something share the room, and who has
// nothing waiting yet finds as much again, or room for one request of any size:
// the largest could never come in otherwise.
func (q *queue[W]) admits(l *lane[W], facts int) bool {
	waiting := q.waiting + q.coming
	if !q.pace.crowded || waiting == 0 {
		return true
	}
	mine, room := l.weight.facts+l.coming, q.pace.room()
	if mine == 0 {
		return waiting <= room || waiting+facts <= 2*room
	}
	return waiting+facts <= room && mine+facts <= room/max(1, len(q.lanes))
}

// take takes waiters of so many facts at most, but at least one, from each lane
// in turn.
func (q *queue[W]) take(facts int) []*waiter[W] {
	var batch []*waiter[W]
	left := facts
	for len(q.lanes) > 0 {
		l := q.lanes[0]
		if len(batch) > 0 && l.waiters[0].weight.facts > left {
			break
		}
		w := l.commit()
		batch = append(batch, w)
		left -= w.weight.facts
		if len(q.lanes) > 0 && q.lanes[0] == l { // it has more, and lets the others go first
			q.lanes = append(q.lanes[1:], l)
		}
	}
	return batch
}
