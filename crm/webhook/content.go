package webhook

import (
	"encoding/json"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// contentOf reads what a message of a type holds. A type that is not known, and
// a message that lacks the part named after its type (it could not be
// delivered, or may not be stored), is crm.Unsupported; a part that has not its
// form is a problem.
func contentOf(kind string, item tape.Value, reason *crm.ProviderError) (crm.Content, string) {
	part := item.Get(kind)
	switch build, known := builders[kind]; {
	case kind == "request_welcome":
		return crm.System{Type: kind}, ""
	case kind == "text" && !part.Present() && item.Get("message_type").Present():
		return crm.Text{Body: item.Get("content").Text()}, "" // Kapso v1
	case known && part.Present():
		return build(kind, item, part)
	case kind == "":
		return nil, "the message has no type"
	}
	if own := firstError(item); own != nil {
		reason = own
	}
	raw := part
	if !part.Present() {
		raw = item
	}
	return crm.Unsupported{Type: first(item.Get("unsupported").Get("type").Text(), kind), Error: reason, Raw: raw.Copy()}, ""
}

// builders read the part of a message that is named after its type. They return
// the content, or what is wrong.
var builders = map[string]func(kind string, item, part tape.Value) (crm.Content, string){
	"text":        text,
	"image":       media,
	"video":       media,
	"audio":       media,
	"voice":       media, // audio recorded in WhatsApp, until 2021
	"document":    media,
	"sticker":     media,
	"location":    location,
	"contacts":    cards,
	"interactive": interactive,
	"button":      button,
	"reaction":    reaction,
	"order":       order,
	"system":      system,
	"template":    template,
}

func text(_ string, _, part tape.Value) (crm.Content, string) {
	body := part.Get("body")
	if body.Kind() != tape.String {
		return nil, "the text has no body"
	}
	return crm.Text{Body: body.Text(), PreviewURL: part.Get("preview_url").Bool()}, ""
}

// media reads a file. Kapso adds where its own copy is, what it knows of it and
// what is said in it; its prose about the message (content) is never read.
func media(kind string, item, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Object {
		return nil, "the " + kind + " is not an object"
	}
	kapso := item.Get("kapso")
	data := kapso.Get("media_data")
	m := crm.Media{
		Type:     crm.ContentKind(kind),
		ID:       part.Get("id").Word(),
		Link:     part.Get("link").Text(),
		URL:      first(kapso.Get("media_url").Text(), data.Get("url").Text(), part.Get("url").Text()),
		MIME:     first(part.Get("mime_type").Text(), data.Get("content_type").Text()),
		SHA256:   part.Get("sha256").Text(),
		Caption:  part.Get("caption").Text(),
		Filename: first(part.Get("filename").Text(), data.Get("filename").Text()),
		Voice:    part.Get("voice").Bool(),
		Animated: part.Get("animated").Bool(),
		Words:    kapso.Get("transcript").Get("text").Text(),
	}
	if kind == "voice" {
		m.Type, m.Voice = crm.KindAudio, true
	}
	for _, size := range []tape.Value{part.Get("file_size"), data.Get("byte_size")} {
		if n, ok := size.Int(); ok && n > 0 && m.Size == 0 {
			m.Size = n
		}
	}
	if err := firstError(item); err != nil {
		m.Error = err.Error()
	}
	return m, ""
}

func location(_ string, _, part tape.Value) (crm.Content, string) {
	latitude, north := part.Get("latitude").Float()
	longitude, east := part.Get("longitude").Float()
	if !north || !east {
		return nil, "the location has no coordinates"
	}
	return crm.Location{
		Latitude: latitude, Longitude: longitude,
		Name: part.Get("name").Text(), Address: part.Get("address").Text(), URL: part.Get("url").Text(),
	}, ""
}

// maxCards is how many cards one message may hold (Meta, 2025).
const maxCards = 257

func cards(_ string, _, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Array {
		return nil, "the contacts are not a list"
	}
	c := crm.Contacts{Cards: part.Copy()}
	for card := part.First(); card.Kind() != tape.Missing && len(c.Names) < maxCards; card = card.Next() {
		n := card.Get("name")
		if called := first(n.Get("formatted_name").Text(), n.Get("first_name").Text(), n.Get("last_name").Text()); called != "" {
			c.Names = append(c.Names, called)
		}
	}
	return c, ""
}

// interactive reads the customer's answers and, in what the business sent, the
// buttons and lists themselves.
func interactive(_ string, _, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Object {
		return nil, "the interactive part is not an object"
	}
	kind := part.Get("type").Text()
	reply := part.Get(kind)
	switch {
	case kind == "button_reply" && reply.Kind() == tape.Object:
		return choice("button", reply), ""
	case kind == "list_reply" && reply.Kind() == tape.Object:
		return choice("list", reply), ""
	case kind == "nfm_reply" && reply.Kind() == tape.Object:
		return crm.FlowReply{Name: reply.Get("name").Text(), Body: reply.Get("body").Text(), Response: response(reply.Get("response_json"))}, ""
	case kind == "call_permission_reply" && reply.Kind() == tape.Object:
		answer := reply.Get("response").Text()
		return crm.Choice{Source: "call_permission", ID: answer, Title: answer}, ""
	case part.Get("action").Present() || part.Get("body").Present():
		return crm.Interactive{
			Type: kind, Header: part.Get("header").Copy(), Body: part.Get("body").Get("text").Text(),
			Footer: part.Get("footer").Get("text").Text(), Action: part.Get("action").Copy(),
		}, ""
	}
	return crm.Unsupported{Type: first(kind, "interactive"), Raw: part.Copy()}, ""
}

func choice(source string, reply tape.Value) crm.Choice {
	return crm.Choice{
		Source: source, ID: reply.Get("id").Word(),
		Title: reply.Get("title").Text(), Description: reply.Get("description").Text(),
	}
}

// response reads a flow's answers: JSON in a string, in some captures JSON
// itself.
func response(v tape.Value) string {
	if v.Kind() == tape.String {
		return v.Text()
	}
	return string(v.Copy())
}

func button(_ string, _, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Object {
		return nil, "the button is not an object"
	}
	return crm.Choice{Source: "quick_reply", ID: part.Get("payload").Word(), Title: part.Get("text").Text()}, ""
}

// reaction reads an emoji, or its removal, which comes with an empty emoji or
// none.
func reaction(_ string, _, part tape.Value) (crm.Content, string) {
	target := messageID(part.Get("message_id"))
	if target == "" {
		return nil, "the reaction names no message"
	}
	return crm.Reaction{MessageID: target, Emoji: part.Get("emoji").Text()}, ""
}

func order(_ string, _, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Object {
		return nil, "the order is not an object"
	}
	o := crm.Order{CatalogID: part.Get("catalog_id").Word(), Text: part.Get("text").Text(), Items: []crm.OrderItem{}}
	for item := part.Get("product_items").First(); item.Kind() != tape.Missing && len(o.Items) < MaxUpdates; item = item.Next() {
		o.Items = append(o.Items, crm.OrderItem{
			ProductID: item.Get("product_retailer_id").Word(),
			Quantity:  json.Number(item.Get("quantity").Numeral()), // a number or a string; what is neither is left out
			Price:     json.Number(item.Get("item_price").Numeral()),
			Currency:  item.Get("currency").Text(),
		})
	}
	return o, ""
}

func system(_ string, _, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Object {
		return nil, "the system part is not an object"
	}
	return crm.System{
		Type: part.Get("type").Text(), Body: part.Get("body").Text(),
		WaID:   digits(first(name(part.Get("wa_id")), name(part.Get("new_wa_id")))),
		UserID: name(part.Get("user_id")), PreviousUserID: name(part.Get("previous_user_id")),
	}, ""
}

// template reads a template as it was sent, by this program or another.
func template(_ string, _, part tape.Value) (crm.Content, string) {
	if part.Kind() != tape.Object {
		return nil, "the template is not an object"
	}
	language := part.Get("language")
	return crm.FilledTemplate{
		Name: part.Get("name").Text(), Language: first(language.Get("code").Text(), language.Text()),
		Components: part.Get("components").Copy(),
	}, ""
}

// firstError reads the first of an item's errors; nil if it has none.
func firstError(item tape.Value) *crm.ProviderError {
	e := item.Get("errors").First()
	if e.Kind() != tape.Object {
		return nil
	}
	code, _ := e.Get("code").Int()
	subcode, _ := e.Get("error_subcode").Int()
	message := e.Get("message").Text()
	title := first(e.Get("title").Text(), message)
	detail := first(e.Get("error_data").Get("details").Text(), e.Get("details").Text())
	if detail == "" && message != title {
		detail = message
	}
	return &crm.ProviderError{Code: int(code), Title: title, Detail: detail, Subcode: int(subcode)}
}
