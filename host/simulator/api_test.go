package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/simulator"
)

// TestReconciliation pages through Kapso's list of messages while more arrive,
// and decodes every item: each message once, newest first.
func TestReconciliation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []string
	for i := range 23 {
		w.clock.Advance(time.Second)
		want = append(want, w.says(crm.Kapso, simulator.Inbound{Text: fmt.Sprint(i)})[0].ID)
	}
	since := url.QueryEscape(w.clock.Now().Add(-19 * time.Second).Format(time.RFC3339))
	var got []string
	for after := ""; ; {
		page := w.api(crm.Kapso, "GET", pnid+"/messages?direction=inbound&limit=7&since="+since+"&after="+after, nil)
		items, _ := page.field("data").([]any)
		for _, item := range items {
			raw, _ := json.Marshal(item)
			fact, err := webhook.DecodeListed(pnid, raw)
			if err != nil || fact.Kind != webhook.Message || fact.Peer.WaID != budiWaID {
				t.Fatalf("DecodeListed(%s) = %+v, %v", raw, fact, err)
			}
			got = append(got, fact.ProviderID)
		}
		w.says(crm.Kapso, simulator.Inbound{Text: "meanwhile"})
		after, _ = page.field("paging", "cursors", "after").(string)
		if page.field("paging", "next") == nil {
			break
		}
	}
	slices.Reverse(got)
	if !slices.Equal(got, want[3:]) {
		t.Errorf("listed %d messages %v, want the last 20 of %v", len(got), got, want)
	}
}

func TestMessageList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.says(crm.Kapso, simulator.Inbound{ID: "wamid.A/B//C+D=="})[0]
	w.clock.Advance(time.Minute)
	out := w.send(crm.Kapso, object{"biz_opaque_callback_data": "msg-1"}).field("messages", 0, "id").(string)
	list := func(query string) []string {
		t.Helper()
		got := w.api(crm.Kapso, "GET", pnid+"/messages?"+query, nil)
		if got.status != 200 {
			t.Fatalf("list %s = %d %s", query, got.status, got.body)
		}
		var ids []string
		items, _ := got.field("data").([]any)
		for i := range items {
			ids = append(ids, got.field("data", i, "id").(string))
		}
		return ids
	}
	at := crm.Message{ProviderTime: in.At}.ProviderTime
	cases := []struct {
		query string
		want  []string
	}{
		{"", []string{out, in.ID}},
		{"direction=outbound", []string{out}},
		{"status=delivered", []string{out}},
		{"since=" + url.QueryEscape(at.Add(time.Second).Format(time.RFC3339)), []string{out}},
		{"until=" + fmt.Sprint(at.Unix()), []string{in.ID}},
		{"conversation_id=nobody", nil},
		{"limit=1", []string{out}},
	}
	for _, c := range cases {
		if got := list(c.query); !slices.Equal(got, c.want) {
			t.Errorf("list %q = %v, want %v", c.query, got, c.want)
		}
	}
	before := w.api(crm.Kapso, "GET", pnid+"/messages?limit=1&after="+fmt.Sprint(w.api(crm.Kapso, "GET", pnid+"/messages?limit=1", nil).field("paging", "cursors", "after")), nil)
	if before.field("data", 0, "id") != in.ID {
		t.Errorf("the page after the first = %s, want %s", before.body, in.ID)
	}
	back := w.api(crm.Kapso, "GET", pnid+"/messages?limit=1&before="+fmt.Sprint(before.field("paging", "cursors", "before")), nil)
	if back.field("data", 0, "id") != out {
		t.Errorf("the page before the second = %s, want %s", back.body, out)
	}
	for _, path := range []string{in.ID, url.PathEscape(in.ID)} {
		if got := w.api(crm.Kapso, "GET", pnid+"/messages/"+path, nil); got.field("id") != in.ID || got.field("kapso", "whatsapp_conversation_id") == nil {
			t.Errorf("get %s = %d %s", path, got.status, got.body)
		}
	}
	if got := w.api(crm.Kapso, "GET", pnid+"/messages/"+url.PathEscape(out)+"?fields=kapso(status,direction)", nil); got.field("kapso", "status") != "delivered" || got.field("kapso", "origin") != nil {
		t.Errorf("get with fields = %s", got.body)
	}
	if got := w.api(crm.Kapso, "GET", pnid+"/messages/wamid.none", nil); got.status != 404 {
		t.Errorf("get of an unknown message = %d %s, want 404", got.status, got.body)
	}
	for _, bad := range []string{"since=yesterday", "limit=0", "limit=x"} {
		if got := w.api(crm.Kapso, "GET", pnid+"/messages?"+bad, nil); got.status != 400 {
			t.Errorf("list %s = %d %s, want 400", bad, got.status, got.body)
		}
	}
	if got := w.api(crm.Meta, "GET", pnid+"/messages", nil); got.status != 400 || got.field("error", "code") != 100.0 {
		t.Errorf("Meta has no list of messages, and answered %d %s", got.status, got.body)
	}
}

