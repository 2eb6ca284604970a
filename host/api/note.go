package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) noteRoutes() []Route {
	list := func(summary string) Doc {
		return Doc{
			Tag: "Notes", Summary: summary, Query: []Param{limitParam, cursorParam},
			Answers: []Answer{{200, page[noteView]{}, "A page of notes"}},
		}
	}
	add := func(summary string) Doc {
		return Doc{
			Tag: "Notes", Summary: summary, Body: noteBody{}, Example: `{"body":"Asks for the January intake."}`,
			About:   "\"@Dewi\" in its body names a member of the team, who is told; see /api/mentions.",
			Answers: []Answer{{201, noteView{}, "The note"}},
		}
	}
	return []Route{
		{Method: "GET", Path: "/api/conversations/{id}/notes", Action: access.ReadContacts, Handler: a.listConversationNotes,
			Doc: list("The notes about a conversation's contact, newest first")},
		{Method: "POST", Path: "/api/conversations/{id}/notes", Action: access.WriteContacts, Handler: a.addConversationNote,
			Doc: add("Write a note in a conversation")},
		{Method: "GET", Path: "/api/contacts/{id}/notes", Action: access.ReadContacts, Handler: a.listContactNotes,
			Doc: list("The notes about a contact, newest first")},
		{Method: "POST", Path: "/api/contacts/{id}/notes", Action: access.WriteContacts, Handler: a.addContactNote,
			Doc: add("Write a note about a contact")},
	}
}

// noteView is a note as the API shows it.
type noteView struct {
	ID             crm.NoteID          `json:"id"`
	ContactID      crm.ContactID       `json:"contact_id"`
	ConversationID *crm.ConversationID `json:"conversation_id" about:"Where it was written"`
	Author         actorView           `json:"author"`
	Body           string              `json:"body"`
	CreatedAt      stamp               `json:"created_at"`
}

func noteOf(n *crm.Note) noteView {
	return noteView{
		ID: n.ID, ContactID: n.ContactID, ConversationID: ref(n.ConversationID), Author: actorOf(n.Author),
		Body: n.Body, CreatedAt: stamp(n.CreatedAt),
	}
}

// noteBody is a note to write.
type noteBody struct {
	Body string `json:"body"`
}

func (a *API) listConversationNotes(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	_, contact, err := a.Inbox.Conversation(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return a.listNotes(ctx, contact.ID)
}

func (a *API) listContactNotes(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	return a.listNotes(ctx, id)
}

func (a *API) listNotes(ctx *fasthttp.RequestCtx, contact crm.ContactID) error {
	q := queryOf(ctx)
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	after, err := idAfter[crm.Note](byNote, q.text("cursor"))
	if err != nil {
		return err
	}
	notes, err := a.People.Notes(request.ContextOf(ctx), request.PrincipalOf(ctx), contact, after, limit+1)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(notes, limit, noteOf, func(n *crm.Note) string { return idCursor(byNote, n.ID) }))
}

func (a *API) addConversationNote(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	return a.addNote(ctx, people.NewNote{ConversationID: id})
}

func (a *API) addContactNote(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	return a.addNote(ctx, people.NewNote{ContactID: id})
}

// addNote writes a note with the body of the request.
func (a *API) addNote(ctx *fasthttp.RequestCtx, n people.NewNote) error {
	var body noteBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	n.Body = body.Body
	note, err := a.People.AddNote(request.ContextOf(ctx), request.PrincipalOf(ctx), n)
	if err != nil {
		return err
	}
	return answer(ctx, 201, noteOf(note))
}
