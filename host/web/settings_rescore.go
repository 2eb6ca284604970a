package web

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// rescorePath is where one sees how far a rescore is.
const rescorePath = "/settings/rules/rescore"

// rescorePage shows how far the contacts are scored again by rules that changed.
type rescorePage struct {
	settingsFrame
	State    crm.RescoreState // empty: there never was one
	Running  bool
	Resumes  bool   // it was stopped, and may be gone on with
	By       string // who began it, when, and by which version of the rules
	Ended    string
	Reason   string
	Seen, Of int // contacts; Of is 0 before they are counted
	Changed  int
}

// rescore answers GET /settings/rules/rescore.
func (w settings) rescore(ctx *fasthttp.RequestCtx, v *visitor) error {
	newest, err := w.People.Rescore(request.ContextOf(ctx), v.Principal)
	if crm.CodeOf(err) == crm.NotFound {
		newest, err = &crm.Rescore{}, nil
	}
	if err != nil {
		return err
	}
	p := rescorePage{
		State: newest.State, Running: newest.State == crm.RescoreRunning, Resumes: newest.Stopped(),
		Seen: newest.Seen, Of: max(newest.Contacts, newest.Seen), Changed: newest.Changed, // who came in since it began is seen and was not counted
	}
	if p.Resumes {
		rules, _, err := w.People.LeadRules(request.ContextOf(ctx), v.Principal)
		if err != nil {
			return err
		}
		p.Resumes = rules.Version() == newest.Version
	}
	if newest.State != "" {
		p.By = v.say("settings.rescore_by", newest.Version, w.author(v, newest.Author), v.when(newest.StartedAt, w.Now()))
	}
	if !newest.EndedAt.IsZero() {
		p.Ended = v.when(newest.EndedAt, w.Now())
	}
	if newest.State == crm.RescoreFailed {
		p.Reason = v.say("settings.rescore_halted")
	}
	if p.settingsFrame, err = v.settings(ctx, "rules", ""); err != nil {
		return err
	}
	p.Title, p.Here = v.say("settings.rescore"), rescorePath
	return render(ctx, v.lang, "settings_rescore", p)
}

// startRescore scores every contact again; a rescore that runs begins anew.
func (w settings) startRescore(ctx *fasthttp.RequestCtx, v *visitor) error {
	_, err := w.People.StartRescore(request.ContextOf(ctx), v.Principal)
	return after(ctx, err, rescorePath)
}

// resumeRescore goes on with the one that was stopped. If that cannot be any more,
// the page says how things are.
func (w settings) resumeRescore(ctx *fasthttp.RequestCtx, v *visitor) error {
	_, err := w.People.ResumeRescore(request.ContextOf(ctx), v.Principal)
	if code := crm.CodeOf(err); code == crm.NotFound || code == crm.Conflict {
		err = nil
	}
	return after(ctx, err, rescorePath)
}

// cancelRescore ends the one that runs. One that ended meanwhile is shown as it
// ended.
func (w settings) cancelRescore(ctx *fasthttp.RequestCtx, v *visitor) error {
	_, err := w.People.CancelRescore(request.ContextOf(ctx), v.Principal)
	if crm.CodeOf(err) == crm.NotFound {
		err = nil
	}
	return after(ctx, err, rescorePath)
}
