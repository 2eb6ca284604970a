package runner_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// deciders are all there are, with the module that comes with the package.
func deciders(tb testing.TB) map[string]runner.Decider {
	return map[string]runner.Decider{
		"native":   newNative(tb),
		"pool":     newPool(tb, runner.Options{CacheDir: cache}),
		"host MAC": newPool(tb, runner.Options{CacheDir: cache, HostMAC: true}),
	}
}

// change is a request with a change.
func change(r *edge.Request, f func(*edge.Request)) *edge.Request {
	f(r)
	return r
}

func TestDecidersAgree(t *testing.T) {
	t.Parallel()
	requests := []struct {
		name    string
		request *edge.Request
		reason  edge.Reason
	}{
		{"signed", signed(body(3)), edge.Routed},
		{"many messages", signed(body(1000)), edge.Routed},
		{"no JSON", signed([]byte("{")), edge.NotJSON},
		{"an empty body", signed(nil), edge.NotJSON},
		{"as many values as there can be", signed([]byte("[1" + strings.Repeat(",1", edge.MaxBody/2-2) + "]")), edge.Routed},
		{"as large as may be", signed(bytes.Repeat([]byte(" "), edge.MaxBody)), edge.NotJSON},
		{"larger", signed(bytes.Repeat([]byte(" "), edge.MaxBody+1)), edge.BodyTooLarge},
		{"twice as large", signed(bytes.Repeat([]byte(" "), 2*edge.MaxBody)), edge.BodyTooLarge},
		{"unsigned", change(signed(body(3)), func(r *edge.Request) { r.Hub = edge.Header{} }), edge.SignatureMissing},
		{"signed twice", change(signed(body(3)), func(r *edge.Request) { r.Hub.Count = 2 }), edge.SignatureRepeated},
		{"a signature in capitals", change(signed(body(3)), func(r *edge.Request) { r.Hub.Value = bytes.ToUpper(r.Hub.Value) }), edge.SignatureMalformed},
		{"of another body", change(signed(body(3)), func(r *edge.Request) { r.Body = body(4) }), edge.SignatureWrong},
		{"of the named source", change(signed(body(3)), func(r *edge.Request) { r.Source = []byte("app") }), edge.Routed},
		{"of another source", change(signed(body(3)), func(r *edge.Request) { r.Source = []byte("x") }), edge.UnknownSource},
		{"of another provider", change(signed(body(3)), func(r *edge.Request) { r.Provider = edge.Kapso }), edge.SignatureWrong},
		{"from Kapso", forwarded(body(3)), edge.Routed},
		{"a long header", change(signed(body(3)), func(r *edge.Request) { r.Event = make([]byte, 1<<20) }), edge.HeaderTooLong},
		{"another method", change(signed(body(3)), func(r *edge.Request) { r.Method = edge.Other }), edge.BadMethod},
		{"a handshake", &edge.Request{Provider: edge.Meta, Method: edge.Get, Query: []byte("hub.mode=subscribe&hub.verify_token=a+token&hub.challenge=%31%35")}, edge.HandshakeDone},
		{"a wrong handshake", &edge.Request{Provider: edge.Meta, Method: edge.Get, Query: []byte("hub.mode=subscribe&hub.verify_token=x&hub.challenge=15")}, edge.HandshakeToken},
	}
	native := newNative(t)
	for name, decider := range deciders(t) {
		for _, c := range requests {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				var want, got runner.Decision
				if err := native.Decide(t.Context(), c.request, now, &want); err != nil {
					t.Fatal(err)
				}
				if err := decider.Decide(t.Context(), c.request, now, &got); err != nil {
					t.Fatalf("Decide = %v", err)
				}
				if got.Reason != c.reason {
					t.Errorf("Decide: %v, want %v", got.Reason, c.reason)
				}
				if at := difference(&got, &want); at >= 0 {
					t.Errorf("the decision's frame is another than natively from byte %d on: was the module built from this source?", at)
				}
			})
		}
	}
}

// difference returns where the frames of two decisions differ; -1 for nowhere.
func difference(a, b *runner.Decision) int {
	x, y := edge.AppendDecision(nil, &a.Decision), edge.AppendDecision(nil, &b.Decision)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return i
		}
	}
	if len(x) != len(y) {
		return min(len(x), len(y))
	}
	return -1
}

// A decision is in memory of its own: neither the request's nor the decider's
// changes it.
func TestDecisionOwnsItsMemory(t *testing.T) {
	t.Parallel()
	for name, decider := range deciders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := signed([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":{` +
				`"metadata":{"phone_number_id":"100000000000\u0030\u0030\u0031"},` +
				`"messages":[{"from":"6281200000001","id":"wamid.\u0061","timestamp":"1790000000","type":"text"}]}}]}]}`))
			var kept, other runner.Decision
			if err := decider.Decide(t.Context(), r, now, &kept); err != nil || len(kept.Events) != 1 {
				t.Fatalf("Decide = %v, %+v", err, kept.Decision)
			}
			clear(r.Body)
			for n := range 4 { // as often as there may be doors or instances, and more
				if err := decider.Decide(t.Context(), signed(body(20+n)), now, &other); err != nil {
					t.Fatal(err)
				}
			}
			e, target := kept.Events[0], kept.Targets[0]
			if string(e.ID) != "wamid.a" || string(e.Peer) != "6281200000001" || string(target.ID) != "100000000000001" {
				t.Errorf("the decision became %q %q %q", e.ID, e.Peer, target.ID)
			}
		})
	}
}

// A decision that is used again allocates nothing.
func TestDecideAllocatesNothing(t *testing.T) {
	small, large := signed(body(3)), signed(body(190))
	for name, decider := range deciders(t) {
		var d runner.Decision
		decide := func() {
			for _, r := range []*edge.Request{small, large} {
				if err := decider.Decide(t.Context(), r, now, &d); err != nil || d.Reason != edge.Routed {
					t.Fatal(err, d.Reason)
				}
			}
		}
		for range 10 { // each instance once, at the least
			decide()
		}
		if n := testing.AllocsPerRun(20, decide); n != 0 {
			t.Errorf("%s: Decide allocates %v times, want 0", name, n)
		}
	}
}

// The memory of an instance does not grow with what it has decided.
func TestMemoryIsFlat(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{CacheDir: cache, Size: 1})
	i := spawn(t, pool)
	requests := []*edge.Request{signed(body(3)), signed(body(100)), change(signed(body(3)), func(r *edge.Request) { r.Hub.Count = 0 })}
	decide := func(times int) int {
		var d runner.Decision
		for n := range times {
			if err := i.Decide(requests[n%len(requests)], now, &d); err != nil {
				t.Fatal(err)
			}
		}
		return len(i.Bytes())
	}
	if before, after := decide(10), decide(2000); before != after {
		t.Errorf("the memory grew from %d to %d bytes", before, after)
	}
}
