package simulator_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/host/simulator"
)

// element is a tag of a page with the text in it.
type element struct {
	name string
	attr map[string]string
	text string // its own, without that of what is inside
}

// class reports whether the element has a class.
func (e element) class(name string) bool {
	return slices.Contains(strings.Fields(e.attr["class"]), name)
}

// elements reads a page.
func elements(t *testing.T, page []byte) []*element {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(visible(strings.TrimPrefix(string(page), "<!doctype html>"))))
	decoder.Strict, decoder.AutoClose, decoder.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var all, open []*element
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("the page cannot be read: %v", err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			e := &element{name: v.Name.Local, attr: map[string]string{}}
			for _, a := range v.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
			if !slices.Contains(xml.HTMLAutoClose, e.name) {
				open = append(open, e)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].name != v.Name.Local {
				t.Fatalf("</%s> closes nothing", v.Name.Local)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(v)
			}
		}
	}
}

// visible replaces the control characters, which no reader of XML takes.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xfffe || r == 0xffff {
			return 0xfffd
		}
		return r
	}, text)
}

// texts returns the texts of the elements that match.
func texts(all []*element, match func(*element) bool) []string {
	var found []string
	for _, e := range all {
		if match(e) {
			found = append(found, strings.TrimSpace(e.text))
		}
	}
	return found
}

func tagged(name string) func(*element) bool {
	return func(e *element) bool { return e.name == name }
}

// page gets a page and reads it.
func (w *world) page(path string) []*element {
	w.t.Helper()
	got := w.must("GET", path, nil, nil)
	if got.status != 200 {
		w.t.Fatalf("GET %s = %d %s", path, got.status, got.body)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		w.t.Errorf("GET %s has the policy %q", path, policy)
	}
	return elements(w.t, got.body)
}

// submit sends a form of the page and returns the answer.
func (w *world) submit(fields map[string]string) answer {
	w.t.Helper()
	form := url.Values{"number": {"meta:" + pnid}, "customer": {budiWaID}}
	for name, value := range fields {
		form.Set(name, value)
	}
	return w.must("POST", "/say", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form.Encode())
}

const phone = "/?number=meta:" + pnid + "&customer=" + budiWaID

func TestEmptyPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) { o.Numbers = nil })
	page := w.page("/")
	if got := texts(page, func(e *element) bool { return e.class("empty") }); len(got) != 1 {
		t.Errorf("an empty page says %v, want that nothing is here", got)
	}
	if forms := texts(page, func(e *element) bool { return e.class("compose") }); len(forms) != 0 {
		t.Error("without a number there is a form to write")
	}
	w.page("/chat")
	w.page("/chat?number=meta:1&customer=nobody")
}

// TestPhone does by forms what a person does on the page.
func TestPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.submit(map[string]string{"kind": "text", "text": "Halo, mau tanya"}); got.status != 303 || !strings.HasPrefix(got.header.Get("Location"), "/?") {
		t.Fatalf("say = %d, Location %q", got.status, got.header.Get("Location"))
	}
	w.send(crm.Meta, buttons(2))
	w.send(crm.Meta, list(2))
	w.send(crm.Meta, template("order_confirmation", "id", named("customer_name", "Budi")))
	w.send(crm.Meta, object{"type": "template", "text": nil, "template": object{"name": "seasonal_promo", "language": object{"code": "id"}, "components": []object{
		{"type": "header", "parameters": []object{{"type": "image", "image": object{"link": "https://example.com/a.png"}}}},
		{"type": "body", "parameters": []object{{"type": "text", "text": "31 Agustus"}}},
		{"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": []object{{"type": "payload", "payload": "STOP"}}}}}})
	w.submit(map[string]string{"kind": "image", "text": "rapor"})
	page := w.page(phone)
	words := texts(page, tagged("p"))
	for _, want := range []string{"Halo, mau tanya", "Halo Budi, pesanan Anda sudah kami terima.", "Promo berlaku sampai 31 Agustus.", "rapor"} {
		if !slices.Contains(words, want) {
			t.Errorf("%q is not on the page: %q", want, words)
		}
	}
	if got := texts(page, tagged("button")); !slices.Contains(got, "Button 1") || !slices.Contains(got, "Row 1") || !slices.Contains(got, "Stop promotions") {
		t.Errorf("buttons = %q", got)
	}
	w.tapAndReact(page)
	w.ticks()
}

