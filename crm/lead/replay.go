package lead

import (
	"bytes"
	"math"

	"github.com/my21staff/my21staff/crm"
)

// Anew forgets all evidence about a contact and takes in what is known of it and
// was noted about it. What was said a [Replay] of each of its conversations takes
// in again. That is what there is to do when the rules have changed, or when it
// has: it depends on what is stored, not on what the lead was.
func (b *Book) Anew(c *crm.Contact, notes []*crm.Note) {
	p := b.page(c.ID)
	p.profile, p.anew = Profile{}, true
	p.lead.Temperature = c.Temperature // the lead's, unless a merge that is undone gave that back
	b.Known(c)
	for _, n := range notes {
		b.Noted(n)
	}
}

// Replay takes in what was said in a conversation, which is read from the newest
// message back: by time, then by ingest number, so that it can be read page by
// page. It comes to what was taken in as it came.
//
// What makes that more than a loop is replies. A message was one if the business
// had written last when it came, and one that came late, after a newer one, was
// none. Read backwards, a message was not late if its number is the smallest so
// far; then what stood last when it came is the next one with a smaller number.
type Replay struct {
	book    *Book
	contact crm.ContactID
	first   int64 // the smallest number so far
	open    *Said // was not late, and what stood last is not known yet
	number  int64 // of the open one
}

// Replay begins a replay of one of a contact's conversations.
func (b *Book) Replay(contact crm.ContactID) *Replay {
	return &Replay{book: b, contact: contact, first: math.MaxInt64}
}

// Back takes in the message before those it took in.
func (r *Replay) Back(m *crm.Message) {
	if r.open != nil && m.Ingest < r.number {
		if m.Direction == crm.Outbound {
			r.open.Asked = m.ProviderTime
		}
		r.End()
	}
	late := m.Ingest > r.first
	r.first = min(r.first, m.Ingest)
	if m.Direction != crm.Inbound || !m.RevokedAt.IsZero() {
		return
	}
	said := Said{ID: m.ID, At: m.ProviderTime, Content: m.Content}
	if late {
		r.book.Said(r.contact, said)
		return
	}
	r.open, r.number = &said, m.Ingest
}

// End takes in what was open when there are no more messages.
func (r *Replay) End() {
	if r.open != nil {
		r.book.Said(r.contact, *r.open)
		r.open = nil
	}
}

// unchanged reports whether a page is as it is stored.
func (p *page) unchanged(encoded []byte, rules *Rules) bool {
	return !p.fresh && bytes.Equal(encoded, p.before) && (!p.anew || p.lead.Rules == rules.Version())
}
