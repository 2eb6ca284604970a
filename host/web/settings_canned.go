package web

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// cannedPage lists the canned replies, each with a form to change it.
type cannedPage struct {
	settingsFrame
	Replies []cannedLine
	Typed   cannedLine // of the one to add, when that was refused
}

// cannedLine is a canned reply, as it is or as it was typed.
type cannedLine struct {
	ID, Shortcut, Body string
	Open               bool // its form is shown
}

func (w settings) canned(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showCanned(ctx, v, "", cannedLine{})
}

// showCanned shows the list; what was typed and refused stands where it was typed.
func (w settings) showCanned(ctx *fasthttp.RequestCtx, v *visitor, trouble string, typed cannedLine) (err error) {
	p := cannedPage{}
	if p.settingsFrame, err = v.settings(ctx, "canned", trouble); err != nil {
		return err
	}
	replies, err := w.People.CannedReplies(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	for _, r := range replies {
		line := cannedLine{ID: r.ID.String(), Shortcut: r.Shortcut, Body: r.Body}
		if line.ID == typed.ID {
			line, line.Open = typed, true
		}
		p.Replies = append(p.Replies, line)
	}
	if typed.ID == "" {
		p.Typed = typed
	}
	return render(ctx, v.lang, "settings_canned", p)
}

func (w settings) addCanned(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.putCanned(ctx, v, crm.CannedReplyID{})
}

func (w settings) saveCanned(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.CannedReply](ctx)
	if err != nil {
		return err
	}
	return w.putCanned(ctx, v, id)
}

func (w settings) putCanned(ctx *fasthttp.RequestCtx, v *visitor, id crm.CannedReplyID) error {
	typed := cannedLine{ID: id.String(), Shortcut: posted(ctx, "shortcut"), Body: posted(ctx, "body")}
	_, err := w.People.SaveCannedReply(request.ContextOf(ctx), v.Principal, id, people.CannedEdit{Shortcut: &typed.Shortcut, Body: &typed.Body})
	if refused(err) {
		return again(ctx, func() error { return w.showCanned(ctx, v, v.problem(err), typed) })
	}
	return after(ctx, err, "/settings/canned?done=saved")
}

func (w settings) confirmDeleteCanned(ctx *fasthttp.RequestCtx, v *visitor) error {
	replies, err := w.People.CannedReplies(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	r, err := named(ctx, replies, func(r *crm.CannedReply) crm.CannedReplyID { return r.ID })
	if err != nil {
		return err
	}
	return w.confirm(ctx, v, "canned", confirmPage{
		Question: v.say("settings.delete_canned_question"), About: "/" + r.Shortcut, Meaning: v.say("settings.delete_canned_meaning"), Button: v.say("settings.delete"),
	})
}

func (w settings) deleteCanned(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.CannedReply](ctx)
	if err != nil {
		return err
	}
	return after(ctx, w.People.DeleteCannedReply(request.ContextOf(ctx), v.Principal, id), "/settings/canned?done=deleted")
}
