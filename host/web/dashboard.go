package web

import (
	"cmp"
	"html/template"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/host/request"
	"github.com/my21staff/my21staff/host/web/chart"
)

// dashboardPage is how the team does.
type dashboardPage struct {
	Frame
	Tiles    []tile
	Ranges   []choice
	Numbers  []choice // the channels
	Team     []choice
	Span     string
	Charts   []drawn
	Standing []drawn
	Tables   []figureTable // by member, by channel
}

// tile is one number of today.
type tile struct{ Name, Value, Address string }

// drawn is a chart with the table behind it.
type drawn struct {
	Title, Text string
	Drawing     template.HTML
	Table       figureTable
}

// figureTable is figures in rows; the first column names the row.
type figureTable struct {
	Title string
	Head  []string
	Rows  [][]string
}

// ranges are the spans of days one chooses from.
var ranges = []int{7, 30, 90, 365}

func (w *Web) dashboardRoutes() []Route {
	return []Route{{"GET", "/dashboard", w.signedIn(w.dashboard)}}
}

func (w *Web) dashboard(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, args := request.ContextOf(ctx), ctx.QueryArgs()
	days := args.GetUintOrZero("days")
	if !slices.Contains(ranges, days) {
		days = figures.DefaultDays
	}
	ask := figures.Ask{From: new(figures.DayOf(w.Now(), v.zone) - figures.Day(days) + 1)}
	ask.ChannelID, _ = crm.ParseID[crm.Channel](string(args.Peek("channel")))
	ask.MemberID, _ = crm.ParseID[crm.Member](string(args.Peek("member")))
	d, err := w.Figures.Dashboard(c, v.Principal, ask)
	if err != nil {
		return err
	}
	channels, err := w.Directory.Channels(c, v.Principal)
	if err != nil {
		return err
	}
	pipeline, err := w.People.Pipeline(c, v.Principal)
	if err != nil {
		return err
	}
	page := v.dashboardOf(d, ask, days, channels, pipeline)
	page.Frame = v.frame(ctx, v.say("dashboard.title"), "dashboard")
	page.Styles = []string{"dashboard.css"}
	return render(ctx, v.lang, "dashboard", page)
}

// dashboardOf makes the page of the figures.
func (v *visitor) dashboardOf(d *figures.Dashboard, ask figures.Ask, days int, channels []*crm.Channel, pipeline *crm.Pipeline) dashboardPage {
	page := dashboardPage{
		Tiles: []tile{
			{v.say("dashboard.waiting"), v.count(d.Now.Waiting), "/inbox"},
			{v.say("dashboard.open"), v.count(d.Now.Conversations[crm.Open]), "/inbox?status=open"},
			{v.say("dashboard.unread"), v.count(d.Now.Unread), "/inbox?unread=1"},
			{v.say("dashboard.new_leads"), v.count(d.OfToday.Leads), ""},
			{v.say("dashboard.median_today"), v.quantile(&d.OfToday.Responses, 0.5), ""},
		},
		Numbers: []choice{{"", v.say("dashboard.every_channel"), ask.ChannelID.IsZero()}},
		Team:    []choice{{"", v.say("dashboard.every_member"), ask.MemberID.IsZero()}},
		Span:    v.say("dashboard.span", v.fullDay(d.From), v.fullDay(d.To)),
		Charts:  []drawn{v.messageChart(d), v.responseChart(d), v.conversationChart(d), v.leadChart(d)},
		Standing: []drawn{
			v.statusChart(d), v.temperatureChart(d), v.stageChart(d, pipeline),
		},
	}
	for _, n := range ranges {
		page.Ranges = append(page.Ranges, choice{strconv.Itoa(n), v.say("dashboard.days", n), n == days})
	}
	names := map[crm.ChannelID]string{}
	for _, ch := range channels {
		names[ch.ID] = cmp.Or(ch.Name, ch.DisplayNumber, ch.PhoneNumberID)
		page.Numbers = append(page.Numbers, choice{ch.ID.String(), names[ch.ID], ch.ID == ask.ChannelID})
	}
	for id, name := range v.members {
		page.Team = append(page.Team, choice{id, name, id == ask.MemberID.String()})
	}
	slices.SortFunc(page.Team[1:], func(a, b choice) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value)) })
	members := v.partTable(v.say("dashboard.by_member"))
	for _, m := range d.Members {
		name := v.say("dashboard.nobody")
		if !m.MemberID.IsZero() {
			name = cmp.Or(v.members[m.MemberID.String()], m.MemberID.String())
		}
		members.Rows = append(members.Rows, v.partRow(name, m.Stand, m.Happened))
	}
	numbers := v.partTable(v.say("dashboard.by_channel"))
	for _, ch := range d.Channels {
		numbers.Rows = append(numbers.Rows, v.partRow(cmp.Or(names[ch.ChannelID], ch.ChannelID.String()), ch.Stand, ch.Happened))
	}
	page.Tables = []figureTable{members, numbers}
	return page
}

