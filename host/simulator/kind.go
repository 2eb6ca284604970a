package simulator

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/my21staff/my21staff/crm"
)

// kind is something a customer can do: the type it has on the wire, and its
// content.
type kind struct {
	wire    string
	target  crm.Direction // whose newest message it is about; empty: none
	content func(*Simulator, Inbound) any
}

//go:embed sticker.webp
var sampleSticker []byte

// Kinds lists what a customer can do, for [Inbound].Kind.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

var kinds = map[string]kind{
	"text":     {wire: "text", content: sayText},
	"image":    {wire: "image", content: sayFile(Media{MIME: "image/png", Filename: "photo.png"}, "caption")},
	"video":    {wire: "video", content: sayFile(Media{MIME: "video/mp4", Filename: "clip.mp4", Data: []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")}, "caption")},
	"audio":    {wire: "audio", content: sayFile(Media{MIME: "audio/mpeg", Filename: "song.mp3", Data: []byte("ID3\x03\x00\x00\x00\x00\x00\x00")}, "")},
	"voice":    {wire: "audio", content: sayFile(Media{MIME: "audio/ogg; codecs=opus", Filename: "voice.ogg", Data: []byte("OggS\x00\x02OpusHead")}, "voice")},
	"document": {wire: "document", content: sayFile(Media{MIME: "application/pdf", Filename: "form.pdf", Data: []byte("%PDF-1.4\n%%EOF\n")}, "caption")},
	"sticker":  {wire: "sticker", content: sayFile(Media{MIME: "image/webp", Filename: "sticker.webp", Data: sampleSticker}, "")},
	"location": {wire: "location", content: sayLocation},
	"contacts": {wire: "contacts", content: sayContacts},

	"button_reply":    {wire: "interactive", content: sayReply("button_reply")},
	"list_reply":      {wire: "interactive", content: sayReply("list_reply")},
	"flow_reply":      {wire: "interactive", content: sayFlow},
	"call_permission": {wire: "interactive", content: sayCallPermission},
	"quick_reply":     {wire: "button", content: sayQuickReply},

	"reaction":   {wire: "reaction", target: crm.Outbound, content: sayReaction},
	"unreaction": {wire: "reaction", target: crm.Outbound, content: func(_ *Simulator, in Inbound) any { return object{"message_id": in.ReplyTo} }},
	"edit":       {wire: "edit", target: crm.Inbound, content: sayEdit},
	"revoke":     {wire: "revoke", target: crm.Inbound, content: func(_ *Simulator, in Inbound) any { return object{"original_message_id": in.ReplyTo} }},

	"order":            {wire: "order", content: sayOrder},
	"request_welcome":  {wire: "request_welcome"},
	"unsupported":      {wire: "unsupported", content: func(_ *Simulator, in Inbound) any { return object{"type": cmp.Or(in.Text, "poll")} }},
	"unknown":          {wire: "unknown"},
	"identity_changed": {wire: "system", content: sayIdentity},
}

func sayText(_ *Simulator, in Inbound) any { return object{"body": cmp.Or(in.Text, "Halo")} }

// sayFile says a file; extra is what the type has beside it: "caption" takes
// the text, "voice" marks a recording.
func sayFile(sample Media, extra string) func(*Simulator, Inbound) any {
	return func(s *Simulator, in Inbound) any {
		file := sample
		if in.Media != nil {
			file = *in.Media
		} else if file.MIME == "image/png" {
			file.Data = samplePicture()
		}
		kept := s.putMedia(file, nil, inboundLife)
		sum := sha256.Sum256(kept.Data)
		content := object{"id": kept.ID, "mime_type": kept.MIME, "sha256": base64.StdEncoding.EncodeToString(sum[:]), "url": s.blobURL(kept, false)}
		switch {
		case extra == "voice":
			content["voice"] = true
		case extra == "caption" && in.Text != "":
			content["caption"] = in.Text
		}
		if kept.MIME == "application/pdf" {
			content["filename"] = kept.Filename
		}
		return content
	}
}

func sayLocation(_ *Simulator, in Inbound) any {
	return object{"latitude": -6.2, "longitude": 106.816666, "name": cmp.Or(in.Text, "Jakarta"), "address": "Indonesia"}
}

func sayContacts(_ *Simulator, in Inbound) any {
	name := cmp.Or(in.Text, "Contoh Kontak")
	return []object{{"name": object{"formatted_name": name, "first_name": name},
		"phones": []object{{"phone": "+62 812 0000 0099", "wa_id": "6281200000099", "type": "CELL"}}}}
}

func sayReply(form string) func(*Simulator, Inbound) any {
	return func(_ *Simulator, in Inbound) any {
		return object{"type": form, form: object{"id": cmp.Or(in.Choice, "choice-1"), "title": cmp.Or(in.Text, "Ya")}}
	}
}

func sayFlow(_ *Simulator, in Inbound) any {
	return object{"type": "nfm_reply", "nfm_reply": object{"name": "flow", "body": "Sent",
		"response_json": cmp.Or(in.Text, `{"flow_token":"token","intake":"2027"}`)}}
}

func sayCallPermission(s *Simulator, in Inbound) any {
	return object{"type": "call_permission_reply", "call_permission_reply": object{"response": cmp.Or(in.Choice, "accept"),
		"expiration_timestamp": s.now().AddDate(0, 0, 7).Unix(), "response_source": "user_action"}}
}

func sayQuickReply(_ *Simulator, in Inbound) any {
	text := cmp.Or(in.Text, "Ya")
	return object{"payload": cmp.Or(in.Choice, text), "text": text}
}

func sayReaction(_ *Simulator, in Inbound) any {
	return object{"message_id": in.ReplyTo, "emoji": cmp.Or(in.Text, "👍")}
}

func sayEdit(_ *Simulator, in Inbound) any {
	return object{"original_message_id": in.ReplyTo, "message": object{"type": "text", "text": object{"body": cmp.Or(in.Text, "Halo, diperbaiki")}}}
}

func sayOrder(_ *Simulator, in Inbound) any {
	return object{"catalog_id": "194836987003835", "text": cmp.Or(in.Text, "Terima kasih"), "product_items": []object{
		{"product_retailer_id": "course-1", "quantity": 2, "item_price": 150000, "currency": "IDR"}}}
}

func sayIdentity(_ *Simulator, in Inbound) any {
	return object{"type": "customer_identity_changed", "body": cmp.Or(in.Text, "The customer's identity changed"), "identity": "c2ltdWxhdGVk"}
}
