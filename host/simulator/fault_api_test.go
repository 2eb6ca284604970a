package simulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// TestAPIFaults: each strikes as often as it should, then the API works again.
func TestAPIFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault       simulator.Fault
		status      int
		path        []any
		value       any
		provider    crm.Provider
		retryHeader string
	}{
		{simulator.Fault{Kind: simulator.FaultError, Code: 131056}, 400, []any{"error", "code"}, 131056.0, crm.Meta, ""},
		{simulator.Fault{Kind: simulator.FaultError, Code: 131016}, 500, []any{"error", "code"}, 131016.0, crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultError, Code: 987654}, 400, []any{"error", "code"}, 987654.0, crm.Meta, ""},
		{simulator.Fault{Kind: simulator.FaultError, Code: 130429, HTTP: 429}, 429, []any{"error", "code"}, 130429.0, crm.Meta, ""},
		{simulator.Fault{Kind: simulator.FaultLimit}, 429, []any{"error", "code"}, 130429.0, crm.Meta, ""},
		{simulator.Fault{Kind: simulator.FaultLimit}, 429, []any{"error"}, "Rate limit exceeded", crm.Kapso, "60"},
		{simulator.Fault{Kind: simulator.FaultDown}, 503, []any{"error", "code"}, 131000.0, crm.Meta, ""},
		{simulator.Fault{Kind: simulator.FaultDown, HTTP: 500}, 500, []any{"error", "code"}, 131000.0, crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultHTML}, 502, nil, nil, crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultInFlight}, 409, nil, nil, crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultCredits}, 402, []any{"code"}, "insufficient_credits", crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultSandbox}, 403, nil, nil, crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultStopped}, 422, []any{"code"}, "marketing_preference_stopped", crm.Kapso, ""},
		{simulator.Fault{Kind: simulator.FaultStopped}, 400, []any{"error", "code"}, 131050.0, crm.Meta, ""},
		{simulator.Fault{Kind: simulator.FaultMismatch}, 422, []any{"code"}, "messaging_account_mismatch", crm.Kapso, ""},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.fault.Kind, c.fault.Code, c.provider), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.says(c.provider, simulator.Inbound{})
			c.fault.Count = 2
			w.fault(c.fault)
			for range 2 {
				got := w.send(c.provider, nil)
				if got.status != c.status || c.path != nil && got.field(c.path...) != c.value || got.header.Get("Retry-After") != c.retryHeader {
					t.Errorf("= %d %s (Retry-After %q), want %d, %v %v, %q", got.status, got.body, got.header.Get("Retry-After"), c.status, c.path, c.value, c.retryHeader)
				}
			}
			if got := w.send(c.provider, nil); got.status != 200 {
				t.Errorf("after the fault = %d %s, want 200", got.status, got.body)
			}
			if hits := w.Faults()[0].Hits; hits != 2 {
				t.Errorf("the fault struck %d times, want 2", hits)
			}
			if sends := w.Sends(); len(sends) != 1 || sends[0].Times != 1 {
				t.Errorf("sends = %+v, want the one after the fault", sends)
			}
		})
	}
}

// TestCutConnections: after a reset the send is there, after an early close it
// is not; the caller cannot tell.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.says(p, simulator.Inbound{})
		ends := map[simulator.FaultKind]error{simulator.FaultReset: syscall.ECONNRESET, simulator.FaultClose: io.EOF}
		for kind, end := range ends {
			w.ClearFaults()
			w.fault(simulator.Fault{Kind: kind, Count: 1})
			body := message(object{"biz_opaque_callback_data": string(kind)})
			if got, err := w.do("POST", prefix(p)+pnid+"/messages", credentials(p), body); !errors.Is(err, end) {
				t.Errorf("%s: got %d %s, %v, want %v", kind, got.status, got.body, err, end)
			}
		}
		sends := w.Sends()
		if len(sends) != 1 || sends[0].Opaque != "reset_after_accept" || sends[0].Times != 1 || sends[0].Unanswered != 1 {
			t.Fatalf("sends = %+v, want the one that was reset after it was taken", sends)
		}
		hosttest.Until(t, "the statuses of the send that was reset", func() bool { return len(statuses(t, w.hooks.of(p))) == 2 })
		var sent object
		if json.Unmarshal(sends[0].Body, &sent) != nil || sent["to"] != budi {
			t.Errorf("the record's body is %s, want the request", sends[0].Body)
		}
	})
}