// partTable begins a table of the parts of the team or its numbers.
func (v *visitor) partTable(title string) figureTable {
	return figureTable{Title: title, Head: []string{
		v.say("dashboard.name"), v.say("dashboard.open"), v.say("dashboard.waiting_short"), v.say("dashboard.resolved"), v.say("dashboard.received"),
		v.say("dashboard.sent"), v.say("dashboard.answers"), v.say("dashboard.median"), v.say("dashboard.p90"),
	}}
}

func (v *visitor) partRow(name string, s figures.Stand, h figures.Happened) []string {
	return []string{
		name, v.count(s.Conversations[crm.Open]), v.count(s.Waiting), v.count(h.Resolved), v.count(h.Received), v.count(h.Written),
		v.count(h.Responses.Count()), v.quantile(&h.Responses, 0.5), v.quantile(&h.Responses, 0.9),
	}
}

// count is a number of things.
func (v *visitor) count(n int64) string { return v.number(int(n)) }

// counts writes the numbers of a chart.
func (v *visitor) counts(n float64) string { return v.number(int(math.Round(n))) }

// quantile is how long customers waited, or that none did.
func (v *visitor) quantile(h *figures.Histogram, q float64) string {
	if h.Count() == 0 {
		return v.say("dashboard.none_yet")
	}
	return v.wait(h.Quantile(q))
}

// wait is a span of time with as many digits as it is known to.
func (v *visitor) wait(d time.Duration) string {
	minutes := int(d.Round(time.Minute).Minutes())
	switch {
	case d < 90*time.Second:
		return v.say("dashboard.seconds", int(d.Round(time.Second).Seconds()))
	case minutes < 60:
		return v.say("dashboard.minutes", minutes)
	case minutes >= 48*60:
		return v.say("dashboard.whole_days", (minutes+12*60)/(24*60))
	case minutes >= 10*60 || minutes%60 == 0:
		return v.say("dashboard.hours", (minutes+30)/60)
	default:
		return v.say("dashboard.hours_minutes", minutes/60, minutes%60)
	}
}

// shortDay is a day below a chart, fullDay one that stands by itself.
func (v *visitor) shortDay(d figures.Day) string {
	t := d.Time()
	return strconv.Itoa(t.Day()) + " " + months[v.lang][t.Month()-1]
}

func (v *visitor) fullDay(d figures.Day) string {
	return v.shortDay(d) + " " + strconv.Itoa(d.Time().Year())
}

// byDay begins a chart of days: its labels, and the rows of its table, newest
// first.
func (v *visitor) byDay(d *figures.Dashboard, title, text string, head []string, row func(figures.Happened) []string) (drawn, []string) {
	labels := make([]string, len(d.Days))
	table := figureTable{Title: title, Head: append([]string{v.say("dashboard.day")}, head...)}
	for i, day := range d.Days {
		labels[i] = v.shortDay(day.Day)
		table.Rows = append(table.Rows, append([]string{v.fullDay(day.Day)}, row(day.Happened)...))
	}
	slices.Reverse(table.Rows)
	return drawn{Title: title, Text: text, Table: table}, labels
}

// ofDays are the values of a series over the days.
func ofDays(d *figures.Dashboard, value func(*figures.Happened) float64) []float64 {
	values := make([]float64, len(d.Days))
	for i := range d.Days {
		values[i] = value(&d.Days[i].Happened)
	}
	return values
}

func (v *visitor) messageChart(d *figures.Dashboard) drawn {
	received, sent := v.say("dashboard.received"), v.say("dashboard.sent")
	c, labels := v.byDay(d, v.say("dashboard.messages"), v.say("dashboard.messages_text", v.count(d.InAll.Received), v.count(d.InAll.Written)),
		[]string{received, sent}, func(h figures.Happened) []string { return []string{v.count(h.Received), v.count(h.Written)} })
	c.Drawing = chart.Columns{About: v.about("messages", c), Labels: labels, Say: v.counts, Series: []chart.Series{
		{Name: received, Values: ofDays(d, func(h *figures.Happened) float64 { return float64(h.Received) })},
		{Name: sent, Values: ofDays(d, func(h *figures.Happened) float64 { return float64(h.Written) })},
	}}.Draw()
	return c
}

func (v *visitor) responseChart(d *figures.Dashboard) drawn {
	median, p90 := v.say("dashboard.median"), v.say("dashboard.p90")
	all := &d.InAll.Responses
	text := v.say("dashboard.nothing")
	if all.Count() > 0 {
		text = v.say("dashboard.responses_text", v.count(all.Count()), v.wait(all.Quantile(0.5)), v.wait(all.Quantile(0.9)))
	}
	c, labels := v.byDay(d, v.say("dashboard.responses"), text, []string{v.say("dashboard.answers"), median, p90}, func(h figures.Happened) []string {
		return []string{v.count(h.Responses.Count()), v.quantile(&h.Responses, 0.5), v.quantile(&h.Responses, 0.9)}
	})
	unit := unitOf(d)
	of := func(q float64) func(*figures.Happened) float64 {
		return func(h *figures.Happened) float64 {
			if h.Responses.Count() == 0 {
				return math.NaN()
			}
			return float64(h.Responses.Quantile(q)) / float64(unit)
		}
	}
	c.Drawing = chart.Lines{About: v.about("responses", c), Labels: labels,
		Say:    func(n float64) string { return v.wait(time.Duration(n * float64(unit))) },
		Series: []chart.Series{{Name: median, Values: ofDays(d, of(0.5))}, {Name: p90, Values: ofDays(d, of(0.9))}},
	}.Draw()
	return c
}

