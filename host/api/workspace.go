package api

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) workspaceRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/workspace", Handler: a.getWorkspace,
			Doc: Doc{Tag: "Workspace", Summary: "The workspace", Answers: []Answer{{200, workspaceView{}, "The workspace"}}}},
		{Method: "PATCH", Path: "/api/workspace", Action: access.ManageWorkspace, Handler: a.patchWorkspace,
			Doc: Doc{
				Tag: "Workspace", Summary: "Change the workspace", Body: workspacePatch{}, Example: `{"time_zone":"Asia/Makassar"}`,
				Answers: []Answer{{200, workspaceView{}, "The workspace as it is now"}},
			}},
	}
}

// workspaceView is a workspace as the API shows it.
type workspaceView struct {
	ID        crm.WorkspaceID `json:"id"`
	Name      string          `json:"name"`
	TimeZone  string          `json:"time_zone" about:"An IANA name"`
	Locale    string          `json:"locale" about:"BCP 47"`
	Region    string          `json:"region" about:"ISO 3166-1: how a number without a country code is read"`
	CreatedAt stamp           `json:"created_at"`
}

func workspaceOf(w *crm.Workspace) workspaceView {
	return workspaceView{ID: w.ID, Name: w.Name, TimeZone: w.TimeZone, Locale: w.Locale, Region: w.Region, CreatedAt: stamp(w.CreatedAt)}
}

func (a *API) getWorkspace(ctx *fasthttp.RequestCtx) error {
	workspace, err := a.Directory.Workspace(request.ContextOf(ctx), request.PrincipalOf(ctx).WorkspaceID)
	if err != nil {
		return err
	}
	return answer(ctx, 200, workspaceOf(workspace))
}

// workspacePatch is what may be changed of a workspace.
type workspacePatch struct {
	Name     *string `json:"name,omitempty"`
	TimeZone *string `json:"time_zone,omitempty"`
	Locale   *string `json:"locale,omitempty"`
	Region   *string `json:"region,omitempty"`
}

func (a *API) patchWorkspace(ctx *fasthttp.RequestCtx) error {
	var patch workspacePatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	if err := checkTimeZone(patch.TimeZone); err != nil {
		return err
	}
	p := request.PrincipalOf(ctx)
	workspace, err := a.Directory.Workspace(request.ContextOf(ctx), p.WorkspaceID)
	if err != nil {
		return err
	}
	set(&workspace.Name, patch.Name)
	set(&workspace.TimeZone, patch.TimeZone)
	set(&workspace.Locale, patch.Locale)
	set(&workspace.Region, patch.Region)
	workspace, err = a.Directory.EditWorkspace(request.ContextOf(ctx), p, *workspace)
	if err != nil {
		return err
	}
	return answer(ctx, 200, workspaceOf(workspace))
}

// checkTimeZone asks the machine whether there is a time zone of the name, which
// the library cannot know.
func checkTimeZone(name *string) error {
	if name == nil {
		return nil
	}
	if _, err := time.LoadLocation(*name); err != nil {
		return &crm.Error{Op: "check time_zone", Code: crm.Invalid, Reason: "bad_time_zone", Msg: "There is no such time zone.", Err: err}
	}
	return nil
}
