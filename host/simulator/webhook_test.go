package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// TestStatuses: a send is reported sent, delivered, read and played, in this
// order, each signed and with our own id in it.
func TestStatuses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.says(p, simulator.Inbound{})
		sent := w.send(p, object{"type": "audio", "text": nil, "audio": object{"id": "1013859600285441", "voice": true}, "biz_opaque_callback_data": "msg-42"})
		wamid := sent.field("messages", 0, "id")
		if n, err := w.Read(simulator.Chat{Provider: p, Customer: budi}, true); n != 1 || err != nil {
			t.Fatalf("Read = %d, %v, want the one message", n, err)
		}
		want := map[crm.Provider][]string{crm.Meta: {"sent", "delivered", "read", "played"}, crm.Kapso: {"sent", "delivered", "read"}}[p]
		hits := w.hooks.wait(t, p, 1+len(want))
		if words := statuses(t, hits); !slices.Equal(words, want) {
			t.Errorf("statuses = %v, want %v", words, want)
		}
		for _, h := range hits {
			if err := h.verify(); err != nil {
				t.Errorf("%s: %v", h.event, err)
			}
			for _, f := range h.facts(t) {
				if f.Kind == webhook.Status && (f.ProviderID != wamid || f.Status.Opaque != "msg-42" || f.Peer.WaID != budiWaID || f.PhoneNumberID != pnid) {
					t.Errorf("status %+v of %s by %+v on %s, want msg-42 of %s by %s", f.Status, f.ProviderID, f.Peer, f.PhoneNumberID, wamid, budiWaID)
				}
			}
		}
	})
}

// TestReactionIsOnlySent: no more is ever told of a reaction.
func TestReactionIsOnlySent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.says(crm.Meta, simulator.Inbound{})
	w.send(crm.Meta, file("reaction", object{"message_id": in[0].ID, "emoji": "👍"}))
	w.send(crm.Meta, nil)
	hosttest.Until(t, "three statuses", func() bool { return len(statuses(t, w.hooks.of(crm.Meta))) == 3 })
	if words := statuses(t, w.hooks.of(crm.Meta)); !slices.Equal(words, []string{"sent", "sent", "delivered"}) {
		t.Errorf("statuses = %v, want one of the reaction and two of the text", words)
	}
}

// TestDelays: statuses wait for their delays, and reading comes by itself when
// it has one.
func TestDelays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		o.Delays = &simulator.Delays{Sent: 20 * time.Millisecond, Delivered: 20 * time.Millisecond, Read: 20 * time.Millisecond}
	})
	w.says(crm.Meta, simulator.Inbound{})
	start := time.Now()
	w.send(crm.Meta, nil)
	hosttest.Until(t, "the read status", func() bool { return len(statuses(t, w.hooks.of(crm.Meta))) == 3 })
	if took := time.Since(start); took < 60*time.Millisecond {
		t.Errorf("it was read after %v, want 60 ms and more", took)
	}
}

// TestRetries: each provider tries again as documented, with the same body and
// key, and Kapso gives up.
func TestRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks.answer(503, 500, 404)
	w.says(crm.Kapso, simulator.Inbound{})
	hits := w.hooks.wait(t, crm.Kapso, 4)
	for _, h := range hits[1:] {
		if !bytes.Equal(h.body, hits[0].body) || h.header["X-Idempotency-Key"] != hits[0].header["X-Idempotency-Key"] || h.header["X-Idempotency-Key"] == "" {
			t.Errorf("a retry has another body or key: %v, first %v", h.header, hits[0].header)
		}
	}
	hosttest.Until(t, "the record", func() bool { d := w.Deliveries(); return len(d) == 1 && d[0].State == "delivered" })
	if d := w.Deliveries()[0]; d.Attempts != 4 || d.Status != 200 || d.Event != "whatsapp.message.received" || d.Updates != 1 {
		t.Errorf("record = %+v, want four attempts and 200", d)
	}
	w.hooks.answer(503, 503, 503, 503, 503)
	w.says(crm.Kapso, simulator.Inbound{})
	hosttest.Until(t, "Kapso to give up", func() bool { d := w.Deliveries(); return len(d) == 2 && d[1].State == "given_up" && w.Waiting() == 0 })
	if d := w.Deliveries()[1]; d.Attempts != 4 || d.Status != 503 {
		t.Errorf("record = %+v, want it given up after four attempts", d)
	}
}

