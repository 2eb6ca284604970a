package hook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// Secrets of edges, which nothing else is signed with.
var (
	current  = edgeSecret("current")
	previous = edgeSecret("previous")
)

var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func edgeSecret(word string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(word), 8)[:32])
}

// edge returns an edge at the start of the tests' time.
func edge(secrets ...string) *hook.Edge {
	var list []crm.Secret
	for _, secret := range secrets {
		list = append(list, crm.Secret(secret))
	}
	return hook.NewEdge(list, func() time.Time { return start })
}

// script receives one request after the other and answers each as told.
type script struct {
	answers []error
	got     []webhook.Request
}

func (s *script) Receive(_ context.Context, requests ...webhook.Request) []inbox.Result {
	results := make([]inbox.Result, len(requests))
	for i, r := range requests {
		results[i].Receipt, results[i].Err = s.receive(r)
	}
	return results
}

func (s *script) receive(r webhook.Request) (inbox.Receipt, error) {
	s.got = append(s.got, r)
	if n := len(s.got); n <= len(s.answers) && s.answers[n-1] != nil {
		return inbox.Receipt{}, s.answers[n-1]
	}
	return inbox.Receipt{DeliveryID: crm.DeliveryID{1}, Verdict: crm.DeliveryApplied, Facts: 1}, nil
}

// sealed returns a request with an envelope of parts.
func sealed(t *testing.T, secret string, parts ...envelope.Part) *fasthttp.RequestCtx {
	t.Helper()
	h, err := envelope.Seal(envelope.Key(parts), start, []string{secret}, parts)
	if err != nil {
		t.Fatal(err)
	}
	ctx := &fasthttp.RequestCtx{}
	ctx.Request.SetBody(h.Payload)
	ctx.Request.Header.SetContentType(envelope.ContentType)
	ctx.Request.Header.Set(envelope.IDHeader, h.ID)
	ctx.Request.Header.Set(envelope.TimestampHeader, h.Timestamp)
	ctx.Request.Header.Set(envelope.SignatureHeader, h.Signature)
	return ctx
}

// squeeze encodes the body with zstd.
func squeeze(t *testing.T, ctx *fasthttp.RequestCtx) {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx.Request.SetBody(encoder.EncodeAll(ctx.Request.Body(), nil))
	ctx.Request.Header.SetContentEncoding("zstd")
}

func TestEnvelopeHandsOnItsPartsInOrder(t *testing.T) {
	t.Parallel()
	r, counted, log := &script{}, &counter{}, &strings.Builder{}
	h := hook.Hook{Provider: crm.Kapso, Receiver: r, Counter: counted, Edge: edge(current), Log: slog.New(slog.NewTextHandler(log, nil))}
	r.answers = []error{
		nil, &crm.Error{Code: crm.Unauthenticated}, &crm.Error{Code: crm.Unavailable, Err: errors.New("down")},
		fmt.Errorf("late: %w", context.DeadlineExceeded), &crm.Error{Code: crm.Invalid, Reason: problem.UnsupportedMedia}, nil,
	}
	ctx := sealed(t, current,
		envelope.Part{Provider: "kapso", Signature: "aa", Event: "one", Numbers: []string{"1"}, Body: []byte("first")},
		envelope.Part{Provider: "kapso", Hub: "sha256=bb", Accounts: []string{"9"}, Body: []byte("second")},
		envelope.Part{Provider: "kapso", Rest: true}, envelope.Part{Provider: "kapso"}, envelope.Part{Provider: "kapso"},
		envelope.Part{Provider: "kapso", Body: make([]byte, webhook.MaxBody+1)}, envelope.Part{Provider: "kapso", Body: []byte("last")},
	)
	request.SetID(ctx, "r-1")
	if err := h.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	want := `{"parts":[{"status":200},{"status":401},{"status":503},{"status":503},{"status":415},{"status":413},{"status":200}]}`
	if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != 200 || got != want {
		t.Errorf("answered %d %s, want %s", ctx.Response.StatusCode(), got, want)
	}
	if want := (counter{"kapso too_large", "kapso applied", "kapso unauthenticated", "kapso unavailable", "kapso internal", "kapso invalid", "kapso applied"}); !slices.Equal(*counted, want) {
		t.Errorf("counted %v, want %v", *counted, want)
	}
	if len(r.got) != 6 {
		t.Fatalf("handed on are %d parts, want all but the one that is too large", len(r.got))
	}
	first := webhook.Request{Provider: crm.Kapso, Signature: []string{"aa"}, Event: "one", Body: []byte("first"), Share: &crm.Share{Numbers: []string{"1"}}}
	second := webhook.Request{Provider: crm.Kapso, Hub: []string{"sha256=bb"}, Body: []byte("second"), Share: &crm.Share{Accounts: []string{"9"}}}
	for i, want := range []webhook.Request{first, second, {Provider: crm.Kapso, Body: []byte{}, Share: &crm.Share{Rest: true}}} {
		if !reflect.DeepEqual(r.got[i], want) {
			t.Errorf("the part %d is handed on as %+v, want %+v", i, r.got[i], want)
		}
	}
	if n := strings.Count(log.String(), "part of an envelope not taken"); n != 5 || !strings.Contains(log.String(), "level=ERROR") ||
		!strings.Contains(log.String(), `provider=kapso part=2 status=503 request_id=r-1 error="unavailable: down"`) {
		t.Errorf("the log says %s", log)
	}
}

