package simulator_test

import (
	"context"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hosttest.Until(t, "the handshake at the start", func() bool { w.hooks.mu.Lock(); defer w.hooks.mu.Unlock(); return w.hooks.shakes == 1 })
	if err := w.Handshake(crm.Meta, pnid); err != nil {
		t.Errorf("Handshake = %v", err)
	}
	hook := simulator.Webhook{URL: w.hooks.url + "?tenant=1", Secret: secret, VerifyToken: "another"}
	if err := w.SetWebhook(crm.Meta, pnid, hook); crm.CodeOf(err) != crm.Refused {
		t.Errorf("SetWebhook with another verify token = %v, want refused", err)
	}
	hook.URL, hook.VerifyToken = w.url+"/", "verify-me" // answers 200, and with something else
	if err := w.SetWebhook(crm.Meta, pnid, hook); crm.CodeOf(err) != crm.Refused {
		t.Errorf("SetWebhook to a page = %v, want refused", err)
	}
	hook.URL = w.hooks.url + "?tenant=1"
	if err := w.SetWebhook(crm.Meta, pnid, hook); err != nil {
		t.Errorf("SetWebhook = %v", err)
	}
	hook.URL = "http://127.0.0.1:1/hook"
	if err := w.SetWebhook(crm.Meta, pnid, hook); crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("SetWebhook to nobody = %v, want unavailable", err)
	}
	if err := w.SetWebhook(crm.Meta, "1", hook); crm.CodeOf(err) != crm.NotFound {
		t.Errorf("SetWebhook of an unknown number = %v, want not found", err)
	}
	w.says(crm.Meta, simulator.Inbound{})
	w.hooks.wait(t, crm.Meta, 1)
}

// TestQueueIsBounded: when webhooks pile up sends and messages are refused, and
// taken again when they are gone.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) { o.Queue, o.RetryScale = 3, 0.02 })
	w.hooks.answer(503, 503, 503, 503, 503, 503)
	w.says(crm.Meta, simulator.Inbound{Count: 3})
	if _, err := w.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Meta, Customer: budi}}); crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("Say with a full queue = %v, want unavailable", err)
	}
	if got := w.send(crm.Meta, nil); got.status != 400 || got.field("error", "code") != 130429.0 {
		t.Errorf("send with a full queue = %d %s, want 130429", got.status, got.body)
	}
	hosttest.Until(t, "the queue to empty", func() bool { return w.Waiting() == 0 })
	if got := w.send(crm.Meta, nil); got.status != 200 {
		t.Errorf("send after the queue emptied = %d %s, want 200", got.status, got.body)
	}
}

// TestSeed: the same seed gives the same ids, whatever the webhooks drew
// meanwhile; none gives others.
func TestSeed(t *testing.T) {
	t.Parallel()
	first := func(seed uint64, handshakes int) string {
		w := newWorld(t, func(o *simulator.Options) { o.Seed = seed })
		for range handshakes {
			if err := w.Handshake(crm.Meta, pnid); err != nil {
				t.Fatal(err)
			}
		}
		return w.says(crm.Meta, simulator.Inbound{})[0].ID
	}
	if a, b := first(7, 0), first(7, 3); a != b {
		t.Errorf("the same seed gave the ids %s and %s", a, b)
	}
	if a, b := first(0, 0), first(0, 0); a == b {
		t.Errorf("without a seed the id is %s twice", a)
	}
}

// TestCloseEndsEverything: also with a receiver that never answers, retries
// that wait and statuses to come, nothing of the package runs after Close.
func TestCloseEndsEverything(t *testing.T) { // not parallel: it looks at every goroutine
	silent := listen(t)
	held := make(chan net.Conn, 16)
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			held <- conn
		}
	}()
	s := simulator.New(simulator.Options{
		Numbers: []simulator.Number{number(crm.Kapso, "http://"+silent.Addr().String())},
		Delays:  &simulator.Delays{Sent: time.Hour},
	})
	ln := listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	if _, err := s.Say(simulator.Inbound{Chat: simulator.Chat{Customer: budi}}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = (<-held).Close(); _ = silent.Close() }()
	hosttest.Until(t, "the delivery to be under way", func() bool { return len(held) == 1 })
	w := &world{Simulator: s, t: t, url: "http://" + ln.Addr().String()}
	if got := w.send(crm.Kapso, nil); got.status != 200 {
		t.Fatalf("send = %d %s", got.status, got.body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range 2 {
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil after Close", err)
	}
	// A goroutine that has told of its end is still there for a moment.
	var running []string
	defer func() {
		for _, stack := range running {
			t.Errorf("still runs after Close:\n%s", stack)
		}
	}()
	hosttest.Until(t, "what was started has ended", func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		running = slices.DeleteFunc(strings.Split(string(stacks), "\n\n"), func(stack string) bool { return !strings.Contains(stack, "simulator.(*") })
		return len(running) == 0
	})
	if _, err := w.do("GET", "/", nil, nil); err == nil {
		t.Error("it still answers after Close")
	}
}
