package people

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/phone"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Traces are what a contact that is erased is recognised by in what is stored
// without a column for it: webhook bodies, files, ids of messages that never
// came. They are personal data themselves and go with the last stage that looks
// for any.
type Traces struct {
	Contacts   []crm.ContactID      `json:"contacts"` // it, and those that went into it
	Threads    []crm.ConversationID `json:"threads"`
	Identities []crm.Identity       `json:"identities"`

	numbers [][]byte  // digits, with the country code
	endings []string  // of numbers, as far as every way to write one has them
	words   [][]byte  // that stand as they are
	encoded []encoded // the numbers in base64, wherever they begin
}

// A number of fewer digits than shortestNumber is nobody's. Of a number as people
// write it the first countryDigits depend on where they are, unless fewer than
// shortestEnding would be left.
const (
	shortestNumber = 6
	shortestEnding = 8
	countryDigits  = 3
)

// ReadTraces reads what Encode wrote.
func ReadTraces(encoded []byte) (*Traces, error) {
	t := new(Traces)
	if err := json.Unmarshal(encoded, t); err != nil {
		return nil, &crm.Error{Op: "read an erasure", Code: crm.Internal, Reason: "corrupt", Err: err}
	}
	t.prepare()
	return t, nil
}

// Encode returns the traces as they are stored.
func (t *Traces) Encode() []byte {
	encoded, err := json.Marshal(t)
	if err != nil {
		panic("people: traces: " + err.Error()) // ids and texts, which always encode
	}
	return encoded
}

// prepare works out what to look for.
func (t *Traces) prepare() {
	var numbers []string
	for _, id := range t.Identities {
		switch id.Kind {
		case crm.ByPhone, crm.ByWaID:
			for _, other := range append(phone.Spellings(phone.FromWaID(phone.Digits(id.Value))), id) {
				numbers = append(numbers, phone.Digits(other.Value))
			}
		case crm.ByUserID, crm.ByEmail:
			if id.Value != "" {
				t.words = append(t.words, []byte(id.Value))
			}
		}
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		if len(number) < shortestNumber {
			continue
		}
		t.numbers = append(t.numbers, []byte(number))
		t.endings = append(t.endings, number[min(countryDigits, max(0, len(number)-shortestEnding)):])
		t.encoded = append(t.encoded, inBase64(number)...)
	}
}

// encoded is how a text looks inside what base64 makes of a longer one: the
// characters that only it decides, and what of the next one it decides.
type encoded struct {
	whole string
	next  byte // the first bits of the next character's six
	bits  int  // how many of them
}

// inBase64 returns the three ways a text may look, by where it begins.
func inBase64(text string) []encoded {
	var ways []encoded
	for before, cut := range []int{0, 2, 3} { // bytes before it, and the characters that they have a part in
		all := (before + len(text)) * 8 // bits
		chars := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		way := encoded{whole: chars[cut : all/6], bits: all % 6}
		if way.bits > 0 {
			way.next = sextet(chars[all/6]) >> (6 - way.bits)
		}
		ways = append(ways, way)
	}
	return ways
}

const base64Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// sextet returns what a character of base64 stands for, 0xff for another one.
func sextet(c byte) byte { return byte(strings.IndexByte(base64Characters, c)) }

// in reports whether a text has the encoded one in it.
func (e encoded) in(text string) bool {
	for {
		_, after, found := strings.Cut(text, e.whole)
		if !found {
			return false
		}
		if e.bits == 0 || after != "" && sextet(after[0]) != 0xff && sextet(after[0])>>(6-e.bits) == e.next {
			return true
		}
		text = text[len(text)-len(after)-len(e.whole)+1:]
	}
}

// In reports whether a webhook's body names the contact, in whatever field: by a
// number with its country code, with signs between the digits or none, by an id
// or e-mail address, or by the id of a message, which has the number in it.
func (t *Traces) In(body []byte) bool {
	for _, word := range t.words {
		if bytes.Contains(body, word) {
			return true
		}
	}
	return t.Named(string(body)) || t.spelled(body)
}

