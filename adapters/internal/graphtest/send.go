package graphtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// published sends: the recorded call, what makes our client send the same, and
// what we do otherwise and why.
var sends = []struct {
	call    string
	message crm.Outgoing
	differs func(body map[string]any)
}{
	{call: "sendText", message: to(crm.Text{Body: "Halo dunia 😀 é", PreviewURL: true})},
	{call: "sendText bsuid", message: crm.Outgoing{Recipient: "US.13491208655302741918", Content: crm.Text{Body: "hi"}}},
	{
		call:    "sendText both",
		message: crm.Outgoing{To: "+6281234567890", Recipient: "US.13491208655302741918", Content: crm.Text{Body: "hi"}},
		differs: without("recipient"), // of two addresses WhatsApp takes the number: we send it alone
	},
	{call: "sendTemplate raw", message: to(crm.FilledTemplate{
		Name: "order_confirmation", Language: "id",
		Components: json.RawMessage(`[{"type":"body","parameters":[{"type":"text","parameter_name":"customer_name","text":"Budi"}]}]`),
	})},
	{call: "sendTemplate builder", message: to(crm.FilledTemplate{
		Name: "seasonal_promo", Language: "id",
		Components: json.RawMessage(`[{"type":"header","parameters":[{"type":"image","image":{"link":"https://cdn.example/banner.jpg"}}]},
			{"type":"body","parameters":[{"type":"text","text":"31 Agustus"}]},
			{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"STOP"}]}]`),
	})},
	{call: "sendImage link", message: to(crm.Media{Type: crm.KindImage, Link: "https://example.com/photo.jpg", Caption: "Foto"})},
	{call: "sendImage id", message: to(crm.Media{Type: crm.KindImage, ID: "1037543291543636"})},
	{call: "sendDocument", message: to(crm.Media{Type: crm.KindDocument, Link: "https://example.com/a.pdf", Caption: "c", Filename: "a.pdf"})},
	{call: "sendVideo", message: to(crm.Media{Type: crm.KindVideo, ID: "1166846181421424", Caption: "v"})},
	{call: "sendAudio voice", message: to(crm.Media{Type: crm.KindAudio, ID: "1013859600285441", Voice: true})},
	{call: "sendSticker", message: to(crm.Media{Type: crm.KindSticker, ID: "798882015472548"})},
	{call: "sendLocation", message: to(crm.Location{Latitude: -6.2, Longitude: 106.816666, Name: "Jakarta", Address: "ID"})},
	{call: "sendContacts", message: to(crm.Contacts{
		Cards: json.RawMessage(`[{"name":{"formatted_name":"Budi","first_name":"Budi"},"phones":[{"phone":"+6281200000000","wa_id":"6281200000000","type":"WORK"}]}]`),
	})},
	{call: "sendReaction", message: to(crm.Reaction{MessageID: "wamid.IN1", Emoji: "👍"})},
	{call: "sendReaction remove", message: to(crm.Reaction{MessageID: "wamid.IN1"})},
	{call: "sendInteractiveButtons", message: to(crm.Interactive{
		Type: "button", Body: "Pilih", Footer: "kaki",
		Header: json.RawMessage(`{"type":"image","image":{"id":"1037543291543636"}}`),
		Action: json.RawMessage(`{"buttons":[{"type":"reply","reply":{"id":"ya","title":"Ya"}},{"type":"reply","reply":{"id":"tidak","title":"Tidak"}}]}`),
	})},
	{call: "sendInteractiveList", message: to(crm.Interactive{
		Type: "list", Body: "Menu",
		Action: json.RawMessage(`{"button":"Buka","sections":[{"title":"A","rows":[{"id":"r1","title":"Satu","description":"d"}]}]}`),
	})},
	{call: "sendInteractiveCtaUrl", message: to(crm.Interactive{
		Type: "cta_url", Body: "Lihat",
		Action: json.RawMessage(`{"name":"cta_url","parameters":{"display_text":"Buka","url":"https://example.com/?a=b"}}`),
	})},
	{call: "sendInteractiveFlow", message: to(crm.Interactive{
		Type: "flow", Body: "Isi",
		Action: json.RawMessage(`{"name":"flow","parameters":{"flow_cta":"Buka","flow_id":"1234567890","flow_message_version":"3","flow_token":"tok",
			"flow_action":"navigate","flow_action_payload":{"screen":"WELCOME","data":{"customer_id":"c1","camel_key":1}}}}`),
	})},
	{call: "sendInteractiveLocationRequest", message: to(crm.Interactive{
		Type: "location_request_message", Body: "Lokasi?",
		Action: json.RawMessage(`{"name":"send_location","parameters":{"request_message":"Bagikan lokasi"}}`),
	})},
	{
		call:    "sendRaw",
		message: to(crm.Text{Body: "raw"}),
		differs: func(body map[string]any) { body["recipient_type"] = "individual" }, // the client's raw call adds nothing; we always say it
	},
}

func to(content crm.Content) crm.Outgoing {
	return crm.Outgoing{To: "+6281234567890", Content: content}
}

