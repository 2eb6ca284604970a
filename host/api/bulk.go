package api

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) bulkRoutes() []Route {
	return []Route{{
		Method: "POST", Path: "/api/contacts/bulk", Action: access.WriteContacts, Handler: a.bulk,
		Doc: Doc{
			Tag: "Lead database", Summary: "Change many contacts at once",
			About: "Give ids, at most 500, or a filter. Of a filter each call does at most 500 contacts: repeat it with the next of the answer as after until there is none. " +
				"Or say background: then all that fit are changed while nobody waits, in steps, whatever becomes of the host meanwhile; GET /api/bulks/{id} tells how far it is. " +
				"Assigning needs `conversations:write` as well, and a filter `contacts:read`. " + filterAbout,
			Body: bulkBody{}, Example: `{"filter":{"field":"source","op":"is","value":"ad"},"lead_status":"contacted","fields":{"campaign":"November"}}`,
			Answers: []Answer{{200, bulkView{}, "What was done"}, {202, bulkRunView{}, "In the background: the change, running"}},
		},
	}, {
		Method: "GET", Path: "/api/bulks", Action: access.WriteContacts, Handler: a.listBulks,
		Doc: Doc{
			Tag: "Lead database", Summary: "The changes that run in the background, and those that did, newest first",
			Query: []Param{limitParam, cursorParam}, Answers: []Answer{{200, page[bulkRunView]{}, "A page of changes"}},
		},
	}, {
		Method: "GET", Path: "/api/bulks/{id}", Action: access.WriteContacts, Handler: a.getBulk,
		Doc: Doc{Tag: "Lead database", Summary: "One change in the background, and how far it is", Answers: []Answer{{200, bulkRunView{}, "The change"}}},
	}, {
		Method: "POST", Path: "/api/bulks/{id}/cancel", Action: access.WriteContacts, Handler: a.cancelBulk,
		Doc: Doc{
			Tag: "Lead database", Summary: "Stop a change in the background", About: "What it changed before stays. One that ended stays as it is.",
			Answers: []Answer{{200, bulkRunView{}, "The change"}},
		},
	}}
}

// bulkBody says which contacts are changed, and how.
type bulkBody struct {
	IDs        []crm.ContactID    `json:"ids,omitempty"`
	Filter     json.RawMessage    `json:"filter,omitempty"`
	After      crm.ContactID      `json:"after,omitempty" about:"The next of the answer before"`
	Background bool               `json:"background,omitempty" about:"Change all that fit the filter, and answer at once"`
	LeadStatus *string            `json:"lead_status,omitempty"`
	Fields     map[string]*string `json:"fields,omitempty" about:"Only the fields named change; null removes one"`
	AddTags    []crm.TagID        `json:"add_tags,omitempty"`
	RemoveTags []crm.TagID        `json:"remove_tags,omitempty"`
	OptOut     *bool              `json:"opt_out,omitempty"`
	Blocked    *bool              `json:"blocked,omitempty"`
	AssigneeID *crm.MemberID      `json:"assignee_id,omitempty" null:"clear" about:"Of every conversation that is not resolved; null: nobody"`
}

// bulkView says what a call did.
type bulkView struct {
	Seen    int            `json:"seen" about:"Contacts that were looked at"`
	Changed int            `json:"changed" about:"Of these, became different"`
	Failed  []bulkFailView `json:"failed" about:"Of these, could not be changed"`
	Next    *crm.ContactID `json:"next" about:"Where to go on; null: that was all"`
}

type bulkFailView struct {
	ID     crm.ContactID `json:"id"`
	Code   string        `json:"code"`
	Detail string        `json:"detail"`
}

func (a *API) bulk(ctx *fasthttp.RequestCtx) error {
	var body bulkBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	bulk := people.Bulk{
		IDs: body.IDs, After: body.After, Assignee: body.AssigneeID,
		Edit: people.Edit{
			LeadStatus: body.LeadStatus, Fields: body.Fields, AddTags: body.AddTags, RemoveTags: body.RemoveTags, OptOut: body.OptOut, Blocked: body.Blocked,
		},
	}
	c, p := request.ContextOf(ctx), request.PrincipalOf(ctx)
	if body.Filter != nil {
		zone, err := a.zone(ctx)
		if err != nil {
			return err
		}
		if bulk.Filter, err = a.People.Test(c, p, body.Filter, zone); err != nil {
			return err
		}
	}
	if body.Background {
		run, err := a.Bulks.Start(c, p, bulk)
		if err != nil {
			return err
		}
		return answer(ctx, 202, bulkRunOf(run))
	}
	done, err := a.People.Bulk(c, p, bulk)
	if err != nil {
		return err
	}
	view := bulkView{Seen: done.Seen, Changed: done.Changed, Failed: []bulkFailView{}, Next: ref(done.Next)}
	for _, f := range done.Failed {
		view.Failed = append(view.Failed, failureOf(f))
	}
	return answer(ctx, 200, view)
}

func failureOf(f people.BulkFailure) bulkFailView {
	view := bulkFailView{ID: f.ID, Code: string(crm.CodeOf(f.Err))}
	var failed *crm.Error
	if errors.As(f.Err, &failed) {
		view.Detail = failed.Msg
		if failed.Reason != "" {
			view.Code = failed.Reason
		}
	}
	return view
}

// byBulk is the cursor's letter of the list of changes in the background.
const byBulk = 'b'

// bulkRunView is a change in the background.
type bulkRunView struct {
	ID        crm.BulkID    `json:"id"`
	State     crm.BulkState `json:"state"`
	Reason    *string       `json:"reason" about:"Why it failed"`
	Seen      int           `json:"seen" about:"Contacts that were looked at"`
	Changed   int           `json:"changed" about:"Of these, became different"`
	Failed    int           `json:"failed" about:"Of these, could not be changed"`
	CreatedAt stamp         `json:"created_at"`
	EndedAt   *stamp        `json:"ended_at"`
}

func bulkRunOf(b *crm.BulkRun) bulkRunView {
	return bulkRunView{
		ID: b.ID, State: b.State, Reason: ref(b.Reason), Seen: b.Seen, Changed: b.Changed, Failed: b.Failed, CreatedAt: stamp(b.CreatedAt), EndedAt: at(b.EndedAt),
	}
}

func (a *API) listBulks(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	after, err := idAfter[crm.BulkRun](byBulk, q.text("cursor"))
	if err != nil {
		return err
	}
	list, err := a.Bulks.List(request.ContextOf(ctx), request.PrincipalOf(ctx), after, limit+1)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(list, limit, bulkRunOf, func(b *crm.BulkRun) string { return idCursor(byBulk, b.ID) }))
}

func (a *API) getBulk(ctx *fasthttp.RequestCtx) error { return a.onBulk(ctx, a.Bulks.Run) }

func (a *API) cancelBulk(ctx *fasthttp.RequestCtx) error { return a.onBulk(ctx, a.Bulks.Cancel) }

// onBulk answers the change that a call returns.
func (a *API) onBulk(ctx *fasthttp.RequestCtx, call func(context.Context, access.Principal, crm.BulkID) (*crm.BulkRun, error)) error {
	id, err := pathID[crm.BulkRun](ctx)
	if err != nil {
		return err
	}
	run, err := call(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, bulkRunOf(run))
}
