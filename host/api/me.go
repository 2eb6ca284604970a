package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) meRoutes() []Route {
	return []Route{
		{
			Method: "GET", Path: "/api/me", Handler: a.getMe,
			Doc: Doc{Tag: "Me", Summary: "Who asks, in which workspace, and what it may do", Answers: []Answer{{200, meView{}, "You"}}},
		},
		{
			Method: "PUT", Path: "/api/me/away", Handler: a.putAway,
			Doc: Doc{
				Tag: "Me", Summary: "Say that you are away, or back", About: "The rules of assignment give you nothing new meanwhile. 404 for an API key: it is no member.",
				Body: awayBody{}, Example: `{"away":true}`, Answers: []Answer{{200, memberView{}, "You, as the team sees you"}},
			},
		},
	}
}

// meView is who asks.
type meView struct {
	Actor     actorView       `json:"actor"`
	Member    *memberView     `json:"member" about:"null for an API key"`
	Workspace workspaceView   `json:"workspace"`
	Actions   []access.Action `json:"actions" about:"What you may do"`
}

func (a *API) getMe(ctx *fasthttp.RequestCtx) error {
	p := request.PrincipalOf(ctx)
	workspace, err := a.Directory.Workspace(request.ContextOf(ctx), p.WorkspaceID)
	if err != nil {
		return err
	}
	me := meView{Actor: actorOf(p.Actor), Workspace: workspaceOf(workspace), Actions: []access.Action{}}
	for _, action := range access.Actions() {
		if p.Can(action) {
			me.Actions = append(me.Actions, action)
		}
	}
	if !p.Member.IsZero() {
		member, err := a.Directory.Member(request.ContextOf(ctx), p.WorkspaceID, p.Member)
		if err != nil {
			return err
		}
		me.Member = new(memberOf(member))
	}
	return answer(ctx, 200, me)
}

// awayBody says whether who asks is away.
type awayBody struct {
	Away bool `json:"away"`
}

func (a *API) putAway(ctx *fasthttp.RequestCtx) error {
	var body awayBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	member, err := a.Directory.SetAway(request.ContextOf(ctx), request.PrincipalOf(ctx), body.Away)
	if err != nil {
		return err
	}
	return answer(ctx, 200, memberOf(member))
}
