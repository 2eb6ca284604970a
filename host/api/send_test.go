package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/api"
)

// parts are a message of each type, as the Cloud API writes it, and the content
// it becomes.
var parts = map[string]struct{ part, content string }{
	"text":     {`{"body":"Halo 😀","preview_url":true}`, `{"body":"Halo 😀","preview_url":true}`},
	"image":    {`{"link":"https://example.com/photo.jpg","caption":"Foto"}`, `{"link":"https://example.com/photo.jpg","caption":"Foto"}`},
	"video":    {`{"id":"1166846181421424","caption":"v"}`, `{"id":"1166846181421424","caption":"v"}`},
	"audio":    {`{"id":"1013859600285441","voice":true}`, `{"id":"1013859600285441","voice":true}`},
	"document": {`{"link":"https://example.com/a.pdf","filename":"a.pdf"}`, `{"link":"https://example.com/a.pdf","filename":"a.pdf"}`},
	"sticker":  {`{"id":"798882015472548"}`, `{"id":"798882015472548"}`},
	"location": {`{"latitude":-6.2,"longitude":106.816666,"name":"Jakarta"}`, `{"latitude":-6.2,"longitude":106.816666,"name":"Jakarta"}`},
	"contacts": {
		`[{"name":{"formatted_name":"Budi","first_name":"Budi"},"phones":[{"phone":"+62 812 0000 0009"}]}]`,
		`{"names":["Budi"],"cards":[{"name":{"formatted_name":"Budi","first_name":"Budi"},"phones":[{"phone":"+62 812 0000 0009"}]}]}`,
	},
	"interactive": {
		`{"type":"button","body":{"text":"Pilih"},"footer":{"text":"kaki"},"action":{"buttons":[{"type":"reply","reply":{"id":"ya","title":"Ya"}}]}}`,
		`{"type":"button","body":"Pilih","footer":"kaki","action":{"buttons":[{"type":"reply","reply":{"id":"ya","title":"Ya"}}]}}`,
	},
	"reaction": {`{"message_id":"wamid.A","emoji":"👍"}`, `{"message_id":"wamid.A","emoji":"👍"}`},
	"template": {
		`{"name":"welcome","language":{"code":"id","policy":"deterministic"},"components":[{"type":"body","parameters":[{"type":"text","text":"Sari"}]}]}`,
		`{"name":"welcome","language":"id","components":[{"type":"body","parameters":[{"type":"text","text":"Sari"}]}]}`,
	},
}

func TestEveryTypeIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	conversation := w.conversation(w.ours).text("id")
	for kind, c := range parts {
		sent := w.us("POST", "/api/messages/send", fmt.Sprintf(`{"conversation_id":%q,"type":%q,%q:%s}`, conversation, kind, kind, c.part)).is(201)
		listed := w.us("GET", "/api/conversations/"+conversation+"/messages?limit=1", "").is(200).list("data")[0]
		for _, got := range []object{sent, listed} {
			if got.text("type") != kind || got.text("status") != "queued" || !sameJSON(t, got["content"], c.content) {
				t.Errorf("a sent %s is %v, want content %s", kind, got, c.content)
			}
		}
	}
}

// sameJSON reports whether a decoded value is what a text encodes.
func sameJSON(t *testing.T, got any, want string) bool {
	t.Helper()
	var decoded any
	if err := json.Unmarshal([]byte(want), &decoded); err != nil {
		t.Fatal(err)
	}
	return encode(t, got) == encode(t, decoded)
}

func TestSendToSomebodyNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"to":"0812-0000-0007","type":"template","template":{"name":"welcome","language":{"code":"id"}}}`
	sent := w.us("POST", "/api/messages/send", body).is(201)
	card := w.us("GET", "/api/contacts/by-phone?phone=%2B6281200000007", "").is(200)
	if card.text("id") != sent.text("contact_id") || card.object("open_conversation").text("id") != sent.text("conversation_id") {
		t.Errorf("the contact of a new number is %v, want that of %v", card, sent)
	}
}

func TestReplyQuotesAndReacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "QUOTED", "Berapa biayanya?")
	conversation := w.conversation(w.ours).text("id")
	heard := w.us("GET", "/api/conversations/"+conversation+"/messages", "").is(200).list("data")[0]
	reply := w.us("POST", "/api/messages/send", fmt.Sprintf(`{"conversation_id":%q,"reply_to":%q,"type":"text","text":{"body":"Gratis"}}`, conversation, heard.text("id"))).is(201)
	if reply.text("reply_to") != "wamid.QUOTED" {
		t.Errorf("the reply quotes %v, want the message's provider id", reply["reply_to"])
	}
	reaction := w.us("POST", "/api/messages/send", fmt.Sprintf(`{"conversation_id":%q,"type":"reaction","reaction":{"message_id":%q,"emoji":"👍"}}`, conversation, heard.text("id"))).is(201)
	if got := reaction.object("content").text("message_id"); got != "wamid.QUOTED" {
		t.Errorf("a reaction to our id goes to %q, want the message's provider id", got)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	body := func(text string) string {
		return fmt.Sprintf(`{"to":"+6281200000001","type":"text","text":{"body":%q}}`, text)
	}
	first := w.us("POST", "/api/messages/send", body("satu"), "Idempotency-Key", "k-1")
	again := w.us("POST", "/api/messages/send", body("satu"), "Idempotency-Key", "k-1")
	if first.status != 201 || again.status != 200 || first.body != again.body {
		t.Errorf("a repeat answered %d %s after %d %s", again.status, again.body, first.status, first.body)
	}
	if first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "true" {
		t.Error("only the repeat says that it is one")
	}
	w.us("POST", "/api/messages/send", body("dua"), "Idempotency-Key", "k-1").fails(409, "idempotency_key_reused")
	w.us("POST", "/api/messages/send", body("tiga"), "Idempotency-Key", strings.Repeat("k", 256)).fails(400, "bad_idempotency_key")
	w.us("POST", "/api/messages/send", body("tiga"), "Idempotency-Key", "k\tk").fails(400, "bad_idempotency_key")
	w.us("POST", "/api/messages/send", body("tiga"), "Idempotency-Key", strings.Repeat("k", 255)).is(201)
	w.do(w.theirs.key, "POST", "/api/messages/send", `{"to":"+6281200000001","type":"template","template":{"name":"a","language":{"code":"id"}}}`, "Idempotency-Key", "k-1").is(201)
	sent := w.us("GET", "/api/conversations/"+w.conversation(w.ours).text("id")+"/messages", "").is(200).list("data")
	if len(sent) != 3 {
		t.Errorf("%d messages are stored, want the customer's and two of ours", len(sent))
	}
}

func TestRefusalNamesReasonAndTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.api.Inbox.SyncTemplates(t.Context(), w.ours.channel, []*crm.Template{
		{Name: "welcome", Language: "id", Category: "utility", Status: "approved", Body: "Halo {{1}}"},
		{Name: "promo", Language: "id", Category: "marketing", Status: "paused", Body: "Promo"},
	}))
	w.hear(w.ours, 1, "A", "Halo")
	w.clock.Advance(24 * time.Hour)
	conversation := w.conversation(w.ours).text("id")
	body := fmt.Sprintf(`{"conversation_id":%q,"type":"text","text":{"body":"Masih di sana?"}}`, conversation)
	got := w.us("POST", "/api/messages/send", body).fails(422, "window_closed")
	templates := got.list("templates")
	if len(templates) != 1 || templates[0].text("name") != "welcome" || templates[0].text("body") != "Halo {{1}}" {
		t.Errorf("the refusal offers %v, want the approved template", templates)
	}
	if got.text("reason") != "window_closed" || !strings.Contains(got.text("detail"), "24 hours") {
		t.Errorf("the refusal says %v", got)
	}
	if n := len(w.us("GET", "/api/conversations/"+conversation+"/messages", "").is(200).list("data")); n != 1 {
		t.Errorf("%d messages are stored after a refusal, want the customer's alone", n)
	}
	all := w.us("GET", "/api/templates?channel="+w.ours.channel.ID.String(), "").is(200).list("data")
	if len(all) != 2 || len(w.do(w.theirs.key, "GET", "/api/templates?channel="+w.ours.channel.ID.String(), "").is(200).list("data")) != 0 {
		t.Errorf("the templates are %v", all)
	}
}

func TestSendRefusesWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	for body, want := range map[string]struct{ code, field string }{
		`{}`:                            {"missing_field", "type"},
		`[]`:                            {"wrong_type", "body"},
		`{"type":"text"}`:               {"missing_field", "text"},
		`{"type":"carrier_pigeon"}`:     {"bad_value", "type"},
		`{"type":"system","system":{}}`: {"bad_value", "type"},
		`{"type":"text","text":{"body":"a"},"image":{"id":"1"}}`:          {"unknown_field", "image"},
		`{"type":"text","text":{"body":"a","voice":true}}`:                {"unknown_field", "text.voice"},
		`{"type":"text","text":{"Body":"a"}}`:                             {"missing_field", "text.body"},
		`{"type":"text","text":{"body":1}}`:                               {"wrong_type", "text.body"},
		`{"type":"text","text":[]}`:                                       {"wrong_type", "text"},
		`{"type":"text","text":null}`:                                     {"wrong_type", "text"},
		`{"type":"location","location":{"latitude":"1","longitude":2}}`:   {"wrong_type", "location.latitude"},
		`{"type":"location","location":{"latitude":1e999,"longitude":2}}`: {"wrong_type", "location.latitude"},
		`{"type":"contacts","contacts":{}}`:                               {"wrong_type", "contacts"},
		`{"type":"contacts","contacts":[null]}`:                           {"wrong_type", "contacts[0]"},
		`{"type":"text","text":{"body":"a"},"conversation_id":"1"}`:       {"bad_value", "conversation_id"},
		`{"type":"text","text":{"body":"a"},"reply_to":""}`:               {"bad_value", "reply_to"},
		`{"type":"text","text":{"body":"a"},"channel_id":7}`:              {"wrong_type", "channel_id"},
		`{"to":"+6281200000001","type":"text","text":{"body":""}}`:        {"bad_value", "text.body"},
		`{"to":"+6281200000001","type":"image","image":{}}`:               {"bad_value", "image.id"},
		`{"to":"+6281200000001","type":"interactive","interactive":{"type":"button","body":{"text":"a"},"action":{"buttons":[]}}}`: {"bad_value", "interactive.action.buttons"},
	} {
		got := w.us("POST", "/api/messages/send", body).fails(400, want.code)
		if errs := got.list("errors"); len(errs) == 0 || errs[0].text("field") != want.field {
			t.Errorf("%s is refused for %v, want field %s", body, got["errors"], want.field)
		}
	}
	w.us("POST", "/api/messages/send", `{"type":"text","text":{"body":"a"}}`).fails(400, "bad_to")
	w.us("POST", "/api/messages/send", `{"to":"nobody","type":"text","text":{"body":"a"}}`).fails(400, "bad_to")
}

// FuzzSend: what is no message is Invalid; what is one has content of its type.
func FuzzSend(f *testing.F) {
	for kind, c := range parts {
		f.Add([]byte(fmt.Sprintf(`{"to":"+6281200000001","type":%q,%q:%s}`, kind, kind, c.part)))
	}
	f.Add([]byte(`{"type":"text","text":{"body":"\u0000"}}`))
	f.Add([]byte(`{"type":"text","text":{"body":"\ud800"},"reply_to":null}`))
	f.Add([]byte(`{"type":"contacts","contacts":[[[[[[1e400]]]]]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		cmd, err := api.DecodeSend(body)
		if err != nil {
			if crm.CodeOf(err) != crm.Invalid {
				t.Errorf("%q is refused as %v, want invalid", body, err)
			}
			return
		}
		encoded, err := crm.EncodeContent(cmd.Content)
		if err != nil {
			t.Fatalf("%q has content that cannot be stored: %v", body, err)
		}
		back, err := crm.DecodeContent(cmd.Content.Kind(), encoded)
		if err != nil {
			t.Fatalf("%q has content that cannot be read back: %v", body, err)
		}
		if again, _ := crm.EncodeContent(back); string(again) != string(encoded) {
			t.Errorf("%q is stored as %s and read back as %s", body, encoded, again)
		}
	})
}
