package api

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) conversationRoutes() []Route {
	return []Route{
		{
			Method: "GET", Path: "/api/conversations", Action: access.ReadConversations, Handler: a.listConversations,
			Doc: Doc{
				Tag: "Conversations", Summary: "The inbox list, newest message first",
				Query: []Param{
					wordsParam[crm.ConversationStatus]("status", "Only those with this status"),
					{Name: "assignee", About: "me, none or a member's id"},
					idParam("channel", "Only those of this channel"),
					idParam("contact", "Only those with this contact"),
					idParam("tag", "Only those whose contact has this tag"),
					flagParam("unread", "Only those with unread messages"),
					wordsParam[crm.Temperature]("temperature", "Only those whose contact is this likely to buy"),
					{Name: "q", About: "Words of the contact's name or the messages, or digits of the number"},
					limitParam, cursorParam,
				},
				Answers: []Answer{{200, page[conversationView]{}, "A page of conversations"}},
			},
		},
		{
			Method: "GET", Path: "/api/conversations/{id}", Action: access.ReadConversations, Handler: a.getConversation,
			Doc: Doc{
				Tag: "Conversations", Summary: "One conversation with its contact",
				Answers: []Answer{{200, conversationDetail{}, "The conversation"}},
			},
		},
		{
			Method: "PATCH", Path: "/api/conversations/{id}", Action: access.WriteConversations, Handler: a.patchConversation,
			Doc: Doc{
				Tag: "Conversations", Summary: "Change status, snooze, assignee or mode, or mark as read",
				Body: conversationPatch{}, Example: `{"status":"pending","read":true}`,
				Answers: []Answer{{200, conversationView{}, "The conversation as it is now"}},
			},
		},
	}
}

// conversationView is a conversation as the API shows it.
type conversationView struct {
	ID            crm.ConversationID     `json:"id"`
	ChannelID     crm.ChannelID          `json:"channel_id"`
	ContactID     crm.ContactID          `json:"contact_id"`
	ContactName   string                 `json:"contact_name"`
	ContactHandle string                 `json:"contact_handle" about:"The number or username, for people"`
	Temperature   *crm.Temperature       `json:"temperature"`
	Status        crm.ConversationStatus `json:"status"`
	SnoozedUntil  *stamp                 `json:"snoozed_until"`
	AssigneeID    *crm.MemberID          `json:"assignee_id"`
	Routed        *routedView            `json:"routed" about:"How it came to the assignee, or to nobody, by the rules of assignment; null if they did not decide that"`
	Mode          crm.Mode               `json:"mode"`
	Unread        int                    `json:"unread"`
	Window        windowView             `json:"window"`
	LastMessage   *lastMessageView       `json:"last_message"`
	CreatedAt     stamp                  `json:"created_at"`
	UpdatedAt     stamp                  `json:"updated_at"`
}

// routedView is what the rules of assignment decided.
type routedView struct {
	At     stamp     `json:"at" about:"When; of a conversation in the queue since when it is there"`
	Reason string    `json:"reason" about:"owner, skill, turn, least_loaded; off_hours, nobody_in, all_full while it waits in the queue; too_cold"`
	Waits  bool      `json:"waits" about:"In the queue, until the reason has passed"`
	Why    lead.Text `json:"why" about:"In Indonesian and English"`
}

func routedOf(c *crm.Conversation) *routedView {
	if c.RoutedAt.IsZero() {
		return nil
	}
	why := lead.ReasonOf(c.RoutedFor)
	return &routedView{At: stamp(c.RoutedAt), Reason: why.Code, Waits: why.Waits(), Why: why.Text}
}

// windowView says whether anything but a template may be sent.
type windowView struct {
	Open   bool          `json:"open" about:"Whether a free reply may be sent now"`
	Until  *stamp        `json:"until" about:"When it closes or closed; null if the customer never wrote"`
	Reason *windowReason `json:"reason" about:"Why it is not open"`
}

// windowReason is why a window is not open.
type windowReason string

