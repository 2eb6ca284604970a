package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

var sent = []byte("sent")

const messagePrefix = "whatsapp.message."

// kapso reads Kapso's forms as crm/webhook does: one event, a batch of them,
// one wrapped in data (v1), or Meta's own envelope. A sent message is two facts
// there, the message and its status, and one event here: they are one item.
func (d *Door) kapso(event []byte, root tape.Ref) {
	if d.present(d.get(root, nObject)) || d.present(d.get(root, nEntry)) {
		d.meta(root)
		return
	}
	event = first(first(event, d.name(d.get(root, nType))), d.name(d.get(root, nEvent)))
	base, data := draft{field: event}, d.get(root, nData)
	switch {
	case d.parser.Kind(data) == tape.Array && (d.parser.Kind(d.get(root, nBatch)) == tape.True || hasPrefix(event, messagePrefix)):
		d.each(readKapsoEvent, &base, data)
	case d.parser.Kind(data) == tape.Object && d.present(d.get(data, nMessage)) && !d.present(d.get(root, nMessage)):
		d.kapsoEvent(&base, data)
	default:
		d.kapsoEvent(&base, root)
	}
	if len(d.out.Events) == 0 {
		base.kind, base.raw = Unknown, root
		d.add(&base)
	}
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// kapsoBody is one event's body.
type kapsoBody struct {
	*Door
	base                       draft
	body, message, kapso, talk tape.Ref // talk: the conversation
}

func (d *Door) kapsoEvent(base *draft, body tape.Ref) {
	k := kapsoBody{Door: d, base: *base, body: body, message: d.get(body, nMessage), talk: d.get(body, nConversation)}
	k.kapso = d.get(k.message, nKapso)
	k.base.raw = body
	for _, v := range [...]tape.Ref{body, k.talk, k.kapso, d.get(body, nWhatsappConfig)} {
		k.base.number = first(k.base.number, d.name(d.get(v, nPhoneNumberID)))
	}
	k.base.account = d.name(d.get(body, nAccountID))
	switch event := string(base.field); {
	case isMessageEvent(event), event == "" && d.present(k.message):
		k.messageEvent()
	case event == "whatsapp.contact.identity_changed":
		k.identity()
	case event == "whatsapp.contact.marketing_preference_changed":
		k.preference()
	case hasPrefix(base.field, "whatsapp.phone_number."), hasPrefix(base.field, "whatsapp.account."), event == "whatsapp.config.created":
		k.news(Account)
	default:
		k.news(Unknown)
	}
}

func isMessageEvent(event string) bool {
	switch event {
	case "whatsapp.message.received", "whatsapp.message.sent", "whatsapp.message.delivered",
		"whatsapp.message.read", "whatsapp.message.failed", "whatsapp.message.played":
		return true
	}
	return false
}

// news is an event that is not about a message.
func (k *kapsoBody) news(kind Kind) {
	f := k.base
	f.kind = kind
	k.said(&f.peer)
	k.contact(&f.peer)
	for _, v := range [...]tape.Ref{
		k.get(k.body, nOccurredAt), k.get(k.body, nTimestamp), k.get(k.talk, nUpdatedAt), k.get(k.talk, nCreatedAt), k.get(k.body, nCreatedAt),
	} {
		if f.time == 0 {
			f.time = k.when(v)
		}
	}
	k.add(&f)
}

func (k *kapsoBody) identity() {
	contact, previous := k.get(k.body, nContact), k.get(k.body, nPrevious)
	f := k.base
	if f.time = k.when(k.get(k.body, nOccurredAt)); f.time == 0 {
		f.time = k.when(k.get(contact, nUpdatedAt))
	}
	f.kind = Identity
	k.contact(&f.peer)
	var old person
	k.identify(&old, k.get(previous, nWaID), k.get(previous, nBusinessScopedUserID))
	stays := func(old, now []byte) bool { return len(old) == 0 || same(old, now) }
	if f.peer.isZero() || stays(old.wa, f.peer.wa) && stays(old.user, f.peer.user) {
		f.kind = Unreadable
	}
	k.add(&f)
}

func (k *kapsoBody) preference() {
	preference := k.get(k.body, nMarketingPreference)
	f := k.base
	if f.time = k.when(k.get(preference, nOccurredAt)); f.time == 0 {
		f.time = k.when(k.get(k.body, nOccurredAt))
	}
	f.kind = Preference
	k.contact(&f.peer)
	status := k.get(preference, nStatus)
	if !k.is(status, "stopped") && !k.is(status, "resumed") || f.peer.isZero() {
		f.kind = Unreadable
	}
	k.add(&f)
}

// contact completes p by Kapso's contact object.
func (k *kapsoBody) contact(p *person) {
	c := k.get(k.body, nContact)
	k.identify(p, k.get(c, nWaID), k.get(c, nBusinessScopedUserID))
}

// said completes p by the customer as the conversation and Kapso's additions name
// it.
func (k *kapsoBody) said(p *person) {
	k.identify(p, k.get(k.talk, nPhoneNumber), k.get(k.talk, nBusinessScopedUserID))
	k.identify(p, k.get(k.kapso, nPhoneNumber), 0)
	k.identify(p, k.get(k.message, nPhoneNumber), 0) // v1
}

// messageEvent reads an event about a message: one from the customer, or one of
// ours that was "sent", is a message; any later word is a status.
func (k *kapsoBody) messageEvent() {
	if k.parser.Kind(k.message) != tape.Object {
		k.unreadable(&k.base, k.body)
		return
	}
	word := k.base.field
	if hasPrefix(word, messagePrefix) {
		word = word[len(messagePrefix):]
	}
	outbound := k.isOut(word)
	if outbound && (len(word) == 0 || string(word) == "received") {
		word = first(k.textOf(k.get(k.kapso, nStatus)), sent)
	}
	var m item
	k.item(k.message, &m)
	f := k.base
	if f.time = k.when(m[nTimestamp]); f.time == 0 {
		f.time = k.when(k.get(k.message, nCreatedAt))
	}
	if outbound {
		k.identify(&f.peer, m[nTo], m[nToUserID])
		if string(word) != "sent" {
			report := k.report(word)
			k.identify(&f.peer, k.get(report, nRecipientID), k.get(report, nRecipientUserID))
			k.said(&f.peer)
			k.addStatus(&f, &m, report)
			return
		}
	} else {
		k.identify(&f.peer, m[nFrom], m[nFromUserID])
	}
	k.said(&f.peer)
	k.addMessage(&f, k.message, &m)
}

// isOut tells which way the message went. The body counts more than the event,
// which stands in a header that nobody signed.
func (k *kapsoBody) isOut(word []byte) bool {
	said := k.get(k.kapso, nDirection)
	if len(k.textOf(said)) == 0 {
		said = k.get(k.message, nDirection)
	}
	switch {
	case k.is(said, "inbound"):
		return false
	case k.is(said, "outbound"), len(word) > 0 && string(word) != "received":
		return true
	}
	return len(word) == 0 && k.present(k.get(k.message, nTo)) // a list without Kapso's fields
}

// report returns the last of the status reports with the word.
func (k *kapsoBody) report(word []byte) (report tape.Ref) {
	for s, end := k.parser.Elements(k.get(k.kapso, nStatuses)); s < end; s = k.parser.After(s) {
		if string(k.textOf(k.get(s, nStatus))) == string(word) {
			report = s
		}
	}
	return report
}

// addStatus adds the report that the message is now word.
func (k *kapsoBody) addStatus(f *draft, m *item, report tape.Ref) {
	if t := k.when(k.get(report, nTimestamp)); t != 0 {
		f.time = t
	}
	f.kind, f.id = Status, k.idOf(m)
	if len(f.id) == 0 {
		f.kind = Unreadable
	}
	k.add(f)
}
