package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) cannedRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/canned-replies", Action: access.ReadConversations, Handler: a.listCanned,
			Doc: Doc{Tag: "Canned replies", Summary: "The canned replies by shortcut", Answers: []Answer{{200, page[cannedView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/canned-replies", Action: access.SendMessages, Handler: a.createCanned,
			Doc: Doc{
				Tag: "Canned replies", Summary: "Keep an answer under a shortcut", Body: newCanned{}, Example: `{"shortcut":"hours","body":"We are open from 9 to 17."}`,
				Answers: []Answer{{201, cannedView{}, "The canned reply"}},
			}},
		{Method: "PATCH", Path: "/api/canned-replies/{id}", Action: access.SendMessages, Handler: a.patchCanned,
			Doc: Doc{
				Tag: "Canned replies", Summary: "Change a canned reply", Body: cannedPatch{}, Example: `{"body":"We are open from 8 to 17."}`,
				Answers: []Answer{{200, cannedView{}, "The canned reply as it is now"}},
			}},
		{Method: "DELETE", Path: "/api/canned-replies/{id}", Action: access.SendMessages, Handler: a.deleteCanned,
			Doc: Doc{Tag: "Canned replies", Summary: "Delete a canned reply", Answers: []Answer{{204, nil, "It is gone"}}}},
	}
}

// cannedView is a canned reply as the API shows it.
type cannedView struct {
	ID        crm.CannedReplyID `json:"id"`
	Shortcut  string            `json:"shortcut" about:"Typed after a slash; unique in the workspace"`
	Body      string            `json:"body"`
	CreatedAt stamp             `json:"created_at"`
	UpdatedAt stamp             `json:"updated_at"`
}

func cannedOf(c *crm.CannedReply) cannedView {
	return cannedView{ID: c.ID, Shortcut: c.Shortcut, Body: c.Body, CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt)}
}

func (a *API) listCanned(ctx *fasthttp.RequestCtx) error {
	replies, err := a.People.CannedReplies(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(replies, cannedOf))
}

// newCanned is a canned reply to make.
type newCanned struct {
	Shortcut string `json:"shortcut" about:"Letters a to z, digits, - and _"`
	Body     string `json:"body"`
}

func (a *API) createCanned(ctx *fasthttp.RequestCtx) error {
	var body newCanned
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	return a.saveCanned(ctx, 201, crm.CannedReplyID{}, people.CannedEdit{Shortcut: &body.Shortcut, Body: &body.Body})
}

// cannedPatch is what may be changed of a canned reply.
type cannedPatch struct {
	Shortcut *string `json:"shortcut,omitempty"`
	Body     *string `json:"body,omitempty"`
}

func (a *API) patchCanned(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.CannedReply](ctx)
	if err != nil {
		return err
	}
	var patch cannedPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	return a.saveCanned(ctx, 200, id, people.CannedEdit(patch))
}

func (a *API) saveCanned(ctx *fasthttp.RequestCtx, status int, id crm.CannedReplyID, e people.CannedEdit) error {
	saved, err := a.People.SaveCannedReply(request.ContextOf(ctx), request.PrincipalOf(ctx), id, e)
	if err != nil {
		return err
	}
	return answer(ctx, status, cannedOf(saved))
}

func (a *API) deleteCanned(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.CannedReply](ctx)
	if err != nil {
		return err
	}
	if err := a.People.DeleteCannedReply(request.ContextOf(ctx), request.PrincipalOf(ctx), id); err != nil {
		return err
	}
	ctx.SetStatusCode(204)
	return nil
}
