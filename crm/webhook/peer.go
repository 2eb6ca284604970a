package webhook

import (
	"strings"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// The longest ids that are taken. Longer ones are nobody's: a database cannot
// index them.
const (
	maxID     = 512 // of a message
	maxName   = 256 // of a person, channel or account
	maxDigits = 20  // of a phone number
)

// name reads an id of at most maxName bytes, or "".
func name(v tape.Value) string {
	word := strings.TrimSpace(v.Word())
	if len(word) > maxName {
		return ""
	}
	return word
}

// person reads who is meant by a number, a business-scoped user id and the
// parent company's id of the same user. Since 2026 a user id may stand where
// the number was, and any of the three may be absent or empty.
func person(number, user, parent tape.Value) Peer {
	p := Peer{UserID: name(user), ParentUserID: name(parent)}
	word := name(number)
	if p.WaID = digits(word); p.WaID == "" && p.UserID == "" && isUserID(word) {
		p.UserID = word
	}
	return p
}

// digits returns a phone number's digits, or "" for anything that is not one.
func digits(number string) string {
	if len(number) <= maxDigits && isDigits(number) { // nearly always
		return number
	}
	digits := strings.Map(func(r rune) rune {
		switch r {
		case '+', ' ', '-', '(', ')', '\u00a0':
			return -1
		}
		return r
	}, number)
	if len(digits) > maxDigits || !isDigits(digits) {
		return ""
	}
	return digits
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// isUserID reports whether word has the form of a business-scoped user id:
// "US.13491208655302741918", "US.ENT.506847293015824".
func isUserID(word string) bool {
	country, rest, found := strings.Cut(word, ".")
	if !found || len(country) != 2 || rest == "" {
		return false
	}
	for _, c := range []byte(country) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	for _, c := range []byte(rest) {
		if c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// username reads a username, which comes with and without its @.
func username(v tape.Value) string { return strings.TrimPrefix(v.Text(), "@") }

// fill returns p with what it lacks taken from q.
func (p Peer) fill(q Peer) Peer {
	return Peer{
		WaID:         first(p.WaID, q.WaID),
		UserID:       first(p.UserID, q.UserID),
		ParentUserID: first(p.ParentUserID, q.ParentUserID),
		Username:     first(p.Username, q.Username),
		Name:         first(p.Name, q.Name),
	}
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// book is the contacts list that comes with a change's items.
type book struct {
	only Peer            // the first contact
	n    int             // how many there are
	byID map[string]Peer // all of them by number and user id; nil for one
}

// readBook reads the list. A contact that is nobody is left out.
func readBook(list tape.Value) book {
	var b book
	for c := list.Element(); c.Kind() != tape.Missing && b.n < MaxUpdates; c = c.Next() {
		p := person(c.Get("wa_id"), c.Get("user_id"), c.Get("parent_user_id"))
		p.Name, p.Username = c.Get("profile").Get("name").Text(), username(c.Get("profile").Get("username"))
		if p == (Peer{}) {
			continue
		}
		if b.n == 0 {
			b.only = p
		} else {
			b.put(p)
		}
		b.n++
	}
	return b
}

// put adds a contact after the first.
func (b *book) put(p Peer) {
	if b.byID == nil {
		b.byID = map[string]Peer{}
		b.put(b.only)
	}
	for _, id := range []string{p.WaID, p.UserID} {
		if id != "" {
			b.byID[id] = p
		}
	}
}

// complete returns p with what the contact of the same number or user id says
// beside it. With alone set the change has a single item: then its only contact
// is meant even if number and wa_id are spelt differently, as they are in
// Mexico, Brazil and Argentina, or if the item names nobody.
func (b book) complete(p Peer, alone bool) Peer {
	if b.n == 0 {
		return p
	}
	if b.n == 1 {
		same := p.WaID != "" && p.WaID == b.only.WaID || p.UserID != "" && p.UserID == b.only.UserID
		if same || alone {
			return p.fill(b.only)
		}
		return p
	}
	if c, ok := b.byID[p.WaID]; ok && p.WaID != "" {
		return p.fill(c)
	}
	if c, ok := b.byID[p.UserID]; ok && p.UserID != "" {
		return p.fill(c)
	}
	return p
}
