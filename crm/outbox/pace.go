package outbox

import (
	"maps"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// rate is a token bucket: burst messages at once, then one in every.
type rate struct {
	every time.Duration
	burst int
}

var (
	// A number sends 80 messages in any second: 8 at once and 72 after them
	// (Meta, "Throughput"; a number upgraded to 1,000 is not used to the full).
	numberRate = rate{time.Second / 72, 8}
	// One person gets one message in 6 seconds, or up to 45 at once that are
	// paid back (Meta, "Pair rate limits").
	pairRate = rate{6 * time.Second, 45}
)

// take takes a token from a bucket, which is kept as the time when it will be
// full again, and returns when the token is there: a whole millisecond, as the
// store keeps times, and not before now.
func (r rate) take(full map[[16]byte]time.Time, key [16]byte, now time.Time) time.Time {
	slot := later(now, full[key].Add(-time.Duration(r.burst-1)*r.every))
	full[key] = later(full[key], slot).Add(r.every)
	return slot.Add(time.Millisecond - 1).Truncate(time.Millisecond)
}

func later(t, u time.Time) time.Time {
	if u.After(t) {
		return u
	}
	return t
}

// pace keeps the buckets of every number and every pair of number and person,
// and the slots given to jobs that had to wait. It is this program's memory
// only: several hosts on one number each keep their own, and the provider's
// refusals correct what that leaves.
type pace struct {
	mu      sync.Mutex
	numbers map[[16]byte]time.Time // by throttle: when the bucket is full
	pairs   map[[16]byte]time.Time // by lane
	quiet   map[[16]byte]time.Time // by throttle: until when the provider wants to hear nothing
	slots   map[crm.JobID]time.Time
	swept   time.Time
}

func newPace() *pace {
	return &pace{
		numbers: map[[16]byte]time.Time{}, pairs: map[[16]byte]time.Time{}, quiet: map[[16]byte]time.Time{},
		slots: map[crm.JobID]time.Time{},
	}
}

// late is how late a job may come for its place. All that come later than that,
// after a stop of the database say, would come at once.
const late = 10 * time.Second

// turn returns when a message may leave: its place in both buckets, which it keeps
// until it is attempted.
func (p *pace) turn(job *crm.Job, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	return p.place(job, now)
}

// wait returns how long a message that is to be attempted has to wait for its
// place, 0 if it may leave now. One that was told to wait keeps its place until it
// comes again.
func (p *pace) wait(job *crm.Job, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	slot := p.place(job, now)
	if !slot.After(now) {
		delete(p.slots, job.ID)
		return 0
	}
	return slot.Sub(now)
}

// place returns a message's place, and takes one if it has none that is good.
func (p *pace) place(job *crm.Job, now time.Time) time.Time {
	slot, placed := p.slots[job.ID]
	if !placed || now.Sub(slot) > late || slot.Before(p.quiet[job.Throttle]) {
		slot = later(numberRate.take(p.numbers, job.Throttle, now), pairRate.take(p.pairs, job.Lane, now))
		p.slots[job.ID] = slot
	}
	return slot
}

// pause lets nothing leave a number before a time: the provider said so to one
// of its messages, and need not say it to all.
func (p *pace) pause(throttle [16]byte, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	drained := until.Add(time.Duration(numberRate.burst-1) * numberRate.every)
	p.numbers[throttle] = later(p.numbers[throttle], drained)
	p.quiet[throttle] = later(p.quiet[throttle], until)
}

// sweep forgets, once a minute, what is over: full buckets, quiet times, and
// places whose job did not come for them because another host took it.
func (p *pace) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Minute {
		return
	}
	p.swept = now
	for _, times := range []map[[16]byte]time.Time{p.numbers, p.pairs, p.quiet} {
		maps.DeleteFunc(times, func(_ [16]byte, t time.Time) bool { return !t.After(now) })
	}
	maps.DeleteFunc(p.slots, func(_ crm.JobID, slot time.Time) bool { return now.Sub(slot) > late })
}