// tapAndReact taps each kind of choice, reacts, and takes it back.
func (w *world) tapAndReact(page []*element) {
	w.t.Helper()
	var sent string // the message that the last reply_to names
	for _, e := range page {
		if e.attr["name"] == "reply_to" {
			sent = e.attr["value"]
		}
	}
	for _, tap := range []map[string]string{
		{"kind": "button_reply", "choice": "1", "text": "Button 1"}, {"kind": "list_reply", "choice": "0", "text": "Row 0"},
		{"kind": "quick_reply", "choice": "STOP", "text": "Stop promotions"}} {
		tap["reply_to"] = sent
		if got := w.submit(tap); got.status != 303 {
			w.t.Errorf("tap %v = %d", tap, got.status)
		}
	}
	reactions := func() []string {
		var found []string
		inside := false
		for _, e := range w.page(phone) {
			if e.name == "span" && inside {
				found = append(found, e.text)
			}
			inside = e.class("reactions") || inside && e.name == "span"
		}
		return found
	}
	w.submit(map[string]string{"kind": "reaction", "reply_to": sent, "text": "🙏"})
	if got := reactions(); !slices.Equal(got, []string{"🙏"}) {
		w.t.Errorf("reactions = %q, want one", got)
	}
	w.submit(map[string]string{"kind": "reaction", "act": "unreaction", "reply_to": sent})
	if got := reactions(); len(got) != 0 {
		w.t.Errorf("reactions = %q after it was taken away", got)
	}
	view, _ := w.Chat(simulator.Chat{Provider: crm.Meta, Customer: budi})
	tapped := view.Messages[len(view.Messages)-3]
	if tapped.Type != "button" || tapped.ReplyTo != sent || !strings.Contains(string(tapped.Content), `"payload":"STOP"`) {
		w.t.Errorf("the tapped quick reply is %+v %s", tapped, tapped.Content)
	}
}

// ticks follows a message of the business to its blue ticks, and the typing
// indicator.
func (w *world) ticks() {
	w.t.Helper()
	ticks := func() string {
		var last string
		for _, e := range w.page(phone) {
			if e.class("ticks") {
				last = e.attr["aria-label"]
			}
		}
		return last
	}
	w.send(crm.Meta, nil)
	if got := ticks(); got != "delivered" {
		w.t.Errorf("the ticks mean %q, want delivered", got)
	}
	w.submit(map[string]string{"kind": "text", "act": "read"})
	if got := ticks(); got != "read" {
		w.t.Errorf("the ticks mean %q, want read", got)
	}
	said := w.says(crm.Meta, simulator.Inbound{})[0].ID
	w.api(crm.Meta, "POST", pnid+"/messages", object{"messaging_product": "whatsapp", "status": "read", "message_id": said, "typing_indicator": object{"type": "text"}})
	typing := texts(w.page("/chat?number=meta:"+pnid+"&customer="+budiWaID), func(e *element) bool { return e.class("typing") })
	if len(typing) != 1 {
		w.t.Errorf("the typing indicator is shown %d times, want once", len(typing))
	}
	w.fault(simulator.Fault{Kind: simulator.FaultFail, Code: 131049, Count: 1})
	w.send(crm.Meta, nil)
	if got := ticks(); !strings.HasPrefix(got, "failed: 131049") {
		w.t.Errorf("the ticks mean %q, want the failure", got)
	}
}

func TestPhoneRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		fields map[string]string
		status int
	}{
		"nothing written":      {map[string]string{"kind": "text", "text": "  "}, 400},
		"an unknown kind":      {map[string]string{"kind": "telepathy"}, 400},
		"a customer who is no": {map[string]string{"kind": "text", "text": "x", "customer": "<b>nobody</b>"}, 400},
		"an unknown number":    {map[string]string{"kind": "text", "text": "x", "number": "meta:1"}, 404},
	} {
		got := w.submit(c.fields)
		alert := texts(elements(t, got.body), func(e *element) bool { return e.attr["role"] == "alert" })
		if got.status != c.status || len(alert) != 1 || alert[0] == "" {
			t.Errorf("%s = %d with %q, want %d and a sentence", name, got.status, alert, c.status)
		}
	}
	form := url.Values{"number": {"meta:" + pnid}, "customer": {budiWaID}, "kind": {"text"}, "text": {"x"}}.Encode()
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
	if got := w.must("POST", "/say", header, form); got.status != 403 || len(w.Chats("", "")) != 0 {
		t.Errorf("another site's form = %d, want 403", got.status)
	}
	if got := w.submit(map[string]string{"kind": "open", "new": "+6281200000042"}); got.status != 303 || !strings.Contains(got.header.Get("Location"), "42") {
		t.Errorf("a new customer = %d to %q", got.status, got.header.Get("Location"))
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, kind := range map[string]string{"phone.css": "text/css", "phone.js": "text/javascript", "phone.svg": "image/svg+xml"} {
		if got := w.must("GET", "/assets/"+name, nil, nil); got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), kind) {
			t.Errorf("%s = %d %s", name, got.status, got.header.Get("Content-Type"))
		}
	}
	for _, name := range []string{"phone.html", "none.css", "..%2Fpage.go"} {
		if got := w.must("GET", "/assets/"+name, nil, nil); got.status != 404 {
			t.Errorf("%s = %d, want 404", name, got.status)
		}
	}
}

