package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// checkers hold each type's content against the documented limits.
var checkers = map[string]func(json.RawMessage) error{
	"text":        checkText,
	"image":       checkFile("image"),
	"video":       checkFile("video"),
	"audio":       checkFile("audio"),
	"document":    checkFile("document"),
	"sticker":     checkFile("sticker"),
	"location":    checkLocation,
	"contacts":    checkContacts,
	"reaction":    checkReaction,
	"interactive": checkInteractive,
	"template":    checkTemplateShape,
}

// checkContent refuses a send whose content the provider could not take.
func checkContent(r *sendRequest) error {
	if r.Type == "" {
		return graph(131008, "Required parameter type is missing.")
	}
	check := checkers[r.Type]
	if check == nil {
		return parameter("Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO} - got %q.", r.Type)
	}
	if len(r.content()) == 0 || string(r.content()) == "null" {
		return graph(131008, fmt.Sprintf("Required parameter %s is missing.", r.Type))
	}
	if len(r.Opaque) > 512 {
		return parameter("Param biz_opaque_callback_data must be at most 512 characters long.")
	}
	return check(r.content())
}

// read decodes content, or refuses what has not its form.
func read(name string, content json.RawMessage, into any) error {
	if err := json.Unmarshal(content, into); err != nil {
		return parameter("Invalid parameter %s: %v", name, err)
	}
	return nil
}

// length is a limit on a text: Meta's name of it, and its characters.
type length struct {
	name     string
	text     string
	min, max int
}

// checkLengths refuses the first text that is too short or too long.
func checkLengths(all ...length) error {
	for _, l := range all {
		if n := utf8.RuneCountInString(l.text); n < l.min || n > l.max {
			return graph(131009, fmt.Sprintf("%s length invalid. Min length: %d, Max length: %d", l.name, l.min, l.max))
		}
	}
	return nil
}

func checkText(content json.RawMessage) error {
	var text struct{ Body string }
	if err := read("text", content, &text); err != nil {
		return err
	}
	switch n := utf8.RuneCountInString(text.Body); {
	case n == 0:
		return parameter("The parameter text['body'] is required.")
	case n > 4096:
		return parameter("Param text['body'] must be at most 4096 characters long.")
	}
	return nil
}

// file is the content of a media message.
type file struct {
	ID, Link, Caption string
}

func checkFile(kind string) func(json.RawMessage) error {
	return func(content json.RawMessage) error {
		var f file
		if err := read(kind, content, &f); err != nil {
			return err
		}
		link, err := url.Parse(f.Link)
		switch {
		case f.ID == "" && f.Link == "":
			return graph(131008, fmt.Sprintf("Required parameter %s['id'] or %s['link'] is missing.", kind, kind))
		case f.ID == "" && (err != nil || link.Host == "" || link.Scheme != "http" && link.Scheme != "https"):
			return parameter("Param %s['link'] is not a valid URI.", kind)
		case utf8.RuneCountInString(f.Caption) > 1024:
			return parameter("Param %s['caption'] must be at most 1024 characters long.", kind)
		}
		return nil
	}
}

func checkLocation(content json.RawMessage) error {
	var at struct{ Latitude, Longitude *json.Number }
	if err := read("location", content, &at); err != nil {
		return err
	}
	if at.Latitude == nil || at.Longitude == nil {
		return graph(131008, "Required parameter location['latitude'] or location['longitude'] is missing.")
	}
	lat, latErr := at.Latitude.Float64()
	long, longErr := at.Longitude.Float64()
	if latErr != nil || longErr != nil || lat < -90 || lat > 90 || long < -180 || long > 180 {
		return graph(131009, "Latitude must be between -90 and 90, longitude between -180 and 180.")
	}
	return nil
}

func checkContacts(content json.RawMessage) error {
	var cards []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		}
	}
	if err := read("contacts", content, &cards); err != nil {
		return err
	}
	if len(cards) == 0 || len(cards) > 257 {
		return graph(131009, "Invalid contacts count. Min allowed contacts: 1, Max allowed contacts: 257")
	}
	for i, card := range cards {
		if card.Name.Formatted == "" {
			return graph(131008, fmt.Sprintf("Required parameter contacts[%d]['name']['formatted_name'] is missing.", i))
		}
	}
	return nil
}

