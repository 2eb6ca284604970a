package edge

import (
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// The longest ids that are taken, as in crm/webhook.
const (
	maxMessageID = 512
	maxDigits    = 20
)

// word returns a string's characters or a number's digits, as tape's Word does,
// in the body or in the door's own memory.
func (d *Door) word(r tape.Ref) []byte {
	if text, plain := d.parser.Plain(r); plain {
		return text
	}
	if d.parser.Kind(r) == tape.Number {
		return d.parser.Value(r).Raw()
	}
	return d.textOf(r)
}

// textOf returns a string's characters; nothing for any other kind.
func (d *Door) textOf(r tape.Ref) []byte {
	if text, plain := d.parser.Plain(r); plain {
		return text
	}
	if r == 0 {
		return nil
	}
	start := len(d.text)
	d.text = d.parser.Value(r).AppendText(d.text)
	return d.text[start:len(d.text):len(d.text)]
}

// name reads an id of at most maxID bytes, or nothing.
func (d *Door) name(r tape.Ref) []byte {
	if r == 0 {
		return nil
	}
	word := d.word(r)
	if n := len(word); n > 0 && (word[0]-'!' > '~'-'!' || word[n-1]-'!' > '~'-'!') { // else there is nothing to trim
		word = trimSpace(word)
	}
	if len(word) > maxID {
		return nil
	}
	return word
}

// trimSpace is bytes.TrimSpace, which would bring the tables of package unicode
// into the module.
func trimSpace(b []byte) []byte {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if !isSpace(r) {
			break
		}
		b = b[size:]
	}
	for len(b) > 0 {
		r, size := utf8.DecodeLastRune(b)
		if !isSpace(r) {
			break
		}
		b = b[:len(b)-size]
	}
	return b
}

// isSpace reports whether r is white space to Unicode (White_Space, version 15).
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// messageID reads the id of a message, or nothing.
func (d *Door) messageID(r tape.Ref) []byte {
	id := d.word(r)
	if len(id) > maxMessageID {
		return nil
	}
	return id
}

// person is who an event is from or to. Either part may be empty: since 2026 a
// sender may have no number.
type person struct{ wa, user []byte }

func (p person) isZero() bool { return len(p.wa) == 0 && len(p.user) == 0 }

// fill takes what p lacks from another.
func (p *person) fill(wa, user []byte) { p.wa, p.user = first(p.wa, wa), first(p.user, user) }

// identify takes what p lacks from a number and a business-scoped user id, which
// may stand where the number was.
func (d *Door) identify(p *person, number, user tape.Ref) {
	id, word := d.name(user), d.name(number)
	wa := d.digits(word)
	if len(wa) == 0 && len(id) == 0 && isUserID(word) {
		id = word
	}
	p.fill(wa, id)
}

// digits returns a phone number's digits, or nothing for what is none.
func (d *Door) digits(number []byte) []byte {
	if len(number) <= maxDigits && isDigits(number) { // nearly always
		return number
	}
	start := len(d.text)
	for i := 0; i < len(number); i++ {
		c := number[i]
		switch {
		case c-'0' <= 9:
			d.text = append(d.text, c)
		case c == '+', c == ' ', c == '-', c == '(', c == ')':
		case c == 0xc2 && i+1 < len(number) && number[i+1] == 0xa0: // a space that does not break
			i++
		default:
			d.text = d.text[:start]
			return nil
		}
	}
	if len(d.text)-start > maxDigits {
		d.text = d.text[:start]
	}
	return d.text[start:len(d.text):len(d.text)]
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// isUserID reports whether a word has the form of a business-scoped user id:
// "US.13491208655302741918".
func isUserID(word []byte) bool {
	if len(word) < 4 || word[0]-'A' > 25 || word[1]-'A' > 25 || word[2] != '.' {
		return false
	}
	for _, c := range word[3:] {
		if c != '.' && c-'0' > 9 && c-'A' > 25 && c-'a' > 25 {
			return false
		}
	}
	return true
}

func first(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}

// book is the contacts list that comes with a change's items. It is read only
// when an item names nobody by number, which is seldom.
type book struct {
	list   tape.Ref
	people []person
	read   bool
	index  []int32 // by number and user id; 0: free; else twice one more than the place in people, and 1 more for the user id
}

// open gives the book another list.
func (b *book) open(list tape.Ref) { b.list, b.read = list, false }

// complete takes what p lacks from the contact of the same user id. Of an item of
// a change that may be its only one: then the only contact is meant even if the
// item names nobody.
func (d *Door) complete(p *person, item bool) {
	if len(p.wa) == 0 { // else what counts is known
		d.lookUp(p, item)
	}
}

func (d *Door) lookUp(p *person, item bool) {
	b := &d.book
	if !b.read {
		d.readBook()
	}
	switch len(b.people) {
	case 0:
	case 1:
		only := &b.people[0]
		if len(p.user) > 0 && same(p.user, only.user) || item && d.isAlone() {
			p.fill(only.wa, only.user)
		}
	default:
		if len(p.user) == 0 {
			return
		}
		if entry := *b.find(p.user); entry != 0 {
			known := &b.people[entry/2-1]
			p.fill(known.wa, known.user)
		}
	}
}

// readBook reads the contacts. One that is nobody is left out.
func (d *Door) readBook() {
	b := &d.book
	b.read, b.people = true, b.people[:0]
	for c, end := d.parser.Elements(b.list); c < end && len(b.people) < MaxEvents; c = d.parser.After(c) {
		var p person
		d.identify(&p, d.get(c, nWaID), d.get(c, nUserID))
		if !p.isZero() || d.isNamed(c) {
			b.people = append(b.people, p)
		}
	}
	if len(b.people) > 1 {
		b.build()
	}
}

// isNamed reports whether a contact without number and user id says something:
// it counts, as it does for crm/webhook.
func (d *Door) isNamed(contact tape.Ref) bool {
	user := d.textOf(d.get(d.get(contact, nProfile), nUsername))
	return len(d.name(d.get(contact, nParentUserID))) > 0 || len(d.textOf(d.get(d.get(contact, nProfile), nName))) > 0 ||
		len(user) > 0 && string(user) != "@"
}

// build fills the index; of several contacts with the same id the last counts.
func (b *book) build() {
	size := 4
	for size < 4*len(b.people) {
		size *= 2
	}
	if cap(b.index) < size {
		b.index = make([]int32, size)
	}
	b.index = b.index[:size]
	clear(b.index)
	for i, p := range b.people {
		b.put(p.wa, int32(2*i+2))
		b.put(p.user, int32(2*i+3))
	}
}

func (b *book) put(id []byte, entry int32) {
	if len(id) > 0 {
		*b.find(id) = entry
	}
}

// find returns the place in the index for an id: what has it, or the free one
// where it belongs.
func (b *book) find(id []byte) *int32 {
	mask := uint64(len(b.index) - 1)
	for i := mix(fnv(offset64, id)) & mask; ; i = (i + 1) & mask {
		entry := &b.index[i]
		if *entry == 0 || same(b.id(*entry), id) {
			return entry
		}
	}
}

// id returns the id an entry of the index stands for.
func (b *book) id(entry int32) []byte {
	p := b.people[entry/2-1]
	if entry%2 == 0 {
		return p.wa
	}
	return p.user
}
