package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// meta reads Meta's envelope as crm/webhook does: entries, one a business
// account, of changes, one a field. The facts there and the events here are the
// same ones in the same order; the tests hold one against the other.
func (d *Door) meta(root tape.Ref) {
	var f envelope
	d.envelope(root, &f)
	object, entries := f.at(nObject), f.at(nEntry)
	switch {
	case d.present(object) && !d.is(object, "whatsapp_business_account"), !d.present(object) && !d.present(entries):
		d.add(&draft{kind: Unknown, raw: root})
		return
	case d.parser.Kind(entries) != tape.Array:
		d.add(&draft{kind: Unreadable, raw: root})
		return
	}
	d.each(readEntry, &draft{}, entries)
	if len(d.out.Events) == 0 {
		d.add(&draft{kind: Unknown, raw: root})
	}
}

// reading says what the objects of a list are read as. It is a number and not a
// function, because what is handed to a function value is moved to the heap.
type reading uint8

const (
	readEntry reading = iota
	readChange
	readThread
	readThreadMessage
	readKapsoEvent
	readMessage // from here on in the order in which a value's lists are read
	readEcho
	readChunk
	readStatus
	readCall
	readPreference
	readBookEntry
	readGroup
	readAutomatic
	readFailure
)

func (d *Door) read(as reading, base *draft, item tape.Ref) {
	switch as {
	case readEntry:
		d.entry(item)
	case readChange:
		d.change(base, item)
	case readThread:
		d.thread(base, item)
	case readThreadMessage:
		d.threadMessage(base, item)
	case readKapsoEvent:
		d.kapsoEvent(base, item)
	case readMessage:
		d.message(base, item)
	case readEcho:
		d.echo(base, item)
	case readChunk:
		d.chunk(base, item)
	case readStatus:
		d.status(base, item)
	case readCall:
		d.call(base, item)
	case readPreference:
		d.preference(base, item)
	case readBookEntry:
		d.bookEntry(base, item)
	case readGroup:
		d.group(base, item)
	case readAutomatic:
		d.automatic(base, item)
	case readFailure:
		d.failure(base, item)
	}
}

// each reads every object of a list. What is no object and what is no list is an
// unreadable event like base; null and nothing are none.
func (d *Door) each(as reading, base *draft, list tape.Ref) {
	if !d.present(list) {
		return
	}
	if d.parser.Kind(list) != tape.Array {
		d.unreadable(base, list)
		return
	}
	for item, end := d.parser.Elements(list); item < end && !d.full; item = d.parser.After(item) {
		if d.parser.Kind(item) == tape.Object {
			d.read(as, base, item)
		} else {
			d.unreadable(base, item)
		}
	}
}

//go:noinline
func (d *Door) unreadable(base *draft, raw tape.Ref) {
	f := *base
	f.kind, f.raw = Unreadable, raw
	d.add(&f)
}

func (d *Door) entry(entry tape.Ref) {
	var f envelope
	d.envelope(entry, &f)
	var base draft
	base.account, base.time, base.field = d.name(f.at(nID)), d.when(f.at(nTime)), d.name(f.at(nField))
	before := len(d.out.Events)
	d.each(readChange, &base, f.at(nChanges))
	if len(d.out.Events) == before {
		base.kind, base.raw = Unknown, entry
		d.add(&base)
	}
}

// scope is what the items of one change have in common.
type scope struct {
	base     draft
	metadata tape.Ref
	value    tape.Ref
}

// change reads one change. Its field may stand beside the list of changes or
// inside the value.
func (d *Door) change(of *draft, change tape.Ref) {
	var f, v envelope
	d.envelope(change, &f)
	inner := f.at(nValue)
	d.envelope(inner, &v)
	base := &d.scope.base
	base.account, base.time, base.raw = of.account, of.time, change // it never has a kind, an id or a peer
	base.field = first(first(d.name(f.at(nField)), of.field), d.name(v.at(nField)))
	base.number = d.name(d.get(v.at(nMetadata), nPhoneNumberID))
	if len(base.number) == 0 {
		base.number = d.name(d.get(v.at(nPhoneNumberSettings), nPhoneNumberID))
	}
	if !is(base.field, "messages") && !hasItems(base.field) {
		d.other(inner)
		return
	}
	if d.parser.Kind(inner) != tape.Object {
		d.unreadable(base, change)
		return
	}
	d.scope.metadata = v.at(nMetadata)
	d.book.open(v.at(nContacts))
	d.items(&v, inner)
}

// hasItems reports whether a change of a field is of items. Nearly all are of
// messages.
func hasItems(field []byte) bool {
	switch string(field) {
	case "messages", "smb_message_echoes", "history", "smb_app_state_sync", "user_preferences", "calls", "automatic_events",
		"group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update":
		return true
	}
	return false
}

// other is a change that is about a template, an account or something unknown.
func (d *Door) other(inner tape.Ref) {
	switch string(d.scope.base.field) {
	case "message_template_status_update", "message_template_quality_update", "message_template_components_update", "template_category_update":
		kind := Template
		if len(d.name(d.get(inner, nTemplateID))) == 0 && len(d.textOf(d.get(inner, nTemplateName))) == 0 {
			kind = Unreadable
		}
		d.news(kind, inner)
	case "account_update", "account_review_update", "account_alerts", "account_settings_update", "business_capability_update",
		"security", "partner_solutions", "payment_configuration_update", "flows",
		"phone_number_quality_update", "phone_number_name_update", "phone_number_username_update":
		d.news(Account, inner)
	default:
		d.news(Unknown, inner)
	}
}

// news is a change that is one event.
func (d *Door) news(kind Kind, value tape.Ref) {
	f := d.scope.base
	f.kind = kind
	if f.time == 0 {
		f.time = d.when(d.get(value, nTimestamp))
	}
	d.add(&f)
}

// items reads every list of a change's value: it may hold messages and statuses,
// and lists under fields that are not named after them.
func (d *Door) items(v *envelope, value tape.Ref) {
	d.scope.value = value
	before := len(d.out.Events)
	for i, list := range v.lists() {
		if list != 0 {
			d.each(readMessage+reading(i), &d.scope.base, list)
		}
	}
	if len(d.out.Events) == before && !d.full {
		d.news(Unknown, value)
	}
}

// lists are in the order of their names, which readMessage and the following have
// too.
func (f *envelope) lists() []tape.Ref { return f[nMessages-nID:] }

// isAlone reports whether a change has a single item.
func (d *Door) isAlone() bool {
	var v envelope
	d.envelope(d.scope.value, &v)
	items := 0
	for _, list := range v.lists()[:readFailure-readMessage] { // failures are about the number, not about somebody
		for item, end := d.parser.Elements(list); item < end && items < 2; item = d.parser.After(item) {
			items++
		}
	}
	return items == 1
}
