package web

import (
	"context"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

// Erasures is what the pages ask of the erasures.
type Erasures interface {
	Erase(ctx context.Context, p access.Principal, id crm.ContactID) (*crm.Erasure, error)
}

// contactErase asks whether a contact is really to be erased.
type contactErase struct {
	Frame
	contactHead
	Problem string // the box was not ticked
}

// askErase answers GET /contacts/{id}/erase.
func (w *Web) askErase(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showErase(ctx, v, "")
}

func (w *Web) showErase(ctx *fasthttp.RequestCtx, v *visitor, problem string) error {
	if err := v.Check(access.ManageLeads); err != nil {
		return err
	}
	card, err := w.cardAt(ctx, v)
	if err != nil {
		return err
	}
	pipeline, err := w.People.Pipeline(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	page := contactErase{Frame: v.frame(ctx, v.say("contact.erase"), "leads"), contactHead: v.contactHead(card.Contact, pipeline), Problem: problem}
	page.Styles = leadStyles
	return render(ctx, v.lang, "contact_erase", page)
}

// eraseContact answers POST /contacts/{id}/erase. It cannot be undone, so the box
// beside what that means has to be ticked.
func (w *Web) eraseContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	if !ctx.PostArgs().Has("sure") {
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
		return w.showErase(ctx, v, v.say("contact.erase_tick"))
	}
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	if _, err := w.Erasures.Erase(request.ContextOf(ctx), v.Principal, id); err != nil {
		return err
	}
	seeOther(ctx, "/leads?done=contact_erased")
	return nil
}
