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

	numbers [][]byte // digits, with the country code
	endings []string // of numbers, as far as every way to write one has them
	words   [][]byte // that stand as they are
	encoded []string // the numbers in base64, wherever they begin
}

// shortestEnding is how many digits of a number name somebody, and countryDigits
// how many at its beginning depend on where it is dialled.
const (
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
			t.words = append(t.words, []byte(id.Value))
		}
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		if number == "" {
			continue
		}
		t.numbers = append(t.numbers, []byte(number))
		t.endings = append(t.endings, number[min(countryDigits, max(0, len(number)-shortestEnding)):])
		t.encoded = append(t.encoded, inBase64(number)...)
	}
}

// inBase64 returns how a text looks inside what base64 makes of a longer one:
// there are three ways, by where it begins, and of each what only the text
// decides.
func inBase64(text string) []string {
	var ways []string
	for before, cut := range []int{0, 2, 3} { // bytes before it, and the characters that they have a part in
		length := before + len(text)
		whole := length * 8 / 6 // characters that nothing after it has a part in
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		ways = append(ways, encoded[cut:whole])
	}
	return ways
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
	for _, number := range t.numbers {
		if bytes.Contains(body, number) {
			return true
		}
	}
	for _, encoded := range t.encoded {
		if bytes.Contains(body, []byte(encoded)) {
			return true
		}
	}
	return t.spelled(body)
}

// spelled reports whether a number stands in a text with signs between its
// digits.
func (t *Traces) spelled(text []byte) bool {
	return inRuns(text, func(digits []byte) bool {
		return slices.ContainsFunc(t.numbers, func(number []byte) bool { return bytes.Contains(digits, number) })
	})
}

// inRuns hands on the digits of a text that stand together, but for the signs
// that people write between those of a number, until one fits.
func inRuns(text []byte, fits func(digits []byte) bool) bool {
	var run []byte
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			run = append(run, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/':
		default:
			if len(run) >= shortestEnding && fits(run) {
				return true
			}
			run = run[:0]
		}
	}
	return len(run) >= shortestEnding && fits(run)
}

// Named reports whether the id of a message has a number of the contact in it, as
// WhatsApp's have.
func (t *Traces) Named(providerID string) bool {
	return slices.ContainsFunc(t.encoded, func(encoded string) bool { return strings.Contains(providerID, encoded) })
}

// InCell reports whether a cell of a table names the contact: a number as people
// write it, with or without a country code, or any other of its identities.
func (t *Traces) InCell(cell string) bool {
	trimmed := strings.TrimSpace(cell)
	if slices.ContainsFunc(t.Identities, func(id crm.Identity) bool { return strings.EqualFold(id.Value, trimmed) }) {
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
	return slices.ContainsFunc(t.words, func(word []byte) bool { return bytes.Contains(folded, bytes.ToLower(word)) }) || inRuns(text, t.ending)
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
