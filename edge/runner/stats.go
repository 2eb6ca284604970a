package runner

import "sync/atomic"

// Stats are counts since the pool was made.
type Stats struct {
	Live      int64  // instances there are now
	Started   uint64 // instances that were started and took the configuration
	Discarded uint64 // of those, ended because a call failed
	Replaced  uint64 // of those, ended because their memory had grown, their configuration was old, or the pool was closed
	Busy      uint64 // calls that were turned away because too many waited
}

// Stats returns the counts. Each is right for itself.
func (p *Pool) Stats() Stats {
	return Stats{
		Live: p.counts.live.Load(), Started: p.counts.started.Load(),
		Discarded: p.counts.discarded.Load(), Replaced: p.counts.replaced.Load(), Busy: p.counts.busy.Load(),
	}
}

type counts struct {
	live                               atomic.Int64
	started, discarded, replaced, busy atomic.Uint64
}
