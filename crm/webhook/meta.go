package webhook

import "github.com/my21staff/my21staff/crm/webhook/tape"

// meta reads Meta's envelope: entries, one a business account, of changes, one
// a field.
func (r *reader) meta(root tape.Value) {
	object, entries := root.Get("object"), root.Get("entry")
	switch {
	case object.Present() && !object.Is("whatsapp_business_account"):
		r.add(Fact{Kind: Other, Event: name(object), Raw: root.Raw()})
		return
	case !object.Present() && !entries.Present():
		r.add(Fact{Kind: Other, Raw: root.Raw()})
		return
	case entries.Kind() != tape.Array:
		r.add(Fact{Raw: root.Raw()}.unreadable("the envelope has no list of entries"))
		return
	}
	r.each(Fact{}, entries, r.entry)
	if len(r.facts) == 0 {
		r.add(Fact{Kind: Other, Raw: root.Raw()})
	}
}

func (r *reader) entry(entry tape.Value) {
	base := Fact{AccountID: name(entry.Get("id")), Time: when(entry.Get("time"))}
	before := len(r.facts)
	r.each(base, entry.Get("changes"), func(change tape.Value) { r.change(base, entry, change) })
	if len(r.facts) == before {
		base.Kind, base.Raw = Other, entry.Raw()
		r.add(base)
	}
}

// scope is what the items of one change have in common.
type scope struct {
	*reader
	base   Fact // account, channel, field and the change's bytes
	value  tape.Value
	number string // the business's own, digits
	people book
	alone  bool // there is a single item
}

// change reads one change. Meta's documentation has samples whose field stands
// beside the list of changes or inside the value (account_update, 2025).
func (r *reader) change(base Fact, entry, change tape.Value) {
	value := change.Get("value")
	metadata := value.Get("metadata")
	base.Event = first(name(change.Get("field")), name(entry.Get("field")), name(value.Get("field")))
	base.PhoneNumberID = first(name(metadata.Get("phone_number_id")), name(value.Get("phone_number_settings").Get("phone_number_id")))
	base.Raw = change.Raw()
	s := scope{reader: r, base: base, value: value}
	switch base.Event {
	case "messages", "smb_message_echoes", "history", "smb_app_state_sync", "user_preferences", "calls", "automatic_events",
		"group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update":
		if value.Kind() != tape.Object {
			r.add(base.unreadable("the change has no value"))
			return
		}
		s.number = digits(name(metadata.Get("display_phone_number")))
		s.people = readBook(value.Get("contacts"))
		s.items()
	case "message_template_status_update", "message_template_quality_update", "message_template_components_update", "template_category_update":
		s.template()
	case "account_update", "account_review_update", "account_alerts", "account_settings_update", "business_capability_update",
		"security", "partner_solutions", "payment_configuration_update", "flows",
		"phone_number_quality_update", "phone_number_name_update", "phone_number_username_update":
		s.news(Account)
	default:
		s.news(Other)
	}
}

// news is a change that is one fact and has no part.
func (s *scope) news(kind Kind) {
	f := s.base
	f.Kind = kind
	if f.Time.IsZero() {
		f.Time = when(s.value.Get("timestamp"))
	}
	s.add(f)
}

// items reads every list of a change: one value may hold messages and statuses,
// and Meta's own samples put lists under fields that are not named after them.
func (s *scope) items() {
	lists := []struct {
		name string
		read func(tape.Value)
	}{
		{"messages", s.message}, {"message_echoes", s.echo}, {"history", s.chunk}, {"statuses", s.status},
		{"calls", s.call}, {"user_preferences", s.preference}, {"state_sync", s.bookEntry},
		{"groups", s.group}, {"automatic_events", s.automatic}, {"errors", s.failure},
	}
	items := 0
	for _, list := range lists[:len(lists)-1] { // errors are about nobody
		for item := s.value.Get(list.name).Element(); item.Kind() != tape.Missing && items < 2; item = item.Next() {
			items++
		}
	}
	s.alone = items == 1
	before := len(s.facts)
	for _, list := range lists {
		s.each(s.base, s.value.Get(list.name), list.read)
	}
	if len(s.facts) == before && !s.full {
		s.news(Other)
	}
}

// item starts the fact of one item, with its own time or none.
func (s *scope) item(item tape.Value) Fact {
	f := s.base
	f.Raw, f.Time = item.Raw(), when(item.Get("timestamp"))
	return f
}

// dated gives a fact that does not say when it happened the time of the change.
func (s *scope) dated(f Fact) Fact {
	if f.Time.IsZero() {
		f.Time = s.base.Time
	}
	return f
}