func TestMetaKeepsTrying(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks.answer(500, 500, 500, 500, 500, 500, 500)
	w.says(crm.Meta, simulator.Inbound{})
	hits := w.hooks.wait(t, crm.Meta, 8)
	if !bytes.Equal(hits[0].body, hits[7].body) {
		t.Error("a retry has another body")
	}
}

// TestRetryWaits reads the planned waits from the records.
func TestRetryWaits(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t, func(o *simulator.Options) { o.RetryScale = 1 })
		w.hooks.answer(503, 503, 503)
		w.says(p, simulator.Inbound{})
		attempts, want := 1, 10*time.Second
		if p == crm.Meta {
			attempts, want = 2, 5*time.Second // the first retry is immediate
		}
		hosttest.Until(t, "the failed attempts", func() bool { d := w.Deliveries(); return len(d) == 1 && d[0].Attempts == attempts })
		d := w.Deliveries()[0]
		if got := d.NextAt.Sub(d.LastAt); got != want {
			t.Errorf("after %d attempts the next is in %v, want %v", attempts, got, want)
		}
	})
}

// TestKapsoKeepsOrderWhileItRetries: what comes after a failed message of the
// same conversation waits; other conversations do not.
func TestKapsoKeepsOrderWhileItRetries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) { o.RetryScale = 0.02 }) // 200 ms
	w.hooks.answer(503)
	first := w.says(crm.Kapso, simulator.Inbound{})[0].ID
	w.hooks.wait(t, crm.Kapso, 1)
	second := w.says(crm.Kapso, simulator.Inbound{})[0].ID
	other := w.says(crm.Kapso, simulator.Inbound{Chat: simulator.Chat{Customer: "+6281200000002"}})[0].ID
	var got []string
	for _, h := range w.hooks.wait(t, crm.Kapso, 4) {
		got = append(got, h.facts(t)[0].ProviderID)
	}
	if want := []string{first, other, first, second}; !slices.Equal(got, want) {
		t.Errorf("arrived: %v, want %v", got, want)
	}
}

// TestKapsoHeaders checks a single delivery against the documented headers.
func TestKapsoHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(crm.Kapso, simulator.Inbound{})
	h := w.hooks.wait(t, crm.Kapso, 1)[0]
	if h.header["X-Webhook-Event"] != "whatsapp.message.received" || h.header["X-Webhook-Payload-Version"] != "v2" || h.header["X-Webhook-Batch"] != "" ||
		len(h.header["X-Webhook-Signature"]) != 64 || h.header["X-Hub-Signature-256"] != "" || !strings.HasPrefix(h.header["Content-Type"], "application/json") {
		t.Errorf("headers = %v", h.header)
	}
	var body struct {
		IsNew        bool `json:"is_new_conversation"`
		Conversation struct {
			LastActive string `json:"last_active_at"`
			Phone      string `json:"phone_number"`
		}
		Message struct {
			Kapso struct {
				Status     string
				Processing string `json:"processing_status"`
			}
		}
	}
	if err := json.Unmarshal(h.body, &body); err != nil || !body.IsNew || !strings.HasSuffix(body.Conversation.LastActive, "-03:00") || body.Conversation.Phone != budi ||
		body.Message.Kapso.Status != "received" || body.Message.Kapso.Processing != "pending" {
		t.Errorf("body = %s", h.body)
	}
}

// TestKapsoBuffer: with buffering every delivery is a batch of one
// conversation, also of one message; statuses are not buffered.
func TestKapsoBuffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		o.Numbers[0].Webhook.Buffer, o.Numbers[0].Webhook.BufferSize = 20*time.Second, 3 // 20 ms
	})
	w.says(crm.Kapso, simulator.Inbound{Count: 3})
	w.says(crm.Kapso, simulator.Inbound{Chat: simulator.Chat{Customer: "+6281200000002"}})
	w.send(crm.Kapso, nil)
	hits := w.hooks.wait(t, crm.Kapso, 4)
	sizes := map[string]int{}
	for _, h := range hits {
		if h.header["X-Webhook-Batch"] != "true" {
			sizes[h.event]++
			continue
		}
		facts := h.facts(t)
		if h.header["X-Batch-Size"] != fmt.Sprint(len(facts)) || h.event != "whatsapp.message.received" {
			t.Errorf("batch of %d with headers %v", len(facts), h.header)
		}
		for _, f := range facts {
			if f.Peer.WaID != facts[0].Peer.WaID {
				t.Errorf("a batch mixes conversations of %s and %s", f.Peer.WaID, facts[0].Peer.WaID)
			}
		}
		var body struct {
			Info struct {
				First int `json:"first_sequence"`
				Last  int `json:"last_sequence"`
			} `json:"batch_info"`
		}
		if err := json.Unmarshal(h.body, &body); err != nil || body.Info.First != 1 || body.Info.Last != len(facts) {
			t.Errorf("batch of %d has the sequence %+v, %v", len(facts), body.Info, err)
		}
		sizes[facts[0].Peer.WaID] = len(facts)
	}
	if sizes[budiWaID] != 3 || sizes["6281200000002"] != 1 || sizes["whatsapp.message.sent"] != 1 || sizes["whatsapp.message.delivered"] != 1 {
		t.Errorf("deliveries = %v", sizes)
	}
}

