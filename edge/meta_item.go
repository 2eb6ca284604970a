package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// start begins the event of one item, with its own time or none, in a new f.
func (d *Door) start(f, base *draft, raw tape.Ref, m *item) {
	d.item(raw, m)
	f.number, f.account, f.field, f.peer.wa, f.peer.user = base.number, base.account, base.field, base.peer.wa, base.peer.user
	f.raw, f.time = raw, d.when(m[nTimestamp])
}

// idOf returns the provider's id of a message: the wamid, which Kapso v1 has
// beside an id of its own.
func (d *Door) idOf(m *item) []byte {
	if m[nWhatsappMessageID] != 0 {
		return first(d.messageID(m[nWhatsappMessageID]), d.messageID(m[nID]))
	}
	return d.messageID(m[nID])
}

// message reads one of a change's messages. They are the customer's, but for
// the field history, where a message that came without its file is sent again
// with it.
func (d *Door) message(base *draft, raw tape.Ref) {
	var m item
	var f draft
	d.start(&f, base, raw, &m)
	d.party(&f.peer, &m, is(base.field, "history") && d.isOwn(m[nFrom]))
	d.addMessage(&f, raw, &m)
}

// isOwn reports whether a number is the business's own.
func (d *Door) isOwn(number tape.Ref) bool {
	own := d.digits(d.name(d.get(d.scope.metadata, nDisplayPhoneNumber)))
	return len(own) > 0 && same(d.digits(d.name(number)), own)
}

// echo reads a message that the business wrote in its app.
func (d *Door) echo(base *draft, raw tape.Ref) {
	var m item
	var f draft
	d.start(&f, base, raw, &m)
	d.party(&f.peer, &m, true)
	d.addMessage(&f, raw, &m)
}

// party reads the customer of a message: who it is from, or who it is to.
func (d *Door) party(p *person, m *item, outbound bool) {
	if outbound {
		d.identify(p, m[nTo], m[nToUserID])
	} else {
		d.identify(p, m[nFrom], m[nFromUserID])
	}
	d.complete(p, true)
}

// addMessage adds a message, or the edit or revoke of one.
func (d *Door) addMessage(f *draft, raw tape.Ref, m *item) {
	f.kind, f.id = Message, d.idOf(m)
	word := first(d.textOf(m[nType]), d.textOf(m[nMessageType]))
	switch {
	case len(f.id) == 0:
		f.kind = Unreadable
	case isWordOf(word, "edit"), isWordOf(word, "revoke"):
		f.kind = Amendment
	case isWordOf(word, "system"), len(word) == 0 && d.isSystem(raw):
		d.moved(f, d.get(raw, nSystem))
	}
	d.add(f)
}

// isSystem reports whether a message that does not say its type is a system
// message: it has that part, and none of those that crm/webhook looks for before.
func (d *Door) isSystem(raw tape.Ref) bool {
	v := d.parser.Value(raw)
	for _, kind := range [...]string{"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "button", "reaction", "order"} {
		if v.Get(kind).Present() {
			return false
		}
	}
	return true
}

