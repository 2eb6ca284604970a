package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// chatPane is the part of the page that changes.
type chatPane struct {
	Number, Customer string // values for the forms
	Bubbles          []bubble
	Typing           bool
	Unread           int // delivered and not read
}

// bubble is a message on the phone.
type bubble struct {
	ID        string
	Mine      bool // written by the customer
	App       bool // written in the business app
	Quote     string
	Header    string
	Picture   string // address of an image
	File      string // what is attached, in words
	Text      string
	Footer    string
	Time      string
	Ticks     string // one of the keys of tickWords; empty: none
	TickWord  string
	Reactions []string
	Taps      []tap
	Gone      bool // taken back
}

// tap is something in a message that can be tapped.
type tap struct{ Kind, Choice, Title, Description string }

// tickWords say what the ticks mean, for those who do not see them.
var tickWords = map[string]string{
	"accepted": "on its way", "held": "held", "sent": "sent", "delivered": "delivered", "received": "delivered",
	"read": "read", "played": "played", "failed": "failed",
}

// shownBubbles is how many messages the page shows.
const shownBubbles = 200

// fillPane puts a chat into a pane. s.mu is held.
func (s *Simulator) fillPane(pane *chatPane, ch *chat) {
	pane.Typing = s.now().Before(ch.typingUntil)
	reactions := ch.reactions()
	for _, m := range ch.messages[max(0, len(ch.messages)-shownBubbles):] {
		if m.Direction == crm.Outbound && m.Status == "delivered" {
			pane.Unread++
		}
		if m.about() {
			continue
		}
		b := s.bubble(m)
		b.Reactions = reactions[m.ID]
		pane.Bubbles = append(pane.Bubbles, b)
	}
}

// reactions returns the emoji on each message: one of each side at most.
func (ch *chat) reactions() map[string][]string {
	type spot struct {
		id   string
		side crm.Direction
	}
	newest := map[spot]string{}
	var order []spot
	for _, m := range ch.messages {
		var r struct {
			MessageID string `json:"message_id"`
			Emoji     string
		}
		if m.Type != "reaction" || json.Unmarshal(m.Content, &r) != nil {
			continue
		}
		at := spot{r.MessageID, m.Direction}
		if _, seen := newest[at]; !seen {
			order = append(order, at)
		}
		newest[at] = r.Emoji
	}
	all := map[string][]string{}
	for _, at := range order {
		if newest[at] != "" {
			all[at.id] = append(all[at.id], newest[at])
		}
	}
	return all
}

// bubble makes the view of a message.
func (s *Simulator) bubble(m *message) bubble {
	b := bubble{ID: m.ID, Mine: m.Direction == crm.Inbound, App: m.Origin == originApp, Time: m.At.Local().Format("15:04"), Gone: m.Revoked}
	if _, known := tickWords[m.Status]; known {
		b.Ticks, b.TickWord = m.Status, tickWords[m.Status]
	}
	if m.Status == "failed" {
		reason := m.Statuses[len(m.Statuses)-1].Code
		b.TickWord = fmt.Sprintf("failed: %d %s", reason, graphCodes[reason].title)
	}
	if quoted := m.chat.number.index[m.ReplyTo]; quoted != nil {
		b.Quote = s.words(quoted)
	}
	if m.Revoked {
		b.Text = "This message was deleted"
		return b
	}
	b.Text = s.words(m)
	s.attach(&b, m)
	switch m.Type {
	case "interactive":
		m.offer(&b)
	case "template":
		m.fillTemplate(&b)
	}
	return b
}

// attach shows the file of a media message.
func (s *Simulator) attach(b *bubble, m *message) {
	var f struct{ ID, Link, Filename, Caption string }
	if checkers[m.Type] == nil || json.Unmarshal(m.Content, &f) != nil || f.ID == "" && f.Link == "" {
		return
	}
	b.Text = f.Caption
	stored := s.media.byID[f.ID]
	switch {
	case stored != nil && pictures[stored.MIME]:
		b.Picture = "/_sim/media/" + f.ID
	case stored != nil:
		b.File = m.Type + ": " + cmp.Or(f.Filename, stored.filename())
	default:
		b.File = m.Type + ": " + cmp.Or(f.Filename, f.Link, f.ID)
	}
}

