package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// object is a JSON object of a request.
type object = map[string]any

func buttons(n int) object {
	var all []object
	for i := range n {
		all = append(all, object{"type": "reply", "reply": object{"id": fmt.Sprint(i), "title": fmt.Sprint("Button ", i)}})
	}
	return object{"type": "interactive", "text": nil, "interactive": object{"type": "button", "body": object{"text": "Pilih"}, "action": object{"buttons": all}}}
}

func list(rows int) object {
	var all []object
	for i := range rows {
		all = append(all, object{"id": fmt.Sprint(i), "title": fmt.Sprint("Row ", i)})
	}
	return object{"type": "interactive", "text": nil, "interactive": object{"type": "list", "body": object{"text": "Pilih"},
		"action": object{"button": "Buka", "sections": []object{{"title": "A", "rows": all}}}}}
}

func template(name, language string, parameters ...object) object {
	t := object{"name": name, "language": object{"code": language}}
	if len(parameters) > 0 {
		t["components"] = []object{{"type": "body", "parameters": parameters}}
	}
	return object{"type": "template", "text": nil, "template": t}
}

func named(name, text string) object {
	return object{"type": "text", "parameter_name": name, "text": text}
}

func file(kind string, content object) object {
	return object{"type": kind, "text": nil, kind: content}
}

// TestRefusesAtOnce sends what the real API refuses, inside the window, on both
// sides.
func TestRefusesAtOnce(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	cases := []struct {
		name         string
		parts        object
		status, code int
	}{
		{"no product", object{"messaging_product": nil}, 400, 100},
		{"no recipient", object{"to": nil}, 400, 100},
		{"no type", object{"type": nil}, 400, 131008},
		{"strange type", object{"type": "hologram"}, 400, 100},
		{"no content", object{"text": nil}, 400, 131008},
		{"content of another form", object{"text": "Halo"}, 400, 100},
		{"recipient no number", object{"to": "Budi"}, 400, 131009},
		{"recipient no user id", object{"to": nil, "recipient": "nobody"}, 400, 131009},
		{"to oneself", object{"to": "+6281200000000"}, 400, 131021},
		{"empty text", object{"text": object{"body": ""}}, 400, 100},
		{"text of 4097", object{"text": object{"body": long(4097)}}, 400, 100},
		{"opaque data of 513", object{"biz_opaque_callback_data": long(513)}, 400, 100},
		{"caption of 1025", file("image", object{"link": "https://example.com/a.png", "caption": long(1025)}), 400, 100},
		{"no file", file("image", object{}), 400, 131008},
		{"link no address", file("document", object{"link": "a.pdf"}), 400, 100},
		{"file nobody has", file("image", object{"id": "not-digits"}), 400, 100},
		{"latitude 91", file("location", object{"latitude": 91, "longitude": 0}), 400, 131009},
		{"no longitude", file("location", object{"latitude": 1}), 400, 131008},
		{"card without a name", object{"type": "contacts", "contacts": []object{{"name": object{}}}}, 400, 131008},
		{"no cards", object{"type": "contacts", "contacts": []object{}}, 400, 131009},
		{"reaction to nothing", file("reaction", object{"emoji": "👍"}), 400, 131008},
		{"no buttons", buttons(0), 400, 131009},
		{"four buttons", buttons(4), 400, 131009},
		{"eleven rows", list(11), 400, 131009},
		{"interactive of a strange type", file("interactive", object{"type": "wheel", "body": object{"text": "x"}}), 400, 131009},
		{"interactive without a body", file("interactive", object{"type": "button"}), 400, 131008},
		{"unknown template", template("nobody_knows", "id"), 404, 132001},
		{"template in another language", template("hello_world", "id"), 404, 132001},
		{"template without parameters", template("order_confirmation", "id"), 400, 132000},
		{"too many parameters", template("hello_world", "en_US", named("", "x")), 400, 132000},
		{"parameter of another name", template("order_confirmation", "id", named("nama", "Budi")), 400, 132012},
		{"paused template", template("paused", "id"), 400, 132015},
		{"disabled template", template("disabled", "id"), 400, 132016},
		{"code to a user id", object{"to": nil, "recipient": "US.13491208655302741918", "type": "template", "template": object{"name": "code", "language": object{"code": "id"}}}, 400, 131062},
	}
	w := newWorld(t, func(o *simulator.Options) {
		for i := range o.Numbers {
			o.Numbers[i].Templates = append(simulator.SampleTemplates(),
				simulator.Template{Name: "paused", Language: "id", Status: "PAUSED"},
				simulator.Template{Name: "disabled", Language: "id", Status: "DISABLED"},
				simulator.Template{Name: "code", Language: "id", Status: "APPROVED", Category: "AUTHENTICATION"})
		}
	})
	for _, p := range providers {
		w.says(p, simulator.Inbound{})
		for _, c := range cases {
			got := w.send(p, c.parts)
			if got.status != c.status || got.field("error", "code") != float64(c.code) {
				t.Errorf("%s, %s = %d %s, want %d with code %d", p, c.name, got.status, got.body, c.status, c.code)
			}
		}
	}
	if sends := w.Sends(); len(sends) != 0 {
		t.Errorf("refused messages were recorded as sent: %+v", sends)
	}
}

