package gather

import "time"

const (
	burst = 500 * time.Millisecond // what lasts no longer is a burst, and waits
	calm  = time.Second            // in which few were refused, and it is over
	few   = 20                     // facts stored for each that was refused

	// share is how many times its fixed cost, which is mostly the wait for the
	// disk, a full commit costs. Twice the work makes a commit little better
	// than this one, and makes everybody wait twice as long; half of it loses a
	// tenth of what the host can do.
	share = 6

	// leastRoom is how many facts may wait in any case, or what leastTime commits,
	// and mostTime what more of them may cost: a bad estimate must neither starve a
	// host nor let it drown. Nobody notices the least time, and on a fast host it is
	// needed: many a commit takes longer while a checkpoint uses the disk. (In a pair of
	// runs on SQLite room for 400 facts in place of 256 had 11 % more stored at ten
	// times the capacity, and the slowest hundredth waited 20 % longer.)
	leastRoom = 256
	leastTime = 25 * time.Millisecond
	mostTime  = 250 * time.Millisecond

	memory = 128 // commits after which most of an estimate is new
)

// pace is how fast a queue is served, and so how much may wait in it while the
// host is overloaded: as much as one commit does well with (see share). Whoever is
// let in then waits for the commit that runs and for its own, however much more
// comes; and nobody has to say beforehand how fast the disk is.
//
// A crowd that comes all at once and is served soon is no reason to refuse
// anybody. Only when too much waits commit after commit is the host overloaded,
// and stays so until a while has passed in which few had to be refused. (Nobody in
// place of few was too much to ask: of what a host can store easily one in forty
// was refused for ever after, as the room is less than what comes while the disk
// is busy with other things.)
//
// What a commit costs is a line: the fixed cost and so much for each fact, the
// line of least squares through the commits seen lately. In a crowd all commits
// have the same size and say nothing about the line; so it is learned beside.
// But if a fact costs more then, because those who are refused and who knows
// what else take their part of the processors, fewer may wait.
//
// The zero value has seen nothing. Times are what a monotonic clock says.
type pace struct {
	n, facts, took, square, product float64 // decaying sums over commits; seconds
	fixed, each                     float64 // seconds; each 0: not known yet
	dear                            float64 // seconds a fact costs in this crowd

	over    time.Time // since when too much waits; zero: it does not
	crowded bool      // the host is overloaded

	since          time.Time // when the counting of a crowd's facts began
	stored, turned int       // of them; turned away
}

// room returns how many facts may wait while the host is overloaded.
func (p *pace) room() int {
	return max(p.least(), p.within(min((share-1)*p.fixed, mostTime.Seconds())))
}

// least returns how many may wait however little a commit costs by itself.
func (p *pace) least() int { return max(leastRoom, p.within(leastTime.Seconds())) }

// within returns how many facts cost so many seconds; 0: not known yet.
func (p *pace) within(seconds float64) int {
	if p.each == 0 {
		return 0
	}
	return int(seconds / max(p.each, p.dear))
}

// look is told before each commit how many facts wait.
func (p *pace) look(now time.Time, waiting int) {
	if p.crowded && now.Sub(p.since) >= calm {
		p.crowded = p.turned*few > p.stored
		p.since, p.stored, p.turned = now, 0, 0
	}
	if !p.crowded {
		p.dear = 0
	}
	switch {
	case waiting <= p.room():
		p.over = time.Time{}
	case p.over.IsZero():
		p.over = now
	case now.Sub(p.over) > burst && !p.crowded:
		p.crowded = true
		p.since, p.stored, p.turned = now, 0, 0
	}
}

// refused is told that so many facts were turned away.
func (p *pace) refused(facts int) { p.turned += facts }

// learn is told what a commit of so many facts took.
func (p *pace) learn(facts int, took time.Duration) {
	p.stored += facts
	x, y := float64(facts), took.Seconds()
	if p.crowded {
		p.dear += ((y-p.fixed)/x - p.dear) / 8
		if p.room() > leastRoom {
			return
		}
	}
	const keep = 1 - 1.0/memory
	p.n = p.n*keep + 1
	p.facts = p.facts*keep + x
	p.took = p.took*keep + y
	p.square = p.square*keep + x*x
	p.product = p.product*keep + x*y
	spread := p.square - p.facts*p.facts/p.n
	each := (p.product - p.facts*p.took/p.n) / spread
	fixed := (p.took - each*p.facts) / p.n
	// Commits that were all alike have no line, or a wild one.
	if mean := p.facts / p.n; spread/p.n > mean*mean/16 && each > 0 && fixed > 0 {
		p.each, p.fixed = each, fixed
	}
}
