package simulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// TestEveryKind says everything a customer can do, and decodes what arrives.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	want := map[string]string{ // what it decodes to: content kind, or kind of fact
		"text": "text", "image": "image", "video": "video", "audio": "audio", "voice": "audio", "document": "document", "sticker": "sticker",
		"location": "location", "contacts": "contacts", "button_reply": "choice", "list_reply": "choice", "quick_reply": "choice", "call_permission": "choice",
		"flow_reply": "flow_reply", "reaction": "reaction", "unreaction": "reaction", "edit": "amendment", "revoke": "amendment", "order": "order",
		"request_welcome": "system", "unsupported": "unsupported", "unknown": "unsupported", "identity_changed": "system",
	}
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.says(p, simulator.Inbound{})
		w.send(p, nil)
		w.hooks.wait(t, p, 3)
		for i, kind := range simulator.Kinds() {
			said := w.says(p, simulator.Inbound{Kind: kind})
			h := w.hooks.wait(t, p, 4+i)[3+i]
			facts := h.facts(t)
			if len(facts) != 1 {
				t.Errorf("%s gave %d facts, want one", kind, len(facts))
				continue
			}
			f := facts[0]
			got := string(f.Kind)
			if f.Kind == webhook.Message {
				got = string(f.Message.Content.Kind())
			}
			if got != want[kind] || f.Direction != crm.Inbound || f.Peer.WaID != budiWaID || f.PhoneNumberID != pnid {
				t.Errorf("%s decodes to %s %s of %+v on %s, want %s\n%s", kind, f.Direction, got, f.Peer, f.PhoneNumberID, want[kind], h.body)
			}
			if f.Kind == webhook.Message && f.ProviderID != said[0].ID {
				t.Errorf("%s has the id %s, want %s", kind, f.ProviderID, said[0].ID)
			}
		}
	})
}

func TestSayDetails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.send(crm.Meta, template("hello_world", "en_US")).field("messages", 0, "id").(string)
	w.says(crm.Meta, simulator.Inbound{ID: "wamid.OWN/ID==", Text: "jawab", ReplyTo: sent, Forwarded: true,
		Referral: json.RawMessage(`{"source_type":"ad","source_id":"120","headline":"Kuliah","ctwa_clid":"clid"}`)})
	w.says(crm.Meta, simulator.Inbound{Kind: "text", Content: json.RawMessage(`{"body":"sendiri"}`), GroupID: "group-1"})
	var facts []webhook.Fact
	hosttest.Until(t, "both messages", func() bool {
		facts = nil
		for _, h := range w.hooks.of(crm.Meta) {
			for _, f := range h.facts(t) {
				if f.Kind == webhook.Message {
					facts = append(facts, f)
				}
			}
		}
		return len(facts) == 2
	})
	first := facts[0].Message
	if facts[0].ProviderID != "wamid.OWN/ID==" || first.ReplyTo != sent || !first.Forwarded || first.Referral == nil || first.Referral.AdID != "120" {
		t.Errorf("first message = %+v (referral %+v), want a forwarded reply to %s from ad 120", first, first.Referral, sent)
	}
	if facts[1].Message.Content != (crm.Text{Body: "sendiri"}) || facts[1].Message.GroupID != "group-1" {
		t.Errorf("second message = %+v", facts[1].Message)
	}
}

func TestSayRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	to := simulator.Chat{Customer: budi}
	cases := []struct {
		in   simulator.Inbound
		code crm.Code
	}{
		{simulator.Inbound{Chat: simulator.Chat{Customer: "nobody at all"}}, crm.Invalid},
		{simulator.Inbound{Chat: simulator.Chat{Customer: budi, Number: "1"}}, crm.NotFound},
		{simulator.Inbound{Chat: to, Kind: "telepathy"}, crm.Invalid},
		{simulator.Inbound{Chat: to, Kind: "reaction"}, crm.Invalid}, // to nothing
		{simulator.Inbound{Chat: to, Count: 1001}, crm.Invalid},
		{simulator.Inbound{Chat: to, Count: 2, ID: "wamid.X"}, crm.Invalid},
		{simulator.Inbound{Chat: to, Content: json.RawMessage(`{"body":`)}, crm.Invalid},
	}
	for _, c := range cases {
		if _, err := w.Say(c.in); crm.CodeOf(err) != c.code {
			t.Errorf("Say(%+v) = %v, want %s", c.in, err, c.code)
		}
	}
	if n := len(w.Deliveries()); n != 0 || w.Waiting() != 0 {
		t.Errorf("%d webhooks left after refusals", n)
	}
}

