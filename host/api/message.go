package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) messageRoutes() []Route {
	return []Route{
		{
			Method: "GET", Path: "/api/conversations/{id}/messages", Action: access.ReadConversations, Handler: a.listMessages,
			Doc: Doc{
				Tag: "Messages", Summary: "The messages of a conversation, newest first",
				Query:   []Param{limitParam, cursorParam},
				Answers: []Answer{{200, page[messageView]{}, "A page of messages"}},
			},
		},
		{
			Method: "POST", Path: "/api/messages/send", Action: access.SendMessages, Handler: a.sendMessage,
			Doc: Doc{
				Tag: "Messages", Summary: "Send a message",
				About: "Name where it goes (conversation_id, contact_id, or to: a phone number or business-scoped user id, " +
					"which need not be known yet), its type, and the part of that name in the shape of WhatsApp's Cloud API. " +
					"The message is taken on at once and sent by a worker; its status moves on from queued. " +
					"Outside the customer service window only a template is taken; the refusal lists those that could be sent. " +
					"A 503 with Retry-After says that more comes in than can be stored at once and nothing was: send it again, with the same key.",
				Headers: []Param{{Name: idempotencyKey, About: "A key of your own: a repeat with the same key and body answers the same message and sends nothing"}},
				Body:    sendBody{},
				Example: `{"to":"+62 812 0000 0001","type":"text","text":{"body":"Halo!"}}`,
				Answers: []Answer{
					{201, messageView{}, "The message, taken on"},
					{200, messageView{}, "The message of an earlier request with the same key"},
				},
			},
		},
	}
}

// messageView is a message as the API shows it.
type messageView struct {
	ID             crm.MessageID      `json:"id"`
	ConversationID crm.ConversationID `json:"conversation_id"`
	ChannelID      crm.ChannelID      `json:"channel_id"`
	ContactID      crm.ContactID      `json:"contact_id"`
	Direction      crm.Direction      `json:"direction"`
	Author         actorView          `json:"author"`
	Type           crm.ContentKind    `json:"type"`
	Content        crm.Content        `json:"content" about:"What the type says; null once the sender took the message back"`
	MediaURL       *string            `json:"media_url" about:"Where the file of a message with one is downloaded"`
	Status         crm.MessageStatus  `json:"status"`
	Error          *crm.ProviderError `json:"error" about:"Why it failed, in the provider's words"`
	ProviderID     *string            `json:"provider_id" about:"WhatsApp's id (wamid); null until WhatsApp took the message"`
	ReplyTo        *string            `json:"reply_to" about:"The provider_id of the quoted message"`
	Forwarded      bool               `json:"forwarded"`
	ProviderTime   stamp              `json:"provider_time" about:"When it was written, by WhatsApp's clock; the order of messages"`
	EditedAt       *stamp             `json:"edited_at"`
	RevokedAt      *stamp             `json:"revoked_at"`
	CreatedAt      stamp              `json:"created_at"`
}

// actorView is who did something.
type actorView struct {
	Kind crm.ActorKind `json:"kind"`
	ID   *string       `json:"id" about:"Of a member or API key"`
}

func actorOf(a crm.Actor) actorView { return actorView{Kind: a.Kind, ID: ref(a.ID)} }

func messageOf(m *crm.Message) messageView {
	view := messageView{
		ID: m.ID, ConversationID: m.ConversationID, ChannelID: m.ChannelID, ContactID: m.ContactID,
		Direction: m.Direction, Author: actorOf(m.Author), Type: m.Content.Kind(), Content: shown(m),
		Status: m.Status, Error: m.Error, ProviderID: ref(m.ProviderID), ReplyTo: ref(m.ReplyTo), Forwarded: m.Forwarded,
		ProviderTime: stamp(m.ProviderTime), EditedAt: at(m.EditedAt), RevokedAt: at(m.RevokedAt), CreatedAt: stamp(m.CreatedAt),
	}
	if _, ok := view.Content.(crm.Media); ok {
		view.MediaURL = new("/api/messages/" + m.ID.String() + "/media")
	}
	return view
}

// shown returns the content without what opens a file to whoever reads it: the
// provider's address of a media file, and the raw part of what we do not
// understand, which may hold one. It is nil for what the sender took back.
func shown(m *crm.Message) crm.Content {
	if !m.RevokedAt.IsZero() {
		return nil
	}
	switch c := m.Content.(type) {
	case crm.Media:
		c.URL = ""
		return c
	case crm.Unsupported:
		c.Raw = nil
		return c
	default:
		return c
	}
}

func (a *API) listMessages(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	q := queryOf(ctx)
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	after, err := messageAfter(q.text("cursor"))
	if err != nil {
		return err
	}
	found, err := a.Inbox.Messages(request.ContextOf(ctx), request.PrincipalOf(ctx),
		inbox.MessageQuery{ConversationID: id, Limit: limit + 1, After: after})
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, messageOf, messageCursor))
}
