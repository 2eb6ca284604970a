package simulator_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// TestControlAPI steers the simulator by HTTP alone.
func TestControlAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := func(method, path string, body any) answer {
		t.Helper()
		got := w.must(method, "/_sim"+path, nil, body)
		if got.status != 200 {
			t.Errorf("%s %s = %d %s, want 200", method, path, got.status, got.body)
		}
		return got
	}
	if got := call("GET", "/numbers", nil); got.field("data", 1, "phone_number_id") != pnid || strings.Contains(string(got.body), string(secret)) || strings.Contains(string(got.body), string(tokens[crm.Meta])) {
		t.Errorf("numbers = %s", got.body)
	}
	chat := object{"provider": "meta", "number": pnid, "customer": budi}
	with := func(parts object) object {
		all := object{}
		for name, part := range chat {
			all[name] = part
		}
		for name, part := range parts {
			all[name] = part
		}
		return all
	}
	if got := call("POST", "/customers", object{"phone": budi, "name": "Budi Contoh"}); got.field("user_id") == nil {
		t.Errorf("customer = %s", got.body)
	}
	said := call("POST", "/messages", with(object{"kind": "text", "text": "Halo", "count": 2}))
	if said.field("data", 1, "id") == nil {
		t.Errorf("messages = %s", said.body)
	}
	call("POST", "/messages", with(object{"kind": "image", "text": "foto"}))
	w.send(crm.Meta, object{"biz_opaque_callback_data": "msg-7"})
	if got := call("POST", "/read", chat); got.field("read") != 1.0 {
		t.Errorf("read = %s", got.body)
	}
	view := call("GET", "/chats/"+budiWaID+"?provider=meta&number="+pnid, nil)
	if view.field("customer", "name") != "Budi Contoh" || view.field("messages", 3, "status") != "read" || view.field("messages", 3, "opaque") != "msg-7" {
		t.Errorf("chat = %s", view.body)
	}
	if got := call("GET", "/chats", nil); got.field("data", 0, "number") != pnid || got.field("data", 1) != nil {
		t.Errorf("chats = %s", got.body)
	}
	call("POST", "/echoes", with(object{"text": "dari aplikasi"}))
	call("POST", "/preferences", with(object{"stop": true}))
	call("POST", "/history", with(object{"count": 2}))
	call("POST", "/events", object{"provider": "meta", "number": pnid, "name": "account_update", "body": object{"event": "ACCOUNT_RESTRICTION"}})
	if got := call("GET", "/customers", nil); got.field("data", 0, "phone") != budiWaID {
		t.Errorf("customers = %s", got.body)
	}
	call("POST", "/identity", object{"customer": budi, "phone": "+6281200000003"})
	call("POST", "/handshake", object{"provider": "meta", "number": pnid})
	call("POST", "/webhook", object{"provider": "meta", "number": pnid, "url": w.hooks.url, "secret": string(secret), "verify_token": "verify-me"})
	call("POST", "/faults", object{"kind": "down", "count": 1})
	call("POST", "/faults", []object{{"kind": "slow", "ms": 1}, {"kind": "duplicate"}})
	if got := w.send(crm.Meta, nil); got.status != 503 {
		t.Errorf("with the fault = %d, want 503", got.status)
	}
	if got := call("GET", "/faults", nil); got.field("data", 0, "hits") != 1.0 || got.field("data", 2, "kind") != "duplicate" {
		t.Errorf("faults = %s", got.body)
	}
	call("DELETE", "/faults", nil)
	if got := call("GET", "/faults", nil); got.field("data", 0) != nil {
		t.Errorf("faults after delete = %s", got.body)
	}
	if got := call("GET", "/sends", nil); got.field("data", 0, "opaque") != "msg-7" || got.field("data", 0, "times") != 1.0 || got.field("data", 0, "body", "to") != budi {
		t.Errorf("sends = %s", got.body)
	}
	w.hooks.wait(t, crm.Meta, 11)
	hosttest.Until(t, "the deliveries", func() bool { return w.Waiting() == 0 })
	if got := call("GET", "/webhooks", nil); got.field("data", 0, "state") != "delivered" || got.field("data", 0, "attempts") != 1.0 || got.field("waiting") != 0.0 {
		t.Errorf("webhooks = %s", got.body)
	}
}

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "/messages", `{"customer":"+6281200000001","kind":"nothing"}`, 400, "invalid"},
		{"POST", "/messages", `{"customer":"+6281200000001","txt":"typo"}`, 400, "invalid"},
		{"POST", "/messages", `{"customer":"+6281200000001"} {}`, 400, "invalid"},
		{"POST", "/messages", `not json`, 400, "invalid"},
		{"POST", "/messages", `{"customer":"+6281200000001","number":"1"}`, 404, "not_found"},
		{"POST", "/faults", `{"kind":"none"}`, 400, "invalid"},
		{"POST", "/faults", `[{"kind":"drop"},{"kind":"none"}]`, 400, "invalid"},
		{"POST", "/customers", `{"name":"nobody"}`, 400, "invalid"},
		{"POST", "/history", `{"customer":"+6281200000001","count":0}`, 400, "invalid"},
		{"POST", "/events", `{"name":"calls","body":[]}`, 400, "invalid"},
		{"POST", "/webhook", `{"provider":"meta","url":"http://127.0.0.1:1/"}`, 503, "unavailable"},
		{"GET", "/chats/6281200000001", ``, 404, "not_found"},
	}
	for _, c := range cases {
		got := w.must(c.method, "/_sim"+c.path, nil, c.body)
		if got.status != c.status || got.field("code") != c.code || got.field("detail") == "" || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %s = %d %s %s, want %d %s", c.method, c.path, c.body, got.status, got.header.Get("Content-Type"), got.body, c.status, c.code)
		}
	}
	if got := w.must("POST", "/_sim/messages", map[string]string{"Sec-Fetch-Site": "cross-site"}, `{"customer":"+6281200000001"}`); got.status != 403 {
		t.Errorf("another site's request = %d %s, want 403", got.status, got.body)
	}
	if got := w.must("GET", "/nothing/here", nil, nil); got.status != 400 || got.field("error", "code") != 100.0 {
		t.Errorf("unknown path = %d %s, want Meta's refusal", got.status, got.body)
	}
	if n := len(w.Chats("", "")); n != 0 {
		t.Errorf("refusals left %d chats", n)
	}
}

