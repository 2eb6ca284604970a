package web

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
)

// dashboardSample is the page of some figures, with x wherever a text of a
// workspace stands.
func dashboardSample(x string, d *figures.Dashboard) dashboardPage {
	var members, channels = crm.MemberID{1}, crm.ChannelID{2}
	v := &visitor{lang: english, zone: time.UTC, members: map[string]string{members.String(): x}}
	pipeline := &crm.Pipeline{Stages: []crm.Stage{{Key: "new", Label: x, Kind: crm.OpenStage}}}
	page := v.dashboardOf(d, figures.Ask{ChannelID: channels}, 30, []*crm.Channel{{ID: channels, Name: x}, {PhoneNumberID: "1"}}, pipeline)
	page.Frame = outside(x)
	return page
}

// busy are figures in which everything happened.
func busy(stage string) *figures.Dashboard {
	var h figures.Happened
	h.Opened, h.Resolved, h.Received, h.Written, h.Leads = 12, 9, 1234, 987, 5
	for _, d := range []time.Duration{30 * time.Second, 4 * time.Minute, 95 * time.Minute, 11 * time.Hour, 72 * time.Hour} {
		h.Responses.Add(d)
	}
	s := figures.Stand{
		Conversations: map[crm.ConversationStatus]int64{crm.Open: 7, crm.Pending: 2, crm.Snoozed: 1, crm.Resolved: 120}, Waiting: 3, Unread: 4,
		Stages: map[string]int64{"new": 80, stage: 3}, Temperatures: map[crm.Temperature]int64{crm.Hot: 4, crm.Warm: 9, crm.Cold: 60, "": 10},
	}
	d := &figures.Dashboard{From: 20780, To: 20784, Today: 20784, Now: s, OfToday: h, InAll: h}
	for day := d.From; day <= d.To; day++ {
		part := figures.DayPart{Day: day}
		if day%2 == 0 {
			part.Happened = h
		}
		d.Days = append(d.Days, part)
	}
	d.Channels = []figures.ChannelPart{{ChannelID: crm.ChannelID{2}, Stand: s, Happened: h}, {ChannelID: crm.ChannelID{3}}}
	d.Members = []figures.MemberPart{{Stand: s}, {MemberID: crm.MemberID{1}, Stand: s, Happened: h}, {MemberID: crm.MemberID{9}}}
	return d
}

func init() {
	show("dashboard", "empty", func(string) any {
		return dashboardSample("", &figures.Dashboard{From: 20784, To: 20784, Today: 20784, Days: make([]figures.DayPart, 1)})
	})
	show("dashboard", "typical", func(x string) any { return dashboardSample(x, busy(x)) })
}

func TestWaitsAreWrittenAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		wait   time.Duration
		id, en string
	}{
		{time.Second, "1 dtk", "1 s"},
		{89 * time.Second, "89 dtk", "89 s"},
		{90 * time.Second, "2 mnt", "2 min"},
		{59*time.Minute + 40*time.Second, "1 jam", "1 h"},
		{2*time.Hour + 5*time.Minute, "2 jam 5 mnt", "2 h 5 min"},
		{11*time.Hour + 40*time.Minute, "12 jam", "12 h"},
		{50 * time.Hour, "2 hari", "2 days"},
		{84*time.Hour + time.Minute, "4 hari", "4 days"},
	} {
		for l, want := range map[lang]string{indonesian: tt.id, english: tt.en} {
			if got := (&visitor{lang: l}).wait(tt.wait); got != want {
				t.Errorf("%v in %s is %q, want %q", tt.wait, l, got, want)
			}
		}
	}
}