// TestSessions: Kapso's conversation is a session, and another begins after a
// day of silence or an end.
func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		o.Numbers[0].Webhook.Events = []string{"whatsapp.conversation.created", "whatsapp.conversation.ended"}
	})
	current := func() string {
		t.Helper()
		id, _ := w.api(crm.Kapso, "GET", pnid+"/conversations?status=active", nil).field("data", 0, "id").(string)
		return id
	}
	w.says(crm.Kapso, simulator.Inbound{})
	first := current()
	w.clock.Advance(25 * time.Hour)
	w.says(crm.Kapso, simulator.Inbound{})
	second := current()
	if got := w.api(crm.Kapso, "PATCH", "conversations/"+second, object{"status": "ended"}); got.field("success") != true {
		t.Errorf("end = %d %s", got.status, got.body)
	}
	if got := w.api(crm.Kapso, "GET", "conversations/"+second, nil); got.field("status") != "ended" {
		t.Errorf("after the end = %s", got.body)
	}
	w.says(crm.Kapso, simulator.Inbound{})
	third := current()
	if first == "" || first == second || second == third || third == "" {
		t.Errorf("sessions %q, %q, %q, want three", first, second, third)
	}
	var events []string
	for _, h := range w.hooks.wait(t, crm.Kapso, 4) {
		h.facts(t)
		events = append(events, strings.TrimPrefix(h.event, "whatsapp.conversation."))
	}
	if !slices.Equal(events, []string{"created", "created", "ended", "created"}) {
		t.Errorf("events = %v", events)
	}
	if got := w.api(crm.Kapso, "GET", "conversations/"+first, nil); got.status != 404 {
		t.Errorf("a session that is over = %d, want 404", got.status)
	}
}

// TestNumber: what a business may ask of its own number.
func TestNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, p := range providers {
		if got := w.api(p, "GET", pnid, nil); got.field("verified_name") != "Toko Contoh" || got.field("id") != pnid {
			t.Errorf("%s: number = %d %s", p, got.status, got.body)
		}
		for _, path := range []string{"/settings", "/whatsapp_business_profile", "/messages"} {
			if got := w.api(p, "GET", "1234"+path, nil); got.status != 400 || got.field("error", "code") != 100.0 {
				t.Errorf("%s: %s of another number = %d %s, want 100", p, path, got.status, got.body)
			}
		}
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(crm.Kapso, simulator.Inbound{})
	if got := w.api(crm.Kapso, "PATCH", pnid+"/contacts/"+budiWaID, object{"metadata": object{"custom_tag": "vip"}}); got.field("success") != true {
		t.Errorf("patch = %d %s", got.status, got.body)
	}
	if got := w.api(crm.Kapso, "GET", pnid+"/contacts?wa_id="+budiWaID, nil); got.field("data", 0, "metadata", "custom_tag") != "vip" {
		t.Errorf("list = %s", got.body)
	}
	if got := w.api(crm.Kapso, "GET", pnid+"/contacts/6281200000098", nil); got.status != 404 {
		t.Errorf("unknown contact = %d, want 404", got.status)
	}
}

// upload posts a file as a client does.
func (w *world) upload(p crm.Provider, mime string, data []byte) answer {
	w.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	_ = writer.WriteField("messaging_product", "whatsapp")
	_ = writer.WriteField("type", mime)
	part, err := writer.CreateFormFile("file", "file")
	if err != nil {
		w.t.Fatal(err)
	}
	_, _ = part.Write(data)
	_ = writer.Close()
	header := credentials(p)
	header["Content-Type"] = writer.FormDataContentType()
	return w.must("POST", prefix(p)+pnid+"/media", header, form.String())
}