type lastMessageView struct {
	ID        crm.MessageID      `json:"id"`
	At        stamp              `json:"at"`
	Direction crm.Direction      `json:"direction"`
	Status    *crm.MessageStatus `json:"status" about:"Of an outbound message"`
	Preview   string             `json:"preview"`
}

// conversationDetail is a conversation and the person it is with.
type conversationDetail struct {
	conversationView
	Contact contactView `json:"contact"`
}

func (a *API) conversation(c *crm.Conversation) conversationView {
	return conversationView{
		ID: c.ID, ChannelID: c.ChannelID, ContactID: c.ContactID,
		ContactName: c.ContactName, ContactHandle: c.ContactHandle, Temperature: ref(c.Temperature),
		Status: c.Status, SnoozedUntil: at(c.SnoozedUntil), AssigneeID: ref(c.AssigneeID), Routed: routedOf(c), Mode: c.Mode, Unread: c.Unread,
		Window: windowOf(c, a.Now()), LastMessage: lastMessageOf(c.LastMessage),
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
}

func windowOf(c *crm.Conversation, now time.Time) windowView {
	until := c.WindowUntil()
	window := windowView{Open: now.Before(until), Until: at(until)}
	switch {
	case until.IsZero():
		window.Reason = new(windowReason(crm.WindowNever))
	case !window.Open:
		window.Reason = new(windowReason(crm.WindowClosed))
	}
	return window
}

func lastMessageOf(m crm.LastMessage) *lastMessageView {
	if m.ID.IsZero() {
		return nil
	}
	return &lastMessageView{ID: m.ID, At: stamp(m.At), Direction: m.Direction, Status: ref(m.Status), Preview: m.Preview}
}

func (a *API) listConversations(ctx *fasthttp.RequestCtx) error {
	p := request.PrincipalOf(ctx)
	q, limit, err := conversationQuery(queryOf(ctx), p.Member)
	if err != nil {
		return err
	}
	found, err := a.Inbox.Conversations(request.ContextOf(ctx), p, q)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, a.conversation, conversationCursor))
}

// conversationQuery reads the list's filters. The query asks for one row more
// than the limit.
func conversationQuery(q *query, me crm.MemberID) (inbox.ConversationQuery, int, error) {
	limit := q.limit()
	found := inbox.ConversationQuery{
		Status:      wordIn[crm.ConversationStatus](q, "status"),
		ChannelID:   idIn[crm.Channel](q, "channel"),
		ContactID:   idIn[crm.Contact](q, "contact"),
		TagID:       idIn[crm.Tag](q, "tag"),
		Unread:      q.flag("unread"),
		Temperature: wordIn[crm.Temperature](q, "temperature"),
		Search:      q.text("q"),
		Limit:       limit + 1,
	}
	if q.text("assignee") == "none" {
		found.Unassigned = true
	} else {
		found.AssigneeID = memberIn(q, "assignee", me)
	}
	if err := q.err(); err != nil {
		return found, limit, err
	}
	var err error
	found.After, err = conversationAfter(q.text("cursor"))
	return found, limit, err
}

func (a *API) getConversation(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	conversation, contact, err := a.Inbox.Conversation(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, conversationDetail{a.conversation(conversation), contactOf(contact)})
}

// conversationPatch is what may be changed of a conversation.
type conversationPatch struct {
	Status       *crm.ConversationStatus `json:"status,omitempty"`
	SnoozedUntil *time.Time              `json:"snoozed_until,omitempty" about:"With status snoozed: when it opens by itself"`
	AssigneeID   *crm.MemberID           `json:"assignee_id,omitempty" null:"clear" about:"null: nobody"`
	Mode         *crm.Mode               `json:"mode,omitempty"`
	Read         bool                    `json:"read,omitempty" about:"true: no message is unread any more"`
}

func (a *API) patchConversation(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	var patch conversationPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	changed, err := a.Inbox.Change(request.ContextOf(ctx), request.PrincipalOf(ctx), id, inbox.Change(patch))
	if err != nil {
		return err
	}
	return answer(ctx, 200, a.conversation(changed))
}
