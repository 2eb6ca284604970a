package lead_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

var jakarta = time.FixedZone("WIB", 7*3600)

// routed returns rules that assign, as change says.
func routed(change func(*lead.Document)) *lead.Rules {
	doc := lead.Education().Document()
	doc.Routing.Enabled = true
	change(&doc)
	r, err := lead.New(doc)
	if err != nil {
		panic(err)
	}
	return r
}

func member(n int) crm.MemberID { return crm.MemberID{15: byte(n)} }

func TestRoute(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 11, 2, 9, 0, 0, 0, jakarta)
	team := []lead.Teammate{
		{ID: member(1), Turn: 5, Open: 2, Capacity: 4},
		{ID: member(2), Turn: 3, Open: 4, Capacity: 4, Skills: []string{"Malaysia"}},
		{ID: member(3), Turn: 9, Open: 1, Skills: []string{"japan"}},
		{ID: member(4), Turn: 1, Away: true},
	}
	full := []lead.Teammate{{ID: member(2), Open: 4, Capacity: 4}}
	none := func(*lead.Document) {}
	for _, tt := range []struct {
		name   string
		change func(*lead.Document)
		total  int
		thread lead.Thread
		team   []lead.Teammate
		at     time.Time
		want   int // the member; 0: nobody
		why    lead.Reason
		moved  bool
	}{
		{"routing is off", func(d *lead.Document) { d.Routing.Enabled = false }, 90, lead.Thread{}, team, monday, 0, lead.Disabled, false},
		{"routing is off and somebody has it", func(d *lead.Document) { d.Routing.Enabled = false }, 90, lead.Thread{Assignee: member(9)}, team, monday, 9, lead.Disabled, false},
		{"in turn", none, 50, lead.Thread{}, team, monday, 1, lead.InTurn, true},
		{"who has it keeps it, though away", none, 50, lead.Thread{Assignee: member(4)}, team, monday, 4, lead.Kept, false},
		{"who has it keeps it, though full", none, 50, lead.Thread{Assignee: member(2)}, team, monday, 2, lead.Kept, false},
		{"who has it keeps it out of hours", none, 50, lead.Thread{Assignee: member(1)}, team, monday.Add(15 * time.Hour), 1, lead.Kept, false},
		{"who has it has left the team", none, 50, lead.Thread{Assignee: member(7)}, team, monday, 1, lead.InTurn, true},
		{"back to the owner", none, 50, lead.Thread{Owner: member(3)}, team, monday, 3, lead.Returned, true},
		{"the owner is away", none, 50, lead.Thread{Owner: member(4)}, team, monday, 1, lead.InTurn, true},
		{"the owner is full", none, 50, lead.Thread{Owner: member(2)}, team, monday, 1, lead.InTurn, true},
		{"by skill", func(d *lead.Document) { d.Routing.BySkill = true }, 50, lead.Thread{Tags: []string{"vip", "Japan"}}, team, monday, 3, lead.Skilled, true},
		{"the skilled one is full", func(d *lead.Document) { d.Routing.BySkill = true }, 50, lead.Thread{Tags: []string{"malaysia"}}, team, monday, 1, lead.InTurn, true},
		{"least loaded", func(d *lead.Document) { d.Routing.Order = lead.LeastLoaded }, 50, lead.Thread{}, team, monday, 3, lead.Freest, true},
		{"too cold", func(d *lead.Document) { d.Routing.AtLeast = crm.Warm }, 10, lead.Thread{}, team, monday, 0, lead.TooCold, false},
		{"warm enough", func(d *lead.Document) { d.Routing.AtLeast = crm.Warm }, 30, lead.Thread{}, team, monday, 1, lead.InTurn, true},
		{"at lunch", none, 50, lead.Thread{}, team, monday.Add(3*time.Hour + 30*time.Minute), 0, lead.Closed, false},
		{"the minute it opens", none, 50, lead.Thread{}, team, monday.Add(-time.Hour), 1, lead.InTurn, true},
		{"the minute it closes", none, 50, lead.Thread{}, team, monday.Add(8 * time.Hour), 0, lead.Closed, false},
		{"on Sunday", none, 50, lead.Thread{}, team, monday.Add(-24 * time.Hour), 0, lead.Closed, false},
		{"on Sunday, assigned all the same", func(d *lead.Document) { d.Routing.OffHours = lead.AssignThen }, 50, lead.Thread{}, team, monday.Add(-24 * time.Hour), 1, lead.InTurn, true},
		{"on a holiday", func(d *lead.Document) { d.Hours.Holidays = []string{"2026-11-02"} }, 50, lead.Thread{}, team, monday, 0, lead.Closed, false},
		{"on a holiday that has begun there", func(d *lead.Document) { d.Hours.Holidays = []string{"2026-11-02"} }, 50, lead.Thread{}, team, time.Date(2026, 11, 1, 18, 0, 0, 0, time.UTC), 0, lead.Closed, false},
		{"nobody in", none, 50, lead.Thread{}, team[3:], monday, 0, lead.NobodyIn, false},
		{"no team, and who had it is gone", none, 50, lead.Thread{Assignee: member(7)}, nil, monday, 0, lead.NobodyIn, true},
		{"all full", none, 50, lead.Thread{}, full, monday, 0, lead.AllAtWork, false},
	} {
		r := routed(tt.change)
		got := lead.Route(r, lead.Score{Total: tt.total}, tt.thread, tt.team, r.Hours(jakarta), tt.at)
		want := crm.MemberID{}
		if tt.want != 0 {
			want = member(tt.want)
		}
		if got.Assignee != want || got.Why != tt.why || got.Moved != tt.moved || (got.Queue == "") == want.IsZero() {
			t.Errorf("%s: %v (moved: %t, queue %q) because %s; want %v (moved: %t) because %s",
				tt.name, got.Assignee, got.Moved, got.Queue, got.Why.Code, want, tt.moved, tt.why.Code)
		}
	}
}

