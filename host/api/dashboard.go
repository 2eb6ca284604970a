package api

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) dashboardRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/dashboard", Action: access.ReadConversations, Handler: a.dashboard,
			Doc: Doc{
				Tag: "Dashboard", Summary: "How things are, and what happened on the days asked for",
				About: "Everything is counted as it happens. now is always what a count of all rows would give. " +
					"A day is one of the workspace's time zone, as it was when the thing was counted; what is erased or merged stays in its day. " +
					"A response is the first message of the business after one that nobody had answered, and its time the customer's wait; " +
					"median and p90 are within 5 %. With channel or member, leads are the contacts of the conversations there " +
					"(one with conversations on two channels in each), and what happened to contacts themselves is left out where it belongs to none.",
				Query: []Param{
					{Name: "from", About: "The first day, such as 2026-11-01; without it 30 days up to the last"},
					{Name: "to", About: "The last day; without it today. At most 366 days"},
					idParam("channel", "Only this channel's"),
					{Name: "member", About: "Only what is this member's: me or an id"},
				},
				Answers: []Answer{{200, dashboardView{}, "The figures"}},
			}},
	}
}

// dashboardView is the figures as the API shows them.
type dashboardView struct {
	From      string        `json:"from" about:"The first day"`
	To        string        `json:"to" about:"The last day"`
	Today     string        `json:"today" about:"The workspace's day at this moment"`
	Now       standView     `json:"now"`
	OfToday   happenedView  `json:"of_today"`
	InAll     happenedView  `json:"in_all" about:"Of all the days together"`
	Days      []dayView     `json:"days" about:"Each day, oldest first"`
	Channels  []channelPart `json:"channels" about:"Those that have figures"`
	Members   []memberPart  `json:"members" about:"Those that have figures; assignee of the conversations, author of the messages"`
	UpdatedAt stamp         `json:"updated_at"`
}

// standView is how things are.
type standView struct {
	Open         int64            `json:"open"`
	Pending      int64            `json:"pending"`
	Snoozed      int64            `json:"snoozed"`
	Resolved     int64            `json:"resolved"`
	Waiting      int64            `json:"waiting" about:"Conversations whose customer waits for an answer"`
	Unread       int64            `json:"unread" about:"Conversations with something unread"`
	LeadStatuses map[string]int64 `json:"lead_statuses" about:"Contacts by their status in the pipeline"`
	Temperatures temperatureView  `json:"temperatures" about:"Contacts by temperature"`
}

// temperatureView counts contacts.
type temperatureView struct {
	Hot      int64 `json:"hot"`
	Warm     int64 `json:"warm"`
	Cold     int64 `json:"cold"`
	Unscored int64 `json:"unscored"`
}

// happenedView is what happened in some time.
type happenedView struct {
	Opened     int64            `json:"opened" about:"Conversations begun, or opened after they were resolved"`
	Resolved   int64            `json:"resolved"`
	Received   int64            `json:"received" about:"Messages of customers"`
	Sent       int64            `json:"sent" about:"Messages of the business"`
	Leads      int64            `json:"leads" about:"New contacts"`
	Responses  responseView     `json:"responses"`
	MovedTo    map[string]int64 `json:"moved_to" about:"Contacts that came into each status of the pipeline"`
	BecameHot  int64            `json:"became_hot"`
	BecameWarm int64            `json:"became_warm"`
	BecameCold int64            `json:"became_cold"`
}

// responseView is how long customers waited.
type responseView struct {
	Count         int64  `json:"count"`
	MedianSeconds *int64 `json:"median_seconds" about:"null: nothing was answered"`
	P90Seconds    *int64 `json:"p90_seconds"`
}

type dayView struct {
	Day string `json:"day"`
	happenedView
}

type channelPart struct {
	ChannelID crm.ChannelID `json:"channel_id"`
	Now       standView     `json:"now"`
	InAll     happenedView  `json:"in_all"`
}

type memberPart struct {
	MemberID *crm.MemberID `json:"member_id" about:"null: what nobody has taken on, and what programs did"`
	Now      standView     `json:"now"`
	InAll    happenedView  `json:"in_all"`
}

func standOf(s figures.Stand) standView {
	return standView{
		Open: s.Conversations[crm.Open], Pending: s.Conversations[crm.Pending], Snoozed: s.Conversations[crm.Snoozed],
		Resolved: s.Conversations[crm.Resolved], Waiting: s.Waiting, Unread: s.Unread, LeadStatuses: orEmpty(s.Stages),
		Temperatures: temperatureView{s.Temperatures[crm.Hot], s.Temperatures[crm.Warm], s.Temperatures[crm.Cold], s.Temperatures[""]},
	}
}

func happenedOf(h figures.Happened) happenedView {
	view := happenedView{
		Opened: h.Opened, Resolved: h.Resolved, Received: h.Received, Sent: h.Written, Leads: h.Leads, MovedTo: orEmpty(h.Moved),
		Responses: responseView{Count: h.Responses.Count()},
		BecameHot: h.Warmed[crm.Hot], BecameWarm: h.Warmed[crm.Warm], BecameCold: h.Warmed[crm.Cold],
	}
	if view.Responses.Count > 0 {
		view.Responses.MedianSeconds, view.Responses.P90Seconds = seconds(h.Responses.Quantile(0.5)), seconds(h.Responses.Quantile(0.9))
	}
	return view
}

// orEmpty is a map that shows as {} when there is none.
func orEmpty(counts map[string]int64) map[string]int64 {
	if counts == nil {
		return map[string]int64{}
	}
	return counts
}

func seconds(d time.Duration) *int64 { return new(int64(d.Round(time.Second).Seconds())) }

func (a *API) dashboard(ctx *fasthttp.RequestCtx) error {
	p, q := request.PrincipalOf(ctx), queryOf(ctx)
	ask := figures.Ask{
		From: dayIn(q, "from"), To: dayIn(q, "to"), ChannelID: idIn[crm.Channel](q, "channel"), MemberID: memberIn(q, "member", p.Member),
	}
	if err := q.err(); err != nil {
		return err
	}
	d, err := a.Figures.Dashboard(request.ContextOf(ctx), p, ask)
	if err != nil {
		return err
	}
	view := dashboardView{
		From: d.From.String(), To: d.To.String(), Today: d.Today.String(), UpdatedAt: stamp(a.Now()),
		Now: standOf(d.Now), OfToday: happenedOf(d.OfToday), InAll: happenedOf(d.InAll),
		Days: make([]dayView, 0, len(d.Days)), Channels: []channelPart{}, Members: []memberPart{},
	}
	for _, day := range d.Days {
		view.Days = append(view.Days, dayView{day.Day.String(), happenedOf(day.Happened)})
	}
	for _, c := range d.Channels {
		view.Channels = append(view.Channels, channelPart{c.ChannelID, standOf(c.Stand), happenedOf(c.Happened)})
	}
	for _, m := range d.Members {
		view.Members = append(view.Members, memberPart{ref(m.MemberID), standOf(m.Stand), happenedOf(m.Happened)})
	}
	return answer(ctx, 200, view)
}

// dayIn reads a date, nil when there is none.
func dayIn(q *query, name string) *figures.Day {
	text := q.text(name)
	if text == "" {
		return nil
	}
	day, err := figures.ParseDay(text)
	if err != nil {
		q.refuse(name, "It is not a date such as 2026-11-28.")
		return nil
	}
	return &day
}
