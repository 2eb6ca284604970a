package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// The bounds of a timeline: so many messages of each of the newest
// conversations, and so many lines in all.
const (
	timelineThreads  = 3
	timelineMessages = 20
	timelineLines    = 60
)

// contactDay is the part of a timeline that happened on a day.
type contactDay struct {
	Day   string
	Lines []contactLine
}

// contactLine is one thing that happened.
type contactLine struct {
	Kind  string // word of the area "contact_line"
	Who   string // empty: the contact
	Text  string
	Link  string
	Hour  string
	AtISO string
	at    time.Time
}

// timeline is what happened with a contact, newest first: messages in short,
// notes, tasks, and how it came here.
func (w *Web) timeline(ctx *fasthttp.RequestCtx, v *visitor, card *people.Card) ([]contactDay, error) {
	lines := v.cardLines(card)
	if v.Can(access.ReadConversations) {
		for _, cv := range card.Conversations[:min(len(card.Conversations), timelineThreads)] {
			found, err := w.Inbox.Messages(request.ContextOf(ctx), v.Principal, inbox.MessageQuery{ConversationID: cv.ID, Limit: timelineMessages})
			if err != nil {
				return nil, err
			}
			for _, m := range found {
				lines = append(lines, v.messageLine(m, cv))
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b contactLine) int { return cmp.Compare(b.at.UnixMilli(), a.at.UnixMilli()) })
	return v.timelineDays(lines[:min(len(lines), timelineLines)], w.Now()), nil
}

// timelineDays groups lines, which are in order, by the day in the workspace's zone.
func (v *visitor) timelineDays(lines []contactLine, now time.Time) []contactDay {
	var days []contactDay
	for _, line := range lines {
		line.Hour, line.AtISO = v.hour(line.at), iso(line.at)
		day := v.day(line.at, now)
		if len(days) == 0 || days[len(days)-1].Day != day {
			days = append(days, contactDay{Day: day})
		}
		last := &days[len(days)-1]
		last.Lines = append(last.Lines, line)
	}
	return days
}

// cardLines are the lines that a card gives.
func (v *visitor) cardLines(card *people.Card) []contactLine {
	c := card.Contact
	lines := []contactLine{{Kind: "created", Text: c.Source.Title, at: c.CreatedAt}}
	if c.Source.Kind != "" {
		lines[0].Text = cmp.Or(c.Source.Title, v.lang.word("source", c.Source.Kind))
	}
	if !c.OptOut.At.IsZero() {
		kind := "opted_in"
		if c.OptOut.Out {
			kind = "opted_out"
		}
		lines = append(lines, contactLine{Kind: kind, Text: v.stored(c.OptOut.Reason), at: c.OptOut.At})
	}
	if !c.BlockedAt.IsZero() {
		lines = append(lines, contactLine{Kind: "blocked", at: c.BlockedAt})
	}
	for _, n := range card.Notes {
		lines = append(lines, contactLine{Kind: "note", Who: v.author(n.Author), Text: n.Body, at: n.CreatedAt})
	}
	for _, t := range card.Tasks {
		lines = append(lines, contactLine{Kind: "task", Who: v.author(t.Author), Text: t.Title, at: t.CreatedAt})
	}
	return lines
}

// messageLine is a message in short.
func (v *visitor) messageLine(m *crm.Message, cv *crm.Conversation) contactLine {
	line := contactLine{Kind: "message_in", Link: "/inbox/" + cv.ID.String() + "#m-" + m.ID.String(), at: m.ProviderTime}
	if m.Direction == crm.Outbound {
		line.Kind, line.Who = "message_out", v.author(m.Author)
	}
	switch {
	case !m.RevokedAt.IsZero():
		line.Text = v.say("thread.revoked")
	case m.Content != nil:
		line.Text = v.preview(m.Content.Preview())
	}
	return line
}