// TestAcceptsTheLimits sends what is just within the limits.
func TestAcceptsTheLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]object{
		"text of 4096 characters": {"text": object{"body": strings.Repeat("é", 4096)}},
		"three buttons":           buttons(3),
		"ten rows":                list(10),
		"named template":          template("order_confirmation", "id", named("customer_name", "Budi")),
		"file of another life":    file("image", object{"id": "1037543291543636"}),
	}
	for _, p := range providers {
		w.says(p, simulator.Inbound{})
		for name, parts := range cases {
			if got := w.send(p, parts); got.status != 200 {
				t.Errorf("%s, %s = %d %s, want 200", p, name, got.status, got.body)
			}
		}
	}
}

func TestRefusesStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	onBoth(t, func(t *testing.T, p crm.Provider) {
		path := prefix(p) + pnid + "/messages"
		for name, header := range map[string]map[string]string{"no token": {}, "another token": {"Authorization": "Bearer stolen", "X-API-Key": "stolen"}} {
			if got := w.must("POST", path, header, message(nil)); got.status != 401 || got.field("error", "code") != 190.0 {
				t.Errorf("%s = %d %s, want 401 with code 190", name, got.status, got.body)
			}
		}
		got := w.api(p, "POST", "1234567/messages", message(nil))
		if got.status != 400 || got.field("error", "code") != 100.0 || got.field("error", "error_subcode") != 33.0 {
			t.Errorf("unknown number = %d %s, want 400 with 100/33", got.status, got.body)
		}
	})
}

// TestClosedWindow: Kapso refuses at once, Meta reports it failed.
func TestClosedWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, never := range []bool{true, false} {
		if !never {
			w.says(crm.Kapso, simulator.Inbound{})
			w.says(crm.Meta, simulator.Inbound{})
			w.clock.Advance(24 * time.Hour)
		}
		if got := w.send(crm.Kapso, nil); got.status != 422 || got.field("error", "code") != 131047.0 {
			t.Errorf("Kapso outside the window (never written: %v) = %d %s, want 422 with code 131047", never, got.status, got.body)
		}
		if got := w.send(crm.Meta, nil); got.status != 200 {
			t.Errorf("Meta outside the window = %d %s, want it to be taken", got.status, got.body)
		}
	}
	failures := failed(t, w, 2)
	if failures[0] != 131047 || failures[1] != 131047 {
		t.Errorf("Meta reported the failures %v, want 131047 twice", failures)
	}
	for _, p := range providers {
		if got := w.send(p, template("hello_world", "en_US")); got.status != 200 || got.field("messages", 0, "message_status") != "accepted" {
			t.Errorf("%s: template outside the window = %d %s, want 200 and accepted", p, got.status, got.body)
		}
	}
	w.says(crm.Kapso, simulator.Inbound{})
	w.clock.Advance(24*time.Hour - time.Second)
	if got := w.send(crm.Kapso, nil); got.status != 200 {
		t.Errorf("Kapso a second before the window closes = %d %s, want 200", got.status, got.body)
	}
}