// anyTeam returns a team with some of whom may not get anything.
func anyTeam(m profiles.Maker) []lead.Teammate {
	var team []lead.Teammate
	for i := range m.IntN(7) {
		team = append(team, lead.Teammate{
			ID: member(i + 1), Away: m.IntN(4) == 0, Open: m.IntN(5), Capacity: m.IntN(5), Turn: m.Int64N(3),
			Skills: []string{[]string{"malaysia", "japan", "uk"}[m.IntN(3)]},
		})
	}
	return team
}

func TestRouteIsDeterministicAndAllowed(t *testing.T) {
	t.Parallel()
	var all []*lead.Rules
	for _, order := range []lead.Order{lead.RoundRobin, lead.LeastLoaded} {
		for _, least := range []crm.Temperature{"", crm.Warm, crm.Hot} {
			for _, off := range []lead.OffHours{lead.QueueThen, lead.AssignThen} {
				for _, skilled := range []bool{true, false} {
					all = append(all, routed(func(d *lead.Document) {
						d.Routing = lead.Assignment{Enabled: true, Order: order, AtLeast: least, OffHours: off, BySkill: skilled}
					}))
				}
			}
		}
	}
	law(t, "the order of the team does not matter, who may not is not picked, nobody is moved without cause", func(m profiles.Maker, _ *lead.Rules) string {
		team := anyTeam(m)
		r := all[m.IntN(len(all))]
		thread := lead.Thread{Tags: []string{[]string{"malaysia", "japan"}[m.IntN(2)]}}
		if m.IntN(2) == 0 {
			thread.Assignee = member(m.IntN(8) + 1)
		}
		if m.IntN(2) == 0 {
			thread.Owner = member(m.IntN(8) + 1)
		}
		score, at := lead.Score{Total: m.IntN(101)}, profiles.Now.Add(time.Duration(m.IntN(300))*time.Hour)
		got := lead.Route(r, score, thread, team, r.Hours(jakarta), at)
		before := slices.Clone(team)
		m.Shuffle(len(team), func(i, j int) { team[i], team[j] = team[j], team[i] })
		if again := lead.Route(r, score, thread, team, r.Hours(jakarta), at); again != got {
			return fmt.Sprintf("%+v, and with the team in another order %+v", got, again)
		}
		inTeam := slices.ContainsFunc(before, func(t lead.Teammate) bool { return t.ID == thread.Assignee })
		if inTeam && (got.Moved || got.Assignee != thread.Assignee) {
			return "who has it was moved without cause"
		}
		if got.Moved != (got.Assignee != thread.Assignee) {
			return "it does not say whether somebody was moved"
		}
		if got.Assignee.IsZero() || got.Assignee == thread.Assignee {
			return ""
		}
		i := slices.IndexFunc(before, func(t lead.Teammate) bool { return t.ID == got.Assignee })
		if i < 0 || before[i].Away || before[i].Capacity > 0 && before[i].Open >= before[i].Capacity {
			return "somebody was picked who may not"
		}
		return ""
	})
}