// TestAboutTheNewest: what is said about the newest message means a message, also when
// the last thing said was about it.
func TestAboutTheNewest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range []string{"text", "edit", "revoke"} {
		w.says(crm.Meta, simulator.Inbound{Chat: simulator.Chat{Customer: budi}, Kind: kind})
	}
	chat, err := w.Chat(simulator.Chat{Provider: crm.Meta, Customer: budi})
	if err != nil || !chat.Messages[0].Revoked || chat.Messages[1].Revoked {
		t.Errorf("of what was said, edited and taken back the phone has %+v, %v", chat.Messages, err)
	}
}

// TestUsernameOnlyCustomer: somebody without a number writes, is answered by
// user id, and the status names the user id alone.
func TestUsernameOnlyCustomer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t, func(o *simulator.Options) {
			o.Customers = []simulator.Customer{{UserID: "ID.77700011122233344", Username: "siti_contoh"}}
		})
		w.says(p, simulator.Inbound{Chat: simulator.Chat{Customer: "@siti_contoh"}})
		got := w.send(p, object{"to": nil, "recipient": "ID.77700011122233344"})
		if got.status != 200 || got.field("contacts", 0, "user_id") != "ID.77700011122233344" || got.field("contacts", 0, "wa_id") != nil {
			t.Errorf("send to a user id = %d %s", got.status, got.body)
		}
		for _, h := range w.hooks.wait(t, p, 3) {
			if peer := h.facts(t)[0].Peer; peer.WaID != "" || peer.UserID != "ID.77700011122233344" {
				t.Errorf("%s names %+v, want the user id alone", h.event, peer)
			}
		}
		if peer := w.hooks.of(p)[0].facts(t)[0].Peer; peer.Username != "siti_contoh" {
			t.Errorf("the sender is %+v, want the username", peer)
		}
	})
}

func TestWaIDMayDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for to, want := range map[string]string{"+521 555 555 5555": "525555555555", "+55 11 9 5555 5555": "551155555555", "+1 (555) 555-0100": "15555550100"} {
		got := w.send(crm.Meta, object{"to": to, "type": "template", "text": nil, "template": object{"name": "hello_world", "language": object{"code": "en_US"}}})
		if got.field("contacts", 0, "wa_id") != want || got.field("contacts", 0, "input") != to {
			t.Errorf("send to %s = %s, want wa_id %s", to, got.body, want)
		}
	}
}

func TestEchoHistoryAndPreference(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		chat := simulator.Chat{Provider: p, Number: pnid, Customer: budi}
		if _, err := w.Echo(chat, "dari aplikasi"); err != nil {
			t.Fatal(err)
		}
		var echo *webhook.Fact
		for _, f := range w.hooks.wait(t, p, 1)[0].facts(t) {
			if f.Kind == webhook.Message {
				echo = &f
			}
		}
		if echo == nil || echo.Direction != crm.Outbound || echo.Origin != webhook.App || echo.Message.Content != (crm.Text{Body: "dari aplikasi"}) || echo.Peer.WaID != budiWaID {
			t.Errorf("echo = %+v", echo)
		}
		if err := w.Preference(chat, true); err != nil {
			t.Fatal(err)
		}
		if f := w.hooks.wait(t, p, 2)[1].facts(t)[0]; f.Kind != webhook.Preference || !f.Preference.Stop || f.Peer.WaID != budiWaID {
			t.Errorf("preference = %+v of %+v", f.Preference, f.Peer)
		}
		if err := w.History(simulator.Past{Chat: chat, Count: 4}); err != nil {
			t.Fatal(err)
		}
		want := map[crm.Provider]int{crm.Meta: 3, crm.Kapso: 6}[p]
		got := map[crm.Direction]int{}
		for _, h := range w.hooks.wait(t, p, want)[2:] {
			for _, f := range h.facts(t) {
				if f.Kind == webhook.Message && f.Origin == webhook.History {
					got[f.Direction]++
				}
			}
		}
		if got[crm.Inbound] != 2 || got[crm.Outbound] != 2 {
			t.Errorf("history = %v, want two messages of each side", got)
		}
	})
}