// TestPictures: a picture is shown; a file that a browser could run is not, in
// this page's origin.
func TestPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(map[string]string{"kind": "image"})
	var source string
	for _, e := range w.page(phone) {
		if e.name == "img" {
			source = e.attr["src"]
		}
	}
	got := w.must("GET", source, nil, nil)
	if got.status != 200 || got.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(string(got.body), "\x89PNG") {
		t.Errorf("GET %q = %d %s", source, got.status, got.header.Get("Content-Type"))
	}
	id := w.AddMedia(simulator.Media{MIME: "image/svg+xml", Data: []byte("<svg onload=alert(1)>")})
	got = w.must("GET", "/_sim/media/"+id, nil, nil)
	if got.header.Get("Content-Type") != "application/octet-stream" || got.header.Get("Content-Disposition") != "attachment" || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("an svg is served with %v", got.header)
	}
}

// TestHostileData puts payloads into every text that the page shows: no tag,
// handler or address comes of them, and the words stay what they are.
func TestHostileData(t *testing.T) {
	t.Parallel()
	var file struct{ Cases []struct{ Payload string } }
	raw, err := os.ReadFile(crmtest.Shared(t, "vectors", "dompurify", "payloads.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) < 200 {
		t.Fatalf("%d payloads, %v", len(file.Cases), err)
	}
	var payloads []string
	for _, c := range file.Cases {
		payloads = append(payloads, c.Payload)
	}
	for start := 0; start < len(payloads); start += 25 {
		some := payloads[start:min(len(payloads), start+25)]
		t.Run(fmt.Sprint(start), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *simulator.Options) { o.Numbers[1].Name = some[0] })
			for _, payload := range some {
				w.sayHostile(payload)
			}
			page := w.page(phone)
			checkTags(t, page)
			shown := texts(page, tagged("p"))
			for _, payload := range some {
				if want := strings.TrimSpace(normal(visible(payload))); !slices.Contains(shown, want) {
					t.Errorf("%q is not shown as it is", payload)
				}
			}
		})
	}
}

// normal is what any reader of HTML makes of line ends.
func normal(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// sayHostile uses a payload as text, name, button, file name, emoji, template
// parameter and location.
func (w *world) sayHostile(payload string) {
	w.t.Helper()
	cut := func(n int) string { return string([]rune(payload)[:min(n, len([]rune(payload)))]) }
	if _, err := w.PutCustomer(simulator.Customer{Phone: budi, Name: payload, Username: "budi"}); err != nil {
		w.t.Fatal(err)
	}
	said := w.says(crm.Meta, simulator.Inbound{Text: payload})
	w.says(crm.Meta, simulator.Inbound{Kind: "location", Text: payload})
	w.says(crm.Meta, simulator.Inbound{Kind: "reaction", Text: payload, ReplyTo: said[0].ID})
	id := w.AddMedia(simulator.Media{MIME: "text/html", Filename: payload, Data: []byte(payload)})
	for _, parts := range []object{
		{"type": "document", "document": object{"id": id, "filename": payload, "caption": cut(1024)}},
		{"type": "interactive", "interactive": object{"type": "button", "body": object{"text": cut(1024)}, "footer": object{"text": cut(60)},
			"action": object{"buttons": []object{{"type": "reply", "reply": object{"id": cut(256), "title": cut(20)}}}}}},
		template("order_confirmation", "id", named("customer_name", payload)),
	} {
		if got := w.send(crm.Meta, parts); got.status != 200 {
			w.t.Fatalf("send %v = %d %s", parts, got.status, got.body)
		}
	}
}

var allowedTags = strings.Fields("html head meta title link script body main section h1 p form label select option button input header span div strong small ol li article blockquote img time i a")

var allowedAttributes = strings.Fields("lang charset name content rel href type src class aria-label aria-hidden aria-live role id for value selected method action hidden placeholder autocomplete checked maxlength alt width title data-unread")

// checkTags reports tags, attributes and addresses that no template wrote.
func checkTags(t *testing.T, page []*element) {
	t.Helper()
	for _, e := range page {
		if !slices.Contains(allowedTags, e.name) || e.name == "script" && e.attr["src"] != "/assets/phone.js" {
			t.Errorf("a payload made the tag %s %v", e.name, e.attr)
		}
		for name, value := range e.attr {
			if !slices.Contains(allowedAttributes, name) {
				t.Errorf("a payload made the attribute %s=%q on %s", name, value, e.name)
			}
			if address := name == "src" || name == "href" || name == "action"; address && !strings.HasPrefix(value, "/") {
				t.Errorf("a payload made the address %q", value)
			}
		}
	}
}
