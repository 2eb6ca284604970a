package crm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// accented returns n characters that are not n bytes.
func accented(n int) string { return strings.Repeat("é", n) }

func rawJSON(format string, args ...any) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(format, args...))
}

func buttonAction(titles ...string) json.RawMessage {
	var parts []string
	for i, title := range titles {
		parts = append(parts, fmt.Sprintf(`{"type":"reply","reply":{"id":"b%d","title":%q}}`, i, title))
	}
	return rawJSON(`{"buttons":[%s]}`, strings.Join(parts, ","))
}

// listAction returns the action of a list whose sections have so many rows each.
func listAction(rows ...int) json.RawMessage {
	var sections []string
	for i, n := range rows {
		var lines []string
		for j := range n {
			lines = append(lines, fmt.Sprintf(`{"id":"r%d-%d","title":"Row"}`, i, j))
		}
		sections = append(sections, fmt.Sprintf(`{"title":"S%d","rows":[%s]}`, i, strings.Join(lines, ",")))
	}
	return rawJSON(`{"button":"Open","sections":[%s]}`, strings.Join(sections, ","))
}

func rowAction(id, title, description string) json.RawMessage {
	return rawJSON(`{"button":"Open","sections":[{"rows":[{"id":%q,"title":%q,"description":%q}]}]}`, id, title, description)
}

func interactive(kind, body string, action json.RawMessage) crm.Interactive {
	return crm.Interactive{Type: kind, Body: body, Action: action}
}

func linkAction(label, url string) json.RawMessage {
	return rawJSON(`{"name":"cta_url","parameters":{"display_text":%q,"url":%q}}`, label, url)
}

func flowAction(parameters string, args ...any) json.RawMessage {
	return rawJSON(`{"name":"flow","parameters":%s}`, fmt.Sprintf(parameters, args...))
}