func TestIsEnvelope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"Content-Type", envelope.ContentType, true},
		{"Content-Type", "Application/VND.my21staff.Envelope ; v=1", true},
		{"Content-Type", "application/json", false},
		{"Content-Type", envelope.ContentType + "s", false},
		{envelope.SignatureHeader, "v1,x", true},
		{envelope.SignatureHeader, "", true},
		{webhook.KapsoHeader, "aa", false},
		{webhook.HubHeader, "sha256=aa", false},
	} {
		var header fasthttp.RequestHeader
		header.Set(c.name, c.value)
		if got := hook.IsEnvelope(&header); got != c.want {
			t.Errorf("with %s: %s IsEnvelope = %v", c.name, c.value, got)
		}
	}
}

func TestEnvelopeIsOpenedHoweverItIsSent(t *testing.T) {
	t.Parallel()
	large := envelope.Part{Provider: "meta", Body: bytes.Repeat([]byte(`{"text":"halo"}`), 10_000)}
	for name, change := range map[string]func(ctx *fasthttp.RequestCtx){
		"as it is":              func(*fasthttp.RequestCtx) {},
		"with zstd":             func(ctx *fasthttp.RequestCtx) { squeeze(t, ctx) },
		"with its name in caps": func(ctx *fasthttp.RequestCtx) { squeeze(t, ctx); ctx.Request.Header.SetContentEncoding("ZSTD") },
		"as identity":           func(ctx *fasthttp.RequestCtx) { ctx.Request.Header.SetContentEncoding("identity") },
		"without its type":      func(ctx *fasthttp.RequestCtx) { ctx.Request.Header.SetContentType("application/json") },
		"by the secret before":  func(ctx *fasthttp.RequestCtx) { sealed(t, previous, large).Request.Header.CopyTo(&ctx.Request.Header) },
	} {
		r := &script{}
		ctx := sealed(t, current, large)
		change(ctx)
		if err := (hook.Hook{Provider: crm.Meta, Receiver: r, Counter: &counter{}, Edge: edge(current, previous)}).Receive(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ctx.Request.SetBody(bytes.Repeat([]byte("x"), 1<<18)) // fasthttp uses the memory again
		if len(r.got) != 1 || !bytes.Equal(r.got[0].Body, large.Body) {
			t.Errorf("%s: handed on are %d parts", name, len(r.got))
		}
	}
}

func TestEnvelopeIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	known := edge(current)
	header := func(name, value string) func(*fasthttp.RequestCtx) {
		return func(ctx *fasthttp.RequestCtx) { ctx.Request.Header.Set(name, value) }
	}
	again := func(name string) func(*fasthttp.RequestCtx) {
		return func(ctx *fasthttp.RequestCtx) { ctx.Request.Header.AddBytesV(name, ctx.Request.Header.Peek(name)) }
	}
	for _, c := range []struct {
		name   string
		edge   *hook.Edge
		change func(ctx *fasthttp.RequestCtx)
		status int
	}{
		{"nothing wrong", known, func(*fasthttp.RequestCtx) {}, 200},
		{"no edge", nil, func(*fasthttp.RequestCtx) {}, 401},
		{"no edge, and a bomb", nil, bomb(true), 401},
		{"another edge", edge(previous), func(*fasthttp.RequestCtx) {}, 401},
		{"no id", known, func(ctx *fasthttp.RequestCtx) { ctx.Request.Header.Del(envelope.IDHeader) }, 401},
		{"no signature, but the type", known, func(ctx *fasthttp.RequestCtx) { ctx.Request.Header.Del(envelope.SignatureHeader) }, 401},
		{"an empty signature", known, header(envelope.SignatureHeader, ""), 401},
		{"two ids", known, again(envelope.IDHeader), 401},
		{"two times", known, again(envelope.TimestampHeader), 401},
		{"two signatures in two headers", known, again(envelope.SignatureHeader), 401},
		{"another time", known, header(envelope.TimestampHeader, fmt.Sprint(start.Unix()+1)), 401},
		{"a stale one", hook.NewEdge([]crm.Secret{crm.Secret(current)}, func() time.Time { return start.Add(5 * time.Minute) }), func(*fasthttp.RequestCtx) {}, 401},
		{"a byte changed", known, func(ctx *fasthttp.RequestCtx) { ctx.Request.Body()[10] ^= 1 }, 401},
		{"a byte changed, and squeezed", known, func(ctx *fasthttp.RequestCtx) { ctx.Request.Body()[10] ^= 1; squeeze(t, ctx) }, 401},
		{"gzip", known, header("Content-Encoding", "gzip"), 415},
		{"zstd twice", known, header("Content-Encoding", "zstd, zstd"), 415},
		{"zstd that is none", known, header("Content-Encoding", "zstd"), 400},
		{"a bomb that says its size", known, bomb(true), 413},
		{"a bomb that does not", known, bomb(false), 413},
		{"bombs one after the other", known, func(ctx *fasthttp.RequestCtx) {
			bomb(true)(ctx)
			half := ctx.Request.Body()
			ctx.Request.SetBody(slices.Concat(half, half))
		}, 413},
		{"another provider's part", known, func(ctx *fasthttp.RequestCtx) {
			sealed(t, current, envelope.Part{Provider: "meta"}, envelope.Part{Provider: "kapso"}).Request.CopyTo(&ctx.Request)
		}, 400},
	} {
		r, counted := &script{}, &counter{}
		ctx := sealed(t, current, envelope.Part{Provider: "meta", Body: []byte("body")})
		c.change(ctx)
		err := (hook.Hook{Provider: crm.Meta, Receiver: r, Counter: counted, Edge: c.edge}).Receive(ctx)
		status := 200
		if err != nil {
			status = problem.Of(err).Status
		}
		if status != c.status || (err == nil) != (len(r.got) == 1) {
			t.Errorf("%s: answered %d (%v) with %d parts handed on, want %d", c.name, status, err, len(r.got), c.status)
		}
		if bomb := strings.Contains(c.name, "bomb"); bomb && c.status == 413 && !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			t.Errorf("%s: it was decoded: %v", c.name, err)
		}
		if err != nil && !slices.Equal(*counted, counter{"meta " + string(crm.CodeOf(err))}) {
			t.Errorf("%s: counted %v", c.name, *counted)
		}
	}
}

