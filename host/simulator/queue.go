package simulator

import (
	"cmp"
	"container/heap"
	"slices"
	"sync"
	"time"
)

// queue holds the deliveries that wait. Those of one lane are handed out one
// after another, in the order of their due times; lanes are independent. It
// takes more than its limit: who asks for something to be sent heeds it.
type queue struct {
	limit int
	wake  chan struct{} // capacity 1: something is due earlier than before

	mu    sync.Mutex
	lanes map[string]*lane
	idle  laneHeap        // lanes with work and nobody on them
	open  map[string]*job // jobs that still gather updates
	size  int             // updates that wait or are under way
	seq   uint64
}

// lane is a line of jobs, the first due first.
type lane struct {
	key   string
	jobs  []*job
	until time.Time // nothing leaves before: a failed job is to be tried first
	index int       // in the heap
}

// job is one delivery.
type job struct {
	hook    *hook
	lane    string
	due     time.Time
	seq     uint64
	updates []*update

	gather string        // key among the open jobs; empty: complete
	limit  int           // complete with so many updates
	window time.Duration // how long it was gathered
	mode   gatherMode
	batch  bool // in Kapso's batch shape

	faults delivering
	packet *packet // made at the first attempt
}

// gatherMode is what becomes of gathered updates.
type gatherMode int

const (
	together  gatherMode = iota // one delivery with all
	scattered                   // one delivery each, in another order
)

// work is a job on its way with the lane it keeps busy.
type work struct {
	lane *lane
	job  *job
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, wake: make(chan struct{}, 1), lanes: map[string]*lane{}, open: map[string]*job{}}
}

// waiting returns how many updates wait or are under way.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// push adds jobs in their order.
func (q *queue) push(jobs ...*job) {
	q.mu.Lock()
	for _, j := range jobs {
		q.size += len(j.updates)
		q.insert(j)
	}
	q.mu.Unlock()
	q.nudge()
}

// join adds an update to the open job with fresh's key, or begins it with
// fresh. Each one put off makes the job wait its window anew.
func (q *queue) join(fresh *job, putOff bool) {
	q.mu.Lock()
	j := q.open[fresh.gather]
	if j == nil {
		j = fresh
		q.open[j.gather] = j
		q.insert(j)
	} else {
		j.updates = append(j.updates, fresh.updates...)
		j.faults = j.faults.and(fresh.faults)
		if putOff {
			q.move(j, fresh.due)
		}
	}
	q.size += len(fresh.updates)
	if len(j.updates) >= j.limit {
		delete(q.open, j.gather)
		q.move(j, time.Time{})
	}
	q.mu.Unlock()
	q.nudge()
}

// insert puts a job into its lane. q.mu is held.
func (q *queue) insert(j *job) {
	if j.seq == 0 {
		q.seq++
		j.seq = q.seq
	}
	l := q.lanes[j.lane]
	if l == nil {
		l = &lane{key: j.lane, index: -1}
		q.lanes[j.lane] = l
	}
	at, _ := slices.BinarySearchFunc(l.jobs, j, func(a, b *job) int {
		return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.seq, b.seq))
	})
	l.jobs = slices.Insert(l.jobs, at, j)
	switch {
	case l.index >= 0:
		heap.Fix(&q.idle, l.index)
	case !l.busy():
		heap.Push(&q.idle, l)
	}
}

// move changes when an open job, alone in its lane, is due. q.mu is held.
func (q *queue) move(j *job, due time.Time) {
	j.due = due
	if l := q.lanes[j.lane]; l != nil && l.index >= 0 {
		heap.Fix(&q.idle, l.index)
	}
}

// next takes the first job that is due, or says how long none will be.
func (q *queue) next(now time.Time) (work, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.idle) == 0 {
		return work{}, time.Hour
	}
	l := q.idle[0]
	if wait := l.due().Sub(now); wait > 0 {
		return work{}, wait
	}
	heap.Pop(&q.idle)
	l.index = laneBusy
	j := l.jobs[0]
	l.jobs = l.jobs[1:]
	if q.open[j.gather] == j {
		delete(q.open, j.gather)
	}
	return work{lane: l, job: j}, 0
}

// done frees a lane after a job that will not come back.
func (q *queue) done(w work) {
	q.mu.Lock()
	q.size -= len(w.job.updates)
	q.free(w.lane)
	q.mu.Unlock()
	q.nudge()
}

// again puts a failed job back, to be tried at a time. With hold nothing else
// of the lane leaves before.
func (q *queue) again(w work, at time.Time, hold bool) {
	q.mu.Lock()
	if hold {
		w.lane.until = at
	} else {
		w.job.due = at
	}
	q.insert(w.job)
	q.free(w.lane)
	q.mu.Unlock()
	q.nudge()
}

// free makes a busy lane idle, or forgets it when it is empty. q.mu is held.
func (q *queue) free(l *lane) {
	l.index = -1
	if len(l.jobs) == 0 {
		delete(q.lanes, l.key)
		return
	}
	heap.Push(&q.idle, l)
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// laneBusy marks the lane of a job that is under way.
const laneBusy = -2

func (l *lane) busy() bool { return l.index == laneBusy }

// due is when the lane's first job may leave.
func (l *lane) due() time.Time {
	if first := l.jobs[0].due; first.After(l.until) {
		return first
	}
	return l.until
}

// laneHeap orders idle lanes by when they are due.
type laneHeap []*lane

// Len implements heap.Interface.
func (h laneHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h laneHeap) Less(i, j int) bool { return h[i].due().Before(h[j].due()) }

// Swap implements heap.Interface.
func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.index = len(*h)
	*h = append(*h, l)
}

// Pop implements heap.Interface.
func (h *laneHeap) Pop() any {
	l := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	l.index = -1
	return l
}