// contentLimits has one line for each limit: what just fits has no field, what
// just does not names the one that is wrong.
var contentLimits = []struct {
	name    string
	content crm.Content
	field   string
}{
	{"a text of 4096 characters", crm.Text{Body: accented(4096)}, ""},
	{"a text of 4097 characters", crm.Text{Body: accented(4097)}, "text.body"},
	{"a text of spaces", crm.Text{Body: " \n\t"}, "text.body"},
	{"no content", nil, "content"},

	{"an image by id with a caption of 1024", crm.Media{Type: crm.KindImage, ID: "1", Caption: accented(1024)}, ""},
	{"an image with a caption of 1025", crm.Media{Type: crm.KindImage, ID: "1", Caption: accented(1025)}, "image.caption"},
	{"a document by link with a name", crm.Media{Type: crm.KindDocument, Link: "https://example.com/a.pdf", Filename: "a.pdf"}, ""},
	{"a video with both id and link", crm.Media{Type: crm.KindVideo, ID: "1", Link: "https://example.com/a.mp4"}, "video.id"},
	{"a video with neither", crm.Media{Type: crm.KindVideo}, "video.id"},
	{"a link to a file on disk", crm.Media{Type: crm.KindImage, Link: "file:///etc/hosts"}, "image.link"},
	{"a link without a host", crm.Media{Type: crm.KindImage, Link: "https://"}, "image.link"},
	{"a voice message", crm.Media{Type: crm.KindAudio, ID: "1", Voice: true}, ""},
	{"audio with a caption", crm.Media{Type: crm.KindAudio, ID: "1", Caption: "c"}, "audio.caption"},
	{"a sticker", crm.Media{Type: crm.KindSticker, ID: "1"}, ""},
	{"a sticker with a caption", crm.Media{Type: crm.KindSticker, ID: "1", Caption: "c"}, "sticker.caption"},
	{"an image with a file name", crm.Media{Type: crm.KindImage, ID: "1", Filename: "a.jpg"}, "image.filename"},
	{"a video as a voice message", crm.Media{Type: crm.KindVideo, ID: "1", Voice: true}, "video.voice"},
	{"a file that is text", crm.Media{Type: crm.KindText, ID: "1"}, "type"},
	{"a file of no type", crm.Media{ID: "1"}, "type"},

	{"the south pole", crm.Location{Latitude: -90, Longitude: 180}, ""},
	{"beyond the south pole", crm.Location{Latitude: -90.01}, "location.latitude"},
	{"a latitude that is no number", crm.Location{Latitude: math.NaN()}, "location.latitude"},
	{"beyond the date line", crm.Location{Longitude: 180.01}, "location.longitude"},

	{"257 contact cards", crm.Contacts{Cards: rawJSON(`[%s{"name":{"formatted_name":"A"}}]`, strings.Repeat(`{"name":{"formatted_name":"A"}},`, 256))}, ""},
	{"258 contact cards", crm.Contacts{Cards: rawJSON(`[%s{"name":{"formatted_name":"A"}}]`, strings.Repeat(`{"name":{"formatted_name":"A"}},`, 257))}, "contacts"},
	{"no contact card", crm.Contacts{Cards: rawJSON(`[]`)}, "contacts"},
	{"cards that are no JSON", crm.Contacts{Cards: rawJSON(`[`)}, "contacts"},
	{"a card without a name", crm.Contacts{Cards: rawJSON(`[{"phones":[]}]`)}, "contacts.name.formatted_name"},

	{"three buttons with titles of 20", interactive("button", accented(1024), buttonAction(accented(20), "No", "Maybe")), ""},
	{"four buttons", interactive("button", "?", buttonAction("1", "2", "3", "4")), "interactive.action.buttons"},
	{"no button", interactive("button", "?", buttonAction()), "interactive.action.buttons"},
	{"buttons that are no array", interactive("button", "?", rawJSON(`{"buttons":{}}`)), "interactive.action.buttons"},
	{"a button's title of 21", interactive("button", "?", buttonAction(accented(21))), "interactive.action.buttons.reply.title"},
	{"two buttons with one title", interactive("button", "?", buttonAction("Yes", "Yes")), "interactive.action.buttons.reply.title"},
	{"a button's id of 256", interactive("button", "?", rawJSON(`{"buttons":[{"reply":{"id":%q,"title":"T"}}]}`, accented(256))), ""},
	{"a button's id of 257", interactive("button", "?", rawJSON(`{"buttons":[{"reply":{"id":%q,"title":"T"}}]}`, accented(257))), "interactive.action.buttons.reply.id"},
	{"two buttons with one id", interactive("button", "?", rawJSON(`{"buttons":[{"reply":{"id":"a","title":"T"}},{"reply":{"id":"a","title":"U"}}]}`)), "interactive.action.buttons.reply.id"},
	{"words above buttons of 1025", interactive("button", accented(1025), buttonAction("Yes")), "interactive.body"},
	{"buttons without words", interactive("button", "", buttonAction("Yes")), "interactive.body"},
	{"a footer of 60", crm.Interactive{Type: "button", Body: "?", Footer: accented(60), Action: buttonAction("Yes")}, ""},
	{"a footer of 61", crm.Interactive{Type: "button", Body: "?", Footer: accented(61), Action: buttonAction("Yes")}, "interactive.footer"},
	{"a header of 60", crm.Interactive{Type: "list", Body: "?", Header: rawJSON(`{"type":"text","text":%q}`, accented(60)), Action: listAction(1)}, ""},
	{"a header of 61", crm.Interactive{Type: "list", Body: "?", Header: rawJSON(`{"type":"text","text":%q}`, accented(61)), Action: listAction(1)}, "interactive.header.text"},
	{"a header with an image", crm.Interactive{Type: "button", Body: "?", Header: rawJSON(`{"type":"image","image":{"id":"1"}}`), Action: buttonAction("Yes")}, ""},
	{"a header that is text", crm.Interactive{Type: "button", Body: "?", Header: rawJSON(`"Hello"`), Action: buttonAction("Yes")}, "interactive.header"},

	{"ten rows in two sections", interactive("list", accented(4096), listAction(5, 5)), ""},
	{"eleven rows in two sections", interactive("list", "?", listAction(5, 6)), "interactive.action.sections.rows"},
	{"eleven sections", interactive("list", "?", listAction(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)), "interactive.action.sections"},
	{"no section", interactive("list", "?", listAction()), "interactive.action.sections"},
	{"a section without rows", interactive("list", "?", listAction(1, 0)), "interactive.action.sections.rows"},
	{"two sections, one without a title", interactive("list", "?", rawJSON(`{"button":"Open","sections":[{"rows":[{"id":"a","title":"A"}]},{"title":"B","rows":[{"id":"b","title":"B"}]}]}`)), "interactive.action.sections.title"},
	{"words above a list of 4097", interactive("list", accented(4097), listAction(1)), "interactive.body"},
	{"a list's button of 21", interactive("list", "?", rawJSON(`{"button":%q,"sections":[{"rows":[{"id":"a","title":"A"}]}]}`, accented(21))), "interactive.action.button"},
	{"a row at every limit", interactive("list", "?", rowAction(accented(200), accented(24), accented(72))), ""},
	{"a row's id of 201", interactive("list", "?", rowAction(accented(201), "A", "")), "interactive.action.sections.rows.id"},
	{"a row's title of 25", interactive("list", "?", rowAction("a", accented(25), "")), "interactive.action.sections.rows.title"},
	{"a row's description of 73", interactive("list", "?", rowAction("a", "A", accented(73))), "interactive.action.sections.rows.description"},
	{"two rows with one id", interactive("list", "?", rawJSON(`{"button":"Open","sections":[{"rows":[{"id":"a","title":"A"},{"id":"a","title":"B"}]}]}`)), "interactive.action.sections.rows.id"},

	{"a link button of 20", interactive("cta_url", "?", linkAction(accented(20), "https://example.com/?a=b")), ""},
	{"a link button of 21", interactive("cta_url", "?", linkAction(accented(21), "https://example.com")), "interactive.action.parameters.display_text"},
	{"a link button to nowhere", interactive("cta_url", "?", linkAction("Open", "example.com")), "interactive.action.parameters.url"},
	{"a flow by id", interactive("flow", "?", flowAction(`{"flow_id":"1","flow_cta":"Open"}`)), ""},
	{"a flow by name", interactive("flow", "?", flowAction(`{"flow_name":"intake","flow_cta":"Open"}`)), ""},
	{"a flow by both", interactive("flow", "?", flowAction(`{"flow_id":"1","flow_name":"intake","flow_cta":"Open"}`)), "interactive.action.parameters.flow_id"},
	{"a flow's button of 21", interactive("flow", "?", flowAction(`{"flow_id":"1","flow_cta":%q}`, accented(21))), "interactive.action.parameters.flow_cta"},
	{"a request for the location", interactive("location_request_message", "Where?", rawJSON(`{"name":"send_location"}`)), ""},
	{"a product without words", interactive("product", "", rawJSON(`{"catalog_id":"1","product_retailer_id":"2"}`)), ""},
	{"a catalogue without an action", interactive("catalog_message", "See", nil), "interactive.action"},
	{"an action that is no JSON", interactive("carousel", "See", rawJSON(`{"cards":`)), "interactive.action"},
	{"a type nobody knows", interactive("buttons", "?", buttonAction("Yes")), "interactive.type"},

	{"a reaction", crm.Reaction{MessageID: "wamid.A", Emoji: "👩‍👩‍👧‍👦"}, ""},
	{"a reaction taken away", crm.Reaction{MessageID: "wamid.A"}, ""},
	{"a reaction to nothing", crm.Reaction{Emoji: "👍"}, "reaction.message_id"},
	{"a reaction in prose", crm.Reaction{MessageID: "wamid.A", Emoji: "this is not an emoji"}, "reaction.emoji"},

	{"a template's name of 512", crm.FilledTemplate{Name: strings.Repeat("a", 512), Language: "id"}, ""},
	{"a template's name of 513", crm.FilledTemplate{Name: strings.Repeat("a", 513), Language: "id"}, "template.name"},
	{"a template with parameters", crm.FilledTemplate{Name: "order_2", Language: "id", Components: rawJSON(` [{"type":"body"}]`)}, ""},
	{"a template's name with capitals", crm.FilledTemplate{Name: "Order", Language: "id"}, "template.name"},
	{"a template without a name", crm.FilledTemplate{Language: "id"}, "template.name"},
	{"a template without a language", crm.FilledTemplate{Name: "order"}, "template.language"},
	{"a template's components as an object", crm.FilledTemplate{Name: "order", Language: "id", Components: rawJSON(`{}`)}, "template.components"},

	{"a choice", crm.Choice{ID: "a"}, "type"},
	{"a filled-in form", crm.FlowReply{Response: "{}"}, "type"},
	{"an order", crm.Order{}, "type"},
	{"an event", crm.System{Type: "call"}, "type"},
	{"something unsupported", crm.Unsupported{Type: "poll"}, "type"},
}