// words is what a message says, as one text.
func (s *Simulator) words(m *message) string {
	var c struct {
		Body, Caption, Text, Name, Title, Type string
		ListReply                              choice `json:"list_reply"`
		ButtonReply                            choice `json:"button_reply"`
	}
	_ = json.Unmarshal(m.Content, &c) // what is not there, or is no word, stays empty
	switch m.Type {
	case "text", "system":
		return c.Body
	case "button":
		return c.Text
	case "interactive":
		if m.Direction == crm.Outbound {
			var in interactive
			_ = json.Unmarshal(m.Content, &in)
			return in.Body.Text
		}
		return cmp.Or(c.ListReply.Title, c.ButtonReply.Title, strings.ReplaceAll(c.Type, "_", " "))
	case "location":
		return "Location: " + c.Name
	case "contacts":
		return "Contact card"
	case "order":
		return "Order: " + c.Text
	}
	return cmp.Or(c.Caption, strings.ReplaceAll(m.Type, "_", " "))
}

// offer shows what can be tapped in an interactive message of the business.
func (m *message) offer(b *bubble) {
	var in interactive
	if m.Direction != crm.Outbound || json.Unmarshal(m.Content, &in) != nil {
		return
	}
	b.Header, b.Footer = in.Header.Text, in.Footer.Text
	for _, button := range in.Action.Buttons {
		b.Taps = append(b.Taps, tap{Kind: "button_reply", Choice: button.Reply.ID, Title: button.Reply.Title})
	}
	for _, section := range in.Action.Sections {
		for _, row := range section.Rows {
			b.Taps = append(b.Taps, tap{Kind: "list_reply", Choice: row.ID, Title: row.Title, Description: row.Description})
		}
	}
	switch in.Type {
	case "cta_url":
		b.File = "link: " + in.Action.Parameters.Display + " (" + in.Action.Parameters.URL + ")"
	case "flow":
		b.Taps = append(b.Taps, tap{Kind: "flow_reply", Title: in.Action.Parameters.CTA, Description: "Fill in the form"})
	case "location_request_message":
		b.Taps = append(b.Taps, tap{Kind: "location", Title: "Send location"})
	case "request_contact_info":
		b.Taps = append(b.Taps, tap{Kind: "contacts", Title: "Share contact"})
	}
}

// fillTemplate shows a template as the customer reads it.
func (m *message) fillTemplate(b *bubble) {
	var sent sentTemplate
	_ = json.Unmarshal(m.Content, &sent) // it was checked when it was sent
	b.Text = "Template " + sent.Name
	t := m.chat.number.templateNamed(sent.Name, sent.Language.Code)
	if t == nil {
		return
	}
	for _, part := range t.Components {
		given := sent.given(part.Type)
		switch part.Type {
		case "HEADER":
			b.Header = cmp.Or(fill(part.Text, given), strings.ToLower(part.Format))
		case "BODY":
			b.Text = fill(part.Text, given)
		case "FOOTER":
			b.Footer = part.Text
		}
		for i, button := range part.Buttons {
			if button.Type == "QUICK_REPLY" {
				b.Taps = append(b.Taps, tap{Kind: "quick_reply", Choice: sent.payload(i), Title: button.Text})
			}
		}
	}
}

// given returns the parameters sent for a component.
func (t sentTemplate) given(component string) []sentParameter {
	i := slices.IndexFunc(t.Components, func(c sentComponent) bool { return strings.EqualFold(c.Type, component) })
	if i < 0 {
		return nil
	}
	return t.Components[i].Parameters
}

// payload returns what tapping a button of the template sends; empty: its text.
func (t sentTemplate) payload(button int) string {
	for _, c := range t.Components {
		index, err := c.Index.Int64()
		if strings.EqualFold(c.Type, "button") && err == nil && int(index) == button && len(c.Parameters) > 0 {
			return c.Parameters[0].Payload
		}
	}
	return ""
}
