package api

import (
	"encoding/json"

	"github.com/my21staff/my21staff/crm"
)

// The parts of a message to send, in the shapes of WhatsApp's Cloud API
// (developers.facebook.com, "messages"). What WhatsApp allows in them, the inbox
// decides; what it takes as it is (json.RawMessage) is handed on.

type textPart struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url,omitempty" about:"Show a preview of the first link"`
}

func (t textPart) content() crm.Content { return crm.Text(t) }

type imagePart struct {
	ID      string `json:"id,omitempty" about:"Of an uploaded file; this or link"`
	Link    string `json:"link,omitempty" about:"Where WhatsApp fetches the file"`
	Caption string `json:"caption,omitempty"`
}

func (i imagePart) content() crm.Content {
	return crm.Media{Type: crm.KindImage, ID: i.ID, Link: i.Link, Caption: i.Caption}
}

type videoPart struct {
	ID      string `json:"id,omitempty" about:"Of an uploaded file; this or link"`
	Link    string `json:"link,omitempty" about:"Where WhatsApp fetches the file"`
	Caption string `json:"caption,omitempty"`
}

func (v videoPart) content() crm.Content {
	return crm.Media{Type: crm.KindVideo, ID: v.ID, Link: v.Link, Caption: v.Caption}
}

type audioPart struct {
	ID    string `json:"id,omitempty" about:"Of an uploaded file; this or link"`
	Link  string `json:"link,omitempty" about:"Where WhatsApp fetches the file"`
	Voice bool   `json:"voice,omitempty" about:"Shown as a voice message"`
}

func (a audioPart) content() crm.Content {
	return crm.Media{Type: crm.KindAudio, ID: a.ID, Link: a.Link, Voice: a.Voice}
}

type documentPart struct {
	ID       string `json:"id,omitempty" about:"Of an uploaded file; this or link"`
	Link     string `json:"link,omitempty" about:"Where WhatsApp fetches the file"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
}

func (d documentPart) content() crm.Content {
	return crm.Media{Type: crm.KindDocument, ID: d.ID, Link: d.Link, Caption: d.Caption, Filename: d.Filename}
}

type stickerPart struct {
	ID   string `json:"id,omitempty" about:"Of an uploaded file; this or link"`
	Link string `json:"link,omitempty" about:"Where WhatsApp fetches the file"`
}

func (s stickerPart) content() crm.Content {
	return crm.Media{Type: crm.KindSticker, ID: s.ID, Link: s.Link}
}

type locationPart struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

func (l locationPart) content() crm.Content {
	return crm.Location{Latitude: l.Latitude, Longitude: l.Longitude, Name: l.Name, Address: l.Address}
}

// cardsPart are contact cards: objects with a name, phones, emails and so on.
type cardsPart []json.RawMessage

func (c cardsPart) content() crm.Content {
	contacts := crm.Contacts{}
	contacts.Cards, _ = json.Marshal([]json.RawMessage(c)) // each was JSON when it came
	for _, card := range c {
		var named struct {
			Name struct {
				Formatted string `json:"formatted_name"`
			} `json:"name"`
		}
		// A card of another form has no name to show; whether it may be sent is
		// not decided here.
		if json.Unmarshal(card, &named) == nil && named.Name.Formatted != "" {
			contacts.Names = append(contacts.Names, named.Name.Formatted)
		}
	}
	return contacts
}

type interactivePart struct {
	Type   string          `json:"type" about:"button, list, cta_url, flow, location_request_message and so on"`
	Header json.RawMessage `json:"header,omitempty"`
	Body   wordsPart       `json:"body,omitempty"`
	Footer wordsPart       `json:"footer,omitempty"`
	Action json.RawMessage `json:"action,omitempty"`
}

type wordsPart struct {
	Text string `json:"text"`
}

func (i interactivePart) content() crm.Content {
	return crm.Interactive{Type: i.Type, Header: i.Header, Body: i.Body.Text, Footer: i.Footer.Text, Action: i.Action}
}

type reactionPart struct {
	MessageID string `json:"message_id" about:"The id or provider_id of the message"`
	Emoji     string `json:"emoji" about:"Empty takes the reaction away"`
}

func (r reactionPart) content() crm.Content {
	return crm.Reaction{MessageID: r.MessageID, Emoji: r.Emoji}
}

type templatePart struct {
	Name       string          `json:"name"`
	Language   languagePart    `json:"language"`
	Components json.RawMessage `json:"components,omitempty"`
}

type languagePart struct {
	Code   string         `json:"code"`
	Policy languagePolicy `json:"policy,omitempty"`
}

// languagePolicy is how WhatsApp picks a template's language; there is one way
// left.
type languagePolicy string

const deterministic languagePolicy = "deterministic"

func (t templatePart) content() crm.Content {
	return crm.FilledTemplate{Name: t.Name, Language: t.Language.Code, Components: t.Components}
}
