package runner_test

import (
	"bytes"
	"testing"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// The host computes MACs up to the one that has signed, and none for a request
// that cannot verify. The guest tells how many it was given; that they are right
// is what TestDecidersAgree shows.
func TestHostComputesTheMACs(t *testing.T) {
	t.Parallel()
	const atMACs = 5 // in a request's frame
	tell := append(append(constant(decisionAt), append(constant(bufferAt), load8(atMACs)...)...), store8(32)...)
	module := guest{handle: append(tell, answer(decisionAt, 64)...)}.module()
	host := newPool(t, runner.Options{Module: module, HostMAC: true})
	guest := newPool(t, runner.Options{Module: module})
	for _, c := range []struct {
		name    string
		pool    *runner.Pool
		request *edge.Request
		macs    byte
	}{
		{"the first secret has signed", host, signedWith("another secret", body(3)), 1},
		{"the second", host, signed(body(3)), 2},
		{"none", host, signedWith("x", body(3)), 2},
		{"they are given", host, change(signed(body(3)), func(r *edge.Request) { r.MACs = make([][32]byte, 7) }), 7},
		{"not signed", host, change(signed(body(3)), func(r *edge.Request) { r.Hub.Count = 0 }), 0},
		{"signed twice", host, change(signed(body(3)), func(r *edge.Request) { r.Hub.Count = 2 }), 0},
		{"signed too briefly", host, change(signed(body(3)), func(r *edge.Request) { r.Hub.Value = r.Hub.Value[:63] }), 0},
		{"a handshake", host, change(signed(body(3)), func(r *edge.Request) { r.Method = edge.Get }), 0},
		{"Kapso has signed", host, forwarded(body(3)), 1},
		{"as Meta does, to Kapso", host, change(signed(body(3)), func(r *edge.Request) { r.Provider = edge.Kapso }), 1},
		{"as Kapso does, to Meta", host, change(forwarded(body(3)), func(r *edge.Request) { r.Provider = edge.Meta }), 0},
		{"the module is to compute them", guest, signed(body(3)), 0},
	} {
		var d runner.Decision
		given := c.request.MACs
		if err := c.pool.Decide(t.Context(), c.request, now, &d); err != nil || d.MAC[0] != c.macs {
			t.Errorf("%s: the module was given %d MACs (%v), want %d", c.name, d.MAC[0], err, c.macs)
		}
		if len(given) != len(c.request.MACs) {
			t.Errorf("%s: the request was changed", c.name)
		}
	}
}

// A body that is too large is refused without hashing it.
func TestHostDoesNotHashWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	buffer := append(growBy(128), constant(bufferAt)...)
	const atMACs = 5
	tell := append(append(constant(decisionAt), append(constant(bufferAt), load8(atMACs)...)...), store8(32)...)
	pool := newPool(t, runner.Options{Module: guest{buffer: buffer, handle: append(tell, answer(decisionAt, 64)...)}.module(), HostMAC: true})
	for _, c := range []struct {
		size int
		macs byte
	}{{edge.MaxBody, 2}, {edge.MaxBody + 1, 0}} {
		var d runner.Decision
		if err := pool.Decide(t.Context(), signed(bytes.Repeat([]byte(" "), c.size)), now, &d); err != nil || d.MAC[0] != c.macs {
			t.Errorf("of %d bytes the module was given %d MACs (%v), want %d", c.size, d.MAC[0], err, c.macs)
		}
	}
}
