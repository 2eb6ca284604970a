package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/my21staff/my21staff/crm"
)

// envelope is the body of a message: its part stands under the name of its
// type.
type envelope struct {
	Product   string `json:"messaging_product"`
	Audience  string `json:"recipient_type"`
	To        string `json:"to,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Type      string `json:"type"`

	Text        *textPart        `json:"text,omitempty"`
	Image       *mediaPart       `json:"image,omitempty"`
	Video       *mediaPart       `json:"video,omitempty"`
	Audio       *mediaPart       `json:"audio,omitempty"`
	Document    *mediaPart       `json:"document,omitempty"`
	Sticker     *mediaPart       `json:"sticker,omitempty"`
	Location    *locationPart    `json:"location,omitempty"`
	Contacts    json.RawMessage  `json:"contacts,omitempty"`
	Interactive *interactivePart `json:"interactive,omitempty"`
	Reaction    *crm.Reaction    `json:"reaction,omitempty"`
	Template    *templatePart    `json:"template,omitempty"`

	Context *contextPart `json:"context,omitempty"`
	Opaque  string       `json:"biz_opaque_callback_data,omitempty"`
}

type textPart struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url,omitempty"`
}

type mediaPart struct {
	ID       string `json:"id,omitempty"`
	Link     string `json:"link,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	Voice    bool   `json:"voice,omitempty"`
}

type locationPart struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

type interactivePart struct {
	Type   string          `json:"type"`
	Header json.RawMessage `json:"header,omitempty"`
	Body   *words          `json:"body,omitempty"`
	Footer *words          `json:"footer,omitempty"`
	Action json.RawMessage `json:"action,omitempty"`
}

type words struct {
	Text string `json:"text"`
}

type templatePart struct {
	Name     string `json:"name"`
	Language struct {
		Code string `json:"code"`
	} `json:"language"`
	Components json.RawMessage `json:"components,omitempty"`
}

type contextPart struct {
	MessageID string `json:"message_id"`
}

// newEnvelope returns the body for a message, or an error for content that is
// only ever received.
func newEnvelope(m crm.Outgoing) (*envelope, error) {
	if m.To == "" && m.Recipient == "" {
		return nil, fmt.Errorf("the message has no address")
	}
	e := &envelope{Product: "whatsapp", Audience: "individual", To: m.To, Opaque: m.MessageID.String()}
	if m.To == "" {
		e.Recipient = m.Recipient
	}
	if m.ReplyTo != "" {
		e.Context = &contextPart{MessageID: m.ReplyTo}
	}
	if m.Content == nil {
		return nil, fmt.Errorf("the message has no content")
	}
	e.Type = string(m.Content.Kind())
	return e, e.fill(m.Content)
}

// fill puts the content under the name of its type.
func (e *envelope) fill(content crm.Content) error {
	switch c := content.(type) {
	case crm.Text:
		e.Text = &textPart{Body: c.Body, PreviewURL: c.PreviewURL}
	case crm.Media:
		return e.fillMedia(c)
	case crm.Location:
		e.Location = &locationPart{Latitude: c.Latitude, Longitude: c.Longitude, Name: c.Name, Address: c.Address}
	case crm.Contacts:
		e.Contacts = c.Cards
	case crm.Interactive:
		e.Interactive = &interactivePart{Type: c.Type, Header: c.Header, Body: wordsOf(c.Body), Footer: wordsOf(c.Footer), Action: c.Action}
	case crm.Reaction:
		e.Reaction, e.Context = &c, nil // a reaction names its message itself and takes no context
	case crm.FilledTemplate:
		e.Template = &templatePart{Name: c.Name, Components: c.Components}
		e.Template.Language.Code = c.Language
	default:
		return fmt.Errorf("a message of type %s cannot be sent", content.Kind())
	}
	return nil
}

func (e *envelope) fillMedia(m crm.Media) error {
	part := &mediaPart{ID: m.ID, Caption: m.Caption}
	if m.ID == "" {
		part.Link = m.Link
	}
	switch m.Type {
	case crm.KindImage:
		e.Image = part
	case crm.KindVideo:
		e.Video = part
	case crm.KindAudio:
		part.Voice, part.Caption = m.Voice, ""
		e.Audio = part
	case crm.KindDocument:
		part.Filename = m.Filename
		e.Document = part
	case crm.KindSticker:
		part.Caption = ""
		e.Sticker = part
	default:
		return fmt.Errorf("%q is not a kind of file", m.Type)
	}
	return nil
}

func wordsOf(text string) *words {
	if text == "" {
		return nil
	}
	return &words{Text: text}
}

// Send makes one attempt to hand over a message. The error is a
// *crm.SendError; a 2xx answer that names no message is ambiguous.
func (c *Client) Send(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	body, err := newEnvelope(m)
	if err != nil {
		return crm.Accepted{}, unsendable(err)
	}
	answer, failure := c.post(ctx, ch, body, ch.PhoneNumberID, "messages")
	if failure != nil {
		return crm.Accepted{}, failure
	}
	return readAccepted(answer)
}

func readAccepted(answer []byte) (crm.Accepted, error) {
	var taken struct {
		Contacts []struct {
			WaID   string `json:"wa_id"`
			UserID string `json:"user_id"`
		} `json:"contacts"`
		Messages []struct {
			ID     string `json:"id"`
			Status string `json:"message_status"`
		} `json:"messages"`
	}
	err := json.Unmarshal(answer, &taken)
	if err != nil || len(taken.Messages) == 0 || taken.Messages[0].ID == "" {
		return crm.Accepted{}, &crm.SendError{Status: http.StatusOK, Ambiguous: true, Err: fmt.Errorf("the answer names no message")}
	}
	message := taken.Messages[0]
	accepted := crm.Accepted{
		ProviderID: message.ID,
		Held:       message.Status != "" && message.Status != "accepted",
	}
	if len(taken.Contacts) > 0 {
		accepted.WaID, accepted.UserID = taken.Contacts[0].WaID, taken.Contacts[0].UserID
	}
	return accepted, nil
}

// MarkRead tells the customer that a message, and all before it, was read, and
// with typing shows for up to 25 seconds that somebody writes.
func (c *Client) MarkRead(ctx context.Context, ch *crm.Channel, providerID string, typing bool) error {
	body := map[string]any{"messaging_product": "whatsapp", "status": "read", "message_id": providerID}
	if typing {
		body["typing_indicator"] = map[string]string{"type": "text"}
	}
	_, failure := c.post(ctx, ch, body, ch.PhoneNumberID, "messages")
	return Problem("mark read", failure)
}
