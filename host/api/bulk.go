package api

import (
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
				"Assigning needs `conversations:write` as well, and a filter `contacts:read`. " + filterAbout,
			Body: bulkBody{}, Example: `{"filter":{"field":"source","op":"is","value":"ad"},"lead_status":"contacted","fields":{"campaign":"November"}}`,
			Answers: []Answer{{200, bulkView{}, "What was done"}},
		},
	}}
}

// bulkBody says which contacts are changed, and how.
type bulkBody struct {
	IDs        []crm.ContactID    `json:"ids,omitempty"`
	Filter     json.RawMessage    `json:"filter,omitempty"`
	After      crm.ContactID      `json:"after,omitempty" about:"The next of the answer before"`
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