// TestMedia uploads, looks up, downloads and deletes a file. Meta's address
// needs the token; Kapso's download_url does not, for five minutes.
func TestMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	onBoth(t, func(t *testing.T, p crm.Provider) {
		data := []byte("\x89PNG binary \x00 of " + string(p))
		id, _ := w.upload(p, "image/png", data).field("id").(string)
		path := id + "?phone_number_id=" + pnid
		info := w.api(p, "GET", path, nil)
		if info.field("mime_type") != "image/png" || info.field("file_size") != fmt.Sprint(len(data)) {
			t.Fatalf("get = %d %s", info.status, info.body)
		}
		link, _ := strings.CutPrefix(info.field("url").(string), w.url)
		if got := w.must("GET", link, nil, nil); got.status != 401 {
			t.Errorf("download without the token = %d, want 401", got.status)
		}
		if got := w.must("GET", link, map[string]string{"Authorization": "Bearer " + string(tokens[p])}, nil); !bytes.Equal(got.body, data) || got.header.Get("Content-Type") != "image/png" {
			t.Errorf("download = %d %q %s", got.status, got.body, got.header.Get("Content-Type"))
		}
		if open, ok := info.field("download_url").(string); ok != (p == crm.Kapso) {
			t.Errorf("download_url = %q", open)
		} else if ok {
			if got := w.must("GET", strings.TrimPrefix(open, w.url), nil, nil); !bytes.Equal(got.body, data) {
				t.Errorf("download_url = %d %q", got.status, got.body)
			}
		}
		w.says(p, simulator.Inbound{})
		if got := w.send(p, file("image", object{"id": id})); got.status != 200 {
			t.Errorf("send of the file = %d %s", got.status, got.body)
		}
		if got := w.api(p, "DELETE", path, nil); got.field("success") != true {
			t.Errorf("delete = %d %s", got.status, got.body)
		}
		if got := w.api(p, "GET", path, nil); got.status != 400 || got.field("error", "error_subcode") != 33.0 {
			t.Errorf("get after delete = %d %s, want 100/33", got.status, got.body)
		}
		if got := w.send(p, file("image", object{"id": id})); got.status != 400 || got.field("error", "code") != 100.0 {
			t.Errorf("send of the deleted file = %d %s, want 100", got.status, got.body)
		}
		if got := w.upload(p, "image/png", make([]byte, 5<<20+1)); got.status != 400 || got.field("error", "code") != 131053.0 {
			t.Errorf("upload of a picture of 5 MiB and a byte = %d %s, want 131053", got.status, got.body)
		}
	})
	if got := w.api(crm.Kapso, "GET", "12345", nil); got.status != 400 || got.field("code") != "missing_parameter" {
		t.Errorf("Kapso without phone_number_id = %d %s", got.status, got.body)
	}
}

// TestInboundMedia follows the addresses in a webhook.
func TestInboundMedia(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.says(p, simulator.Inbound{Kind: "image", Text: "rapor", Media: &simulator.Media{MIME: "image/jpeg", Data: []byte("jpeg bytes")}})
		media, _ := w.hooks.wait(t, p, 1)[0].facts(t)[0].Message.Content.(crm.Media)
		if media.Caption != "rapor" || media.MIME != "image/jpeg" || media.ID == "" {
			t.Errorf("media = %+v", media)
		}
		header := map[string]string{}
		if p == crm.Meta {
			header["Authorization"] = "Bearer " + string(tokens[p])
		}
		if got := w.must("GET", strings.TrimPrefix(media.URL, w.url), header, nil); string(got.body) != "jpeg bytes" {
			t.Errorf("download from %s = %d %q", media.URL, got.status, got.body)
		}
		if got := w.api(p, "GET", media.ID+"?phone_number_id="+pnid, nil); got.field("id") != media.ID {
			t.Errorf("get by id = %d %s", got.status, got.body)
		}
		w.clock.Advance(7*24*time.Hour + time.Second)
		if got := w.api(p, "GET", media.ID+"?phone_number_id="+pnid, nil); got.status != 400 {
			t.Errorf("get after seven days = %d %s, want 400", got.status, got.body)
		}
	})
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		list := w.api(p, "GET", waba+"/message_templates?limit=2&status=APPROVED", nil)
		if data, _ := list.field("data").([]any); len(data) != 2 || list.field("paging", "next") == nil {
			t.Fatalf("list = %s, want two of three", list.body)
		}
		rest := w.api(p, "GET", waba+"/message_templates?after="+list.field("paging", "cursors", "after").(string), nil)
		if rest.field("data", 0, "name") != "seasonal_promo" || rest.field("paging", "next") != nil {
			t.Errorf("the rest = %s", rest.body)
		}
		id, _ := rest.field("data", 0, "id").(string)
		if got := w.api(p, "GET", waba+"/message_templates/"+id, nil); len(id) != 16 || got.field("name") != "seasonal_promo" {
			t.Errorf("get %s = %s", id, got.body)
		}
		made := w.api(p, "POST", waba+"/message_templates", object{"name": "baru", "language": "id", "category": "UTILITY", "components": []object{{"type": "BODY", "text": "Halo"}}})
		if made.field("status") != "PENDING" {
			t.Fatalf("create = %d %s", made.status, made.body)
		}
		if p == crm.Meta { // before a send, whose statuses come in no order to it
			f := w.hooks.wait(t, p, 1)[0].facts(t)[0]
			if f.Kind != webhook.Template || f.Template.ProviderID != made.field("id") || f.Template.Status != "approved" {
				t.Errorf("template fact = %s %+v, want %s approved", f.Kind, f.Template, made.field("id"))
			}
		}
		if got := w.send(p, template("baru", "id")); got.status != 200 {
			t.Errorf("send of the new template = %d %s", got.status, got.body)
		}
		for _, bad := range []object{{"name": "Not Lower", "language": "id", "category": "UTILITY"}, {"name": "baru", "language": "id", "category": "UTILITY"}, {"name": "x"}} {
			if got := w.api(p, "POST", waba+"/message_templates", bad); got.status != 400 {
				t.Errorf("create %v = %d %s, want 400", bad, got.status, got.body)
			}
		}
		if got := w.api(p, "DELETE", waba+"/message_templates?name=baru", nil); got.field("success") != true {
			t.Errorf("delete = %d %s", got.status, got.body)
		}
		if got := w.send(p, template("baru", "id")); got.status != 404 {
			t.Errorf("send of the deleted template = %d %s, want 404", got.status, got.body)
		}
		if got := w.api(p, "GET", "999/message_templates", nil); got.status != 400 {
			t.Errorf("another account's templates = %d %s, want 400", got.status, got.body)
		}
	})
}

func TestPlatformWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := newReceiver(t)
	call := func(method, path string, body any) answer {
		return w.must(method, "/platform/v1"+path, credentials(crm.Kapso), body)
	}
	own := "/whatsapp/phone_numbers/" + pnid + "/webhooks"
	made := call("POST", own, object{"whatsapp_webhook": object{"url": second.url, "secret_key": string(secret), "kind": "kapso", "active": true,
		"events": []string{"whatsapp.message.received"}, "headers": object{"X-Own": "1"}}})
	id, _ := made.field("data", "id").(string)
	if id == "" {
		t.Fatalf("create = %d %s", made.status, made.body)
	}
	if data, _ := call("GET", own, nil).field("data").([]any); len(data) != 2 {
		t.Errorf("list has %d webhooks, want two", len(data))
	}
	w.says(crm.Kapso, simulator.Inbound{})
	h := second.wait(t, crm.Kapso, 1)[0]
	if err := h.verify(); err != nil || h.header["X-Own"] != "1" {
		t.Errorf("the second webhook: %v, headers %v", err, h.header)
	}
	w.hooks.wait(t, crm.Kapso, 1)
	call("POST", "/whatsapp/webhooks/"+id+"/test", nil)
	if facts := second.wait(t, crm.Kapso, 2)[1].facts(t); facts[0].Message.Content != (crm.Text{Body: "This is a test"}) {
		t.Errorf("the test webhook holds %+v", facts[0].Message)
	}
	if got := call("PATCH", "/whatsapp/webhooks/"+id, object{"whatsapp_webhook": object{"active": false}}); got.field("data", "active") != false {
		t.Errorf("patch = %d %s", got.status, got.body)
	}
	w.says(crm.Kapso, simulator.Inbound{})
	w.hooks.wait(t, crm.Kapso, 2)
	if n := len(second.of(crm.Kapso)); n != 2 {
		t.Errorf("the inactive webhook got %d deliveries, want none beyond two", n)
	}
	if data, _ := call("GET", "/webhook_deliveries", nil).field("data").([]any); len(data) != 4 {
		t.Errorf("%d deliveries listed, want 4", len(data))
	}
	for _, bad := range []object{{"url": "ftp://example.com"}, {"url": second.url, "kind": "other"}, {"url": second.url, "max_buffer_size": 101}} {
		if got := call("POST", own, object{"whatsapp_webhook": bad}); got.status != 422 {
			t.Errorf("create %v = %d %s, want 422", bad, got.status, got.body)
		}
	}
	if got := w.must("GET", "/platform/v1"+own, nil, nil); got.status != 401 {
		t.Errorf("without the key = %d, want 401", got.status)
	}
}
