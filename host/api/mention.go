package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) mentionRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/mentions", Action: access.ReadContacts, Handler: a.listMentions,
			Doc: Doc{
				Tag: "Notes", Summary: "The notes that name you, newest first", About: "An API key is a program, which no note names.",
				Query:   []Param{flagParam("unseen", "Only those you have not seen"), limitParam, cursorParam},
				Answers: []Answer{{200, page[mentionView]{}, "A page of mentions"}},
			}},
		{Method: "POST", Path: "/api/mentions/seen", Action: access.ReadContacts, Handler: a.seeMentions,
			Doc: Doc{
				Tag: "Notes", Summary: "Mark what names you as seen", Body: seenBody{}, Example: `{}`,
				Answers: []Answer{{200, seenView{}, "How many you had not seen"}},
			}},
	}
}

// mentionView is a note that names who asks.
type mentionView struct {
	Note    noteView      `json:"note"`
	Contact mentionedView `json:"contact"`
	SeenAt  *stamp        `json:"seen_at" about:"null: not seen yet"`
}

// mentionedView is whom such a note is about.
type mentionedView struct {
	ID   crm.ContactID `json:"id"`
	Name string        `json:"name"`
}

func mentionOf(m people.Mentioned) mentionView {
	return mentionView{Note: noteOf(m.Note), Contact: mentionedView{m.Contact.ID, m.Contact.DisplayName()}, SeenAt: at(m.SeenAt)}
}

func (a *API) listMentions(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	limit := q.limit()
	query := people.MentionQuery{Unseen: q.flag("unseen"), Limit: limit + 1}
	if err := q.err(); err != nil {
		return err
	}
	var err error
	if query.After, err = idAfter[crm.Note](byMention, q.text("cursor")); err != nil {
		return err
	}
	found, err := a.People.Mentions(request.ContextOf(ctx), request.PrincipalOf(ctx), query)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, mentionOf, func(m people.Mentioned) string { return idCursor(byMention, m.NoteID) }))
}

// seenBody says what was seen.
type seenBody struct {
	ContactID *crm.ContactID `json:"contact_id,omitempty" about:"Only the notes about this contact; left out: all"`
}

type seenView struct {
	Seen int `json:"seen"`
}

func (a *API) seeMentions(ctx *fasthttp.RequestCtx) error {
	var body seenBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	var contact crm.ContactID
	set(&contact, body.ContactID)
	seen, err := a.People.SeeMentions(request.ContextOf(ctx), request.PrincipalOf(ctx), contact)
	if err != nil {
		return err
	}
	return answer(ctx, 200, seenView{seen})
}