func without(field string) func(map[string]any) {
	return func(body map[string]any) { delete(body, field) }
}

// testBodies compares what our client puts on the wire with what the published
// client was recorded to send for the same content.
func testBodies(t *testing.T, p Provider) {
	calls := published(t)
	base, seen := p.serve(t, always(http.StatusOK, taken))
	client := p.New(base, nil, patience)
	for _, tt := range sends {
		want, known := calls[string(p.Name)+":"+tt.call]
		if !known {
			t.Errorf("no recorded call %s:%s", p.Name, tt.call)
			continue
		}
		if err := crm.CheckContent(tt.message.Content); err != nil {
			t.Errorf("%s: CheckContent = %v for what a published client sends", tt.call, err)
		}
		if _, err := client.Send(t.Context(), p.Channel(), tt.message); err != nil {
			t.Errorf("%s: Send = %v", tt.call, err)
		}
		got := <-seen
		body := value(t, want.Body).(map[string]any)
		if tt.differs != nil {
			tt.differs(body)
		}
		same(t, tt.call, got.JSON(t), body)
		if wantPath := currentVersion(want.Path); got.Method != want.Method || got.Path != wantPath {
			t.Errorf("%s: %s %s, want %s %s", tt.call, got.Method, got.Path, want.Method, wantPath)
		}
		if got.Header.Get(p.Header) != p.Value || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v, want %s: %s and JSON", tt.call, got.Header, p.Header, p.Value)
		}
	}
}

// currentVersion is a path under the version we use: the published client
// defaults to v23.0, Kapso documents v24.0.
func currentVersion(path string) string { return strings.Replace(path, "/v23.0/", "/v24.0/", 1) }

// testOpaque checks that a message carries its id and what it quotes, and that
// a reaction, which names its message itself, quotes nothing.
func testOpaque(t *testing.T, p Provider) {
	id, err := crm.ParseID[crm.Message]("019a0000-0000-7000-8000-000000000001")
	if err != nil {
		t.Fatal(err)
	}
	want := value(t, published(t)[string(p.Name)+":sendText+reply+opaque"].Body).(map[string]any)
	want["biz_opaque_callback_data"] = id.String()

	base, seen := p.serve(t, always(http.StatusOK, taken))
	client := p.New(base, nil, patience)
	send := func(content crm.Content) any {
		m := crm.Outgoing{MessageID: id, To: "+6281234567890", ReplyTo: "wamid.CTX", Content: content}
		if _, err := client.Send(t.Context(), p.Channel(), m); err != nil {
			t.Fatalf("Send = %v", err)
		}
		return (<-seen).JSON(t)
	}
	same(t, "a reply", send(crm.Text{Body: "hi"}), want)
	if reaction := send(crm.Reaction{MessageID: "wamid.A", Emoji: "👍"}).(map[string]any); reaction["context"] != nil {
		t.Errorf("a reaction has the context %v, want none", reaction["context"])
	}
}

// testChannelAddress checks that a channel's own address goes before the
// client's.
func testChannelAddress(t *testing.T, p Provider) {
	base, seen := p.serve(t, always(http.StatusOK, taken))
	ch := p.Channel()
	ch.BaseURL = base + "/"
	if _, err := p.New("https://provider.invalid", nil, patience).Send(t.Context(), ch, hello); err != nil {
		t.Fatalf("Send = %v", err)
	}
	if got, want := (<-seen).Path, p.Path+"/v24.0/"+Number+"/messages"; got != want {
		t.Errorf("path %s, want %s", got, want)
	}
}

// testUnsendable checks that nothing leaves for a message that no request can be
// made of, and that its error is final.
func testUnsendable(t *testing.T, p Provider) {
	base, seen := p.serve(t, always(http.StatusOK, taken))
	client := p.New(base, nil, patience)
	nameless, lost := p.Channel(), p.Channel()
	nameless.PhoneNumberID, lost.BaseURL = "", "ftp://provider.invalid"
	for name, tt := range map[string]struct {
		ch *crm.Channel
		m  crm.Outgoing
	}{
		"content that is only received": {p.Channel(), to(crm.Choice{ID: "a"})},
		"no content":                    {p.Channel(), to(nil)},
		"a file of no kind":             {p.Channel(), to(crm.Media{ID: "1"})},
		"parts that are no JSON":        {p.Channel(), to(crm.Interactive{Type: "list", Action: json.RawMessage(`{`)})},
		"no address":                    {p.Channel(), crm.Outgoing{Content: crm.Text{Body: "hi"}}},
		"a channel without a number":    {nameless, hello},
		"a channel with an odd address": {lost, hello},
	} {
		_, err := client.Send(t.Context(), tt.ch, tt.m)
		if got := decide(t, err); got != "rejected: failed" {
			t.Errorf("%s: %v is %s, want rejected: failed", name, err, got)
		}
	}
	if len(seen) > 0 {
		t.Errorf("%d requests left, want none", len(seen))
	}
}
