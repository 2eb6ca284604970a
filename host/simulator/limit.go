package simulator

import (
	"math"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// bucket is a token bucket; the zero value is full.
type bucket struct {
	used float64
	at   time.Time
}

// take takes a token from a bucket of a size that regains one each interval,
// and reports whether there was one.
func (b *bucket) take(now time.Time, size int, each time.Duration) bool {
	if size <= 0 || each <= 0 {
		return true
	}
	if now.After(b.at) {
		b.used = max(0, b.used-float64(now.Sub(b.at))/float64(each))
		b.at = now
	}
	if b.used+1 > float64(size) {
		return false
	}
	b.used++
	return true
}

// minute counts the requests of one key in a fixed minute, as Kapso does.
type minute struct {
	start time.Time
	count int
}

// countRequest counts a request to Kapso's API. s.mu is held.
func (s *Simulator) countRequest(c *call) *refusal {
	if c.provider != crm.Kapso || s.limits.PerMinute <= 0 {
		return nil
	}
	now := s.now().Truncate(time.Minute)
	w := s.windows[c.token]
	if w == nil || !w.start.Equal(now) {
		w = &minute{start: now}
		s.windows[c.token] = w
	}
	w.count++
	if w.count > s.limits.PerMinute {
		return limited(crm.Kapso, int(math.Ceil(now.Add(time.Minute).Sub(s.now()).Seconds())))
	}
	return nil
}

// checkRate refuses what a number sends too fast, in all or to one customer.
// s.mu is held.
func (s *Simulator) checkRate(ch *chat) *refusal {
	now, n := s.now(), ch.number
	if n.Provider == crm.Meta && s.limits.PerSecond > 0 && !n.rate.take(now, s.limits.PerSecond, time.Second/time.Duration(s.limits.PerSecond)) {
		return graph(130429, "Cloud API message throughput has been reached.")
	}
	if !ch.pair.take(now, s.limits.PairBurst, s.limits.PairEvery) {
		return graph(131056, "Too many messages sent from this phone number to the same phone number in a short period of time.")
	}
	if s.full() {
		return graph(130429, "The simulator's webhook queue is full.")
	}
	return nil
}

// full reports whether so many webhooks wait, or will with the statuses to
// come, that nothing more is taken. s.mu is held.
func (s *Simulator) full() bool {
	return s.queue.waiting()+len(s.timers) >= s.queue.limit
}
