package crm

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Preview implements Content: what was written.
func (t Text) Preview() string { return oneLine(t.Body) }

// Preview implements Content: what kind of file, and its caption or name.
func (m Media) Preview() string {
	label := string(m.Type)
	if m.Type == KindAudio && m.Voice {
		label = "voice message"
	}
	return labelled(label, firstOf(m.Caption, m.Filename, m.Words))
}

// Preview implements Content: the place's name or address.
func (l Location) Preview() string { return labelled("location", firstOf(l.Name, l.Address)) }

// Preview implements Content: the names on the cards.
func (c Contacts) Preview() string { return labelled("contact", strings.Join(c.Names, ", ")) }

// Preview implements Content: the words above the buttons.
func (i Interactive) Preview() string { return oneLine(firstOf(i.Body, "["+i.Type+"]")) }

// Preview implements Content: the title that was chosen.
func (c Choice) Preview() string { return oneLine(firstOf(c.Title, c.ID)) }

// Preview implements Content: that a form was filled in.
func (f FlowReply) Preview() string { return labelled("form", firstOf(f.Body, f.Name)) }

// Preview implements Content: the emoji.
func (r Reaction) Preview() string {
	if r.Emoji == "" {
		return "[reaction removed]"
	}
	return oneLine(r.Emoji)
}

// Preview implements Content: how many things were ordered.
func (o Order) Preview() string {
	return labelled(fmt.Sprintf("order of %d", len(o.Items)), o.Text)
}

// Preview implements Content: what happened.
func (s System) Preview() string { return oneLine(firstOf(s.Body, "["+s.Type+"]")) }

// Preview implements Content: the words the customer reads, else the name.
func (t FilledTemplate) Preview() string {
	return oneLine(firstOf(t.Body, "[template "+t.Name+"]"))
}

// Preview implements Content: an honest label.
func (u Unsupported) Preview() string { return labelled("unsupported", u.Type) }

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// labelled returns "[label] text". Either may be the sender's.
func labelled(label, text string) string {
	return oneLine("[" + label + "] " + text)
}

// oneLine folds white space and cuts text to PreviewLen characters.
func oneLine(text string) string {
	// Folding reads only what can be shown: a message may have 4096 characters
	// and each of them white.
	const enough = 8 * PreviewLen
	if len(text) > enough {
		cut := enough
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= PreviewLen {
		return text
	}
	runes := []rune(text)
	return string(runes[:PreviewLen-1]) + "…"
}
