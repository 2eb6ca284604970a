package host_test

import (
	"bytes"
	"net/http"
	"runtime"
	"runtime/pprof"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// This test counts goroutines, so it is not parallel: the others wait for it.
func TestStopLeavesNothingRunning(t *testing.T) { //nolint:paralleltest // see above
	liveAndStop(t) // libraries start goroutines of their own the first time, for ever
	before := runtime.NumGoroutine()
	liveAndStop(t)
	defer func() {
		if t.Failed() {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Logf("before there were %d goroutines, and now there are: %s", before, &stacks)
		}
	}()
	hosttest.Until(t, "what was started has ended", func() bool { return runtime.NumGoroutine() <= before })
}

// liveAndStop starts a world, has every part of it do something, and stops it
// while a stream is open.
func liveAndStop(t *testing.T) {
	t.Helper()
	w := hosttest.Start(t, hosttest.Options{})
	live := events(t, w, -1)
	if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Meta, Customer: "6281200000001"}}); err != nil {
		t.Fatal(err)
	}
	in := live.until("the message came in", func(e event) bool { return e.Kind == "message.received" })
	w.Ask("POST", "/api/messages/send", map[string]any{"conversation_id": in.Data.ConversationID, "type": "text", "text": map[string]string{"body": "x"}})
	live.until("the reply was sent", func(e event) bool { return e.Data.Data.Status == "sent" })
	w.Stop()
	for {
		if _, ok := live.next(); !ok {
			break
		}
	}
	_ = live.response.Body.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
