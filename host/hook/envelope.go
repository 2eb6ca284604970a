package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// IsEnvelope reports whether a request claims to be an envelope: by its type,
// or by a signature of the form that no provider of ours uses.
func IsEnvelope(header *fasthttp.RequestHeader) bool {
	kind, _, _ := strings.Cut(string(header.ContentType()), ";")
	return len(header.PeekAll(envelope.SignatureHeader)) > 0 || strings.EqualFold(strings.TrimSpace(kind), envelope.ContentType)
}

// opened is what an edge is told: of each part, in order, the status that a
// provider would have been answered with.
type opened struct {
	Parts []part `json:"parts"`
}

type part struct {
	Status int `json:"status"`
}

// receiveEnvelope takes in the parts of an envelope. Each has a status of its
// own, so that a part that cannot be taken does not make its neighbours come
// again; only an envelope that cannot be opened has one for all.
func (h Hook) receiveEnvelope(ctx *fasthttp.RequestCtx) error {
	c := request.ContextOf(ctx)
	parts, err := h.Edge.open(c, &ctx.Request)
	if err == nil {
		err = h.ours(parts)
	}
	if err != nil {
		h.Counter.Webhook(h.Provider, string(crm.CodeOf(err)), 0)
		return err
	}
	told := opened{Parts: make([]part, len(parts))}
	for i, err := range h.receiveParts(c, parts) {
		told.Parts[i].Status = statusOf(err)
		h.log(ctx, i, told.Parts[i].Status, err)
	}
	return answer(ctx, told)
}

// ours reports as an error that a part is of another provider: one address is
// one provider's, as it is without an edge.
func (h Hook) ours(parts []envelope.Part) error {
	for i := range parts {
		if parts[i].Provider != string(h.Provider) {
			return &crm.Error{Op: "open envelope", Code: crm.Invalid, Reason: "wrong_provider",
				Msg: fmt.Sprintf("The part %d is not of the provider %s, whose address this is.", i, h.Provider)}
		}
	}
	return nil
}

// receiveParts takes parts in, each as if its provider had sent it here, and
// returns what was wrong with each.
func (h Hook) receiveParts(ctx context.Context, parts []envelope.Part) []error {
	errs := make([]error, len(parts))
	var requests []webhook.Request
	var index []int // of each request's part
	for i := range parts {
		if p := &parts[i]; len(p.Body) > webhook.MaxBody {
			h.Counter.Webhook(h.Provider, string(crm.TooLarge), 0)
			errs[i] = &crm.Error{Op: "receive webhook", Code: crm.TooLarge}
		} else {
			requests, index = append(requests, h.request(p)), append(index, i)
		}
	}
	for i, result := range h.receive(ctx, requests...) {
		errs[index[i]] = result.Err
	}
	return errs
}

// request returns the provider's request that a part carries.
func (h Hook) request(p *envelope.Part) webhook.Request {
	return webhook.Request{
		Provider:  h.Provider,
		Hub:       some(p.Hub),
		Signature: some(p.Signature),
		Event:     p.Event,
		Body:      p.Body,
		Share:     &crm.Share{Numbers: p.Numbers, Accounts: p.Accounts, Rest: p.Rest},
	}
}

// some returns the values of a header that came once, or not at all.
func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// statusOf returns the status that an error, or none, is answered with.
func statusOf(err error) int {
	switch {
	case err == nil:
		return fasthttp.StatusOK
	case errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, crm.Uncertain): // the time for the whole envelope is over
		return fasthttp.StatusServiceUnavailable
	}
	return problem.Of(err).Status
}

// log says why a part was not taken: the answer to the envelope is 200.
func (h Hook) log(ctx *fasthttp.RequestCtx, i, status int, err error) {
	if err == nil {
		return
	}
	level := slog.LevelWarn
	if status >= fasthttp.StatusInternalServerError {
		level = slog.LevelError
	}
	h.Log.LogAttrs(context.Background(), level, "part of an envelope not taken",
		slog.String("provider", string(h.Provider)), slog.Int("part", i), slog.Int("status", status),
		slog.String("request_id", request.IDOf(ctx)), slog.Any("error", err))
}

// single returns the value of a header; "" for one that is missing or came more
// than once, so that it is refused.
func single(header *fasthttp.RequestHeader, name string) string {
	if values := header.PeekAll(name); len(values) == 1 {
		return string(values[0])
	}
	return ""
}

// sealed returns the envelope of a request as it came, with the payload that
// was decoded from its body.
func sealed(r *fasthttp.Request, payload []byte) envelope.Sealed {
	return envelope.Sealed{
		ID: single(&r.Header, envelope.IDHeader), Timestamp: single(&r.Header, envelope.TimestampHeader),
		Signature: single(&r.Header, envelope.SignatureHeader), Payload: payload,
	}
}
