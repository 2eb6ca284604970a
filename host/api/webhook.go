package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) webhookRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/webhooks", Action: access.ReadWebhookLog, Handler: a.listDeliveries,
			Doc: Doc{
				Tag: "Webhook log", Summary: "The webhook requests that came, newest first",
				Query: []Param{
					wordsParam[crm.Verdict]("verdict", "Only those of which this became"),
					limitParam, cursorParam,
				},
				Answers: []Answer{{200, page[deliveryView]{}, "A page of requests"}},
			}},
		{Method: "GET", Path: "/api/webhooks/{id}", Action: access.ReadWebhookLog, Handler: a.getDelivery,
			Doc: Doc{
				Tag: "Webhook log", Summary: "One webhook request with its body",
				Answers: []Answer{{200, deliveryDetail{}, "The request"}},
			}},
		{Method: "GET", Path: "/api/webhooks/{id}/body", Action: access.ReadWebhookLog, Handler: a.getDeliveryBody,
			Doc: Doc{
				Tag: "Webhook log", Summary: "The body of a webhook request, byte for byte",
				About:   "A request that has none is not found: with the code body_expired when it is older than bodies are kept, shared_delivery when it held several workspaces' data.",
				Answers: []Answer{{200, File{}, "The body as it came"}},
			}},
		{Method: "POST", Path: "/api/webhooks/{id}/replay", Action: access.ReplayWebhooks, Handler: a.replayDelivery,
			Doc: Doc{
				Tag: "Webhook log", Summary: "Decode and apply a webhook request again",
				About:   "What was applied already stays as it is. One that has no body is refused, with the codes of its body.",
				Answers: []Answer{{200, receiptView{}, "What became of it"}},
			}},
	}
}

// deliveryView is a line of the webhook log.
type deliveryView struct {
	ID         crm.DeliveryID `json:"id"`
	Provider   crm.Provider   `json:"provider"`
	Event      *string        `json:"event"`
	Verdict    crm.Verdict    `json:"verdict"`
	Facts      int            `json:"facts" about:"How many were read"`
	Applied    int            `json:"applied" about:"How many changed something"`
	Reason     *string        `json:"reason" about:"Why not all were applied"`
	Seen       int            `json:"seen" about:"How often the same bytes came"`
	ReceivedAt stamp          `json:"received_at"`
}

// deliveryDetail is a webhook request with its body as text.
type deliveryDetail struct {
	deliveryView
	Body        *string `json:"body" about:"null when it held several workspaces' data, and when it is older than bodies are kept; bytes that are no UTF-8 are replaced"`
	BodyExpired bool    `json:"body_expired" about:"Whether there was one that is older than bodies are kept"`
}

func deliveryOf(d *crm.Delivery) deliveryView {
	return deliveryView{
		ID: d.ID, Provider: d.Provider, Event: ref(d.Event), Verdict: d.Verdict, Facts: d.Facts, Applied: d.Applied,
		Reason: ref(d.Reason), Seen: d.Seen, ReceivedAt: stamp(d.ReceivedAt),
	}
}

func (a *API) listDeliveries(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	limit := q.limit()
	query := inbox.DeliveryQuery{Verdict: wordIn[crm.Verdict](q, "verdict"), Limit: limit + 1}
	if err := q.err(); err != nil {
		return err
	}
	var err error
	if query.After, err = idAfter[crm.Delivery](byDelivery, q.text("cursor")); err != nil {
		return err
	}
	found, err := a.Inbox.Deliveries(request.ContextOf(ctx), request.PrincipalOf(ctx), query)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, deliveryOf, func(d *crm.Delivery) string { return idCursor(byDelivery, d.ID) }))
}

func (a *API) getDelivery(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Delivery](ctx)
	if err != nil {
		return err
	}
	delivery, err := a.Inbox.Delivery(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, deliveryDetail{deliveryOf(delivery), ref(string(delivery.Body)), delivery.Expired})
}

func (a *API) getDeliveryBody(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Delivery](ctx)
	if err != nil {
		return err
	}
	body, err := a.Inbox.Body(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	fileHeaders(&ctx.Response.Header, "", crm.Media{Filename: "webhook-" + id.String() + ".json"})
	ctx.SetBody(body)
	return nil
}

// receiptView says what became of a webhook request.
type receiptView struct {
	ID      crm.DeliveryID `json:"id"`
	Verdict crm.Verdict    `json:"verdict"`
	Facts   int            `json:"facts"`
	Applied int            `json:"applied"`
	Reason  *string        `json:"reason" about:"Why not all were applied"`
}

func (a *API) replayDelivery(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Delivery](ctx)
	if err != nil {
		return err
	}
	receipt, err := a.Inbox.Replay(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, receiptView{id, receipt.Verdict, receipt.Facts, receipt.Applied, ref(receipt.Reason)})
}
