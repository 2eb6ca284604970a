package bunstore

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/my21staff/my21staff/adapters/internal/doubt"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
)

// held is customers as they stand, of those who wrote last: each with its lead and all
// of its conversations, which is what a message that comes in is decided on. Where one
// writer has the database for itself, a transaction that has the seat knows that
// nothing changed since the last one but what that one wrote, so it need not ask again.
// (Measured on SQLite: 32 messages in a transaction take a fifth less of the processor.)
//
// What is held is never more than the last commit: it is put there by transactions that
// committed, before they leave the seat. One that changes customers in a way that
// cannot be followed here empties it, as does one that may or may not have committed,
// and anything written by another connection (see Dialect.Unchanged). So does whatever
// writes without telling: see tx.run.
type held struct {
	seat   chan struct{} // has one place; who is in it is the one writer
	answer string        // of the database to Dialect.Unchanged when it was asked last
	people map[key]*person
}

// person is a customer as it stands. It is nobody's to change.
type person struct {
	contact *crm.Contact
	known   known    // of the contact
	lead    *leadRow // nil: there is none
	threads []conversationRow
}

// maxPeople bounds the people held, at some 2 KB each.
const maxPeople = 8192

// newHeld returns nil, which holds nothing, where several write at a time.
func newHeld(d Dialect) *held {
	if d.Unchanged().SQL == "" {
		return nil
	}
	return &held{seat: make(chan struct{}, 1), people: make(map[key]*person)}
}