// spelled reports whether a number stands in a text, as it is or with signs
// between its digits.
func (t *Traces) spelled(text []byte) bool {
	return inRuns(text, func(digits []byte, signs bool) bool {
		return slices.ContainsFunc(t.numbers, func(number []byte) bool {
			return bytes.Equal(digits, number) || signs && bytes.Contains(digits, number)
		})
	})
}

// inRuns hands on the digits of a text that stand together, until some fit: first
// as they are, then with what follows but for the signs that people write between
// the digits of a number.
func inRuns(text []byte, fits func(digits []byte, signs bool) bool) bool {
	var run []byte
	begin, signs := 0, false // of the digits that stand together without a sign
	plain := func() bool { return len(run)-begin >= shortestNumber && fits(run[begin:], false) }
	ends := func() bool { return plain() || signs && len(run) >= shortestNumber && fits(run, true) }
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			run = append(run, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/':
			if plain() {
				return true
			}
			begin, signs = len(run), signs || len(run) > 0
		default:
			if ends() {
				return true
			}
			run, begin, signs = run[:0], 0, false
		}
	}
	return ends()
}

// Named reports whether the id of a message has a number of the contact in it, as
// WhatsApp's have.
func (t *Traces) Named(providerID string) bool {
	return slices.ContainsFunc(t.encoded, func(e encoded) bool { return e.in(providerID) })
}

// InCell reports whether a cell of a table names the contact: a number as people
// write it, with or without a country code, or any other of its identities.
func (t *Traces) InCell(cell string) bool {
	trimmed := strings.TrimSpace(cell)
	if trimmed != "" && slices.ContainsFunc(t.Identities, func(id crm.Identity) bool { return strings.EqualFold(id.Value, trimmed) }) {
		return true
	}
	for _, word := range t.words {
		if strings.Contains(strings.ToLower(cell), strings.ToLower(string(word))) {
			return true
		}
	}
	return t.ending([]byte(phone.Digits(cell)))
}

// ending reports whether digits have in them what every way to write a number
// ends in.
func (t *Traces) ending(digits []byte) bool {
	return slices.ContainsFunc(t.endings, func(ending string) bool { return bytes.Contains(digits, []byte(ending)) })
}

// InText is InCell for a piece of a file.
func (t *Traces) InText(text []byte) bool {
	folded := bytes.ToLower(text)
	return slices.ContainsFunc(t.words, func(word []byte) bool { return bytes.Contains(folded, bytes.ToLower(word)) }) ||
		inRuns(text, func(digits []byte, _ bool) bool { return t.ending(digits) })
}

// Mentions is what a webhook's body says of messages.
type Mentions struct {
	Mine []string // ids of messages that the contact is named beside
	All  []string // of every message, in whatever part of the body
}

// Mentions reads a body. What cannot be read mentions nothing.
func (t *Traces) Mentions(provider crm.Provider, event string, body []byte) Mentions {
	facts, err := webhook.Decode(provider, event, body)
	if err != nil {
		return Mentions{}
	}
	var m Mentions
	for i := range facts {
		ids := providedIn(&facts[i])
		m.All = append(m.All, ids...)
		if t.peer(facts[i].Peer) {
			m.Mine = append(m.Mine, ids...)
		}
	}
	return m
}

// providedIn returns the provider's ids in a fact, but for those of messages that
// are quoted, which are in the same thread.
func providedIn(f *webhook.Fact) (ids []string) {
	if f.ProviderID != "" {
		ids = append(ids, f.ProviderID)
	}
	if f.Amendment != nil && f.Amendment.Target != "" {
		ids = append(ids, f.Amendment.Target)
	}
	return ids
}

// peer reports whether a webhook means the contact.
func (t *Traces) peer(p webhook.Peer) bool {
	return slices.ContainsFunc(t.Identities, func(id crm.Identity) bool {
		switch id.Kind {
		case crm.ByPhone:
			return p.WaID != "" && id.Value == "+"+p.WaID
		case crm.ByWaID:
			return p.WaID != "" && id.Value == p.WaID
		case crm.ByUserID:
			return p.UserID != "" && id.Value == p.UserID
		}
		return false
	})
}
