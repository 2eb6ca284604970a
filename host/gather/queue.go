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

// lane is what waits of one workspace, in the order it came.
type lane[W work] struct {
	id      crm.WorkspaceID
	waiters []*waiter[W]
	weight  weight
}

// queue is what waits for the same commits, a lane for each workspace that has
// something waiting. Lanes are served in turn; the first is whose turn it is. The
// zero value is empty.
type queue[W work] struct {
	lanes   []*lane[W]
	byID    map[crm.WorkspaceID]*lane[W]
	running bool // a goroutine commits what is here
	waiting int  // facts
	pace    pace

	// Facts that are being prepared wait as well, or all that come while one
	// request is prepared would find the same room. How many they are is guessed.
	coming    map[crm.WorkspaceID]int
	comingAll int
}

// expect adds so many facts to those of a workspace that are being prepared.
func (q *queue[W]) expect(id crm.WorkspaceID, facts int) {
	if q.coming == nil {
		q.coming = make(map[crm.WorkspaceID]int)
	}
	q.comingAll += facts
	if q.coming[id] += facts; q.coming[id] == 0 {
		delete(q.coming, id)
	}
}

// admits reports whether a workspace may let so many facts more wait. While the
// host is overloaded those that want something share the room, and who has
// nothing waiting yet finds as much again, or room for one request of any size:
// the largest could never come in otherwise.
func (q *queue[W]) admits(id crm.WorkspaceID, facts int) bool {
	waiting := q.waiting + q.comingAll
	if !q.pace.crowded || waiting == 0 {
		return true
	}
	mine, room := q.of(id).facts+q.coming[id], q.pace.room()
	if mine == 0 {
		return waiting <= room || waiting+facts <= 2*room
	}
	return waiting+facts <= room && mine+facts <= room/max(1, len(q.lanes))
}

// of returns how much of a workspace waits.
func (q *queue[W]) of(id crm.WorkspaceID) weight {
	if l := q.byID[id]; l != nil {
		return l.weight
	}
	return weight{}
}

func (q *queue[W]) push(w *waiter[W]) {
	l := q.byID[w.lane]
	if l == nil {
		if q.byID == nil {
			q.byID = make(map[crm.WorkspaceID]*lane[W])
		}
		l = &lane[W]{id: w.lane}
		q.byID[w.lane] = l
		q.lanes = append(q.lanes, l)
	}
	l.waiters = append(l.waiters, w)
	l.weight = l.weight.plus(w.weight)
	q.waiting += w.weight.facts
}

// take takes waiters of so many facts at most, but at least one, from each lane
// in turn.
func (q *queue[W]) take(facts int) []*waiter[W] {
	var batch []*waiter[W]
	left := facts
	for len(q.lanes) > 0 {
		l := q.lanes[0]
		w := l.waiters[0]
		if len(batch) > 0 && w.weight.facts > left {
			break
		}
		q.drop(l, 0)
		w.taken = true
		batch = append(batch, w)
		left -= w.weight.facts
		if len(q.lanes) > 0 && q.lanes[0] == l { // it has more, and lets the others go first
			q.lanes = append(q.lanes[1:], l)
		}
	}
	return batch
}

func (q *queue[W]) remove(w *waiter[W]) {
	l := q.byID[w.lane]
	q.drop(l, slices.Index(l.waiters, w))
}

// drop takes the i-th waiter out of a lane, and an empty lane out of the queue.
func (q *queue[W]) drop(l *lane[W], i int) {
	w := l.waiters[i]
	if i == 0 {
		l.waiters[0], l.waiters = nil, l.waiters[1:]
	} else {
		l.waiters = slices.Delete(l.waiters, i, i+1)
	}
	l.weight = l.weight.minus(w.weight)
	q.waiting -= w.weight.facts
	if len(l.waiters) == 0 {
		delete(q.byID, l.id)
		q.lanes = slices.DeleteFunc(q.lanes, func(other *lane[W]) bool { return other == l })
	}
}
