package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/edge/runner"
	"github.com/my21staff/my21staff/host/gateway"
	"github.com/my21staff/my21staff/host/hosttest"
)

// Each origin gets what is its own, and nothing else.
func TestEachCellGetsItsPart(t *testing.T) {
	t.Parallel()
	a, b := newOrigin(t, "a"), newOrigin(t, "b")
	config := with(document(a, b), "routes", object{"501": "a", "502": "b"})
	config["accounts"] = object{"900000000000001": []string{"b"}}
	r := start(t, config, gateway.Options{})
	kapso := []byte(`{"message":{"id":"wamid.k","timestamp":"1790000000","type":"text","text":{"body":"x"},"from":"6281200000001","kapso":{"direction":"inbound"}},` +
		`"conversation":{"id":"c","phone_number":"6281200000001"},"phone_number_id":"502"}`)
	template := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"message_template_status_update","value":{"event":"APPROVED","message_template_id":1,"message_template_name":"n","message_template_language":"id"}}]}]}`)
	broken := []byte(`{"object":`)
	for _, c := range []struct {
		name, path, header string
		body               []byte
		a, b               *envelope.Part // nil: nothing
	}{
		{"two cells", "meta", hubSignature(metaSecret, batch(said{"501", "1", "m1"}, said{"502", "2", "m2"})), batch(said{"501", "1", "m1"}, said{"502", "2", "m2"}),
			&envelope.Part{Numbers: []string{"501"}}, &envelope.Part{Numbers: []string{"502"}}},
		{"a source by name", "meta/app", hubSignature(metaSecret, one("502", "m3")), one("502", "m3"), nil, &envelope.Part{Numbers: []string{"502"}}},
		{"kapso", "kapso", kapsoSignature(kapso), kapso, nil, &envelope.Part{Numbers: []string{"502"}}},
		{"an account", "meta", hubSignature(metaSecret, template), template, nil, &envelope.Part{Accounts: []string{"900000000000001"}}},
		{"unreadable", "meta", hubSignature(metaSecret, broken), broken, &envelope.Part{Rest: true}, nil},
	} {
		before := [2]int{len(a.parts()), len(b.parts())}
		got := r.ask("POST", "/api/webhook/"+c.path, c.body, c.header, "X-Webhook-Event: whatsapp.message.received")
		if got.status != 200 {
			t.Errorf("%s: answered %d %s", c.name, got.status, got.body)
		}
		for i, o := range []*origin{a, b} {
			want := []*envelope.Part{c.a, c.b}[i]
			parts := o.parts()[before[i]:]
			if want == nil && len(parts) == 0 {
				continue
			}
			if want == nil || len(parts) != 1 {
				t.Errorf("%s: %s got %d parts, want %+v", c.name, o.name, len(parts), want)
				continue
			}
			p := parts[0]
			provider, _, _ := strings.Cut(c.path, "/")
			if !slices.Equal(p.Numbers, want.Numbers) || !slices.Equal(p.Accounts, want.Accounts) || p.Rest != want.Rest ||
				string(p.Body) != string(c.body) || p.Epoch != 1 || p.Event != "whatsapp.message.received" || p.Provider != provider {
				t.Errorf("%s: %s got %+v, want %+v", c.name, o.name, p, want)
			}
		}
	}
}

func TestHandshakeIsAnsweredAtTheDoor(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{})
	got := r.ask("GET", "/api/webhook/meta?hub.mode=subscribe&hub.challenge=%3Cscript%3E+%2B&hub.verify_token="+verifyToken, nil)
	if got.status != 200 || got.body != "<script> +" || got.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the handshake is answered %d %q as %s", got.status, got.body, got.header.Get("Content-Type"))
	}
	if len(a.parts()) != 0 {
		t.Error("a handshake reached the origin")
	}
}

func TestWhatIsRefusedReachesNobody(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{})
	body := one("501", "m1")
	good := hubSignature(metaSecret, body)
	for _, c := range []struct {
		name, method, path string
		body               []byte
		headers            []string
		status             int
		code               string
	}{
		{"no signature", "POST", "meta", body, nil, 401, "signature_missing"},
		{"another secret", "POST", "meta", body, []string{hubSignature("other", body)}, 401, "signature_wrong"},
		{"another body", "POST", "meta", one("501", "m2"), []string{good}, 401, "signature_wrong"},
		{"no hex", "POST", "meta", body, []string{"X-Hub-Signature-256: sha256=zz"}, 401, "signature_malformed"},
		{"twice", "POST", "meta", body, []string{good, good}, 401, "signature_repeated"},
		{"another provider", "POST", "kapso", body, []string{good}, 401, "signature_wrong"},
		{"an unknown source", "POST", "meta/nobody", body, []string{good}, 404, "unknown_source"},
		{"another provider's source", "POST", "kapso/app", body, []string{good}, 404, "unknown_source"},
		{"an unknown provider", "POST", "twilio", body, []string{good}, 404, "not_found"},
		{"an empty source", "POST", "meta/", body, []string{good}, 404, "not_found"},
		{"a method", "PUT", "meta", body, []string{good}, 405, "bad_method"},
		{"a wrong token", "GET", "meta?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1", nil, nil, 403, "handshake_token"},
		{"no mode", "GET", "meta", nil, nil, 400, "handshake_mode"},
		{"a long header", "POST", "meta", body, []string{good, "X-Webhook-Event: " + strings.Repeat("x", edge.MaxHeader+1)}, 431, "header_too_long"},
		{"a long head", "POST", "meta", body, []string{good, "X-Other: " + strings.Repeat("x", 20<<10)}, 431, "header_too_large"},
		{"a large body", "POST", "meta", make([]byte, edge.MaxBody+1), []string{good}, 413, "body_too_large"},
	} {
		got := r.ask(c.method, "/api/webhook/"+c.path, c.body, c.headers...)
		if got.status != c.status || got.code() != c.code || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: answered %d %s, want %d %s", c.name, got.status, got.body, c.status, c.code)
		}
		if strings.Contains(got.body, metaSecret) || strings.Contains(got.body, verifyToken) {
			t.Errorf("%s: the answer holds a secret", c.name)
		}
	}
	if got := r.ask("GET", "/elsewhere", nil); got.status != 404 || got.code() != "not_found" {
		t.Errorf("another address is answered %d %s", got.status, got.body)
	}
	if len(a.parts()) != 0 || a.bad != 0 {
		t.Errorf("the origin got %d parts and %d strange requests", len(a.parts()), a.bad)
	}
	if r.metric(`m21_edge_decisions_total{provider="meta",reason="signature_wrong"}`) != "2" {
		t.Error("wrong signatures are not counted")
	}
}

// A body beyond the bound is refused however it is framed, and is not kept: the
// memory for bodies does not hold it.
func TestLargeBodyIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t, document(newOrigin(t, "a")), gateway.Options{Bytes: edge.MaxBody + 1<<20})
	large := strings.Repeat("x", edge.MaxBody+3<<20)
	if got := r.meta([]byte(large)); got.status != 413 {
		t.Errorf("a body that is said to be too large is answered %d %s", got.status, got.body)
	}
	req, err := http.NewRequest("POST", r.url+"/api/webhook/meta", struct{ *strings.Reader }{strings.NewReader(large)})
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 413 || req.ContentLength != 0 {
		t.Errorf("a body of unknown length that is too large is answered %d", res.StatusCode)
	}
	whole := make([]byte, edge.MaxBody) // signed, and no JSON
	if got := r.meta(whole); got.status != 200 {
		t.Errorf("a body of exactly the bound is answered %d %s", got.status, got.body)
	}
}

// Whatever is done to a signed request, it is the origin's only as it was signed.
func TestForgedBodiesReachNobody(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{})
	body := batch(said{"501", "6281200000001", "m1"}, said{"502", "6281200000002", "m2"})
	signature := strings.TrimPrefix(hubSignature(metaSecret, body), "X-Hub-Signature-256: sha256=")
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		forged, header := slices.Clone(body), signature
		switch n % 4 {
		case 0:
			forged[random.IntN(len(forged))] ^= byte(1 + random.IntN(255))
		case 1:
			forged = forged[:random.IntN(len(forged))]
		case 2:
			forged = append(forged, byte(random.IntN(256)))
		case 3:
			at := random.IntN(len(header))
			header = header[:at] + string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", header[at])+1+random.IntN(15))%16]) + header[at+1:]
		}
		if got := r.ask("POST", "/api/webhook/meta", forged, "X-Hub-Signature-256: sha256="+header); got.status != 401 {
			t.Fatalf("forgery %d is answered %d %s", n, got.status, got.body)
		}
	}
	if len(a.parts()) != 0 || a.bad != 0 {
		t.Errorf("the origin got %d forged parts", len(a.parts()))
	}
	if got := r.meta(body); got.status != 200 || a.messages() != 2 {
		t.Errorf("the genuine one is answered %d, the origin has %d messages", got.status, a.messages())
	}
}

// What an origin says of a part decides what the provider hears; the table of
// the package's documentation.
func TestOriginDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{})
	for i, c := range []struct {
		part, whole, status int
		code, result, log   string
	}{
		{200, 0, 200, "", "taken", ""},
		{204, 0, 200, "", "taken", ""},
		{400, 0, 200, "", "kept", "cannot use what the edge could read"},
		{413, 0, 200, "", "kept", "cannot use what the edge could read"},
		{422, 0, 200, "", "kept", "cannot use what the edge could read"},
		{401, 0, 503, "origin_refused", "refused", "secrets differ"},
		{403, 0, 503, "origin_refused", "refused", "secrets differ"},
		{404, 0, 503, "origin_unavailable", "failed", "a part was not taken"},
		{429, 0, 503, "origin_unavailable", "failed", "a part was not taken"},
		{500, 0, 503, "origin_unavailable", "failed", "a part was not taken"},
		{503, 0, 503, "origin_unavailable", "failed", "a part was not taken"},
		{302, 0, 503, "origin_unavailable", "failed", "a part was not taken"},
		{200, 401, 503, "origin_unavailable", "failed", "its secret or its clock is another"},
		{200, 413, 503, "origin_unavailable", "failed", "an envelope was not taken"},
		{200, 500, 503, "origin_unavailable", "failed", "an envelope was not taken"},
		{200, 204, 503, "origin_unavailable", "failed", "an envelope was not taken"},
	} {
		a.set(func() { a.whole, a.status = c.whole, func(envelope.Part) int { return c.part } })
		counter := `m21_edge_parts_total{cell="a",result="` + c.result + `"}`
		before, logged := r.metric(counter), len(r.log.with(c.log))
		got := r.meta(one("501", fmt.Sprint("m", i)))
		if got.status != c.status || got.code() != c.code {
			t.Errorf("part %d in %d: the provider is answered %d %s", c.part, c.whole, got.status, got.body)
		}
		if wait := got.header.Get("Retry-After"); (wait != "") != (c.status == 503) {
			t.Errorf("part %d in %d: Retry-After is %q", c.part, c.whole, wait)
		}
		if after := r.metric(counter); after == before {
			t.Errorf("part %d in %d: %s stays %q", c.part, c.whole, counter, after)
		}
		if c.log != "" && len(r.log.with(c.log)) != logged+1 {
			t.Errorf("part %d in %d: the log has no new line with %q", c.part, c.whole, c.log)
		}
	}
}

// An origin that is down costs its own webhooks and no one else's.
func TestOriginThatIsDown(t *testing.T) {
	t.Parallel()
	a, b := newOrigin(t, "a"), newOrigin(t, "b")
	r := start(t, with(document(a, b), "routes", object{"501": "a", "502": "b"}), gateway.Options{})
	b.end()
	both := batch(said{"501", "1", "m1"}, said{"502", "2", "m2"})
	if got := r.meta(both); got.status != 503 || got.code() != "origin_unavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("with an origin down a batch is answered %d %s", got.status, got.body)
	}
	if got := r.meta(one("501", "m3")); got.status != 200 {
		t.Errorf("the other's webhook is answered %d %s", got.status, got.body)
	}
	if a.messages() != 2 {
		t.Errorf("the other origin has %d messages, want both", a.messages())
	}
	b.again()
	if got := r.meta(both); got.status != 200 || b.messages() != 1 || a.messages() != 2 {
		t.Errorf("sent again it is answered %d; the origins have %d and %d messages", got.status, a.messages(), b.messages())
	}
}

// An origin that was started again has closed the connections that were kept.
func TestOriginThatWasStartedAgain(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{})
	for i := range 5 {
		if got := r.meta(one("501", fmt.Sprint("m", i))); got.status != 200 {
			t.Errorf("after %d starts a webhook is answered %d %s", i, got.status, got.body)
		}
		a.end()
		a.again()
	}
}

// faulty decides nothing.
type faulty struct{ err error }

func (f faulty) Configure([]byte) error { return nil }

func (f faulty) Decide(context.Context, *edge.Request, time.Time, *runner.Decision) error {
	if f.err == nil {
		panic("planted")
	}
	return f.err
}

// What cannot be decided is the provider's to send again.
func TestEngineThatFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{{runner.ErrBusy, 503, "undecided"}, {nil, 500, "internal"}} {
		a := newOrigin(t, "a")
		r := start(t, document(a), gateway.Options{Decider: faulty{c.err}, Requests: 1})
		for range 3 {
			got := r.meta(one("501", "m1"))
			if got.status != c.status || got.code() != c.code {
				t.Errorf("with an engine that fails a webhook is answered %d %s", got.status, got.body)
			}
			if line := r.log.with(got.header.Get("X-Request-Id"), "level=ERROR"); len(line) != 1 {
				t.Errorf("the log says %q of it", line)
			}
		}
		if len(a.parts()) != 0 {
			t.Error("the origin got a part")
		}
		if panics := r.metric(`m21_panics_total{where="request"}`); (panics == "3") != (c.err == nil) {
			t.Errorf("%q panics are counted", panics)
		}
	}
}

// An origin that is slow keeps its own webhooks waiting, for as long as the
// provider waits, and no one else's.
func TestSlowOriginHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	a, b := newOrigin(t, "a"), newOrigin(t, "b")
	hold, arrived := make(chan struct{}), make(chan struct{})
	b.hold = hold
	b.during = func([]envelope.Part) { b.set(func() { b.during = nil }); close(arrived) }
	r := start(t, with(document(a, b), "routes", object{"501": "a", "502": "b"}), gateway.Options{Patience: time.Second, Posts: 1, Queue: 4})
	var waiting sync.WaitGroup
	slow := func(i int) {
		waiting.Go(func() {
			if got := r.meta(one("502", fmt.Sprint("slow", i))); got.status != 503 || got.code() != "origin_unavailable" {
				t.Errorf("a webhook of the slow origin is answered %d", got.status)
			}
		})
	}
	slow(0)
	<-arrived
	for i := range 15 {
		slow(i + 1)
	}
	hosttest.Until(t, "the slow origin's queue is full", func() bool { return r.metric(`m21_edge_queue_parts{cell="b"}`) == "4" })
	for i := range 50 {
		if got := r.meta(one("501", fmt.Sprint("m", i))); got.status != 200 {
			t.Errorf("beside a slow origin a webhook is answered %d %s", got.status, got.body)
		}
	}
	waiting.Wait()
	close(hold)
	if r.metric(`m21_edge_parts_total{cell="b",result="full"}`) != "11" {
		t.Errorf("beyond the queue %s parts were turned away, want 11 of 16", r.metric(`m21_edge_parts_total{cell="b",result="full"}`))
	}
	r.send(one("502", "later"), metaSecret)
	slowly := slices.DeleteFunc(b.parts(), func(p envelope.Part) bool { return !strings.Contains(string(p.Body), "slow") })
	if len(slowly) != 1 {
		t.Errorf("%d of the slow origin's parts were sent, want the one under way: nobody waits for the others", len(slowly))
	}
}

// What waits while an envelope is on its way travels in the next one.
func TestPartsThatWaitTravelTogether(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	hold := make(chan struct{})
	a.hold = hold
	r := start(t, document(a), gateway.Options{Posts: 1, Batch: 20})
	var sending sync.WaitGroup
	send := func(n int) {
		for range n {
			sending.Go(func() {
				if got := r.meta(one("501", "m"+fmt.Sprint(rand.Uint64()))); got.status != 200 {
					t.Errorf("a webhook is answered %d %s", got.status, got.body)
				}
			})
		}
	}
	queued := func(n string) func() bool {
		return func() bool { return r.metric(`m21_edge_queue_parts{cell="a"}`) == n }
	}
	first := make(chan struct{})
	a.during = func([]envelope.Part) { a.set(func() { a.during = nil }); close(first) }
	send(1)
	<-first
	send(30)
	hosttest.Until(t, "thirty wait", queued("30"))
	close(hold)
	sending.Wait()
	var sizes []int
	for _, parts := range a.envelopes {
		sizes = append(sizes, len(parts))
	}
	if !slices.Equal(sizes, []int{1, 20, 10}) {
		t.Errorf("the envelopes have %v parts, want 1, 20 and 10", sizes)
	}
	if a.messages() != 31 {
		t.Errorf("the origin has %d messages of 31", a.messages())
	}
}

// An envelope goes to one provider's address and has no more bytes than allowed.
func TestBatchIsBounded(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	hold, first := make(chan struct{}), make(chan struct{})
	a.hold = hold
	a.during = func([]envelope.Part) { a.set(func() { a.during = nil }); close(first) }
	small := one("501", "m0000")
	r := start(t, document(a), gateway.Options{Posts: 1, BatchBytes: 3 * len(small)})
	var sending sync.WaitGroup
	send := func(path string, body []byte, header string) {
		sending.Go(func() {
			if got := r.ask("POST", "/api/webhook/"+path, body, header); got.status != 200 {
				t.Errorf("a webhook is answered %d %s", got.status, got.body)
			}
		})
	}
	send("meta", small, hubSignature(metaSecret, small))
	<-first
	for i := range 7 {
		body := one("501", fmt.Sprintf("m%04d", i+1))
		send("meta", body, hubSignature(metaSecret, body))
	}
	kapso := []byte(`{}`)
	for range 2 {
		send("kapso", kapso, kapsoSignature(kapso))
	}
	hosttest.Until(t, "nine wait", func() bool { return r.metric(`m21_edge_queue_parts{cell="a"}`) == "9" })
	close(hold)
	sending.Wait()
	for _, parts := range a.envelopes {
		bytes := 0
		for _, p := range parts {
			bytes += len(p.Body)
			if p.Provider != parts[0].Provider {
				t.Error("an envelope has parts of two providers")
			}
		}
		if bytes > 3*len(small) {
			t.Errorf("an envelope has %d bytes, want at most %d", bytes, 3*len(small))
		}
	}
	if len(a.envelopes) != 5 { // the first, 3 + 3 + 1 of Meta, 2 of Kapso
		t.Errorf("there were %d envelopes, want 5", len(a.envelopes))
	}
	if a.bad != 0 {
		t.Errorf("%d requests went to a wrong address or were no envelope", a.bad)
	}
}

// Beyond its bounds the gateway says so at once.
func TestBoundsOfTheGateway(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	a.hold = make(chan struct{})
	arrived := make(chan struct{})
	a.during = func([]envelope.Part) { a.set(func() { a.during = nil }); close(arrived) }
	r := start(t, document(a), gateway.Options{Requests: 1, Bytes: 2000})
	first := make(chan reply)
	go func() {
		got, _ := r.try("POST", "/api/webhook/meta", one("501", "m1"), hubSignature(metaSecret, one("501", "m1")))
		first <- got
	}()
	<-arrived
	if got := r.meta(one("501", "m2")); got.status != 503 || got.code() != "busy" {
		t.Errorf("beyond the bound of requests it is answered %d %s", got.status, got.body)
	}
	if got := r.ask("GET", "/healthz", nil); got.status != 200 {
		t.Errorf("a busy gateway is asked how it is, and answers %d", got.status)
	}
	close(a.hold)
	if got := <-first; got.status != 200 {
		t.Errorf("the first is answered %d %s", got.status, got.body)
	}
	if got := r.meta(make([]byte, 5000)); got.status != 503 || got.code() != "busy" {
		t.Errorf("beyond the memory for bodies it is answered %d %s", got.status, got.body)
	}
	if got := r.meta(one("501", "m3")); got.status != 200 {
		t.Errorf("afterwards a webhook is answered %d %s", got.status, got.body)
	}
}

// Close lets what came in arrive and answers it.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	a.hold = make(chan struct{})
	arrived := make(chan struct{})
	a.during = func([]envelope.Part) { a.set(func() { a.during = nil }); close(arrived) }
	r := start(t, document(a), gateway.Options{Posts: 1})
	replies := make(chan reply, 5)
	send := func(id string) {
		body := one("501", id)
		got, err := r.try("POST", "/api/webhook/meta", body, hubSignature(metaSecret, body))
		if err != nil {
			t.Error(err)
		}
		replies <- got
	}
	go send("m0")
	<-arrived
	for i := range 4 {
		go send(fmt.Sprint("m", i+1))
	}
	hosttest.Until(t, "four wait", func() bool { return r.metric(`m21_edge_queue_parts{cell="a"}`) == "4" })
	closed := make(chan error)
	go func() { closed <- r.stop(20 * time.Second) }()
	hosttest.Until(t, "nobody is let in any more", func() bool { _, err := http.Get(r.url + "/healthz"); return err != nil })
	close(a.hold)
	for range 5 {
		if got := <-replies; got.status != 200 {
			t.Errorf("what was in work is answered %d %s", got.status, got.body)
		}
	}
	if err := <-closed; err != nil || a.messages() != 5 {
		t.Errorf("the gateway closed with %v, the origin has %d messages of 5", err, a.messages())
	}
}

// What its provider no longer waits for, but is on its way, arrives as well.
func TestCloseLetsEnvelopesArrive(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	a.hold = make(chan struct{})
	onWay := make(chan struct{}, 100)
	a.during = func([]envelope.Part) { onWay <- struct{}{} }
	r := start(t, document(a), gateway.Options{Patience: 20 * time.Millisecond, Posts: 1})
	// The provider's patience may end before the envelope has left; then it sends again.
	for id := 0; len(onWay) == 0; id++ {
		body := one("501", fmt.Sprint("m", id))
		if got := r.meta(body); got.status != 503 {
			t.Fatalf("a webhook that takes too long is answered %d", got.status)
		}
	}
	closing, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.gw.Close(closing); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "on their way") {
		t.Errorf("with an envelope on its way the gateway closes with %v", err)
	}
	close(a.hold)
	if err := r.stop(20 * time.Second); err != nil || a.messages() != 1 {
		t.Errorf("the gateway closed with %v, the origin has %d messages of 1", err, a.messages())
	}
}

// One line for each request, with what was decided and without what was in it.
func TestLogAndMetrics(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{})
	got := r.meta(one("501", "wamid.private"))
	line := r.log.with(got.header.Get("X-Request-Id"))
	if len(line) != 1 {
		t.Fatalf("a request has %d lines", len(line))
	}
	for _, want := range []string{"level=INFO", "method=POST", "route=/api/webhook/meta", "status=200", "verdict=forward", "reason=routed", "source=app", "cells=a", "events=1", "ms="} {
		if !strings.Contains(line[0], want) {
			t.Errorf("the line lacks %s: %s", want, line[0])
		}
	}
	r.ask("POST", "/api/webhook/meta", []byte("private words"))
	r.ask("GET", "/api/webhook/meta?hub.mode=subscribe&hub.verify_token=private-token&hub.challenge=1", nil)
	for _, secret := range []string{metaSecret, kapsoSecret, verifyToken, a.secrets[0], "private", "halo", "6281200000001", strings.TrimPrefix(hubSignature(metaSecret, one("501", "wamid.private")), "X-Hub-Signature-256: ")} {
		if found := r.log.with(secret); len(found) > 0 {
			t.Errorf("the log holds %q: %s", secret, found[0])
		}
	}
	for name, want := range map[string]string{
		`m21_edge_decisions_total{provider="meta",reason="routed"}`:            "1",
		`m21_edge_decisions_total{provider="meta",reason="signature_missing"}`: "1",
		`m21_edge_events_total{kind="message"}`:                                "1",
		`m21_edge_parts_total{cell="a",result="taken"}`:                        "1",
		`m21_edge_queue_parts{cell="a"}`:                                       "0",
		`m21_edge_requests_total{provider="meta",status="401"}`:                "1",
		`m21_edge_request_seconds_count{provider="meta"}`:                      "3",
		`m21_edge_post_seconds_count{cell="a"}`:                                "1",
		`m21_edge_epoch`:                                                       "1",
		`m21_edge_configurations_total{result="taken"}`:                        "1",
	} {
		if value := r.metric(name); value != want {
			t.Errorf("%s is %q, want %s", name, value, want)
		}
	}
}
