package webhook

import (
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// DecodeListed reads one message of the list that Kapso keeps of a number (GET
// /{phone number id}/messages), by which a gap in the webhooks is filled. The
// fact is a Message of either direction, or the Amendment or Unreadable it
// would have been in a webhook; it has no Event. An item that is not JSON is
// Invalid or TooLarge as in Decode.
func DecodeListed(phoneNumberID string, item []byte) (Fact, error) {
	var parser tape.Parser
	root, err := parser.Parse(item)
	if err != nil {
		return Fact{}, refuse("decode listed message", err)
	}
	k := kapsoBody{message: root, kapso: root.Get("kapso")}
	k.base = Fact{Provider: crm.Kapso, PhoneNumberID: phoneNumberID, Raw: root.Raw()}
	if root.Kind() != tape.Object {
		return k.base.unreadable("not an object"), nil
	}
	return k.read(k.direction("")), nil
}

// messageEvent reads an event about a message. One from the customer is a
// message. One to the customer that was "sent" may be ours, another program's
// or the business app's, so it is a message and, if it was sent just now, a
// status; any later word is a status.
func (k *kapsoBody) messageEvent(word string) {
	if k.message.Kind() != tape.Object {
		k.add(k.base.unreadable("the event has no message"))
		return
	}
	direction := k.direction(word)
	if direction == crm.Inbound {
		k.add(k.read(direction))
		return
	}
	if word == "" || word == "received" {
		word = first(k.kapso.Get("status").Text(), "sent")
	}
	if word == "sent" {
		f := k.read(direction)
		k.add(f)
		if f.Origin != Live {
			return
		}
	}
	k.add(k.status(word))
}

// direction tells which way the message went. The body counts more than the
// event, which stands in a header that nobody signed.
func (k *kapsoBody) direction(word string) crm.Direction {
	switch said := first(k.kapso.Get("direction").Text(), k.message.Get("direction").Text()); {
	case said == "inbound":
		return crm.Inbound
	case said == "outbound", word != "" && word != "received":
		return crm.Outbound
	case word == "" && k.message.Get("to").Present(): // a list without Kapso's fields
		return crm.Outbound
	}
	return crm.Inbound
}

// read reads the message itself.
func (k *kapsoBody) read(direction crm.Direction) Fact {
	f := k.base
	f.Direction, f.Origin = direction, Live
	switch origin := first(k.kapso.Get("origin").Text(), k.message.Get("origin").Text()); {
	case origin == "history_sync":
		f.Origin = History
	case origin == "business_app" && direction == crm.Outbound:
		f.Origin = App
	}
	f.Time = k.time()
	f.Peer = k.peer(direction, tape.Value{})
	f = f.message(k.message, nil)
	if f.Message != nil && direction == crm.Outbound {
		k.outcome(f.Message)
	}
	return f
}

// time returns when the message was written: timestamp, or created_at in v1.
func (k *kapsoBody) time() time.Time {
	return firstTime(k.message.Get("timestamp"), k.message.Get("created_at"))
}

// outcome adds how far an outbound message has come. Errors stand in the
// statuses, not in the message.
func (k *kapsoBody) outcome(m *MessagePart) {
	m.Status = statusOf(k.kapso.Get("status").Text())
	for s := k.kapso.Get("statuses").Element(); s.Kind() != tape.Missing; s = s.Next() {
		m.Opaque = first(m.Opaque, s.Get("biz_opaque_callback_data").Text())
		if m.Error == nil {
			m.Error = firstError(s)
		}
	}
}

// status reads the report of a word. Time, errors and price stand in the
// statuses as Meta sent them, oldest first; without the word's own the message
// has the time and nothing the rest.
func (k *kapsoBody) status(word string) Fact {
	var report tape.Value
	for s := k.kapso.Get("statuses").Element(); s.Kind() != tape.Missing; s = s.Next() {
		if s.Get("status").Is(word) {
			report = s
		}
	}
	f := k.base
	f.Direction = crm.Outbound
	f.Peer = k.peer(crm.Outbound, report)
	f.Time = when(report.Get("timestamp"))
	if f.Time.IsZero() {
		f.Time = k.time()
	}
	return f.status(report, idOf(k.message), word)
}

// peer returns the customer of a message, gathered from all the places that may
// name it: the message, the conversation, Kapso's additions and the status
// reports. A sender may have a user id only.
func (k *kapsoBody) peer(direction crm.Direction, report tape.Value) Peer {
	m, c := k.message, k.conversation
	var p Peer
	switch direction {
	case crm.Inbound:
		p = person(m.Get("from"), m.Get("from_user_id"), m.Get("from_parent_user_id"))
		p.Username = username(m.Get("username"))
	case crm.Outbound:
		p = person(m.Get("to"), m.Get("to_user_id"), m.Get("to_parent_user_id")).
			fill(person(report.Get("recipient_id"), report.Get("recipient_user_id"), tape.Value{}))
	}
	said := person(c.Get("phone_number"), c.Get("business_scoped_user_id"), c.Get("parent_business_scoped_user_id"))
	said.Username = username(c.Get("username"))
	// Documented inside kapso, seen beside it, and in lists with the message.
	said.Name = first(c.Get("contact_name").Text(), c.Get("kapso").Get("contact_name").Text(), k.kapso.Get("contact_name").Text())
	return p.fill(said).
		fill(person(k.kapso.Get("phone_number"), tape.Value{}, tape.Value{})).
		fill(person(m.Get("phone_number"), tape.Value{}, tape.Value{})) // v1
}