func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(crm.Meta, simulator.Inbound{})
	w.fault(simulator.Fault{Kind: simulator.FaultSlow, MS: 120, Count: 1})
	start := time.Now()
	if got := w.send(crm.Meta, nil); got.status != 200 {
		t.Errorf("slow send = %d %s, want 200", got.status, got.body)
	}
	if took := time.Since(start); took < 120*time.Millisecond {
		t.Errorf("the answer took %v, want 120 ms and more", took)
	}
}

func TestFailAndHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(crm.Meta, simulator.Inbound{})
	w.fault(simulator.Fault{Kind: simulator.FaultHeld, Count: 1})
	w.fault(simulator.Fault{Kind: simulator.FaultFail, Code: 130472, Count: 1})
	if got := w.send(crm.Meta, nil); got.field("messages", 0, "message_status") != "held_for_quality_assessment" {
		t.Errorf("held send = %s", got.body)
	}
	w.send(crm.Meta, nil)
	if codes := failed(t, w, 1); codes[0] != 130472 {
		t.Errorf("failed with %v, want 130472", codes)
	}
	if words := statuses(t, w.hooks.of(crm.Meta)); !slices.Equal(words, []string{"failed"}) {
		t.Errorf("statuses = %v, want only the failure", words)
	}
}

func TestFaultScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		other := number(crm.Meta, o.Numbers[0].Webhook.URL)
		other.PhoneNumberID, other.DisplayNumber = "555000111", "+62 812 0000 0077"
		o.Numbers = append(o.Numbers, other)
	})
	w.says(crm.Meta, simulator.Inbound{})
	w.says(crm.Kapso, simulator.Inbound{})
	down := func(f simulator.Fault, call func() answer, want int) {
		t.Helper()
		w.ClearFaults()
		f.Kind = simulator.FaultDown
		w.fault(f)
		if got := call(); got.status != want {
			t.Errorf("with %+v: %d %s, want %d", f, got.status, got.body, want)
		}
	}
	meta := func() answer { return w.send(crm.Meta, nil) }
	read := func() answer {
		return w.api(crm.Meta, "POST", pnid+"/messages", object{"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X"})
	}
	templates := func() answer { return w.api(crm.Meta, "GET", waba+"/message_templates", nil) }
	down(simulator.Fault{}, meta, 503)
	down(simulator.Fault{Provider: crm.Kapso}, meta, 200)
	down(simulator.Fault{Number: "555000111"}, meta, 200)
	down(simulator.Fault{Number: pnid}, meta, 503)
	down(simulator.Fault{Customer: budiWaID}, meta, 503)
	down(simulator.Fault{Customer: "+6281200000002"}, meta, 200)
	down(simulator.Fault{}, read, 200)
	down(simulator.Fault{On: "read"}, read, 503)
	down(simulator.Fault{On: "template"}, templates, 503)
	down(simulator.Fault{On: "any"}, templates, 503)
	down(simulator.Fault{On: "template"}, meta, 200)
	down(simulator.Fault{Probability: 1e-12}, meta, 200)
}

func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, f := range []simulator.Fault{{}, {Kind: "no such"}, {Kind: simulator.FaultError}, {Kind: simulator.FaultBatch, N: 1001},
		{Kind: simulator.FaultDrop, Probability: 2}, {Kind: simulator.FaultDrop, Count: -1}, {Kind: simulator.FaultSlow, On: "nothing"}, {Kind: simulator.FaultBig, Bytes: 1 << 30}} {
		if err := w.AddFaults(simulator.Fault{Kind: simulator.FaultDrop}, f); crm.CodeOf(err) != crm.Invalid {
			t.Errorf("AddFaults(%+v) = %v, want invalid", f, err)
		}
	}
	if len(w.Faults()) != 0 {
		t.Errorf("an invalid list was added in part: %+v", w.Faults())
	}
}