func TestCheckContent(t *testing.T) {
	t.Parallel()
	for _, tt := range contentLimits {
		err := crm.CheckContent(tt.content)
		if tt.field == "" {
			if err != nil {
				t.Errorf("CheckContent(%s) = %v, want nil", tt.name, err)
			}
			continue
		}
		var e *crm.Error
		if !errors.As(err, &e) || e.Code != crm.Invalid || e.Reason != tt.field {
			t.Errorf("CheckContent(%s) = %v, want Invalid for %s", tt.name, err, tt.field)
			continue
		}
		if !strings.HasSuffix(e.Msg, ".") {
			t.Errorf("CheckContent(%s) says %q, want a sentence", tt.name, e.Msg)
		}
	}
}

func ExampleCheckContent() {
	err := crm.CheckContent(crm.Interactive{
		Type: "cta_url",
		Body: "Jadwal konsultasi",
		Action: json.RawMessage(`{"name":"cta_url","parameters":{
			"display_text":"Lihat jadwal konsultasi","url":"https://example.com/jadwal"}}`),
	})
	var wrong *crm.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Reason)
		fmt.Println(wrong.Msg)
	}
	// Output:
	// interactive.action.parameters.display_text
	// The button's text has 23 characters; WhatsApp takes at most 20.
}
