package web

import (
	"errors"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// reply answers POST /inbox/{id}/messages. A message that is refused comes back
// with the reason and what was typed.
func (w *Web) reply(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID(ctx)
	if err != nil {
		return err
	}
	text := formText(ctx, "text")
	_, err = w.Inbox.Send(request.ContextOf(ctx), v.Principal, inbox.SendCommand{
		ConversationID: id, Content: crm.Text{Body: text},
		IdempotencyKey: "web:" + string(ctx.PostArgs().Peek("nonce")), RequestHash: requestHash(ctx),
	})
	switch crm.CodeOf(err) {
	case "":
		seeOther(ctx, "/inbox/"+id.String())
		return nil
	case crm.Refused, crm.Invalid:
		refused := composer{Why: problem.Of(err).Detail, Text: text, Templates: templateNames(err)}
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
		return w.showThread(ctx, v, refused)
	default:
		return err
	}
}

// templateNames returns the templates that could be sent instead.
func templateNames(err error) []string {
	var refused *inbox.RefusedError
	if !errors.As(err, &refused) {
		return nil
	}
	var names []string
	for _, t := range refused.Templates {
		names = append(names, t.Name+" ("+t.Language+")")
	}
	return names
}

// assign answers POST /inbox/{id}/assign: to the visitor, or to nobody.
func (w *Web) assign(ctx *fasthttp.RequestCtx, v *visitor) error {
	to := v.Member
	if formText(ctx, "to") == "nobody" {
		to = crm.MemberID{}
	}
	return w.change(ctx, v, inbox.Change{AssigneeID: &to})
}

// status answers POST /inbox/{id}/status: open or resolved.
func (w *Web) status(ctx *fasthttp.RequestCtx, v *visitor) error {
	status := crm.ConversationStatus(formText(ctx, "status"))
	if status != crm.Open && status != crm.Resolved {
		return badAddress
	}
	return w.change(ctx, v, inbox.Change{Status: &status})
}

func (w *Web) change(ctx *fasthttp.RequestCtx, v *visitor, c inbox.Change) error {
	id, err := pathID(ctx)
	if err != nil {
		return err
	}
	if _, err := w.Inbox.Change(request.ContextOf(ctx), v.Principal, id, c); err != nil {
		return err
	}
	seeOther(ctx, "/inbox/"+id.String())
	return nil
}

// note answers POST /inbox/{id}/notes.
func (w *Web) note(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID(ctx)
	if err != nil {
		return err
	}
	if _, err := w.Inbox.AddNote(request.ContextOf(ctx), v.Principal, id, formText(ctx, "body")); err != nil {
		return err
	}
	seeOther(ctx, "/inbox/"+id.String())
	return nil
}

// formText returns a field's text as it was typed: browsers send line breaks as
// CR LF.
func formText(ctx *fasthttp.RequestCtx, field string) string {
	return strings.TrimSpace(strings.ReplaceAll(string(ctx.PostArgs().Peek(field)), "\r\n", "\n"))
}
