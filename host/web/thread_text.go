package web

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a piece of a text with how WhatsApp shows it.
type span struct {
	Text    string
	Style   string // strong, em, s or code; empty for plain
	Address string // of a link
}

// spans cuts a text into pieces the way WhatsApp does: *strong*, _em_, ~s~,
// ```code``` and `code` round words, and links. Marks do not nest here: what
// stands inside one is shown as it was written.
func spans(text string) []span {
	var all []span
	plain := 0
	for at := 0; at < len(text); {
		length, piece := marked(text, at)
		if length == 0 {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		all = append(linked(all, text[plain:at]), piece)
		at += length
		plain = at
	}
	return linked(all, text[plain:])
}

// marks are what styles are written with, longer ones first.
var marks = []struct{ sign, style string }{{"```", "code"}, {"`", "code"}, {"*", "strong"}, {"_", "em"}, {"~", "s"}}

// maxCloses is how many marks are looked at that may close a piece: a text of
// nothing but marks must not take the square of its length.
const maxCloses = 16

// marked reads a marked piece that begins at a place, or returns 0. A mark
// opens behind nothing, a blank or punctuation and before no blank; it closes
// the other way round, in the same paragraph unless it is code.
func marked(text string, at int) (int, span) {
	for _, m := range marks {
		rest, ok := strings.CutPrefix(text[at:], m.sign)
		if !ok || !loose(text[:at], true) {
			continue
		}
		for from, tries := 0, 0; tries < maxCloses; tries++ {
			end := strings.Index(rest[from:], m.sign)
			if end < 0 {
				break
			}
			end += from
			inside, after := rest[:end], rest[end+len(m.sign):]
			if m.sign != "```" && strings.Contains(inside, "\n") {
				break
			}
			if inside != "" && strings.TrimSpace(inside) != "" && (m.style == "code" || inside == strings.TrimSpace(inside)) && loose(after, false) {
				return len(m.sign)*2 + len(inside), span{Text: inside, Style: m.style}
			}
			from = end + len(m.sign)
		}
	}
	return 0, span{}
}

// loose reports whether a mark may stand beside a text: at its end for one that
// opens, at its beginning for one that closes.
func loose(text string, end bool) bool {
	var beside rune
	if end {
		beside, _ = utf8.DecodeLastRuneInString(text)
	} else {
		beside, _ = utf8.DecodeRuneInString(text)
	}
	return text == "" || !unicode.IsLetter(beside) && !unicode.IsDigit(beside)
}

var linkPattern = regexp.MustCompile(`https?://[^\s<>"'\x00-\x1f]+`)

// linked appends a plain text with its links. Signs that end a sentence are not
// the link's.
func linked(all []span, text string) []span {
	for text != "" {
		found := linkPattern.FindStringIndex(text)
		if found == nil {
			return append(all, span{Text: text})
		}
		link := strings.TrimRight(text[found[0]:found[1]], ".,;:!?)]}*_~")
		address := webLink(link)
		if address == "" {
			all = append(all, span{Text: text[:found[1]]})
			text = text[found[1]:]
			continue
		}
		if found[0] > 0 {
			all = append(all, span{Text: text[:found[0]]})
		}
		all = append(all, span{Text: link, Address: address})
		text = text[found[0]+len(link):]
	}
	return all
}

// webLink returns an address that a page may link to, "" for every other.
func webLink(text string) string {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return ""
	}
	return address.String()
}