// take waits for the seat. Who takes it must call the function returned.
func (h *held) take(ctx context.Context) (leave func(), err error) {
	if h == nil {
		return func() {}, nil
	}
	select {
	case h.seat <- struct{}{}:
		return func() { <-h.seat }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// empty lets go of everybody. The caller has the seat.
func (h *held) empty() {
	if h != nil {
		clear(h.people)
		h.answer = ""
	}
}

// told is what a transaction learned of customers and did to them.
type told struct {
	sure    bool            // what is held stands in this transaction
	quiet   bool            // what is written now is followed here, or is not about customers
	wrote   bool            // something was written
	lost    bool            // and nobody knows what of customers
	loaded  map[key]*person // before anything was written
	gone    []key           // customers whose row changed
	leads   []leadRow       // as they stand now
	threads []conversationRow
}

// run tells of what is written, which only Write and who says so may do quietly.
func (t *told) run(steps []step) {
	for _, s := range steps {
		if len(s.SQL) < 6 || s.SQL[:6] != "select" {
			t.wrote = true
			t.lost = t.lost || !t.quiet
		}
	}
}

// quietly runs what changes nothing about customers that is not told here.
func (t *told) quietly(fn func() error) error {
	before := t.quiet
	t.quiet = true
	defer func() { t.quiet = before }()
	return fn()
}

// write follows what changes do to customers as a whole.
func (t *told) write(c *crm.Changes) {
	t.lost = t.lost || len(c.DeletedTags)+len(c.GoneContacts)+len(c.GoneThreads)+len(c.Handovers) > 0
}

// unchanged makes sure of what is held, for a transaction that wrote nothing yet and
// was not run before: that may have been because it was misled.
func (t *tx) unchanged(ctx context.Context) error {
	h := t.store.held
	if h == nil || t.told.sure || t.told.wrote || t.anew {
		return nil
	}
	var answer []string
	if err := t.run(ctx, pick(t.store.dialect.Unchanged(), &answer)); err != nil {
		return err
	}
	if answer[0] != h.answer {
		h.empty()
		h.answer = answer[0]
	}
	t.told.sure, t.told.loaded = true, make(map[key]*person)
	return nil
}

// known returns a customer that is held, nil for one that must be asked for.
func (t *tx) known(at key) *person {
	if !t.told.sure || t.told.wrote {
		return nil
	}
	if p := t.told.loaded[at]; p != nil {
		return p
	}
	return t.store.held.people[at]
}

// settle holds what a transaction that committed learned and wrote; it still has the
// seat.
func (t *tx) settle() {
	h := t.store.held
	switch {
	case h == nil:
		return
	case t.told.lost:
		h.empty()
		return
	}
	for at, p := range t.told.loaded {
		for some := range h.people { // whoever comes first
			if len(h.people) < maxPeople {
				break
			}
			delete(h.people, some)
		}
		h.people[at] = p
	}
	for _, at := range t.told.gone {
		delete(h.people, at)
	}
	for i := range t.told.leads {
		row := &t.told.leads[i]
		if p := h.people[key{row.WorkspaceID, row.ContactID}]; p != nil {
			row.Profile = slices.Clone(row.Profile)
			stored(t.store, row)
			p.lead = row
		}
	}
	for i := range t.told.threads {
		h.thread(t.store, &t.told.threads[i])
	}
}

// thread holds a conversation that was written. One that its customer does not have
// may be new, or another's: then it is asked for.
func (h *held) thread(s *Store, row *conversationRow) {
	at := key{row.WorkspaceID, row.ContactID}
	p := h.people[at]
	if p == nil {
		return
	}
	for i := range p.threads {
		if p.threads[i].ID == row.ID {
			channel := p.threads[i].ChannelID // which it keeps, as it does its customer
			p.threads[i] = *row
			p.threads[i].ChannelID = channel
			stored(s, &p.threads[i])
			return
		}
	}
	delete(h.people, at)
}

// stored makes a row that was written what it is when it is read.
func stored[R any](s *Store, row *R) {
	value := reflect.ValueOf(row).Elem()
	for _, field := range s.db.Table(reflect.TypeFor[R]()).Fields {
		switch v := value.FieldByIndex(field.Index).Addr().Interface().(type) {
		case *text:
			*v = text(clean(string(*v)))
		case *word:
			*v = word(clean(string(*v)))
		case *stamp:
			*v = stamp(time.UnixMilli(time.Time(*v).UnixMilli()).UTC())
		case *moment:
			if !time.Time(*v).IsZero() {
				*v = moment(time.UnixMilli(time.Time(*v).UnixMilli()).UTC())
			}
		}
	}
}

// whole reports whether all that is held of a customer is needed.
func (l *loading) whole() bool { return l.need.Leads && (l.need.Threads || l.need.AllChannels) }

// recollect takes from what is held the customers that were found, and leaves the
// others to be asked for.
func (g *gathering) recollect(ctx context.Context, rows *foundRows) error {
	for _, l := range g.loads {
		if l.asked = l.contacts; !l.whole() || !g.told.sure {
			continue
		}
		l.asked = nil
		for _, id := range l.contacts {
			p := g.known(key{l.ws, id})
			if p == nil {
				l.asked = append(l.asked, id)
				continue
			}
			l.held = append(l.held, p)
			rows.add(p)
			if doubt.Held {
				if err := g.compare(ctx, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// add adds what stands beside a contact.
func (r *foundRows) add(p *person) {
	r.threads = append(r.threads, p.threads...)
	if p.lead != nil {
		lead := *p.lead
		lead.Profile = slices.Clone(lead.Profile)
		r.leads = append(r.leads, lead)
	}
}

// handHeld hands each need the contacts that are held, in the order of all its contacts.
func (g *gathering) handHeld() {
	for _, l := range g.loads {
		for _, p := range l.held {
			l.state.Contacts = append(l.state.Contacts, copyOf(p.contact))
			g.contacts[key{l.ws, uid(p.contact.ID)}] = p.known
			g.picture.People[p.contact.ID] = figures.PersonOf(p.contact)
		}
		slices.SortFunc(l.state.Contacts, func(a, b *crm.Contact) int { return a.ID.Compare(b.ID) })
	}
}

// copyOf returns a contact that has nothing in common with another.
func copyOf(c *crm.Contact) *crm.Contact {
	made := *c
	made.Identities, made.Tags, made.Fields = slices.Clone(c.Identities), slices.Clone(c.Tags), maps.Clone(c.Fields)
	return &made
}

// learn keeps the customers that were asked for.
func (g *gathering) learn(rows *foundRows) {
	if !g.told.sure {
		return
	}
	fresh := make(map[key]*person)
	for _, l := range g.loads {
		if !l.whole() {
			continue
		}
		for _, c := range l.state.Contacts {
			if at := (key{l.ws, uid(c.ID)}); g.known(at) == nil {
				fresh[at] = &person{contact: copyOf(c), known: g.contacts[at]}
			}
		}
	}
	for _, row := range rows.leads {
		if p := fresh[key{row.WorkspaceID, row.ContactID}]; p != nil {
			row.Profile = slices.Clone(row.Profile)
			p.lead = &row
		}
	}
	for _, row := range rows.threads {
		if p := fresh[key{row.WorkspaceID, row.ContactID}]; p != nil {
			p.threads = append(p.threads, row)
		}
	}
	maps.Copy(g.told.loaded, fresh)
}

// compare panics if a customer is not as it is held.
func (g *gathering) compare(ctx context.Context, kept *person) error {
	ws, id := uid(kept.contact.WorkspaceID), uid(kept.contact.ID)
	contact, beside := lookupBy(byID), lookupBy(byContact)
	contact.add(ws, &id)
	beside.add(ws, &id)
	var rows, beneath foundRows
	err := g.run(ctx, slices.Concat(find(ctx, g.link, contact, "", &rows.contacts),
		find(ctx, g.link, beside, "", &beneath.leads), find(ctx, g.link, beside, "", &beneath.threads))...)
	if err != nil {
		return err
	}
	contacts, err := convert(g.link, rows.contacts, (*contactRow).contact)
	if err != nil {
		return err
	}
	var held foundRows
	held.add(kept)
	held.sortThreads()
	beneath.sortThreads()
	if !reflect.DeepEqual(contacts, []*crm.Contact{kept.contact}) || !reflect.DeepEqual(findable(kept.contact), kept.known) || !reflect.DeepEqual(held, beneath) {
		panic(fmt.Sprintf("a customer is held as %+v with %+v, and is %+v with %+v", kept.contact, held, contacts, beneath))
	}
	return nil
}
