package lead

import (
	"maps"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// A stored total is true as of when the lead was scored, and falls while nothing
// happens. Who reads a lead works out what it is by then; a list is sorted by what
// is stored, so now and then a lead has to be scored again. When that is worth
// it, the evidence says.

// lookAgain is what the moments are rounded up to at which leads are scored
// again: those of a morning come together, and a lead that hears ten messages in
// a row keeps the moment it has.
const lookAgain = 15 * time.Minute

// Steady returns how long a total stays within two points of what it was: a 64th
// of the shortest half-life takes a bit more than one of a hundred points off. 0
// if nothing decays by these rules.
func (r *Rules) Steady() time.Duration {
	var shortest int64
	for _, s := range r.signals {
		if s.halfLife > 0 && (shortest == 0 || s.halfLife < shortest) {
			shortest = s.halfLife
		}
	}
	return time.Duration(shortest) * time.Second / 64
}

// Falls returns the second at which the total becomes less than it is at now,
// while nothing happens; the zero time if it never does.
func Falls(p *Profile, r *Rules, now time.Time) time.Time {
	from := now.Truncate(time.Second)
	total := Total(p, r, from)
	lower := func(seconds int64) bool { return Total(p, r, from.Add(time.Duration(seconds)*time.Second)) < total }
	const never = 50 * 365 * 24 * 3600
	step := int64(3600)
	for !lower(step) {
		if step *= 2; step > never {
			return time.Time{}
		}
	}
	low, high := step/2, step // it has not fallen at low, or is not known to; it has at high
	if step == 3600 {
		low = 0
	}
	for high-low > 1 {
		if middle := (low + high) / 2; lower(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return from.Add(time.Duration(high) * time.Second)
}

// due returns when a lead that was scored now is scored again if nothing happens:
// soon enough for the lists, and without a thought, as a message may not wait.
func (r *Rules) due(now time.Time) time.Time {
	steady := r.Steady()
	if steady == 0 {
		return time.Time{}
	}
	return roundUp(now.Add(steady))
}

func roundUp(t time.Time) time.Time { return t.Add(lookAgain - 1).Truncate(lookAgain) }

// Aged returns the stored leads that are due at a moment exactly, in the order of
// their contacts, scored as of now. They are due again when their total is less;
// those whose evidence keeps its worth never are.
func (b *Book) Aged(due time.Time) []*crm.Lead {
	var aged []*crm.Lead
	for _, contact := range slices.SortedFunc(maps.Keys(b.pages), crm.ContactID.Compare) {
		p := b.pages[contact]
		if p.fresh || due.IsZero() || !p.lead.DueAt.Equal(due) {
			continue
		}
		l := b.scored(p)
		if l.DueAt = Falls(&p.profile, b.rules, b.now); !l.DueAt.IsZero() {
			l.DueAt = roundUp(l.DueAt)
		}
		aged = append(aged, l)
	}
	return aged
}

// scored returns a page's lead as of now.
func (b *Book) scored(p *page) *crm.Lead {
	l := p.lead
	l.Profile, l.Rules, l.ScoredAt, l.DueAt = p.profile.Append(nil), b.rules.Version(), b.now, b.rules.due(b.now)
	l.Total = Total(&p.profile, b.rules, b.now)
	l.Temperature = b.rules.Temperature(l.Temperature, l.Total)
	return &l
}
