package crm

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// The limits of an interactive message, in characters or pieces.
const (
	maxInteractiveBody = 1024
	maxInteractiveText = 60 // a header of words, a footer
	maxLabel           = 20 // what stands on a button
	maxButtons         = 3
	maxButtonID        = 256
	maxSections        = 10
	maxRows            = 10 // of all sections together
	maxRowID           = 200
	maxRowTitle        = 24
	maxRowDescription  = 72
)

// interactiveTypes are the types that WhatsApp takes, each with what checks its
// action; nil passes any object.
var interactiveTypes = map[string]func(json.RawMessage) error{
	"button":                   checkButtons,
	"list":                     checkList,
	"cta_url":                  checkLinkButton,
	"flow":                     checkFlow,
	"location_request_message": nil,
	"request_contact_info":     nil,
	"call_permission_request":  nil,
	"product":                  nil,
	"product_list":             nil,
	"catalog_message":          nil,
	"carousel":                 nil,
	"address_message":          nil,
}

func checkInteractive(i Interactive) error {
	checkAction, known := interactiveTypes[i.Type]
	if !known {
		return unfit("interactive.type", "%q is not a type of interactive message that WhatsApp knows.", i.Type)
	}
	least, most := 1, maxInteractiveBody
	switch i.Type {
	case "list":
		most = MaxText
	case "product": // shows the product instead
		least = 0
	}
	if err := cmp.Or(
		length("interactive.body", "The text", i.Body, least, most),
		length("interactive.footer", "The footer", i.Footer, 0, maxInteractiveText),
		checkHeader(i.Header)); err != nil {
		return err
	}
	if !isJSON(i.Action, '{') {
		return unfit("interactive.action", "The action must be an object as WhatsApp takes it.")
	}
	if checkAction == nil {
		return nil
	}
	return checkAction(i.Action)
}

func checkHeader(encoded json.RawMessage) error {
	if len(encoded) == 0 {
		return nil
	}
	var header struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(encoded, &header); err != nil || header.Type == "" {
		return unfit("interactive.header", "The header must be an object with a type, as WhatsApp takes it.")
	}
	if header.Type != "text" {
		return nil
	}
	return length("interactive.header.text", "The header", header.Text, 1, maxInteractiveText)
}

func checkButtons(encoded json.RawMessage) error {
	var action struct {
		Buttons []struct {
			Reply struct{ ID, Title string } `json:"reply"`
		} `json:"buttons"`
	}
	if err := json.Unmarshal(encoded, &action); err != nil {
		return unfit("interactive.action.buttons", "The buttons must be an array of objects as WhatsApp takes them.")
	}
	if n := len(action.Buttons); n < 1 || n > maxButtons {
		return unfit("interactive.action.buttons", "A message has 1 to %d buttons, not %d.", maxButtons, n)
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for n, button := range action.Buttons {
		err := cmp.Or(
			length("interactive.action.buttons.reply.id", fmt.Sprintf("The id of button %d", n+1), button.Reply.ID, 1, maxButtonID),
			length("interactive.action.buttons.reply.title", fmt.Sprintf("The title of button %d", n+1), button.Reply.Title, 1, maxLabel),
			unique("interactive.action.buttons.reply.id", "Two buttons have the id", button.Reply.ID, ids),
			unique("interactive.action.buttons.reply.title", "Two buttons have the title", button.Reply.Title, titles))
		if err != nil {
			return err
		}
	}
	return nil
}

// listSection is a part of a list message.
type listSection struct {
	Title string `json:"title"`
	Rows  []struct{ ID, Title, Description string }
}

func checkList(encoded json.RawMessage) error {
	var action struct {
		Button   string        `json:"button"`
		Sections []listSection `json:"sections"`
	}
	if err := json.Unmarshal(encoded, &action); err != nil {
		return unfit("interactive.action.sections", "The sections must be an array of objects as WhatsApp takes them.")
	}
	if n := len(action.Sections); n < 1 || n > maxSections {
		return unfit("interactive.action.sections", "A list has 1 to %d sections, not %d.", maxSections, n)
	}
	if err := length("interactive.action.button", "The button that opens the list", action.Button, 1, maxLabel); err != nil {
		return err
	}
	rows, ids := 0, map[string]bool{}
	for n, section := range action.Sections {
		rows += len(section.Rows)
		if err := checkSection(section, n, len(action.Sections) > 1, ids); err != nil {
			return err
		}
	}
	if rows > maxRows {
		return unfit("interactive.action.sections.rows", "A list has at most %d rows in all its sections, not %d.", maxRows, rows)
	}
	return nil
}

func checkSection(s listSection, n int, titled bool, ids map[string]bool) error {
	least := 0
	if titled {
		least = 1
	}
	if err := length("interactive.action.sections.title", fmt.Sprintf("The title of section %d", n+1), s.Title, least, maxRowTitle); err != nil {
		return err
	}
	if len(s.Rows) == 0 {
		return unfit("interactive.action.sections.rows", "Section %d has no rows.", n+1)
	}
	for i, row := range s.Rows {
		place := fmt.Sprintf("of row %d in section %d", i+1, n+1)
		err := cmp.Or(
			length("interactive.action.sections.rows.id", "The id "+place, row.ID, 1, maxRowID),
			length("interactive.action.sections.rows.title", "The title "+place, row.Title, 1, maxRowTitle),
			length("interactive.action.sections.rows.description", "The description "+place, row.Description, 0, maxRowDescription),
			unique("interactive.action.sections.rows.id", "Two rows have the id", row.ID, ids))
		if err != nil {
			return err
		}
	}
	return nil
}

func checkLinkButton(encoded json.RawMessage) error {
	var action struct {
		Parameters struct {
			Label string `json:"display_text"`
			URL   string `json:"url"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(encoded, &action); err != nil {
		return unfit("interactive.action.parameters", "The link must be an object as WhatsApp takes it.")
	}
	if !webAddress(action.Parameters.URL) {
		return unfit("interactive.action.parameters.url", "The link must start with https:// or http://.")
	}
	return length("interactive.action.parameters.display_text", "The button's text", action.Parameters.Label, 1, maxLabel)
}

func checkFlow(encoded json.RawMessage) error {
	var action struct {
		Parameters struct {
			ID    string `json:"flow_id"`
			Name  string `json:"flow_name"`
			Label string `json:"flow_cta"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(encoded, &action); err != nil {
		return unfit("interactive.action.parameters", "The flow must be an object as WhatsApp takes it.")
	}
	if (action.Parameters.ID == "") == (action.Parameters.Name == "") {
		return unfit("interactive.action.parameters.flow_id", "A flow is named by its id or by its name, and not by both.")
	}
	return length("interactive.action.parameters.flow_cta", "The button's text", action.Parameters.Label, 1, maxLabel)
}

// unique notes a value and refuses one it has seen.
func unique(field, what, value string, seen map[string]bool) error {
	if seen[value] {
		return unfit(field, "%s %q.", what, value)
	}
	seen[value] = true
	return nil
}
