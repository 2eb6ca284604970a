package hook_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/hook"
)

// receiver keeps what it is handed and answers as told.
type receiver struct {
	got     webhook.Request
	receipt inbox.Receipt
	err     error
}

func (r *receiver) Receive(_ context.Context, requests ...webhook.Request) []inbox.Result {
	r.got = requests[0]
	return []inbox.Result{{Receipt: r.receipt, Err: r.err}}
}

// shaker shakes hands with who knows the token.
type shaker struct{}

func (shaker) Handshake(_ context.Context, p crm.Provider, h webhook.Handshake) (string, error) {
	if p == crm.Meta && h.Mode == "subscribe" && h.Token == "verify" {
		return h.Challenge, nil
	}
	return "", crm.Unauthenticated
}

// counter keeps what it counted.
type counter []string

func (c *counter) Webhook(p crm.Provider, verdict string, _ int) {
	*c = append(*c, string(p)+" "+verdict)
}

func TestReceiveHandsOnTheRequestAsItCame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		headers   [][2]string
		hub, kap  []string
		eventWord string
	}{
		{"meta", [][2]string{{"X-Hub-Signature-256", "sha256=aa"}}, []string{"sha256=aa"}, nil, ""},
		{"kapso", [][2]string{{"X-Webhook-Signature", "bb"}, {"X-Webhook-Event", "whatsapp.message.received"}}, nil, []string{"bb"}, "whatsapp.message.received"},
		{"twice", [][2]string{{"X-Webhook-Signature", "bb"}, {"x-webhook-signature", "cc"}}, nil, []string{"bb", "cc"}, ""},
		{"none", nil, nil, nil, ""},
	} {
		r, counted := &receiver{receipt: inbox.Receipt{DeliveryID: crm.DeliveryID{1}, Verdict: crm.DeliveryApplied, Facts: 2}}, &counter{}
		var ctx fasthttp.RequestCtx
		ctx.Request.SetBodyString(`{"a": "\u00e4"}` + "\n")
		for _, h := range c.headers {
			ctx.Request.Header.Add(h[0], h[1])
		}
		if err := (hook.Hook{Provider: crm.Kapso, Receiver: r, Counter: counted}).Receive(&ctx); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !slices.Equal(r.got.Hub, c.hub) || !slices.Equal(r.got.Signature, c.kap) || r.got.Event != c.eventWord || r.got.Provider != crm.Kapso {
			t.Errorf("%s: handed on %+v", c.name, r.got)
		}
		want := `{"id":"01000000-0000-0000-0000-000000000000","verdict":"applied","facts":2}`
		if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != 200 || got != want {
			t.Errorf("%s: answered %d %s, want 200 %s", c.name, ctx.Response.StatusCode(), got, want)
		}
		ctx.Request.SetBodyString(strings.Repeat("x", 16)) // fasthttp uses the memory again
		if got := string(r.got.Body); got != `{"a": "\u00e4"}`+"\n" {
			t.Errorf("%s: the body that was handed on turned into %q", c.name, got)
		}
		if !slices.Equal(*counted, counter{"kapso applied"}) {
			t.Errorf("%s: counted %v", c.name, *counted)
		}
	}
}

func TestReceivePassesErrorsOnAndCountsThem(t *testing.T) {
	t.Parallel()
	for _, code := range []crm.Code{crm.Unauthenticated, crm.Invalid, crm.TooLarge, crm.Unavailable, crm.Internal} {
		counted := &counter{}
		var ctx fasthttp.RequestCtx
		err := (hook.Hook{Provider: crm.Meta, Receiver: &receiver{err: code}, Counter: counted}).Receive(&ctx)
		if crm.CodeOf(err) != code || !slices.Equal(*counted, counter{"meta " + string(code)}) {
			t.Errorf("%s: got %v, counted %v", code, err, *counted)
		}
		if len(ctx.Response.Body()) > 0 {
			t.Errorf("%s: it was answered %q although nothing is stored", code, ctx.Response.Body())
		}
	}
}

func TestHandshakeEchoesTheChallenge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query, want string
		code        crm.Code
	}{
		{"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify", "1158201444", ""},
		{"hub.mode=subscribe&hub.challenge=%3Cscript%3E+%2B&hub.verify_token=verify", "<script> +", ""},
		{"hub.mode=subscribe&hub.challenge=1&hub.verify_token=other", "", crm.Forbidden},
		{"", "", crm.Forbidden},
	} {
		var ctx fasthttp.RequestCtx
		ctx.Request.SetRequestURI("/api/webhook/meta?" + c.query)
		err := (hook.Hook{Provider: crm.Meta, Shaker: shaker{}}).Handshake(&ctx)
		if crm.CodeOf(err) != c.code || string(ctx.Response.Body()) != c.want {
			t.Errorf("%s: got %q, %v; want %q, %q", c.query, ctx.Response.Body(), err, c.want, c.code)
		}
		if kind := string(ctx.Response.Header.ContentType()); c.code == "" && kind != "text/plain; charset=utf-8" {
			t.Errorf("%s: the challenge comes back as %s, which a browser might run", c.query, kind)
		}
	}
}

// queue has room for every number but "1".
type queue struct{}

func (queue) Full(r webhook.Request, bytes int) error {
	if r.SeemsFor() == "1" && bytes >= len(r.Body) {
		return crm.Unavailable
	}
	return nil
}

// Full looks at the beginning of a body and counts what it refuses. An envelope
// is of several numbers, of which the first says nothing.
func TestFullRefusesByTheBeginning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind, body string
		want             crm.Code
		counted          []string
	}{
		{"a number that has room", "application/json", `{"metadata":{"phone_number_id":"2"}`, "", nil},
		{"a number that has none", "application/json", `{"metadata":{"phone_number_id":"1"}`, crm.Unavailable, []string{"meta unavailable"}},
		{"no number yet", "application/json", `{"metadata":{"phone_nu`, "", nil},
		{"an envelope", envelope.ContentType, `{"metadata":{"phone_number_id":"1"}`, "", nil},
	} {
		counted := &counter{}
		var header fasthttp.RequestHeader
		header.SetContentType(c.kind)
		err := hook.Hook{Provider: crm.Meta, Queue: queue{}, Counter: counted}.Full(&header, []byte(c.body))
		if got := crm.CodeOf(err); err == nil != (c.want == "") || err != nil && got != c.want {
			t.Errorf("%s is told %v, want %q", c.name, err, c.want)
		}
		if !slices.Equal(*counted, counter(c.counted)) {
			t.Errorf("of %s is counted %v, want %v", c.name, *counted, c.counted)
		}
	}
}