// unitOf is the unit in which the longest waits are round numbers.
func unitOf(d *figures.Dashboard) time.Duration {
	longest := time.Duration(0)
	for i := range d.Days {
		longest = max(longest, d.Days[i].Responses.Quantile(0.9))
	}
	switch {
	case longest > 72*time.Hour:
		return 24 * time.Hour
	case longest > 2*time.Hour:
		return time.Hour
	case longest > 2*time.Minute:
		return time.Minute
	default:
		return time.Second
	}
}

func (v *visitor) conversationChart(d *figures.Dashboard) drawn {
	opened, resolved := v.say("dashboard.opened"), v.say("dashboard.resolved")
	c, labels := v.byDay(d, v.say("dashboard.conversations"), v.say("dashboard.conversations_text", v.count(d.InAll.Opened), v.count(d.InAll.Resolved)),
		[]string{opened, resolved}, func(h figures.Happened) []string { return []string{v.count(h.Opened), v.count(h.Resolved)} })
	c.Drawing = chart.Columns{About: v.about("conversations", c), Labels: labels, Say: v.counts, Series: []chart.Series{
		{Name: opened, Values: ofDays(d, func(h *figures.Happened) float64 { return float64(h.Opened) })},
		{Name: resolved, Values: ofDays(d, func(h *figures.Happened) float64 { return float64(h.Resolved) })},
	}}.Draw()
	return c
}

func (v *visitor) leadChart(d *figures.Dashboard) drawn {
	c, labels := v.byDay(d, v.say("dashboard.leads"), v.say("dashboard.leads_text", v.count(d.InAll.Leads)),
		[]string{v.say("dashboard.new")}, func(h figures.Happened) []string { return []string{v.count(h.Leads)} })
	c.Drawing = chart.Columns{About: v.about("leads", c), Labels: labels, Say: v.counts, Series: []chart.Series{
		{Name: v.say("dashboard.new"), Values: ofDays(d, func(h *figures.Happened) float64 { return float64(h.Leads) })},
	}}.Draw()
	return c
}

func (v *visitor) statusChart(d *figures.Dashboard) drawn {
	var bars []chart.Bar
	for _, status := range []crm.ConversationStatus{crm.Open, crm.Pending, crm.Snoozed, crm.Resolved} {
		bars = append(bars, chart.Bar{Name: v.lang.word("status", status), Value: float64(d.Now.Conversations[status])})
	}
	return v.barChart("status", v.say("dashboard.by_status"), bars)
}

func (v *visitor) temperatureChart(d *figures.Dashboard) drawn {
	var bars []chart.Bar
	for _, t := range []crm.Temperature{crm.Hot, crm.Warm, crm.Cold} {
		bars = append(bars, chart.Bar{Name: v.lang.word("temperature", t), Value: float64(d.Now.Temperatures[t])})
	}
	bars = append(bars, chart.Bar{Name: v.say("dashboard.unscored"), Value: float64(d.Now.Temperatures[""])})
	return v.barChart("temperature", v.say("dashboard.by_temperature"), bars)
}

// stageChart shows the stages in the order of the pipeline, and behind them those
// that were taken out of it while contacts are there.
func (v *visitor) stageChart(d *figures.Dashboard, pipeline *crm.Pipeline) drawn {
	var bars []chart.Bar
	for _, stage := range pipeline.Stages {
		bars = append(bars, chart.Bar{Name: v.stage(stage), Value: float64(d.Now.Stages[stage.Key])})
	}
	var others []string
	for key := range d.Now.Stages {
		if _, known := pipeline.Stage(key); !known {
			others = append(others, key)
		}
	}
	slices.Sort(others)
	for _, key := range others {
		bars = append(bars, chart.Bar{Name: key, Value: float64(d.Now.Stages[key])})
	}
	return v.barChart("stage", v.say("dashboard.by_stage"), bars)
}

func (v *visitor) barChart(id, title string, bars []chart.Bar) drawn {
	c := drawn{Title: title, Table: figureTable{Title: title, Head: []string{v.say("dashboard.name"), v.say("dashboard.count")}}}
	total := 0.0
	for _, bar := range bars {
		total += bar.Value
		c.Table.Rows = append(c.Table.Rows, []string{bar.Name, v.counts(bar.Value)})
	}
	c.Text = v.say("dashboard.stand_text", v.counts(total))
	about := v.about(id, c)
	about.Empty = v.say("dashboard.nothing_stands")
	c.Drawing = chart.Bars{About: about, Bars: bars, Say: v.counts}.Draw()
	return c
}

// about is what a drawing says of itself.
func (v *visitor) about(id string, c drawn) chart.About {
	return chart.About{ID: "chart-" + id, Title: c.Title, Text: c.Text, Empty: v.say("dashboard.nothing")}
}
