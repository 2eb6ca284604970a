package lead

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Book keeps the leads that a transaction is about: it takes in what happens to
// them and says in the end which are to be written. A service makes one from
// what it loaded, and it is gone with the transaction.
type Book struct {
	ws    crm.WorkspaceID
	rules *Rules
	now   time.Time
	pages map[crm.ContactID]*page
	found []Evidence
}

// page is a lead of the book.
type page struct {
	lead    crm.Lead
	before  []byte // the profile as it is stored
	profile Profile
	fresh   bool // not stored yet
	anew    bool // gathered again from the beginning
}

// NewBook returns a book of leads that are stored. A profile that cannot be read
// is begun anew; it is worth no message that could not be taken in. Of one that
// was gathered by other rules only what these know is kept: what they would have
// found beyond it, the history says (see [Replay]).
func NewBook(ws crm.WorkspaceID, rules *Rules, now time.Time, stored []*crm.Lead) *Book {
	b := &Book{ws: ws, rules: rules, now: now, pages: make(map[crm.ContactID]*page, len(stored))}
	for _, l := range stored {
		profile, _ := Decode(l.Profile)
		if l.Rules != rules.Version() {
			profile.keep(rules)
		}
		b.pages[l.ContactID] = &page{lead: *l, before: l.Profile, profile: profile}
	}
	return b
}

// page returns a contact's page, a new one if it has none.
func (b *Book) page(contact crm.ContactID) *page {
	p := b.pages[contact]
	if p == nil { // an empty profile that stays so is written all the same: it is scored now
		p = &page{lead: crm.Lead{WorkspaceID: b.ws, ContactID: contact}, fresh: true}
		b.pages[contact] = p
	}
	return p
}

// Said takes in a message from a contact. Told again it changes nothing.
func (b *Book) Said(contact crm.ContactID, said Said) {
	b.found = b.rules.Message(b.found[:0], said)
	b.page(contact).profile.Add(b.found...)
}

// Unsaid drops what a message was evidence of, because it was edited or taken
// back.
func (b *Book) Unsaid(contact crm.ContactID, message crm.MessageID) {
	b.page(contact).profile.Forget(Ref{Kind: OfMessage, ID: message})
}

// Reworded takes in what a message says after an edit, in place of the words it
// had. That it was written, and whether it was a reply, an edit does not change.
func (b *Book) Reworded(contact crm.ContactID, said Said) {
	ref, p := Ref{Kind: OfMessage, ID: said.ID}, b.page(contact)
	p.profile.pieces = slices.DeleteFunc(p.profile.pieces, func(have piece) bool {
		s := b.rules.byKey[have.signal]
		return have.ref == ref && (s == nil || len(s.Words) > 0)
	})
	b.Said(contact, said)
}

// Noted takes in a note of the team's.
func (b *Book) Noted(n *crm.Note) {
	b.found = b.rules.Note(b.found[:0], n)
	b.page(n.ContactID).profile.Add(b.found...)
}

// Known takes in a contact as it is now.
func (b *Book) Known(c *crm.Contact) {
	b.found = b.rules.Contact(b.found[:0], c, nil)
	b.page(c.ID).profile.Know(b.found...)
}

// Changed returns the leads whose evidence is another than what is stored, in
// the order of their contacts, scored as of now.
func (b *Book) Changed() []*crm.Lead {
	var changed []*crm.Lead
	for _, contact := range slices.SortedFunc(maps.Keys(b.pages), crm.ContactID.Compare) {
		p := b.pages[contact]
		if p.unchanged(p.profile.Append(nil), b.rules) {
			continue
		}
		changed = append(changed, b.scored(p))
	}
	return changed
}

// Read returns the score of a stored lead at a time, which may be later than
// when it was last written, and how warm that makes it. A nil lead, of a contact
// nobody has scored, has no score but that of an empty profile.
func Read(l *crm.Lead, rules *Rules, now time.Time) (Score, crm.Temperature) {
	l = cmp.Or(l, &crm.Lead{})
	profile, _ := Decode(l.Profile)
	score := Of(&profile, rules, now)
	return score, rules.Temperature(l.Temperature, score.Total)
}
