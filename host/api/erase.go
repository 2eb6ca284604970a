package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) eraseRoutes() []Route {
	return []Route{
		{Method: "DELETE", Path: "/api/contacts/{id}", Action: access.ManageLeads, Handler: a.eraseContact,
			Doc: Doc{
				Tag: "Lead database", Summary: "Erase a contact: its personal data go, everywhere",
				About: "It cannot be undone. The contact, its conversations, notes and tasks are gone with this answer; messages, and what of the person stands in " +
					"the webhook log, in files of imports, in the record of merges and in what the feed told before, go in the background. " +
					"Counters, the rows of the webhook log and the numbers of the feed stay. A request of the log that named several people loses its whole body. " +
					"An import that has not ended and whose file names the person is cancelled. The feed tells of it with contact.erased, which carries the id alone. " +
					"A message that comes from the same number later is from a new contact. Asked again, it answers how far it is.",
				Answers: []Answer{{202, erasureView{}, "How far it is"}},
			}},
		{Method: "GET", Path: "/api/contacts/{id}/erasure", Action: access.ManageLeads, Handler: a.getErasure,
			Doc: Doc{
				Tag: "Lead database", Summary: "How far the erasure of a contact is",
				Answers: []Answer{{200, erasureView{}, "How far it is"}},
			}},
	}
}

// erasureView is an erasure as the API shows it.
type erasureView struct {
	ContactID crm.ContactID    `json:"contact_id"`
	Stage     crm.ErasureStage `json:"stage" about:"What is being taken away; done: nothing is left"`
	BegunAt   stamp            `json:"begun_at"`
	EndedAt   *stamp           `json:"ended_at"`
	Erased    crm.ErasedCounts `json:"erased" about:"How much there was, as far as it is gone"`
}

func erasureOf(e *crm.Erasure) erasureView {
	return erasureView{ContactID: e.ContactID, Stage: e.Stage, BegunAt: stamp(e.BegunAt), EndedAt: at(e.EndedAt), Erased: e.Erased}
}

func (a *API) eraseContact(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	erasure, err := a.Erasures.Erase(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 202, erasureOf(erasure))
}

func (a *API) getErasure(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	erasure, err := a.Erasures.Erasure(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, erasureOf(erasure))
}