func checkReaction(content json.RawMessage) error {
	var reaction struct {
		MessageID string `json:"message_id"`
		Emoji     *string
	}
	if err := read("reaction", content, &reaction); err != nil {
		return err
	}
	if reaction.MessageID == "" || reaction.Emoji == nil {
		return graph(131008, "Required parameter reaction['message_id'] or reaction['emoji'] is missing.")
	}
	return checkLengths(length{"Reaction emoji", *reaction.Emoji, 0, 16})
}

// interactive is the content of an interactive message, as far as limits go.
type interactive struct {
	Type   string
	Header struct{ Type, Text string }
	Body   struct{ Text string }
	Footer struct{ Text string }
	Action struct {
		Name     string
		Button   string
		Buttons  []struct{ Reply choice }
		Sections []struct {
			Title string
			Rows  []choice
		}
		Parameters struct {
			Display string `json:"display_text"`
			URL     string
			CTA     string `json:"flow_cta"`
		}
	}
}

// choice is a button or a row of a list.
type choice struct{ ID, Title, Description string }

func checkInteractive(content json.RawMessage) error {
	var in interactive
	if err := read("interactive", content, &in); err != nil {
		return err
	}
	body := 1024
	if in.Type == "list" {
		body = 4096
	}
	if err := checkLengths(length{"Body text", in.Body.Text, 0, body}, length{"Footer text", in.Footer.Text, 0, 60}, length{"Header text", in.Header.Text, 0, 60}); err != nil {
		return err
	}
	if in.Body.Text == "" && !strings.HasPrefix(in.Type, "product") && in.Type != "catalog_message" {
		return graph(131008, "Required parameter interactive['body'] is missing.")
	}
	switch in.Type {
	case "button":
		return checkButtons(&in)
	case "list":
		return checkList(&in)
	case "cta_url":
		return checkLengths(length{"Display text", in.Action.Parameters.Display, 1, 20}, length{"URL", in.Action.Parameters.URL, 1, 2000})
	case "flow":
		return checkLengths(length{"Flow CTA", in.Action.Parameters.CTA, 1, 20})
	case "location_request_message", "request_contact_info", "call_permission_request", "product", "product_list",
		"catalog_message", "carousel", "address_message", "voice_call":
		return nil
	}
	return graph(131009, fmt.Sprintf("Interactive type %q is not valid.", in.Type))
}

func checkButtons(in *interactive) error {
	if n := len(in.Action.Buttons); n < 1 || n > 3 {
		return graph(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
	}
	seen := map[string]bool{}
	for _, button := range in.Action.Buttons {
		if err := checkLengths(length{"Button title", button.Reply.Title, 1, 20}, length{"Button id", button.Reply.ID, 1, 256}); err != nil {
			return err
		}
		if seen[button.Reply.ID] {
			return graph(131009, "Duplicated button id.")
		}
		seen[button.Reply.ID] = true
	}
	return nil
}

func checkList(in *interactive) error {
	if n := len(in.Action.Sections); n < 1 || n > 10 {
		return graph(131009, "Invalid section count. Min allowed sections: 1, Max allowed sections: 10")
	}
	rows := 0
	for _, section := range in.Action.Sections {
		rows += len(section.Rows)
		for _, row := range section.Rows {
			err := checkLengths(length{"Row title", row.Title, 1, 24}, length{"Row id", row.ID, 1, 200}, length{"Row description", row.Description, 0, 72})
			if err := cmp.Or(err, checkLengths(length{"Section title", section.Title, 0, 24})); err != nil {
				return err
			}
		}
	}
	if rows < 1 || rows > 10 {
		return graph(131009, fmt.Sprintf("Total row count exceed max allowed count: 10 (got %d)", rows))
	}
	return checkLengths(length{"Button", in.Action.Button, 1, 20})
}
