package figures

import (
	"slices"
	"strconv"

	"github.com/my21staff/my21staff/crm"
)

// Dashboard is what a team looks at to see how it does.
type Dashboard struct {
	From, To, Today Day
	Now             Stand     // how things are
	OfToday         Happened  // what happened today so far
	InAll           Happened  // of all the days
	Days            []DayPart // each day from From to To, whatever happened on it
	Channels        []ChannelPart
	Members         []MemberPart
}

// Stand is how things are. Leads are contacts; of a channel or a member they are
// the contacts of its conversations, one with conversations on two channels in
// each.
type Stand struct {
	Conversations map[crm.ConversationStatus]int64
	Waiting       int64 // conversations whose customer waits for an answer
	Unread        int64 // conversations with something unread
	Stages        map[string]int64
	Temperatures  map[crm.Temperature]int64 // "" for those nobody has scored
}

// Happened is what happened in some time.
type Happened struct {
	Opened    int64 // conversations
	Resolved  int64
	Received  int64 // messages
	Written   int64
	Leads     int64 // new contacts
	Responses Histogram
	Moved     map[string]int64          // contacts that came into each stage
	Warmed    map[crm.Temperature]int64 // contacts that became so warm
}

// DayPart is what happened on a day.
type DayPart struct {
	Day Day
	Happened
}

// ChannelPart is a channel's part.
type ChannelPart struct {
	ChannelID crm.ChannelID
	Stand
	Happened
}

// MemberPart is a member's part; the zero member's is what nobody has taken on,
// and what programs did.
type MemberPart struct {
	MemberID crm.MemberID
	Stand
	Happened
}

// newDashboard makes a dashboard of sums. Whose tells that they are of one channel
// or member, of which contacts by themselves are not.
func newDashboard(q Query, sums *Sums, whose bool) *Dashboard {
	d := &Dashboard{From: q.From, To: q.To, Days: make([]DayPart, q.To-q.From+1)}
	for i := range d.Days {
		d.Days[i].Day = q.From + Day(i)
	}
	for _, row := range sums.Standing {
		d.Now.take(row, !whose)
	}
	for _, row := range sums.Days {
		d.Days[row.Day-q.From].Happened.take(row)
		d.InAll.take(row)
	}
	for _, row := range sums.Channels {
		if row.ChannelID.IsZero() {
			continue
		}
		of := slices.IndexFunc(d.Channels, func(p ChannelPart) bool { return p.ChannelID == row.ChannelID })
		if of < 0 {
			of, d.Channels = len(d.Channels), append(d.Channels, ChannelPart{ChannelID: row.ChannelID})
		}
		d.Channels[of].Stand.take(row, false)
		d.Channels[of].Happened.take(row)
	}
	for _, row := range sums.Members {
		of := slices.IndexFunc(d.Members, func(p MemberPart) bool { return p.MemberID == row.MemberID })
		if of < 0 {
			of, d.Members = len(d.Members), append(d.Members, MemberPart{MemberID: row.MemberID})
		}
		d.Members[of].Stand.take(row, false)
		d.Members[of].Happened.take(row)
	}
	slices.SortFunc(d.Channels, func(a, b ChannelPart) int { return a.ChannelID.Compare(b.ChannelID) })
	slices.SortFunc(d.Members, func(a, b MemberPart) int { return a.MemberID.Compare(b.MemberID) })
	return d
}

// take adds a figure, if it stands: leads as contacts by themselves, or as those
// of conversations.
func (s *Stand) take(row Row, contacts bool) {
	stage, warmth := stageMark, warmthMark
	if contacts {
		stage, warmth = contactStageMark, contactWarmthMark
	}
	switch row.Measure {
	case Waiting:
		s.Waiting += row.Value
		return
	case Unread:
		s.Unread += row.Value
		return
	}
	if status, ok := row.Measure.after(statusMark); ok {
		count(&s.Conversations, crm.ConversationStatus(status), row.Value)
	} else if key, ok := row.Measure.after(stage); ok {
		count(&s.Stages, key, row.Value)
	} else if t, ok := row.Measure.after(warmth); ok {
		count(&s.Temperatures, crm.Temperature(t), row.Value)
	}
}

// take adds a figure, if it happened.
func (h *Happened) take(row Row) {
	switch row.Measure {
	case Opened:
		h.Opened += row.Value
	case Closed:
		h.Resolved += row.Value
	case Received:
		h.Received += row.Value
	case Written:
		h.Written += row.Value
	case Arrived:
		h.Leads += row.Value
	}
	if bucket, ok := row.Measure.after(responseMark); ok {
		if n, err := strconv.Atoi(bucket); err == nil {
			h.Responses.addTo(n, row.Value)
		}
	} else if stage, ok := row.Measure.after(movedMark); ok {
		count(&h.Moved, stage, row.Value)
	} else if t, ok := row.Measure.after(warmedMark); ok {
		count(&h.Warmed, crm.Temperature(t), row.Value)
	}
}

// count adds to a map, which it makes when there is none.
func count[K comparable](in *map[K]int64, of K, n int64) {
	if *in == nil {
		*in = make(map[K]int64)
	}
	(*in)[of] += n
}
