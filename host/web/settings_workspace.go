package web

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// workspacePage is the workspace's own settings.
type workspacePage struct {
	settingsFrame
	Name, Zone, Locale, Region string // as they are, or as they were typed
	Zones                      []string
	Locales                    []lang
}

// zones are offered; any other may be typed.
var zones = []string{"Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Kuala_Lumpur", "Asia/Singapore", "UTC"}

func (w settings) workspaceSettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	ws, err := w.Directory.Workspace(request.ContextOf(ctx), v.WorkspaceID)
	if err != nil {
		return err
	}
	return w.showWorkspace(ctx, v, "", workspacePage{Name: ws.Name, Zone: ws.TimeZone, Locale: ws.Locale, Region: ws.Region})
}

func (w settings) showWorkspace(ctx *fasthttp.RequestCtx, v *visitor, trouble string, p workspacePage) (err error) {
	if p.settingsFrame, err = v.settings(ctx, "workspace", trouble); err != nil {
		return err
	}
	p.Zones, p.Locales = zones, langs
	return render(ctx, v.lang, "settings_workspace", p)
}

func (w settings) saveWorkspace(ctx *fasthttp.RequestCtx, v *visitor) error {
	p := workspacePage{Name: posted(ctx, "name"), Zone: posted(ctx, "zone"), Locale: posted(ctx, "locale"), Region: posted(ctx, "region")}
	err := checkZone(p.Zone)
	if err == nil {
		_, err = w.Directory.EditWorkspace(request.ContextOf(ctx), v.Principal,
			crm.Workspace{ID: v.WorkspaceID, Name: p.Name, TimeZone: p.Zone, Locale: p.Locale, Region: p.Region})
	}
	if refused(err) {
		return again(ctx, func() error { return w.showWorkspace(ctx, v, v.problem(err), p) })
	}
	return after(ctx, err, "/settings/workspace?done=saved")
}

// checkZone asks the machine whether there is such a time zone. "" and "Local" would
// be the machine's own.
func checkZone(name string) error {
	_, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return &crm.Error{Op: "check time zone", Code: crm.Invalid, Reason: "bad_time_zone", Msg: "There is no such time zone.", Err: err}
	}
	return nil
}
