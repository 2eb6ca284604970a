package crm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The limits of a WhatsApp message, in characters unless said otherwise (Meta,
// "Messages" reference, v24.0).
const (
	MaxText         = 4096
	MaxCaption      = 1024
	MaxContactCards = 257 // cards in one message
	MaxTemplateName = 512
	maxEmoji        = 16 // code points; the longest emoji in use has eleven
)

// CheckContent reports whether a provider would take the content of an outbound
// message, so that a person learns of a mistake before the message is queued.
// It knows the limits of WhatsApp and nothing of a channel, a window or a
// template's approval. The error is Invalid: its Reason names the field in the
// provider's words ("interactive.action.buttons"), its sentence says what is
// wrong with it.
func CheckContent(content Content) error {
	switch c := content.(type) {
	case Text:
		return length("text.body", "The text", c.Body, 1, MaxText)
	case Media:
		return checkMedia(c)
	case Location:
		return checkLocation(c)
	case Contacts:
		return checkCards(c.Cards)
	case Interactive:
		return checkInteractive(c)
	case Reaction:
		return cmp.Or(
			length("reaction.message_id", "The message to react to", c.MessageID, 1, 0),
			length("reaction.emoji", "The emoji", c.Emoji, 0, maxEmoji))
	case FilledTemplate:
		return checkTemplate(c)
	case nil:
		return unfit("content", "The message has no content.")
	default:
		return unfit("type", "A message of type %s cannot be sent.", content.Kind())
	}
}

var mediaKinds = map[ContentKind]bool{
	KindImage: true, KindVideo: true, KindAudio: true, KindDocument: true, KindSticker: true,
}

var captioned = map[ContentKind]bool{KindImage: true, KindVideo: true, KindDocument: true}

func checkMedia(m Media) error {
	field := func(name string) string { return string(m.Type) + "." + name }
	switch {
	case !mediaKinds[m.Type]:
		return unfit("type", "%q is not a kind of file that WhatsApp knows.", m.Type)
	case (m.ID == "") == (m.Link == ""):
		return unfit(field("id"), "A file needs either the id of an upload or a link, and not both.")
	case m.Link != "" && !webAddress(m.Link):
		return unfit(field("link"), "The link to the file must start with https:// or http://.")
	case m.Caption != "" && !captioned[m.Type]:
		return unfit(field("caption"), "WhatsApp shows no caption with a message of type %s.", m.Type)
	case m.Filename != "" && m.Type != KindDocument:
		return unfit(field("filename"), "Only a document has a file name.")
	case m.Voice && m.Type != KindAudio:
		return unfit(field("voice"), "Only audio can be a voice message.")
	}
	return length(field("caption"), "The caption", m.Caption, 0, MaxCaption)
}

// webAddress reports whether a link may be one: the provider fetches it, not we.
func webAddress(link string) bool {
	address, err := url.Parse(link)
	return err == nil && address.Host != "" && (address.Scheme == "https" || address.Scheme == "http")
}

func checkLocation(l Location) error {
	// Written so that NaN, which compares false, is refused.
	switch {
	case !(l.Latitude >= -90 && l.Latitude <= 90):
		return unfit("location.latitude", "The latitude must lie between -90 and 90.")
	case !(l.Longitude >= -180 && l.Longitude <= 180):
		return unfit("location.longitude", "The longitude must lie between -180 and 180.")
	}
	return nil
}

func checkCards(encoded json.RawMessage) error {
	var cards []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		} `json:"name"`
	}
	if err := json.Unmarshal(encoded, &cards); err != nil {
		return unfit("contacts", "The contact cards must be an array of objects as WhatsApp takes them.")
	}
	if len(cards) < 1 || len(cards) > MaxContactCards {
		return unfit("contacts", "A message carries 1 to %d contact cards, not %d.", MaxContactCards, len(cards))
	}
	for i, card := range cards {
		what := fmt.Sprintf("The name of contact card %d", i+1)
		if err := length("contacts.name.formatted_name", what, card.Name.Formatted, 1, 0); err != nil {
			return err
		}
	}
	return nil
}

func checkTemplate(t FilledTemplate) error {
	named := func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	switch {
	case strings.ContainsFunc(t.Name, named):
		return unfit("template.name", "A template's name has only small letters, digits and underscores.")
	case len(t.Components) > 0 && !isJSON(t.Components, '['):
		return unfit("template.components", "The template's components must be an array of objects as WhatsApp takes them.")
	}
	return cmp.Or(
		length("template.name", "The template's name", t.Name, 1, MaxTemplateName),
		length("template.language", "The template's language", t.Language, 1, 0))
}

// length checks that a text is there when least is 1, and has at most most
// characters unless most is 0.
func length(field, what, text string, least, most int) error {
	if least > 0 && strings.TrimSpace(text) == "" {
		return unfit(field, "%s is missing.", what)
	}
	if n := utf8.RuneCountInString(text); most > 0 && n > most {
		return unfit(field, "%s has %d characters; WhatsApp takes at most %d.", what, n, most)
	}
	return nil
}

// isJSON reports whether encoded is one JSON value that starts with the
// bracket.
func isJSON(encoded json.RawMessage, bracket byte) bool {
	text := strings.TrimLeft(string(encoded), " \t\r\n")
	return text != "" && text[0] == bracket && json.Valid(encoded)
}

func unfit(field, sentence string, args ...any) error {
	return &Error{Op: "check content", Code: Invalid, Reason: field, Msg: fmt.Sprintf(sentence, args...)}
}