// TestSendsCountRepeats: the record a checker reads tells a double send.
func TestSendsCountRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(crm.Meta, simulator.Inbound{})
	for _, opaque := range []string{"a", "b", "a"} {
		w.send(crm.Meta, object{"biz_opaque_callback_data": opaque})
	}
	sends := w.Sends()
	if len(sends) != 2 || sends[0].Opaque != "a" || sends[0].Times != 2 || len(sends[0].MessageIDs) != 2 || sends[1].Times != 1 {
		t.Errorf("sends = %+v, want a twice and b once", sends)
	}
}

// TestKeep: the oldest is forgotten.
func TestKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) { o.Keep = 10 })
	said := w.says(crm.Kapso, simulator.Inbound{Count: 30})
	view, err := w.Chat(simulator.Chat{Provider: crm.Kapso, Customer: budi})
	if err != nil || len(view.Messages) > 10 || view.Messages[len(view.Messages)-1].ID != said[29].ID {
		t.Errorf("%d messages are kept, %v", len(view.Messages), err)
	}
	if listed, _ := w.api(crm.Kapso, "GET", pnid+"/messages?limit=100", nil).field("data").([]any); len(listed) > 10 {
		t.Errorf("%d messages are listed, want 10 at most", len(listed))
	}
	w.hooks.wait(t, crm.Kapso, 30)
	if n := len(w.Deliveries()); n > 10 {
		t.Errorf("%d deliveries are kept, want 10 at most", n)
	}
	for range 30 {
		w.clock.Advance(1)
		w.send(crm.Kapso, object{"text": object{"body": w.clock.Now().String()}})
	}
	if n := len(w.Sends()); n > 10 {
		t.Errorf("%d sends are kept, want 10 at most", n)
	}
}