func TestRouteIsFair(t *testing.T) {
	t.Parallel()
	r := routed(func(*lead.Document) {})
	law(t, "over any window equal candidates get as many, give or take one", func(m profiles.Maker, _ *lead.Rules) string {
		team := make([]lead.Teammate, 1+m.IntN(6))
		for i := range team {
			team[i].ID = member(i + 1)
		}
		var given []crm.MemberID
		for turn := range int64(40) {
			got := lead.Route(r, lead.Score{Total: 50}, lead.Thread{}, team, r.Hours(jakarta), profiles.Now)
			i := slices.IndexFunc(team, func(t lead.Teammate) bool { return t.ID == got.Assignee })
			if i < 0 {
				return "nobody got it: " + got.Why.Code
			}
			team[i].Turn = turn + 1
			given = append(given, got.Assignee)
			m.Shuffle(len(team), func(i, j int) { team[i], team[j] = team[j], team[i] })
		}
		from := m.IntN(len(given))
		window := given[from : from+m.IntN(len(given)-from+1)]
		least, most := len(window), 0
		for _, mate := range team {
			n := 0
			for _, id := range window {
				if id == mate.ID {
					n++
				}
			}
			least, most = min(least, n), max(most, n)
		}
		if most-least > 1 {
			return fmt.Sprintf("one got %d of a window of %d, another %d", most, len(window), least)
		}
		return ""
	})
}

func TestHours(t *testing.T) {
	t.Parallel()
	var always lead.Hours
	if !always.Open(profiles.Now) {
		t.Error("no hours at all are not open")
	}
	r := routed(func(d *lead.Document) {
		d.Hours = lead.WorkingTime{Week: map[string][]string{"fri": {"00:00-24:00"}}}
	})
	friday := time.Date(2026, 11, 6, 0, 0, 0, 0, jakarta)
	for _, tt := range []struct {
		at   time.Time
		want bool
	}{
		{friday.Add(-time.Second), false}, {friday, true}, {friday.Add(24*time.Hour - time.Second), true}, {friday.Add(24 * time.Hour), false},
	} {
		if got := r.Hours(jakarta).Open(tt.at); got != tt.want {
			t.Errorf("Open(%s) = %t, want %t", tt.at, got, tt.want)
		}
	}
}

func TestHoursNext(t *testing.T) {
	t.Parallel()
	work := lead.WorkingTime{Week: map[string][]string{"mon": {"08:00-12:00", "13:00-17:00"}, "sat": {"09:00-13:00"}}, Holidays: []string{"2026-11-07"}}
	monday := time.Date(2026, 11, 2, 0, 0, 0, 0, jakarta)
	var every []string
	for day := range 400 {
		every = append(every, monday.AddDate(0, 0, day).Format(time.DateOnly))
	}
	for _, tt := range []struct {
		name string
		work lead.WorkingTime
		at   time.Time
		want time.Time // zero: never
	}{
		{"always", lead.WorkingTime{}, monday.Add(time.Minute), monday.Add(time.Minute)},
		{"at work", work, monday.Add(9 * time.Hour), monday.Add(9 * time.Hour)},
		{"in the morning", work, monday.Add(time.Hour), monday.Add(8 * time.Hour)},
		{"at lunch", work, monday.Add(12 * time.Hour), monday.Add(13 * time.Hour)},
		{"in the evening, and Saturday is a holiday", work, monday.Add(17 * time.Hour), monday.Add((7*24 + 8) * time.Hour)},
		{"on a holiday of who always works", lead.WorkingTime{Holidays: []string{"2026-11-02"}}, monday.Add(time.Hour), monday.Add(24 * time.Hour)},
		{"a week of nothing", lead.WorkingTime{Week: map[string][]string{"mon": nil}}, monday, time.Time{}},
		{"a year of holidays", lead.WorkingTime{Holidays: every}, monday, monday.AddDate(0, 0, 400)},
	} {
		r := routed(func(d *lead.Document) { d.Hours = tt.work })
		if got := r.Hours(jakarta).Next(tt.at); !got.Equal(tt.want) {
			t.Errorf("%s: Next(%s) = %s, want %s", tt.name, tt.at, got, tt.want)
		}
	}
}

func TestReasonOf(t *testing.T) {
	t.Parallel()
	for _, waits := range []lead.Reason{lead.Closed, lead.NobodyIn, lead.AllAtWork} {
		if got := lead.ReasonOf(waits.Code); got != waits || !got.Waits() {
			t.Errorf("ReasonOf(%q) = %v, which waits: %t", waits.Code, got, got.Waits())
		}
	}
	for _, not := range []lead.Reason{lead.Disabled, lead.Kept, lead.Returned, lead.Skilled, lead.InTurn, lead.Freest, lead.TooCold} {
		if got := lead.ReasonOf(not.Code); got != not || got.Waits() {
			t.Errorf("ReasonOf(%q) = %v, which waits: %t", not.Code, got, got.Waits())
		}
	}
	if got := lead.ReasonOf("of a newer program"); got.Text != (lead.Text{}) || got.Waits() {
		t.Errorf("a code nobody knows is %v", got)
	}
}
