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

func (a *API) routingRoutes() []Route {
	return []Route{{
		Method: "GET", Path: "/api/conversations/{id}/routings", Action: access.ReadConversations, Handler: a.listRoutings,
		Doc: Doc{
			Tag: "Conversations", Summary: "What the rules of assignment decided about a conversation, newest first",
			Query:   []Param{limitParam, cursorParam},
			Answers: []Answer{{200, page[routingView]{}, "A page of decisions"}},
		},
	}}
}

// routingView is one decision of the rules of assignment.
type routingView struct {
	At         stamp         `json:"at"`
	AssigneeID *crm.MemberID `json:"assignee_id" about:"Who got the conversation; null: nobody"`
	Reason     string        `json:"reason" about:"owner, skill, turn, least_loaded; off_hours, nobody_in, all_full when it came to wait in the queue; too_cold"`
	Why        lead.Text     `json:"why" about:"In Indonesian and English"`
}

func routingOf(r crm.Routing) routingView {
	return routingView{At: stamp(r.At), AssigneeID: ref(r.AssigneeID), Reason: r.Reason, Why: lead.ReasonOf(r.Reason).Text}
}

func (a *API) listRoutings(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	q := queryOf(ctx)
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	query := inbox.RoutingQuery{ConversationID: id, Limit: limit + 1}
	if query.Before, err = routingsBefore(q.text("cursor")); err != nil {
		return err
	}
	found, err := a.Inbox.Routings(request.ContextOf(ctx), request.PrincipalOf(ctx), query)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, routingOf, routingCursor))
}

func routingCursor(r crm.Routing) string { return encodeCursor(byRouting, appendMillis(nil, r.At)) }

// routingsBefore reads the time behind which a page begins: a conversation has one
// decision at most at a time.
func routingsBefore(text string) (time.Time, error) {
	key, err := decodeCursor(byRouting, 8, text)
	if key == nil {
		return time.Time{}, err
	}
	return millis(key), nil
}