// TestEvent: anything else arrives with its bytes as they were given.
func TestEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.Event(crm.Meta, pnid, "message_template_status_update", json.RawMessage(`{"event":"PAUSED","message_template_id":1234567890123456789,"message_template_name":"promo","message_template_language":"id"}`)); err != nil {
		t.Fatal(err)
	}
	if f := w.hooks.wait(t, crm.Meta, 1)[0].facts(t)[0]; f.Kind != webhook.Template || f.Template.ProviderID != "1234567890123456789" || f.Template.Status != "paused" || f.AccountID != waba {
		t.Errorf("template event = %+v %+v", f, f.Template)
	}
	if err := w.Event(crm.Kapso, pnid, "whatsapp.account.restricted", json.RawMessage(`{"phone_number_id":"`+pnid+`"}`)); err != nil {
		t.Fatal(err)
	}
	if f := w.hooks.wait(t, crm.Kapso, 1)[0].facts(t)[0]; f.Kind != webhook.Account || f.Event != "whatsapp.account.restricted" {
		t.Errorf("account event = %+v", f)
	}
}

// TestHistoryFillsAWebhook: Meta's chunks of 3,000 messages, which is how a
// body grows to 3 MB.
func TestHistoryFillsAWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	err := w.History(simulator.Past{Chat: simulator.Chat{Provider: crm.Meta, Customer: budi}, Count: 3001, Text: strings.Repeat("panjang ", 95)})
	if err != nil {
		t.Fatal(err)
	}
	hits := w.hooks.wait(t, crm.Meta, 2)
	if n := len(hits[0].body); n < 2_900_000 || n > 4<<20 {
		t.Errorf("the chunk has %d bytes, want about 3 MB", n)
	}
	if first, second := len(hits[0].facts(t)), len(hits[1].facts(t)); first+second != 3001 {
		t.Errorf("chunks of %d and %d, want 3001 in all", first, second)
	}
}

func TestChangeNumber(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.says(p, simulator.Inbound{})
		before := w.hooks.wait(t, p, 1)[0].facts(t)[0].Peer
		if err := w.ChangeNumber(budi, "+6281200000055"); err != nil {
			t.Fatal(err)
		}
		var identity *webhook.IdentityPart
		for _, f := range w.hooks.wait(t, p, 2)[1].facts(t) {
			if f.Identity != nil {
				identity = f.Identity
			}
		}
		if identity == nil || identity.OldUserID != before.UserID || identity.NewUserID == before.UserID || identity.NewUserID == "" {
			t.Fatalf("identity = %+v, want a new user id after %s", identity, before.UserID)
		}
		if p == crm.Meta && (identity.OldWaID != budiWaID || identity.NewWaID != "6281200000055") {
			t.Errorf("identity = %+v, want both numbers", identity)
		}
		w.says(p, simulator.Inbound{Chat: simulator.Chat{Customer: "+6281200000055"}})
		if peer := w.hooks.wait(t, p, 3)[2].facts(t)[0].Peer; peer.UserID != identity.NewUserID {
			t.Errorf("the next message is from %+v, want %s", peer, identity.NewUserID)
		}
		if err := w.ChangeNumber("6281200000055", "+6281200000055"); crm.CodeOf(err) != crm.Conflict {
			t.Errorf("change to a number that is taken = %v, want conflict", err)
		}
	})
}

// TestReadMarksAndTyping: the business reads and types, and the customer sees
// it for 25 seconds or until the reply.
func TestReadMarksAndTyping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := simulator.Chat{Provider: crm.Meta, Number: pnid, Customer: budi}
	said := w.says(crm.Meta, simulator.Inbound{Count: 3})
	read := object{"messaging_product": "whatsapp", "status": "read", "message_id": said[1].ID, "typing_indicator": object{"type": "text"}}
	if got := w.api(crm.Meta, "POST", pnid+"/messages", read); got.field("success") != true {
		t.Errorf("mark read = %d %s", got.status, got.body)
	}
	view, err := w.Chat(chat)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(view.Messages[0].Status, view.Messages[1].Status, view.Messages[2].Status); got != "readreadreceived" || !view.Typing {
		t.Errorf("statuses %s, typing %v, want the first two read and typing", got, view.Typing)
	}
	w.send(crm.Meta, nil)
	if view, _ := w.Chat(chat); view.Typing {
		t.Error("it still types after the reply")
	}
}
