// Package hook answers the providers' webhooks: a POST with facts, which is
// answered 200 once they are committed, and Meta's GET, which asks whether the
// address is ours. An edge in front hands over several requests in one envelope.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/request"
)

// Receiver takes webhook requests in; gather.Gatherer is one.
type Receiver interface {
	// Receive takes requests in, in their order, and says of each what became
	// of it. One without error is committed, all of it; a receiver may gather
	// requests that come at the same time into one commit. See
	// inbox.Service.Receive for the errors.
	Receive(ctx context.Context, requests ...webhook.Request) []inbox.Result
}

// Queue is where requests wait to be taken in; gather.Gatherer is one.
type Queue interface {
	// Full returns why a request is sure to be refused for want of room, nil if
	// it is not. Of the body, which has so many bytes, the beginning is enough.
	Full(r webhook.Request, bytes int) error
}

// Shaker answers a provider's handshake; the inbox service is one.
type Shaker interface {
	// Handshake returns the challenge to echo; Unauthenticated or Forbidden if
	// the token is not ours.
	Handshake(ctx context.Context, provider crm.Provider, h webhook.Handshake) (string, error)
}

// Counter counts what came; telemetry.Metrics is one.
type Counter interface {
	Webhook(provider crm.Provider, verdict string, facts int)
}

// Hook answers the webhooks of one provider.
type Hook struct {
	Provider crm.Provider
	Receiver Receiver
	Queue    Queue
	Shaker   Shaker
	Counter  Counter
	Edge     *Edge        // whose envelopes are opened; nil: nobody's
	Log      *slog.Logger // why a part of an envelope was not taken, which its answer does not say
}

// receipt is what a provider is told: enough to find the request in the log of
// webhooks.
type receipt struct {
	ID      string      `json:"id"`
	Verdict crm.Verdict `json:"verdict"`
	Facts   int         `json:"facts"`
}

// Receive answers POST.
func (h Hook) Receive(ctx *fasthttp.RequestCtx) error {
	header := &ctx.Request.Header
	if IsEnvelope(header) {
		return h.receiveEnvelope(ctx)
	}
	result := h.receive(request.ContextOf(ctx), webhook.Request{
		Provider:  h.Provider,
		Hub:       texts(header.PeekAll(webhook.HubHeader)),
		Signature: texts(header.PeekAll(webhook.KapsoHeader)),
		Event:     string(header.Peek("X-Webhook-Event")),
		Body:      bytes.Clone(ctx.PostBody()), // fasthttp reuses its own
	})[0]
	if result.Err != nil {
		return result.Err
	}
	got := result.Receipt
	return answer(ctx, receipt{ID: got.DeliveryID.String(), Verdict: got.Verdict, Facts: got.Facts})
}

// Full returns why a request is refused of whose body the beginning is there, nil
// if it is to be read and received. While more comes than can be taken in, nearly
// all is refused, and what is spent on that is taken from what is accepted: so it
// comes before the rest is read.
func (h Hook) Full(header *fasthttp.RequestHeader, body []byte) error {
	if IsEnvelope(header) { // it is of several numbers
		return nil
	}
	err := h.Queue.Full(webhook.Request{Body: body}, max(header.ContentLength(), len(body)))
	if err != nil {
		h.Counter.Webhook(h.Provider, string(crm.CodeOf(err)), 0)
	}
	return err
}

// receive takes requests in and counts them.
func (h Hook) receive(ctx context.Context, requests ...webhook.Request) []inbox.Result {
	results := h.Receiver.Receive(ctx, requests...)
	for _, got := range results {
		if got.Err != nil {
			h.Counter.Webhook(h.Provider, string(crm.CodeOf(got.Err)), 0)
		} else {
			h.Counter.Webhook(h.Provider, string(got.Receipt.Verdict), got.Receipt.Facts)
		}
	}
	return results
}

// answer answers with JSON.
func answer(ctx *fasthttp.RequestCtx, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(body)
	return nil
}

// Handshake answers GET with the challenge, byte for byte.
func (h Hook) Handshake(ctx *fasthttp.RequestCtx) error {
	query := ctx.QueryArgs()
	challenge, err := h.Shaker.Handshake(request.ContextOf(ctx), h.Provider, webhook.Handshake{
		Mode:      string(query.Peek("hub.mode")),
		Token:     string(query.Peek("hub.verify_token")),
		Challenge: string(query.Peek("hub.challenge")),
	})
	if crm.CodeOf(err) == crm.Unauthenticated { // Meta's word for it is 403
		return &crm.Error{Op: "handshake", Code: crm.Forbidden, Reason: "wrong_verify_token", Msg: "The verify token is not one of ours.", Err: err}
	}
	if err != nil {
		return err
	}
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(challenge)
	return nil
}

// texts copies header values. All of them count: a header that comes twice is
// refused by the signature check.
func texts(values [][]byte) []string {
	var copied []string
	for _, value := range values {
		copied = append(copied, string(value))
	}
	return copied
}
