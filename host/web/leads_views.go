package web

import (
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// saveView answers POST /leads/views: keeps the filter of the list under a name,
// as a new view or in the place of one.
func (w *Web) saveView(ctx *fasthttp.RequestCtx, v *visitor) error {
	q, err := queryOfForm(ctx)
	if err != nil {
		return err
	}
	id, err := q.viewID()
	if err != nil {
		return err
	}
	name := posted(ctx, "name")
	edit := people.ViewEdit{}
	if name != "" {
		edit.Name = &name
	}
	fresh := ctx.PostArgs().Has("fresh")
	if fresh || id.IsZero() {
		id, edit.Name = crm.ViewID{}, &name
	}
	if err := w.viewFilter(ctx, v, q, &edit, id.IsZero()); err != nil {
		return err
	}
	saved, err := w.People.SaveView(request.ContextOf(ctx), v.Principal, id, ctx.PostArgs().Has("shared"), edit)
	if refused(err) {
		return w.leadsProblem(ctx, v, q, err)
	}
	if err != nil {
		return err
	}
	seeOther(ctx, doneAt(leadQuery{View: saved.ID.String(), Board: q.Board}.address(), "lead_view"))
	return nil
}

// viewFilter adds the list's filter and order to a view. A filter that was not
// touched is the view's own.
func (w *Web) viewFilter(ctx *fasthttp.RequestCtx, v *visitor, q leadQuery, edit *people.ViewEdit, fresh bool) error {
	c := request.ContextOf(ctx)
	if q.Sort != "" {
		edit.Sort = &q.Sort
	}
	if !q.Own && !fresh {
		return nil
	}
	if id, err := q.viewID(); err == nil && !id.IsZero() && !q.Own { // a copy of the view
		kept, err := w.People.View(c, v.Principal, id)
		if err == nil {
			edit.Filter = kept.Filter
		}
		return err
	}
	schema, err := w.People.Schema(c, v.Principal)
	if err != nil {
		return err
	}
	if edit.Filter, err = q.expression(schema); err == nil && edit.Filter == nil {
		edit.Filter = []byte(everybody)
	}
	return err
}

// everybody is the filter of a view that restricts nothing.
const everybody = `{"field":"created_at","op":"is_set"}`

// deleteView answers POST /leads/views/{id}/delete.
func (w *Web) deleteView(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.View](ctx)
	if err != nil {
		return err
	}
	if err := w.People.DeleteView(request.ContextOf(ctx), v.Principal, id); err != nil {
		return err
	}
	seeOther(ctx, "/leads?done=lead_view_deleted")
	return nil
}

// queryOfForm reads the address of the list that a form was on.
func queryOfForm(ctx *fasthttp.RequestCtx) (leadQuery, error) {
	_, query, _ := strings.Cut(string(ctx.PostArgs().Peek("next")), "?")
	if _, err := url.ParseQuery(query); err != nil {
		return leadQuery{}, badAddress
	}
	var args fasthttp.Args
	args.Parse(query)
	return readLeadQuery(&args), nil
}

// leadsProblem shows the list again with why a form about it was refused.
func (w *Web) leadsProblem(ctx *fasthttp.RequestCtx, v *visitor, q leadQuery, why error) error {
	_, query, _ := strings.Cut(q.address(), "?")
	ctx.QueryArgs().Parse(query)
	frame, shown, err := w.leadsAsked(ctx, v)
	if err != nil {
		return err
	}
	frame.Problem = v.problem(why)
	ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	if q.Board {
		return w.showBoard(ctx, v, frame, shown)
	}
	return w.showTable(ctx, v, frame, shown)
}
