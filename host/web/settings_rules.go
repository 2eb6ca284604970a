package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// rulesPage is the form of the rules that the workspace scores and assigns by, with
// a box to try them in.
type rulesPage struct {
	settingsFrame
	rulesForm
	Version  int    // of the rules that the form was made from
	By       string // who wrote those, and when; empty: nobody, they are the default
	Document string // the same as a document, for who knows those
	Expert   bool   // the document is shown
	Faults   []ruleFault
	Trial    trialView
	Choices  ruleChoices
}

// ruleFault is one thing that is wrong with what was typed.
type ruleFault struct {
	Path, Sentence string
}

// trialView is what somebody might say, and what that would score.
type trialView struct {
	Said        string // one message a line
	Done        bool
	Total       int
	Temperature crm.Temperature
	Member      string // who would get it; empty: nobody
	Routed      string // why, in words
	Lines       []trialLine
}

// trialLine is one piece of evidence.
type trialLine struct {
	Category   lead.Category
	Points     int
	Why, Match string
}

// ruleChoices are what the form's lists offer.
type ruleChoices struct {
	Categories   []lead.Category
	Ways         []signalWay
	Events       []lead.Event
	Orders       []lead.Order
	Off          []lead.OffHours
	Temperatures []crm.Temperature
	Defaults     []string
}

var choices = ruleChoices{
	Categories: lead.Categories[:],
	Ways:       []signalWay{byWords, byEvent, byFields, bySources, byTags, byStatuses},
	Events: []lead.Event{lead.OnMessage, lead.OnReply, lead.OnFastReply, lead.OnChoice, lead.OnForm, lead.OnFile, lead.OnLocation, lead.OnOrder,
		lead.OnOptOut, lead.OnBlocked},
	Orders:       []lead.Order{lead.RoundRobin, lead.LeastLoaded},
	Off:          []lead.OffHours{lead.QueueThen, lead.AssignThen},
	Temperatures: []crm.Temperature{crm.Cold, crm.Warm, crm.Hot},
	Defaults:     slices.Sorted(maps.Keys(lead.Defaults)),
}

// rules shows the rules in force, or with ?from= a default to begin from, which is
// not saved by that.
func (w settings) rules(ctx *fasthttp.RequestCtx, v *visitor) error {
	inForce, stored, err := w.People.LeadRules(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	p, shown := rulesPage{Version: inForce.Version()}, inForce
	if begin := lead.Defaults[string(ctx.QueryArgs().Peek("from"))]; begin != nil {
		shown = begin()
	} else if stored != nil {
		p.By = v.say("settings.rules_by", w.author(v, stored.Author), v.when(stored.CreatedAt, w.Now()))
	}
	tags, err := w.People.Tags(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	shown = shown.Named(tags)
	p.rulesForm = formOf(shown.Document())
	p.Document = string(shown.Encode())
	return w.showRules(ctx, v, "", p)
}

// author names who wrote something.
func (w settings) author(v *visitor, by crm.Actor) string {
	if name := v.members[by.ID]; name != "" {
		return name
	}
	return string(by.Kind)
}

func (w settings) showRules(ctx *fasthttp.RequestCtx, v *visitor, trouble string, p rulesPage) (err error) {
	if p.settingsFrame, err = v.settings(ctx, "rules", trouble); err != nil {
		return err
	}
	p.Choices = choices
	p.place(&p.Choices)
	return render(ctx, v.lang, "settings_rules", p)
}

// rulesTyped reads the form, or the document if that was sent, and returns the page
// to show again.
func rulesTyped(ctx *fasthttp.RequestCtx) (p rulesPage, document []byte, faults []ruleFault) {
	p.Version = ctx.PostArgs().GetUintOrZero("version")
	p.Trial.Said = posted(ctx, "said")
	if p.Expert = ctx.PostArgs().Has("document"); p.Expert {
		p.Document = posted(ctx, "document")
		var d lead.Document
		_ = json.Unmarshal([]byte(p.Document), &d) // what is wrong with it, the service says
		p.rulesForm = formOf(d)
		return p, []byte(p.Document), nil
	}
	p.rulesForm = rulesFormTyped(ctx)
	d, faults := p.document()
	document, err := json.Marshal(d)
	if err != nil { // no document of this type does that
		faults = append(faults, ruleFault{"", err.Error()})
	}
	p.Document = string(document)
	return p, document, faults
}

// saveRules puts the rules in force.
func (w settings) saveRules(ctx *fasthttp.RequestCtx, v *visitor) error {
	p, document, faults := rulesTyped(ctx)
	if len(faults) > 0 {
		return w.rulesAgain(ctx, v, p, faults, nil)
	}
	_, _, err := w.People.SetLeadRules(request.ContextOf(ctx), v.Principal, document, p.Version)
	if refused(err) {
		return w.rulesAgain(ctx, v, p, nil, err)
	}
	return after(ctx, err, "/settings/rules?done=saved")
}

// tryRules shows what the rules as typed make of what somebody might say. Nothing is
// kept.
func (w settings) tryRules(ctx *fasthttp.RequestCtx, v *visitor) error {
	p, document, faults := rulesTyped(ctx)
	if len(faults) > 0 {
		return w.rulesAgain(ctx, v, p, faults, nil)
	}
	tried, err := w.People.TryLeadRules(request.ContextOf(ctx), v.Principal, people.Trial{Document: document, Messages: split(p.Trial.Said)})
	if refused(err) {
		return w.rulesAgain(ctx, v, p, nil, err)
	}
	if err != nil {
		return err
	}
	d := tried.Decision
	p.Trial.Done, p.Trial.Total, p.Trial.Temperature = true, tried.Score.Total, d.Temperature
	p.Trial.Member, p.Trial.Routed = v.members[d.Assignee.String()], d.Why.Text.In(string(v.lang))
	for _, part := range tried.Score.Parts {
		for _, line := range part.Lines {
			p.Trial.Lines = append(p.Trial.Lines, trialLine{part.Category, line.Points, line.Why.In(string(v.lang)), line.Match})
		}
	}
	return w.showRules(ctx, v, "", p)
}

// fault says what is wrong with rules: the catalogue's phrase that is named after
// the sentence of package lead, or that sentence.
func (v *visitor) fault(p lead.Problem) string {
	return cmp.Or(v.lang.known("rules_fault", slug(p.Format), p.Args...), p.Sentence)
}

// rulesAgain shows what was typed with what is wrong with it: the numbers that are
// none, or what the service said.
func (w settings) rulesAgain(ctx *fasthttp.RequestCtx, v *visitor, p rulesPage, faults []ruleFault, err error) error {
	trouble := v.say("settings.rules_wrong")
	for i := range faults {
		faults[i].Sentence = v.say("settings.no_number", faults[i].Sentence)
	}
	for _, problem := range lead.Problems(err) {
		faults = append(faults, ruleFault{problem.Path, v.fault(problem)})
	}
	if len(faults) == 0 {
		trouble = v.problem(err)
	}
	p.Faults = faults
	for _, fault := range faults {
		var at int
		if _, err := fmt.Sscanf(fault.Path, "signals[%d]", &at); err == nil {
			p.open(at)
		}
	}
	return again(ctx, func() error { return w.showRules(ctx, v, trouble, p) })
}
