package lead

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Assignment says to whom conversations go. The zero value moves nobody: leads
// only get their temperature.
type Assignment struct {
	Enabled  bool            `json:"enabled,omitempty"`
	Order    Order           `json:"order,omitempty"`     // empty: round_robin
	AtLeast  crm.Temperature `json:"at_least,omitempty"`  // colder leads go to the queue; empty: all are given to somebody
	BySkill  bool            `json:"by_skill,omitempty"`  // only to who has one of the conversation's tags as a skill, if anybody has
	OffHours OffHours        `json:"off_hours,omitempty"` // empty: queue
	Queue    string          `json:"queue,omitempty"`     // the fallback's name; empty: inbox
}

// Order says who of several comes first.
type Order string

// The orders. Both go on to who was given something longest ago.
const (
	RoundRobin  Order = "round_robin"
	LeastLoaded Order = "least_loaded"
)

// OffHours says what happens while the team does not work.
type OffHours string

// What may happen outside of working hours.
const (
	QueueThen  OffHours = "queue"
	AssignThen OffHours = "assign"
)

// Thread is what routing has to know of a conversation.
type Thread struct {
	Assignee    crm.MemberID    // who has it; zero: nobody
	Owner       crm.MemberID    // who had this contact last; zero: nobody
	Temperature crm.Temperature // as it was
	Tags        []string
}

// Teammate is what routing has to know of a member. Who is disabled is not in
// the team.
type Teammate struct {
	ID       crm.MemberID
	Skills   []string
	Open     int   // conversations it has
	Capacity int   // how many it takes; 0: any number
	Away     bool  // keeps what it has and gets nothing new
	Turn     int64 // larger than any before when it last got something; 0: never
}

// Decision says how warm a lead is and whose it is.
type Decision struct {
	Temperature crm.Temperature
	Assignee    crm.MemberID // zero: nobody; then Queue has a name
	Queue       string
	Moved       bool // Assignee is another than before
	Why         Reason
}

// Reason is why a decision is as it is.
type Reason struct {
	Code string // one of the reasons below
	Text Text
}

// The reasons.
var (
	Disabled  = Reason{"routing_off", Text{"Pembagian otomatis tidak aktif, jadi tidak ada yang dipindahkan.", "Automatic assignment is off, so nobody is moved."}}
	Kept      = Reason{"kept", Text{"Percakapan ini sudah ada yang menangani.", "Somebody has this conversation already."}}
	Returned  = Reason{"owner", Text{"Kontak ini kembali ke anggota tim yang terakhir menanganinya.", "The contact returns to the member who had it last."}}
	Skilled   = Reason{"skill", Text{"Diberikan kepada anggota tim dengan keahlian yang sesuai.", "Given to a member with the right skill."}}
	InTurn    = Reason{"turn", Text{"Diberikan kepada anggota tim yang mendapat giliran.", "Given to the member whose turn it is."}}
	Freest    = Reason{"least_loaded", Text{"Diberikan kepada anggota tim dengan percakapan paling sedikit.", "Given to the member with the fewest conversations."}}
	TooCold   = Reason{"too_cold", Text{"Prospek ini belum cukup hangat, jadi masuk antrean.", "The lead is not warm enough yet, so it waits in the queue."}}
	Closed    = Reason{"off_hours", Text{"Di luar jam kerja, jadi masuk antrean.", "It is outside of working hours, so it waits in the queue."}}
	NobodyIn  = Reason{"nobody_in", Text{"Tidak ada anggota tim yang sedang bertugas, jadi masuk antrean.", "Nobody of the team is in, so it waits in the queue."}}
	AllAtWork = Reason{"all_full", Text{"Semua anggota tim yang bertugas sudah penuh, jadi masuk antrean.", "Everybody who is in has as many as they take, so it waits in the queue."}}
)

// reasons are all of them.
var reasons = []Reason{Disabled, Kept, Returned, Skilled, InTurn, Freest, TooCold, Closed, NobodyIn, AllAtWork}

// ReasonOf returns the reason of a code, as it is kept with a conversation. One
// that this program does not know has no text.
func ReasonOf(code string) Reason {
	if i := slices.IndexFunc(reasons, func(r Reason) bool { return r.Code == code }); i >= 0 {
		return reasons[i]
	}
	return Reason{Code: code}
}

// Waits reports whether a conversation waits in the queue for a reason that passes
// while nothing is said in it: the team comes back to work, somebody comes in or
// has room again.
func (r Reason) Waits() bool {
	return r.Code == Closed.Code || r.Code == NobodyIn.Code || r.Code == AllAtWork.Code
}

