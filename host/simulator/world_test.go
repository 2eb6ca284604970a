package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

const (
	pnid     = "647015955153740"
	waba     = "102290129340398"
	budi     = "+6281200000001"
	budiWaID = "6281200000001"
	secret   = crm.Secret("webhook-secret")
)

var tokens = map[crm.Provider]crm.Secret{crm.Kapso: "kapso_test_key", crm.Meta: "EAAtesttoken"}

// number is one business number on both providers, with the same webhook.
func number(p crm.Provider, url string) simulator.Number {
	return simulator.Number{Provider: p, PhoneNumberID: pnid, BusinessAccountID: waba, DisplayNumber: "+62 812 0000 0000", Name: "Toko Contoh",
		Token: tokens[p], Webhook: simulator.Webhook{URL: url, Secret: secret, VerifyToken: "verify-me"}}
}

// world is a simulator that is served, with a receiver for its webhooks.
type world struct {
	*simulator.Simulator
	t     *testing.T
	url   string
	clock *crmtest.Clock
	hooks *receiver
}

// newWorld serves a simulator of a Kapso and a Meta number on a loopback
// listener until the test ends. Statuses come at once, and nobody reads by
// itself.
func newWorld(t *testing.T, change ...func(*simulator.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: crmtest.NewClock(), hooks: newReceiver(t)}
	o := simulator.Options{
		Numbers:    []simulator.Number{number(crm.Kapso, w.hooks.url), number(crm.Meta, w.hooks.url)},
		Delays:     &simulator.Delays{Read: -1},
		Now:        w.clock.Now,
		Seed:       21,
		RetryScale: 0.001,
	}
	for _, f := range change {
		f(&o)
	}
	w.Simulator = simulator.New(o)
	ln := listen(t)
	w.url = "http://" + ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- w.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// answer is what the simulator answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// field returns a part of a JSON answer by its path; nil if it is not there.
func (a answer) field(path ...any) any {
	var v any
	if json.Unmarshal(a.body, &v) != nil {
		return nil
	}
	for _, step := range path {
		switch at := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[at]
		case int:
			list, _ := v.([]any)
			if at >= len(list) {
				return nil
			}
			v = list[at]
		}
	}
	return v
}

// do makes a request; an error is the transport's.
func (w *world) do(method, path string, header map[string]string, body any) (answer, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, read}, err
}

// must is do for requests that get an answer.
func (w *world) must(method, path string, header map[string]string, body any) answer {
	w.t.Helper()
	a, err := w.do(method, path, header, body)
	if err != nil {
		w.t.Fatalf("%s %s got no answer: %v", method, path, err)
	}
	return a
}

// api calls a provider's API with its token.
func (w *world) api(p crm.Provider, method, path string, body any) answer {
	w.t.Helper()
	return w.must(method, prefix(p)+path, credentials(p), body)
}

func prefix(p crm.Provider) string {
	if p == crm.Kapso {
		return "/meta/whatsapp/v24.0/"
	}
	return "/v24.0/"
}

func credentials(p crm.Provider) map[string]string {
	if p == crm.Kapso {
		return map[string]string{"X-API-Key": string(tokens[p]), "Content-Type": "application/json"}
	}
	return map[string]string{"Authorization": "Bearer " + string(tokens[p]), "Content-Type": "application/json"}
}

// send posts a message to Budi; parts replace or add to a plain text.
func (w *world) send(p crm.Provider, parts map[string]any) answer {
	w.t.Helper()
	return w.api(p, "POST", pnid+"/messages", message(parts))
}

func message(parts map[string]any) map[string]any {
	body := map[string]any{"messaging_product": "whatsapp", "recipient_type": "individual", "to": budi, "type": "text", "text": map[string]any{"body": "Halo"}}
	for name, part := range parts {
		if part == nil {
			delete(body, name)
		} else {
			body[name] = part
		}
	}
	return body
}

// says lets Budi write on a provider's number.
func (w *world) says(p crm.Provider, in simulator.Inbound) []simulator.Message {
	w.t.Helper()
	in.Provider, in.Number = p, pnid
	if in.Customer == "" {
		in.Customer = budi
	}
	said, err := w.Say(in)
	if err != nil {
		w.t.Fatalf("Say(%+v) = %v", in, err)
	}
	return said
}

