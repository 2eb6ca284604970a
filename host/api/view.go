package api

import (
	"encoding/json"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// filterAbout is what a person should know who writes a filter.
const filterAbout = `A filter is a condition {"field", "op", "value"}, or {"and": [...]} or {"or": [...]} of several, ` +
	`such as {"and":[{"field":"lead_status","op":"is","value":"new"},{"field":"last_message_at","op":"in_last","value":{"days":7}}]}. ` +
	"GET /api/contacts/filter lists the fields and what can be asked of each. What cannot be read is answered 400 invalid_filter and named."

func (a *API) viewRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/contacts/filter", Action: access.ReadContacts, Handler: a.filterFields,
			Doc: Doc{Tag: "Lead database", Summary: "What a filter of contacts may ask", About: filterAbout, Answers: []Answer{{200, page[filterFieldView]{}, "The fields"}}}},
		{Method: "GET", Path: "/api/views", Action: access.ReadContacts, Handler: a.listViews,
			Doc: Doc{Tag: "Lead database", Summary: "The filters that are kept: your own and everybody's, by name", Answers: []Answer{{200, page[viewView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/views", Action: access.WriteContacts, Handler: a.createView,
			Doc: Doc{
				Tag: "Lead database", Summary: "Keep a filter under a name", About: filterAbout,
				Body: newView{}, Example: `{"name":"New this week","shared":true,"filter":{"field":"created_at","op":"in_last","value":{"days":7}}}`,
				Answers: []Answer{{201, viewView{}, "The view"}},
			}},
		{Method: "PATCH", Path: "/api/views/{id}", Action: access.WriteContacts, Handler: a.patchView,
			Doc: Doc{
				Tag: "Lead database", Summary: "Change a view", Body: viewPatch{}, Example: `{"name":"New since Monday"}`,
				Answers: []Answer{{200, viewView{}, "The view as it is now"}},
			}},
		{Method: "DELETE", Path: "/api/views/{id}", Action: access.WriteContacts, Handler: a.deleteView,
			Doc: Doc{Tag: "Lead database", Summary: "Delete a view", Answers: []Answer{{204, nil, "It is gone"}}}},
	}
}

// filterFieldView is a field that a filter may name.
type filterFieldView struct {
	Field     string      `json:"field"`
	Label     *string     `json:"label" about:"Of one of the workspace's own fields"`
	Type      filter.Type `json:"type"`
	Operators []filter.Op `json:"operators"`
	Choices   []string    `json:"choices" about:"All that it can be; empty: anything"`
}

func filterFieldOf(f filter.Field) filterFieldView {
	return filterFieldView{Field: f.Name, Label: ref(f.Label), Type: f.Type, Operators: filter.Operators[f.Type], Choices: append([]string{}, f.Choices...)}
}

func (a *API) filterFields(ctx *fasthttp.RequestCtx) error {
	schema, err := a.People.Schema(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(schema.Fields(), filterFieldOf))
}

// viewView is a view as the API shows it.
type viewView struct {
	ID        crm.ViewID      `json:"id"`
	Name      string          `json:"name"`
	Shared    bool            `json:"shared" about:"Everybody sees it"`
	Filter    json.RawMessage `json:"filter"`
	Sort      people.Sort     `json:"sort"`
	CreatedAt stamp           `json:"created_at"`
	UpdatedAt stamp           `json:"updated_at"`
}

func viewOf(v *crm.View) viewView {
	return viewView{
		ID: v.ID, Name: v.Name, Shared: v.OwnerID.IsZero(), Filter: v.Filter, Sort: people.Sort(v.Sort),
		CreatedAt: stamp(v.CreatedAt), UpdatedAt: stamp(v.UpdatedAt),
	}
}

func (a *API) listViews(ctx *fasthttp.RequestCtx) error {
	views, err := a.People.Views(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(views, viewOf))
}

// newView is a view to make.
type newView struct {
	Name   string          `json:"name"`
	Shared bool            `json:"shared,omitempty" about:"For everybody; an API key makes no other"`
	Filter json.RawMessage `json:"filter"`
	Sort   *people.Sort    `json:"sort,omitempty"`
}

func (a *API) createView(ctx *fasthttp.RequestCtx) error {
	var body newView
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	view, err := a.People.SaveView(request.ContextOf(ctx), request.PrincipalOf(ctx), crm.ViewID{}, body.Shared,
		people.ViewEdit{Name: &body.Name, Filter: body.Filter, Sort: body.Sort})
	if err != nil {
		return err
	}
	return answer(ctx, 201, viewOf(view))
}

// viewPatch is what may be changed of a view.
type viewPatch struct {
	Name   *string         `json:"name,omitempty"`
	Filter json.RawMessage `json:"filter,omitempty"`
	Sort   *people.Sort    `json:"sort,omitempty"`
}

func (a *API) patchView(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.View](ctx)
	if err != nil {
		return err
	}
	var patch viewPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	view, err := a.People.SaveView(request.ContextOf(ctx), request.PrincipalOf(ctx), id, false,
		people.ViewEdit{Name: patch.Name, Filter: patch.Filter, Sort: patch.Sort})
	if err != nil {
		return err
	}
	return answer(ctx, 200, viewOf(view))
}

func (a *API) deleteView(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.View](ctx)
	if err != nil {
		return err
	}
	if err := a.People.DeleteView(request.ContextOf(ctx), request.PrincipalOf(ctx), id); err != nil {
		return err
	}
	ctx.SetStatusCode(204)
	return nil
}

// filterIn reads what a list of contacts is restricted to: a filter, or the one
// of a view, which has an order too.
func (a *API) filterIn(ctx *fasthttp.RequestCtx, q *query) (test *filter.Test, sort people.Sort, err error) {
	expression, view := []byte(q.text("filter")), idIn[crm.View](q, "view")
	if len(expression) > 0 && !view.IsZero() {
		q.refuse("view", "It is a filter of its own: give one of the two.")
	}
	if err := q.err(); err != nil {
		return nil, "", err
	}
	c, p := request.ContextOf(ctx), request.PrincipalOf(ctx)
	if !view.IsZero() {
		kept, err := a.People.View(c, p, view)
		if err != nil {
			return nil, "", err
		}
		expression, sort = kept.Filter, people.Sort(kept.Sort)
	}
	if len(expression) == 0 {
		return nil, sort, nil
	}
	zone, err := a.zone(ctx)
	if err != nil {
		return nil, "", err
	}
	test, err = a.People.Test(c, p, expression, zone)
	return test, sort, err
}

// zone returns where the workspace's days begin.
func (a *API) zone(ctx *fasthttp.RequestCtx) (*time.Location, error) {
	workspace, err := a.Directory.KnownWorkspace(request.ContextOf(ctx), request.PrincipalOf(ctx).WorkspaceID)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(workspace.TimeZone)
	if err != nil { // the setting was checked on another machine
		return time.UTC, nil
	}
	return zone, nil
}