// bomb replaces the body by few bytes that decode to a byte more than is opened.
func bomb(saysSize bool) func(*fasthttp.RequestCtx) {
	return func(ctx *fasthttp.RequestCtx) {
		var body bytes.Buffer
		encoder, err := zstd.NewWriter(&body, zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			panic(err)
		}
		payload := make([]byte, envelope.MaxPayload+1)
		if saysSize {
			body.Write(encoder.EncodeAll(payload, nil))
		} else if _, err := encoder.Write(payload); err != nil || encoder.Close() != nil {
			panic(err)
		}
		ctx.Request.SetBody(body.Bytes())
		ctx.Request.Header.SetContentEncoding("zstd")
	}
}

// Before the signature is checked anybody can make the host work: few envelopes
// are opened at once, and who waits too long is sent away.
func TestFewEnvelopesAreOpenedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opening, leave := 0, make(chan struct{})
		slow := hook.NewEdge([]crm.Secret{crm.Secret(current)}, func() time.Time { // asked for while an envelope is opened
			opening++
			<-leave
			return start
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answers := make(chan error, 3)
		for range 3 {
			req := sealed(t, current, envelope.Part{Provider: "meta"})
			request.SetContext(req, ctx)
			go func() {
				answers <- hook.Hook{Provider: crm.Meta, Receiver: &script{}, Counter: &counter{}, Edge: slow}.Receive(req)
			}()
			synctest.Wait()
		}
		if err := <-answers; !errors.Is(err, context.DeadlineExceeded) || opening != 2 {
			t.Errorf("of three envelopes %d are opened at once, and the third is answered %v after a minute", opening, err)
		}
		close(leave)
		for range 2 {
			if err := <-answers; err != nil {
				t.Errorf("one that was opened is answered %v", err)
			}
		}
	})
}