// failed waits for n failed statuses on Meta's side and returns their codes.
func failed(t *testing.T, w *world, n int) []int {
	t.Helper()
	var codes []int
	hosttest.Until(t, "failed statuses", func() bool {
		codes = nil
		for _, h := range w.hooks.of(crm.Meta) {
			for _, f := range h.facts(t) {
				if f.Kind == webhook.Status && f.Status.Word == "failed" && f.Status.Error != nil {
					codes = append(codes, f.Status.Error.Code)
				}
			}
		}
		return len(codes) >= n
	})
	return codes
}

func TestUnreachableAndStoppedCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		o.Customers = []simulator.Customer{{Phone: "+62 812 0000 0009", Unreachable: true}, {Phone: budiWaID, Stopped: true}}
	})
	promo := file("template", object{"name": "seasonal_promo", "language": object{"code": "id"}, "components": []object{
		{"type": "header", "parameters": []object{{"type": "image", "image": object{"link": "https://example.com/a.png"}}}},
		{"type": "body", "parameters": []object{{"type": "text", "text": "31 Agustus"}}}}})
	if got := w.send(crm.Kapso, promo); got.status != 422 || got.field("code") != "marketing_preference_stopped" {
		t.Errorf("Kapso, marketing to who stopped it = %d %s, want 422 marketing_preference_stopped", got.status, got.body)
	}
	if got := w.send(crm.Meta, promo); got.status != 200 {
		t.Errorf("Meta, marketing to who stopped it = %d %s, want it to be taken", got.status, got.body)
	}
	if got := w.send(crm.Meta, template("hello_world", "en_US")); got.status != 200 {
		t.Errorf("a utility template to who stopped marketing = %d %s, want 200", got.status, got.body)
	}
	unreachable := template("hello_world", "en_US")
	unreachable["to"] = "+6281200000009"
	if got := w.send(crm.Meta, unreachable); got.status != 200 {
		t.Errorf("to somebody without WhatsApp = %d %s, want it to be taken", got.status, got.body)
	}
	codes := failed(t, w, 2)
	if fmt.Sprint(codes) != "[131050 131026]" && fmt.Sprint(codes) != "[131026 131050]" {
		t.Errorf("failed with %v, want 131050 and 131026", codes)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		o.Limits = simulator.Limits{PerSecond: 5, PerMinute: 7, PairEvery: 6 * time.Second, PairBurst: 3}
	})
	w.says(crm.Meta, simulator.Inbound{})
	w.says(crm.Kapso, simulator.Inbound{})
	to := func(p crm.Provider, last int) answer {
		return w.send(p, object{"to": fmt.Sprintf("+62812000001%02d", last), "type": "template", "template": object{"name": "hello_world", "language": object{"code": "en_US"}}})
	}
	for i := range 3 {
		if got := w.send(crm.Meta, nil); got.status != 200 {
			t.Errorf("message %d to one customer = %d %s, want 200", i+1, got.status, got.body)
		}
	}
	if got := w.send(crm.Meta, nil); got.status != 400 || got.field("error", "code") != 131056.0 {
		t.Errorf("the fourth message to one customer = %d %s, want 131056", got.status, got.body)
	}
	if got := to(crm.Meta, 1); got.status != 200 {
		t.Errorf("a message to another customer = %d %s, want 200", got.status, got.body)
	}
	if got := to(crm.Meta, 2); got.status != 400 || got.field("error", "code") != 130429.0 {
		t.Errorf("the sixth message in a second = %d %s, want 130429", got.status, got.body)
	}
	w.clock.Advance(6 * time.Second)
	if got := w.send(crm.Meta, nil); got.status != 200 {
		t.Errorf("six seconds later = %d %s, want 200", got.status, got.body)
	}
	for i := range 7 {
		if got := w.api(crm.Kapso, "GET", pnid+"/conversations", nil); got.status != 200 {
			t.Errorf("request %d of the minute = %d %s, want 200", i+1, got.status, got.body)
		}
	}
	if got := w.send(crm.Kapso, nil); got.status != 429 || got.header.Get("Retry-After") != "54" || got.field("error") != "Rate limit exceeded" {
		t.Errorf("the eighth request of the minute = %d %s (Retry-After %q), want 429 with 54", got.status, got.body, got.header.Get("Retry-After"))
	}
	w.clock.Advance(54 * time.Second)
	if got := w.api(crm.Kapso, "GET", pnid+"/conversations", nil); got.status != 200 {
		t.Errorf("in the next minute = %d %s, want 200", got.status, got.body)
	}
}