func (w *world) fault(f simulator.Fault) {
	w.t.Helper()
	if err := w.AddFaults(f); err != nil {
		w.t.Fatalf("AddFaults(%+v) = %v", f, err)
	}
}

// hit is a webhook request as it arrived.
type hit struct {
	provider crm.Provider // by which signature it has
	event    string
	header   map[string]string
	body     []byte
	answered int
}

// verify reports whether the hit is signed with the secret.
func (h hit) verify() error {
	r := webhook.Request{Provider: h.provider, Event: h.event, Body: h.body}
	if v := h.header["X-Hub-Signature-256"]; v != "" {
		r.Hub = []string{v}
	}
	if v := h.header["X-Webhook-Signature"]; v != "" {
		r.Signature = []string{v}
	}
	_, err := webhook.Verify(r, []crm.Secret{secret})
	return err
}

// facts decodes the hit.
func (h hit) facts(t *testing.T) []webhook.Fact {
	t.Helper()
	facts, err := webhook.Decode(h.provider, h.event, h.body)
	if err != nil {
		t.Fatalf("Decode(%.200s) = %v", h.body, err)
	}
	for _, f := range facts {
		if f.Kind == webhook.Unreadable {
			t.Fatalf("unreadable %s: %s\n%.400s", f.Event, f.Problem, f.Raw)
		}
	}
	return facts
}

// receiver takes webhooks. It answers each with the next of its answers, and
// 200 when there is none.
type receiver struct {
	url string

	mu      sync.Mutex
	hits    []hit
	answers []int
	shakes  int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	ln := listen(t)
	r.url = "http://" + ln.Addr().String() + "/hook"
	server := &fasthttp.Server{Handler: r.take, MaxRequestBodySize: 32 << 20}
	go func() { _ = server.Serve(ln) }() // ends when the listener closes
	t.Cleanup(func() { _ = ln.Close() })
	return r
}

func (r *receiver) take(ctx *fasthttp.RequestCtx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.IsGet() {
		r.shakes++
		if string(ctx.QueryArgs().Peek("hub.verify_token")) != "verify-me" {
			ctx.SetStatusCode(403)
			return
		}
		ctx.SetBody(ctx.QueryArgs().Peek("hub.challenge"))
		return
	}
	h := hit{provider: crm.Meta, header: map[string]string{}, body: bytes.Clone(ctx.PostBody()), answered: 200}
	for name, value := range ctx.Request.Header.All() {
		h.header[string(name)] = string(value)
	}
	if h.header["X-Webhook-Signature"] != "" {
		h.provider = crm.Kapso
	}
	h.event = h.header["X-Webhook-Event"]
	if len(r.answers) > 0 {
		h.answered, r.answers = r.answers[0], r.answers[1:]
	}
	r.hits = append(r.hits, h)
	ctx.SetStatusCode(h.answered)
}

// answer makes the next webhooks be answered with these statuses.
func (r *receiver) answer(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, statuses...)
}

// of returns what has arrived from a provider.
func (r *receiver) of(p crm.Provider) []hit {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []hit
	for _, h := range r.hits {
		if h.provider == p {
			all = append(all, h)
		}
	}
	return all
}

// wait returns the hits of a provider once there are n.
func (r *receiver) wait(t *testing.T, p crm.Provider, n int) []hit {
	t.Helper()
	hosttest.Until(t, fmt.Sprintf("%d webhooks of %s (there are %d)", n, p, len(r.of(p))), func() bool { return len(r.of(p)) >= n })
	return r.of(p)
}

// statuses returns the words of the status facts in hits, in their order.
func statuses(t *testing.T, hits []hit) []string {
	t.Helper()
	var words []string
	for _, h := range hits {
		for _, f := range h.facts(t) {
			if f.Kind == webhook.Status {
				words = append(words, f.Status.Word)
			}
		}
	}
	return words
}

var providers = []crm.Provider{crm.Kapso, crm.Meta}

// onBoth runs a test once for each provider.
func onBoth(t *testing.T, test func(*testing.T, crm.Provider)) {
	t.Helper()
	for _, p := range providers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}
