package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

// panelView is what is known of the contact, beside the conversation.
type panelView struct {
	Token   string
	Address string // of the conversation, for the forms
	Suffix  string
	Contact string // the page of the contact
	CanEdit bool

	Name, Initials string
	Username       string
	Known          []line // identities
	Stage          string // where the lead stands in the pipeline
	Fields         []line
	Source         string
	Tags           []tagView
	AddTags        []choice
	Score          *scoreView // nil: nobody has scored it
	Notes          []noteView
	Tasks          []taskView
	Others         []row // the contact's other conversations
	OptedOut       bool
	OptedAt        string
	OptedWhy       string
	Blocked        string // since when
}

type tagView struct{ ID, Name, Color string }

// noteView is what the team wrote about the contact.
type noteView struct {
	ID, Author string
	Body       []span
	At, AtISO  string
}

// taskView is what is to be done about the contact.
type taskView struct {
	ID, Title, Assignee, Due string
	Late                     bool
}

// scoreView is a score with its reasons.
type scoreView struct {
	Total       int
	Temperature crm.Temperature
	Parts       []scorePart
}

// scorePart is what a category of evidence adds to a score.
type scorePart struct {
	Category lead.Category
	Points   int
	Most     int // the most it can add, or take off
	Lines    []scoreLine
}

type scoreLine struct {
	Points int
	Why    string
	Match  string // the word or value that counted
}

// panel fills in what stands beside the conversation; nil for who may not see
// contacts.
func (w *Web) panel(ctx context.Context, v *visitor, o opened, c listChoice) (*panelView, error) {
	if !v.Can(access.ReadContacts) {
		return nil, nil
	}
	found, err := w.People.Card(ctx, v.Principal, o.contact.ID)
	if err != nil {
		return nil, err
	}
	fields, err := w.People.Fields(ctx, v.Principal)
	if err != nil {
		return nil, err
	}
	tags, err := w.tags(ctx, v)
	if err != nil {
		return nil, err
	}
	stages, err := w.People.Pipeline(ctx, v.Principal)
	if err != nil {
		return nil, err
	}
	ct, now := found.Contact, w.Now()
	p := &panelView{
		Token: formToken(v.session), Address: "/inbox/" + o.conversation.ID.String(), Suffix: c.suffix(), Contact: "/contacts/" + ct.ID.String(),
		CanEdit: v.Can(access.WriteContacts), Name: v.nameOf(ct.DisplayName()), Username: ct.Username, Stage: ct.LeadStatus,
		OptedOut: ct.OptOut.Out, OptedAt: v.when(ct.OptOut.At, now), OptedWhy: v.stored(ct.OptOut.Reason), Blocked: v.when(ct.BlockedAt, now),
		Fields: fieldLines(ct, fields), Score: v.score(found.Lead, found.Rules, now),
	}
	p.Initials = initials(p.Name)
	if stage, ok := stages.Stage(ct.LeadStatus); ok {
		p.Stage = v.stage(stage)
	}
	if ct.Source.Kind != "" {
		p.Source = strings.TrimSpace(v.lang.word("source", ct.Source.Kind) + " " + ct.Source.Title)
	}
	for _, id := range ct.Identities {
		p.Known = append(p.Known, line{v.lang.word("identity", id.Kind), id.Value})
	}
	v.cardLists(p, found, o.conversation.ID, c, now)
	for _, t := range tags {
		if !slices.Contains(ct.Tags, t.ID) {
			p.AddTags = append(p.AddTags, choice{Value: t.ID.String(), Label: t.Name})
		}
	}
	return p, nil
}

// cardLists shows the lists of a card.
func (v *visitor) cardLists(p *panelView, found *people.Card, here crm.ConversationID, c listChoice, now time.Time) {
	for _, t := range found.Tags {
		p.Tags = append(p.Tags, tagView{t.ID.String(), t.Name, t.Color})
	}
	for _, n := range found.Notes {
		p.Notes = append(p.Notes, noteView{n.ID.String(), v.author(n.Author), v.mentioning(n.Body), v.when(n.CreatedAt, now), iso(n.CreatedAt)})
	}
	for _, t := range found.Tasks {
		task := taskView{ID: t.ID.String(), Title: t.Title, Assignee: v.members[t.AssigneeID.String()]}
		if !t.DueAt.IsZero() {
			task.Due, task.Late = v.date(t.DueAt, now), t.DueAt.Before(now)
		}
		p.Tasks = append(p.Tasks, task)
	}
	for _, other := range found.Conversations {
		if other.ID != here {
			p.Others = append(p.Others, v.row(other, c, "", now))
		}
	}
}

// fieldLines are a contact's fields by their labels, in the order of forms; what
// no field describes comes last by its key.
func fieldLines(ct *crm.Contact, fields []*crm.Field) []line {
	var lines []line
	described := map[string]bool{}
	for _, f := range fields {
		described[f.Key] = true
		if value := ct.Fields[f.Key]; value != "" && f.ArchivedAt.IsZero() {
			lines = append(lines, line{f.Label, value})
		}
	}
	var rest []line
	for key, value := range ct.Fields {
		if !described[key] && value != "" {
			rest = append(rest, line{key, value})
		}
	}
	slices.SortFunc(rest, func(a, b line) int { return strings.Compare(a.Label, b.Label) })
	return append(lines, rest...)
}

// score explains a lead's score as it is now.
func (v *visitor) score(l *crm.Lead, rules *lead.Rules, now time.Time) *scoreView {
	if l == nil {
		return nil
	}
	score, temperature := lead.Read(l, rules, now)
	view := &scoreView{Total: score.Total, Temperature: temperature}
	for _, part := range score.Parts {
		if part.Points == 0 && len(part.Lines) == 0 {
			continue
		}
		shown := scorePart{Category: part.Category, Points: part.Points, Most: part.Cap}
		for _, l := range part.Lines {
			shown.Lines = append(shown.Lines, scoreLine{l.Points, l.Why.In(string(v.lang)), l.Match})
		}
		view.Parts = append(view.Parts, shown)
	}
	return view
}
