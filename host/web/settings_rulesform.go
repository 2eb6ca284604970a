package web

import (
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// rulesForm is a document of rules as a form has it: numbers as they are typed, and
// lists with one thing a line.
type rulesForm struct {
	Name              string
	Caps              []capLine
	Hot, Warm, Margin string
	Negations         string
	Signals           []signalLine
	Enabled, BySkill  bool
	Order             lead.Order
	AtLeast           crm.Temperature
	OffHours          lead.OffHours
	Queue             string
	Week              []dayLine
	Holidays          string
}

// capLine is the most that a category may add.
type capLine struct {
	Category lead.Category
	Most     string
}

// dayLine is when the team works on a day of the week: "08:00-12:00, 13:00-17:00".
type dayLine struct {
	Day   string
	Hours string
}

// weekDays are the days as rules name them, from Monday on.
var weekDays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// signalWay is the one way in which a signal is found.
type signalWay string

const (
	byWords    signalWay = "words"
	byEvent    signalWay = "event"
	byFields   signalWay = "fields"
	bySources  signalWay = "sources"
	byTags     signalWay = "tags"
	byStatuses signalWay = "statuses"
)

// signalLine is one signal of the form.
type signalLine struct {
	N                            int // its place in the form, from 1
	ID                           string
	Category                     lead.Category
	Points, Most, HalfLife       string
	WhyID, WhyEN                 string
	Way                          signalWay
	List                         string // what is looked for, one a line; not of an event
	Event                        lead.Event
	Within                       string
	Except                       string
	InMessages, InForms, InNotes bool
	UnlessNegated                bool
	Remove                       bool
	Fresh                        bool // an empty line for one to add
	Open                         bool // its form is shown
	Choices                      *ruleChoices
}

// empty reports whether nobody typed a new signal.
func (s *signalLine) empty() bool {
	return s.ID == "" && s.List == "" && s.WhyID == "" && s.WhyEN == ""
}

// formOf writes a document into a form, with an empty line at its end.
func formOf(d lead.Document) rulesForm {
	f := rulesForm{
		Name: d.Name, Hot: strconv.Itoa(d.Temperature.Hot), Warm: strconv.Itoa(d.Temperature.Warm), Margin: strconv.Itoa(d.Temperature.Margin),
		Negations: strings.Join(d.Negations, "\n"), Enabled: d.Routing.Enabled, BySkill: d.Routing.BySkill, Order: d.Routing.Order,
		AtLeast: d.Routing.AtLeast, OffHours: d.Routing.OffHours, Queue: d.Routing.Queue, Holidays: strings.Join(d.Hours.Holidays, "\n"),
	}
	for i, most := range []int{d.Caps.Fit, d.Caps.Intent, d.Caps.Engagement, d.Caps.Readiness, d.Caps.Negative} {
		f.Caps = append(f.Caps, capLine{lead.Categories[i], strconv.Itoa(most)})
	}
	for _, day := range weekDays {
		f.Week = append(f.Week, dayLine{day, strings.Join(d.Hours.Week[day], ", ")})
	}
	for i := range d.Signals {
		f.Signals = append(f.Signals, lineOf(&d.Signals[i]))
	}
	f.Signals = append(f.Signals, signalLine{Way: byWords, Category: lead.Intent, Points: "5", Fresh: true})
	return f
}

func lineOf(s *lead.Signal) signalLine {
	line := signalLine{
		ID: s.ID, Category: s.Category, Points: strconv.Itoa(s.Points), Most: number(s.Most), HalfLife: number(s.HalfLifeDays), WhyID: s.Why.ID, WhyEN: s.Why.EN,
		Event: s.Event, Within: number(s.WithinMinutes), Except: strings.Join(s.Except, "\n"), UnlessNegated: s.UnlessNegated, Way: byEvent,
	}
	for _, place := range s.In {
		line.InMessages = line.InMessages || place == lead.InMessage
		line.InForms = line.InForms || place == lead.InForm
		line.InNotes = line.InNotes || place == lead.InNote
	}
	for way, list := range map[signalWay][]string{byWords: s.Words, byFields: s.Fields, bySources: s.Sources, byTags: s.Tags, byStatuses: s.Statuses} {
		if len(list) > 0 {
			line.Way, line.List = way, strings.Join(list, "\n")
		}
	}
	return line
}

// number writes a number that may be left out.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// place gives the lines their places, and what their lists offer.
func (f *rulesForm) place(offered *ruleChoices) {
	for i := range f.Signals {
		f.Signals[i].N, f.Signals[i].Choices = i+1, offered
	}
}

// open shows the form of the signal that stands at a place of the document.
func (f *rulesForm) open(at int) {
	for i := range f.Signals {
		if s := &f.Signals[i]; s.Remove || s.Fresh && s.empty() {
			continue
		} else if at == 0 {
			s.Open = true
			return
		}
		at--
	}
}

// rulesFormTyped reads the form. The fields of a signal have its place in their names.
func rulesFormTyped(ctx *fasthttp.RequestCtx) rulesForm {
	text := func(name string) string { return posted(ctx, name) }
	f := rulesForm{
		Name: text("name"), Hot: text("hot"), Warm: text("warm"), Margin: text("margin"), Negations: text("negations"),
		Enabled: text("enabled") != "", BySkill: text("by_skill") != "", Order: lead.Order(text("order")), AtLeast: crm.Temperature(text("at_least")),
		OffHours: lead.OffHours(text("off_hours")), Queue: text("queue"), Holidays: text("holidays"),
	}
	for _, category := range lead.Categories {
		f.Caps = append(f.Caps, capLine{category, text("cap_" + string(category))})
	}
	for _, day := range weekDays {
		f.Week = append(f.Week, dayLine{day, text("hours_" + day)})
	}
	for n := 1; ctx.PostArgs().Has("id" + strconv.Itoa(n)); n++ {
		of := func(name string) string { return text(name + strconv.Itoa(n)) }
		f.Signals = append(f.Signals, signalLine{
			ID: of("id"), Category: lead.Category(of("category")), Points: of("points"), Most: of("most"), HalfLife: of("half_life"),
			WhyID: of("why_id"), WhyEN: of("why_en"), Way: signalWay(of("way")), List: of("list"), Event: lead.Event(of("event")), Within: of("within"),
			Except: of("except"), InMessages: of("in_messages") != "", InForms: of("in_forms") != "", InNotes: of("in_notes") != "",
			UnlessNegated: of("unless_negated") != "", Remove: of("remove") != "", Fresh: of("fresh") != "",
		})
	}
	return f
}

// document returns what the form says, and the numbers that are none, by the paths
// that the document has for them. What else may be wrong, package lead says.
func (f *rulesForm) document() (lead.Document, []ruleFault) {
	r := &numberReader{}
	d := lead.Document{
		Version: 1, Name: f.Name, Negations: split(f.Negations),
		Temperature: lead.Thresholds{Hot: r.read("temperature.hot", f.Hot), Warm: r.read("temperature.warm", f.Warm), Margin: r.read("temperature.margin", f.Margin)},
		Routing:     lead.Assignment{Enabled: f.Enabled, Order: f.Order, AtLeast: f.AtLeast, BySkill: f.BySkill, OffHours: f.OffHours, Queue: f.Queue},
		Hours:       lead.WorkingTime{Holidays: split(f.Holidays)},
		Signals:     []lead.Signal{},
	}
	for i, into := range []*int{&d.Caps.Fit, &d.Caps.Intent, &d.Caps.Engagement, &d.Caps.Readiness, &d.Caps.Negative} {
		*into = r.read("caps."+string(lead.Categories[i]), f.Caps[i].Most)
	}
	for _, day := range f.Week {
		if spans := split(strings.ReplaceAll(day.Hours, ",", "\n")); len(spans) > 0 {
			if d.Hours.Week == nil {
				d.Hours.Week = map[string][]string{}
			}
			d.Hours.Week[day.Day] = spans
		}
	}
	for i := range f.Signals {
		if s := &f.Signals[i]; !s.Remove && !(s.Fresh && s.empty()) {
			d.Signals = append(d.Signals, s.signal(r, "signals["+strconv.Itoa(len(d.Signals))+"]."))
		}
	}
	return d, r.faults
}

// signal returns what a line says. A new one without an id is named after its reason.
func (s *signalLine) signal(r *numberReader, path string) lead.Signal {
	signal := lead.Signal{
		ID: s.ID, Category: s.Category, Points: r.read(path+"points", s.Points), Most: r.read(path+"most", s.Most),
		HalfLifeDays: r.read(path+"half_life_days", s.HalfLife), Why: lead.Text{ID: s.WhyID, EN: s.WhyEN},
	}
	if signal.ID == "" {
		signal.ID = slug(s.WhyEN)
	}
	switch list := split(s.List); s.Way {
	case byWords:
		signal.Words, signal.Except, signal.UnlessNegated = list, split(s.Except), s.UnlessNegated
		for i, chosen := range []bool{s.InMessages, s.InForms, s.InNotes} {
			if chosen {
				signal.In = append(signal.In, [...]lead.Place{lead.InMessage, lead.InForm, lead.InNote}[i])
			}
		}
	case byEvent:
		signal.Event = s.Event
		if s.Event == lead.OnFastReply {
			signal.WithinMinutes = r.read(path+"within_minutes", s.Within)
		}
	case byFields:
		signal.Fields = list
	case bySources:
		signal.Sources = list
	case byTags:
		signal.Tags = list
	case byStatuses:
		signal.Statuses = list
	}
	return signal
}

// numberReader reads numbers and notes those that are none.
type numberReader struct{ faults []ruleFault }

// read returns a whole number; an empty text is 0.
func (r *numberReader) read(path, text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.faults = append(r.faults, ruleFault{path, strconv.Quote(text)})
	}
	return n
}