// isWordOf reports whether b is the word in small or capital letters.
func isWordOf(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if c-'A' <= 25 {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// moved completes the peer of a system message, which may name the sender only
// in its own part.
func (d *Door) moved(f *draft, system tape.Ref) {
	p := &f.peer
	if len(p.wa) == 0 {
		p.wa = d.digits(d.name(d.get(system, nCustomer)))
	}
	if len(p.user) == 0 {
		p.user = first(d.name(d.get(system, nPreviousUserID)), d.name(d.get(system, nUserID)))
	}
	if len(p.wa) == 0 && d.is(d.get(system, nType), "user_changed_user_id") { // its wa_id is the number that stayed
		p.wa = d.digits(first(d.name(d.get(system, nWaID)), d.name(d.get(system, nNewWaID))))
	}
}

// chunk reads one part of a number's history: threads, each with one customer.
// A part without messages is news of the number.
func (d *Door) chunk(base *draft, chunk tape.Ref) {
	before := len(d.out.Events)
	f := *base
	f.raw = chunk
	d.each(readThread, &f, d.get(chunk, nThreads))
	if len(d.out.Events) == before {
		f.kind = Account
		d.add(&f)
	}
}

func (d *Door) thread(base *draft, thread tape.Ref) {
	context := d.get(thread, nContext)
	f := *base
	d.identify(&f.peer, d.get(thread, nID), d.get(thread, nUserID))
	d.identify(&f.peer, d.get(context, nWaID), d.get(context, nUserID))
	d.complete(&f.peer, false)
	d.each(readThreadMessage, &f, d.get(thread, nMessages))
}

func (d *Door) threadMessage(base *draft, raw tape.Ref) {
	var m item
	var f draft
	d.start(&f, base, raw, &m)
	d.addMessage(&f, raw, &m)
}

// status reads how far a message has come. Calls report theirs in the same
// list.
func (d *Door) status(base *draft, raw tape.Ref) {
	var m item
	var f draft
	d.start(&f, base, raw, &m)
	said := len(d.textOf(m[nStatus])) > 0
	d.recipient(&f.peer, &m)
	if d.is(m[nType], "call") {
		f.kind, f.id = Call, d.name(m[nID])
	} else {
		f.kind, f.id = Status, d.idOf(&m)
	}
	if len(f.id) == 0 || !said {
		f.kind = Unreadable
	}
	d.add(&f)
}

// recipient reads who a status is about. In a group that is the participant: the
// recipient is the group.
func (d *Door) recipient(p *person, m *item) {
	recipient, user := m[nRecipientID], m[nRecipientUserID]
	if d.is(m[nRecipientType], "group") {
		recipient, user = m[nParticipantID], m[nParticipantUserID]
	}
	d.identify(p, recipient, user)
	d.complete(p, true)
}

// call reads a call.
func (d *Door) call(base *draft, raw tape.Ref) {
	var m item
	var f draft
	d.start(&f, base, raw, &m)
	if f.time == 0 {
		f.time = d.when(d.get(raw, nStartTime))
	}
	f.kind, f.id = Call, first(d.name(m[nID]), d.name(d.get(raw, nWacid)))
	if len(f.id) == 0 {
		f.kind = Unreadable
	}
	d.party(&f.peer, &m, d.is(d.get(raw, nDirection), "BUSINESS_INITIATED") || d.isOwn(m[nFrom]))
	d.add(&f)
}

// preference reads whether a customer wants marketing.
func (d *Door) preference(base *draft, raw tape.Ref) {
	f := d.dated(base, raw)
	d.identify(&f.peer, d.get(raw, nWaID), d.get(raw, nUserID))
	d.complete(&f.peer, true)
	category, value := d.get(raw, nCategory), d.get(raw, nValue)
	switch {
	case d.present(category) && !d.is(category, "marketing_messages"):
		f.kind = Unknown
	case !d.is(value, "stop") && !d.is(value, "resume"), f.peer.isZero():
		f.kind = Unreadable
	default:
		f.kind = Preference
	}
	d.add(&f)
}

// bookEntry reads an entry of the business app's address book.
func (d *Door) bookEntry(base *draft, raw tape.Ref) {
	contact := d.get(raw, nContact)
	f := *base
	f.raw, f.time = raw, d.when(d.get(d.get(raw, nMetadata), nTimestamp))
	if f.time == 0 {
		f.time = d.when(d.get(raw, nTimestamp))
	}
	d.identify(&f.peer, d.get(contact, nPhoneNumber), d.get(contact, nUserID))
	switch kind := d.get(raw, nType); {
	case d.present(kind) && !d.is(kind, "contact"):
		f.kind = Unknown
	case f.peer.isZero():
		f.kind = Unreadable
	default:
		f.kind = Contact
	}
	d.add(&f)
}

// dated begins the event of an item that has the change's time if it has none.
func (d *Door) dated(base *draft, raw tape.Ref) draft {
	f := *base
	f.raw = raw
	if t := d.when(d.get(raw, nTimestamp)); t != 0 {
		f.time = t
	}
	return f
}

// group notes a group's event.
func (d *Door) group(base *draft, raw tape.Ref) {
	f := d.dated(base, raw)
	f.kind = Unknown
	d.add(&f)
}

// automatic notes an event that Meta found in a chat for the ad platform.
func (d *Door) automatic(base *draft, raw tape.Ref) {
	f := d.dated(base, raw)
	f.kind, f.id = Account, d.name(d.get(raw, nID))
	d.add(&f)
}

// failure notes an error that is about the number.
func (d *Door) failure(base *draft, raw tape.Ref) {
	f := *base
	f.kind, f.raw = Account, raw
	d.add(&f)
}
