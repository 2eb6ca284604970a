package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) mergeRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/contacts/{id}/duplicates", Action: access.ReadContacts, Handler: a.listDuplicates,
			Doc: Doc{
				Tag: "Lead database", Summary: "Contacts that may be the same person",
				About:   "Those that a message named together with it, then those with another spelling of one of its numbers, then those of the same name.",
				Answers: []Answer{{200, page[contactView]{}, "At most 20"}},
			}},
		{Method: "POST", Path: "/api/merges", Action: access.ManageLeads, Handler: a.merge,
			Doc: Doc{
				Tag: "Lead database", Summary: "Make two contacts one",
				About: "The one that is kept takes over the other's numbers, tags, notes, tasks and conversations, and its name and fields where it has none. " +
					"Where both have a conversation on a channel, the messages become one thread. The other is gone until the merge is undone.",
				Body: mergeBody{}, Example: `{"keep_id":"0198c9a0-0000-7000-8000-000000000001","other_id":"0198c9a0-0000-7000-8000-000000000002"}`,
				Answers: []Answer{{201, mergeView{}, "The merge, and the contact as it is now"}},
			}},
		{Method: "DELETE", Path: "/api/merges/{id}", Action: access.ManageLeads, Handler: a.unmerge,
			Doc: Doc{
				Tag: "Lead database", Summary: "Undo a merge",
				About:   "Both have again what they had. What happened since stays with the contact that was kept.",
				Answers: []Answer{{200, contactView{}, "The contact that is back"}},
			}},
	}
}

func (a *API) listDuplicates(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	found, err := a.People.Duplicates(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(found, contactOf))
}

// mergeBody says which contacts become one.
type mergeBody struct {
	KeepID  crm.ContactID `json:"keep_id"`
	OtherID crm.ContactID `json:"other_id"`
}

// mergeView is a merge as the API shows it.
type mergeView struct {
	ID      crm.MergeID `json:"id" about:"Undoes it"`
	At      stamp       `json:"at"`
	Contact contactView `json:"contact"`
}

func (a *API) merge(ctx *fasthttp.RequestCtx) error {
	var body mergeBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	merge, contact, err := a.People.Merge(request.ContextOf(ctx), request.PrincipalOf(ctx), body.KeepID, body.OtherID)
	if err != nil {
		return err
	}
	return answer(ctx, 201, mergeView{ID: merge.ID, At: stamp(merge.At), Contact: contactOf(contact)})
}

func (a *API) unmerge(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Merge](ctx)
	if err != nil {
		return err
	}
	contact, err := a.People.Unmerge(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, contactOf(contact))
}