// Route says how warm a lead is now and whose it should be. Nobody is moved
// without cause: who has a conversation and is still in the team keeps it. Else
// the first of these that applies decides: routing is off, the lead is too cold,
// the team does not work, the member who had the contact last and may take it,
// one with the skill, one in the order of the rules, the queue. It depends on
// its arguments alone, not on the order of the team.
func Route(r *Rules, s Score, thread Thread, team []Teammate, hours Hours, now time.Time) Decision {
	d := Decision{Temperature: r.Temperature(thread.Temperature, s.Total), Assignee: thread.Assignee}
	rule := r.doc.Routing
	switch {
	case !rule.Enabled:
		d.Why = Disabled
		if d.Assignee.IsZero() {
			d.Queue = rule.queue()
		}
		return d
	case slices.ContainsFunc(team, func(m Teammate) bool { return m.ID == thread.Assignee && !m.ID.IsZero() }):
		d.Why = Kept
		return d
	case warmth(d.Temperature) < warmth(rule.AtLeast):
		return d.wait(rule, TooCold)
	case rule.OffHours != AssignThen && !hours.Open(now):
		return d.wait(rule, Closed)
	}
	return d.choose(rule, thread, team)
}

// choose gives the thread to one of the team, or has it wait.
func (d Decision) choose(rule Assignment, thread Thread, team []Teammate) Decision {
	in := where(team, func(m Teammate) bool { return !m.Away && !m.ID.IsZero() })
	free := where(in, func(m Teammate) bool { return m.Capacity <= 0 || m.Open < m.Capacity })
	switch {
	case len(in) == 0:
		return d.wait(rule, NobodyIn)
	case len(free) == 0:
		return d.wait(rule, AllAtWork)
	}
	if owner := where(free, func(m Teammate) bool { return m.ID == thread.Owner }); len(owner) > 0 {
		return d.give(owner[0], Returned)
	}
	why := InTurn
	if rule.Order == LeastLoaded {
		why = Freest
	}
	if rule.BySkill {
		if able := where(free, func(m Teammate) bool { return m.able(thread.Tags) }); len(able) > 0 {
			free, why = able, Skilled
		}
	}
	return d.give(slices.MinFunc(free, rule.before), why)
}

// before orders members by who gets the next conversation first.
func (a Assignment) before(m, other Teammate) int {
	load := 0
	if a.Order == LeastLoaded {
		load = cmp.Compare(m.Open, other.Open)
	}
	return cmp.Or(load, cmp.Compare(m.Turn, other.Turn), bytes.Compare(m.ID[:], other.ID[:]))
}

func (d Decision) give(m Teammate, why Reason) Decision {
	d.Moved, d.Assignee, d.Why = d.Assignee != m.ID, m.ID, why
	return d
}

func (d Decision) wait(rule Assignment, why Reason) Decision {
	d.Moved, d.Assignee = !d.Assignee.IsZero(), crm.MemberID{}
	d.Queue, d.Why = rule.queue(), why
	return d
}

func (a Assignment) queue() string { return cmp.Or(a.Queue, "inbox") }

func (m Teammate) able(tags []string) bool {
	return slices.ContainsFunc(m.Skills, func(skill string) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return strings.EqualFold(skill, tag) })
	})
}

func where(team []Teammate, fits func(Teammate) bool) []Teammate {
	return slices.DeleteFunc(slices.Clone(team), func(m Teammate) bool { return !fits(m) })
}

// warmth orders temperatures; the empty one is the coldest.
func warmth(t crm.Temperature) int {
	return slices.Index([]crm.Temperature{crm.Cold, crm.Warm, crm.Hot}, t)
}

func (a *Assignment) check(f *faults) {
	f.when(a.Order != "" && a.Order != RoundRobin && a.Order != LeastLoaded, "routing.order", "%.40q is neither round_robin nor least_loaded.", a.Order)
	f.when(a.AtLeast != "" && warmth(a.AtLeast) < 0, "routing.at_least", "%.40q is none of hot, warm, cold.", a.AtLeast)
	f.when(a.OffHours != "" && a.OffHours != QueueThen && a.OffHours != AssignThen, "routing.off_hours", "%.40q is neither queue nor assign.", a.OffHours)
	f.when(a.Queue != "" && !isText(a.Queue, maxName), "routing.queue", "The name has at most %d characters.", maxName)
}