// TestKapsoSplitsAFailedBatch: its messages come once more, each with a key of
// its own.
func TestKapsoSplitsAFailedBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		o.Numbers[0].Webhook.Buffer, o.Numbers[0].Webhook.BufferSize = 20*time.Second, 2
	})
	w.hooks.answer(500, 500, 500, 500)
	said := w.says(crm.Kapso, simulator.Inbound{Count: 2})
	hits := w.hooks.wait(t, crm.Kapso, 6)
	for i, h := range hits[4:] {
		if h.header["X-Webhook-Batch"] != "" || h.header["X-Idempotency-Key"] == hits[0].header["X-Idempotency-Key"] {
			t.Errorf("after the batch: %v, want a delivery of its own", h.header)
		}
		if facts := h.facts(t); facts[0].ProviderID != said[i].ID {
			t.Errorf("delivery %d is of %s, want %s", i, facts[0].ProviderID, said[i].ID)
		}
	}
}

// TestKapsoBatchFault: the fault gathers at most a hundred messages of one
// conversation, which is what Kapso promises.
func TestKapsoBatchFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(simulator.Fault{Kind: simulator.FaultBatch, N: 1000, MS: 60_000})
	w.says(crm.Kapso, simulator.Inbound{Count: 100})
	if n := len(w.hooks.wait(t, crm.Kapso, 1)[0].facts(t)); n != 100 {
		t.Errorf("the batch holds %d messages, want 100", n)
	}
}

// TestMetaKindOfKapso: Kapso passes Meta's payload on, signed its own way, with
// the payload's sum as key.
func TestMetaKindOfKapso(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) { o.Numbers[0].Webhook.Kind = simulator.KindMeta })
	w.says(crm.Kapso, simulator.Inbound{Text: "diteruskan"})
	h := w.hooks.wait(t, crm.Kapso, 1)[0]
	sum := sha256.Sum256(h.body)
	if h.header["X-Idempotency-Key"] != hex.EncodeToString(sum[:]) || h.event != "" || !bytes.Contains(h.body, []byte("whatsapp_business_account")) {
		t.Errorf("passed on with %v: %s", h.header, h.body)
	}
	if err := h.verify(); err != nil {
		t.Error(err)
	}
	if facts := h.facts(t); facts[0].Message.Content != (crm.Text{Body: "diteruskan"}) {
		t.Errorf("content = %+v", facts[0].Message.Content)
	}
}

// TestMetaEscapes: the bytes on the wire are ASCII with escaped slashes, so a
// receiver that signs what it encoded again finds another signature.
func TestMetaEscapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const words = "äöå/<b>&% @ 😀 \u2028 \"\\"
	w.says(crm.Meta, simulator.Inbound{Text: words})
	h := w.hooks.wait(t, crm.Meta, 1)[0]
	for _, b := range h.body {
		if b >= 0x80 {
			t.Fatalf("the body is not ASCII: %s", h.body)
		}
	}
	for _, part := range []string{`\u00e4\u00f6\u00e5\/`, `\ud83d\ude00`} {
		if !bytes.Contains(h.body, []byte(part)) {
			t.Errorf("%s is not in %s", part, h.body)
		}
	}
	if got := h.facts(t)[0].Message.Content; got != (crm.Text{Body: words}) {
		t.Errorf("decoded = %+v, want %q", got, words)
	}
	var again any
	_ = json.Unmarshal(h.body, &again)
	h.body, _ = json.Marshal(again)
	if h.verify() == nil {
		t.Error("the body that was encoded again has the same signature")
	}
}
