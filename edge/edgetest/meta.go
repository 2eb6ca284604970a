package edgetest

import "strconv"

// fields are Meta's fields and the list that each is named after, or "".
var fields = []struct{ name, list string }{
	{"messages", "messages"}, {"messages", "messages"}, {"messages", "messages"}, {"messages", "statuses"}, {"messages", "statuses"},
	{"smb_message_echoes", "message_echoes"}, {"history", "history"}, {"history", "messages"}, {"smb_app_state_sync", "state_sync"},
	{"user_preferences", "user_preferences"}, {"calls", "calls"}, {"automatic_events", "automatic_events"},
	{"group_lifecycle_update", "groups"}, {"group_participants_update", "groups"}, {"group_settings_update", "groups"}, {"group_status_update", "groups"},
	{"message_template_status_update", ""}, {"message_template_quality_update", ""}, {"message_template_components_update", ""}, {"template_category_update", ""},
	{"account_update", ""}, {"account_review_update", ""}, {"account_alerts", ""}, {"account_settings_update", ""}, {"business_capability_update", ""},
	{"security", ""}, {"partner_solutions", ""}, {"payment_configuration_update", ""}, {"flows", ""},
	{"phone_number_quality_update", ""}, {"phone_number_name_update", ""}, {"phone_number_username_update", ""},
	{"something_new", "messages"}, {"", "messages"},
}

// lists are the lists of a value and what makes an item of each.
var lists = []struct {
	name string
	item func(*Maker) any
}{
	{"messages", (*Maker).message}, {"message_echoes", (*Maker).message}, {"history", (*Maker).chunk}, {"statuses", (*Maker).status},
	{"calls", (*Maker).call}, {"user_preferences", (*Maker).preference}, {"state_sync", (*Maker).bookEntry},
	{"groups", (*Maker).group}, {"automatic_events", (*Maker).automatic}, {"errors", (*Maker).failure},
}

// MetaBody returns a body as Meta sends it, or nearly.
func (m *Maker) MetaBody() []byte {
	m.spare = 60
	return m.write(m.envelope())
}

func (m *Maker) envelope() any {
	o := object{}.with("object", pick[any](m, "whatsapp_business_account", "whatsapp_business_account", "whatsapp_business_account", "whatsapp_business_account", m.seldom("whatsapp_business_account")))
	if m.oneIn(100) {
		o = object{}.with("object", pick[any](m, nil, "page", literal("null"), literal("7")))
	}
	o = m.deep(o)
	return o.with("entry", m.listOf(m.few(), (*Maker).entry))
}

// deep adds a member that is nested to the limit, or one deeper or less deep.
func (m *Maker) deep(o object) object {
	if m.oneIn(40) {
		return o.with("deep", m.nested(m.between(46, 48)))
	}
	return o
}

// few returns how many: nearly always one.
func (m *Maker) few() int {
	if m.oneIn(4) {
		return m.r.IntN(4)
	}
	return 1
}

// listOf returns a list of n items, or seldom something else.
func (m *Maker) listOf(n int, item func(*Maker) any) any {
	l := list{}
	for range n {
		if m.spare--; m.spare < 0 && len(l) > 0 {
			break
		}
		if m.oneIn(50) {
			l = append(l, m.anything(2))
		} else {
			l = append(l, item(m))
		}
	}
	return m.seldom(l)
}

func (m *Maker) entry() any {
	return object{}.with("id", m.account()).with("time", m.maybe(2, m.moment())).
		with("field", m.maybe(30, pick(m, fields...).name)).
		with("changes", m.listOf(m.few(), (*Maker).change))
}

func (m *Maker) change() any {
	field := pick(m, fields...)
	value := object{}.with("messaging_product", m.maybe(2, "whatsapp"))
	if m.oneIn(20) {
		value = value.with("phone_number_settings", object{}.with("phone_number_id", m.number()))
	} else if field.list != "" || m.oneIn(3) {
		value = value.with("metadata", m.seldom(object{}.with("display_phone_number", m.own()).with("phone_number_id", m.number())))
	}
	if m.oneIn(2) {
		value = value.with("contacts", m.listOf(m.few(), (*Maker).contact))
	}
	for _, l := range lists {
		if l.name == field.list || m.oneIn(40) {
			value = value.with(l.name, m.listOf(m.few(), l.item))
		}
	}
	if field.list == "" {
		value = m.news(value)
	}
	o := object{}.with("value", m.seldom(value))
	switch m.r.IntN(20) {
	case 0:
		return object{}.with("value", value.with("field", field.name))
	case 1:
		return o
	}
	return o.with("field", m.seldom(field.name))
}

// news is a change that is about the account or a template.
func (m *Maker) news(value object) object {
	return value.with("event", m.maybe(2, pick(m, "APPROVED", "REJECTED", "DISABLED_UPDATE"))).
		with("message_template_id", m.maybe(2, literal("1689556908129832"))).
		with("message_template_name", m.maybe(2, m.words())).
		with("timestamp", m.maybe(2, m.moment()))
}

func (m *Maker) contact() any {
	profile := object{}.with("name", m.maybe(2, m.words())).with("username", m.maybe(3, pick(m, "@sari", "sari", "@", "", "\x00")))
	o := object{}.with("profile", m.seldom(profile)).with("parent_user_id", m.maybe(6, m.user()))
	if m.oneIn(12) {
		return o
	}
	return m.person(o, "wa_id", "user_id")
}

// types are the types of message, and what else may stand there.
var types = []string{
	"text", "text", "text", "image", "video", "audio", "voice", "document", "sticker", "location", "contacts", "interactive", "button", "reaction",
	"order", "system", "system", "template", "edit", "revoke", "unsupported", "request_welcome", "SYSTEM", "Edit", "REVOKE", "systems", "",
}

func (m *Maker) message() any {
	kind := pick(m, types...)
	o := object{}.with("id", m.messageID()).with("timestamp", m.seldom(m.moment()))
	o = m.person(o, "from", "from_user_id")
	if m.oneIn(4) {
		o = m.person(o, "to", "to_user_id")
	}
	if m.oneIn(12) {
		o = o.with("from", m.own())
	}
	switch m.r.IntN(16) {
	case 0:
		o = o.with("message_type", kind)
	case 1: // it has a part and does not say
	default:
		o = o.with("type", m.seldom(kind))
	}
	if kind != "" {
		o = o.with(kind, m.seldom(m.part(kind)))
	}
	if m.oneIn(12) {
		o = o.with("system", m.part("system"))
	}
	if m.oneIn(200) {
		o = o.with("deep", m.nested(m.between(38, 42)))
	}
	return o.with("whatsapp_message_id", m.maybe(30, m.messageID())).
		with("context", m.maybe(8, object{}.with("id", m.messageID()))).
		with("errors", m.maybe(12, list{object{}.with("code", literal("131051"))})).
		with("history_context", m.maybe(12, object{}.with("status", "READ")))
}

// part returns what stands under a message's type.
func (m *Maker) part(kind string) any {
	switch kind {
	case "text":
		return object{}.with("body", m.words())
	case "contacts":
		return list{object{}.with("name", object{}.with("formatted_name", m.words()))}
	case "location":
		return object{}.with("latitude", pick(m, numerals...)).with("longitude", pick(m, numerals...))
	case "reaction":
		return object{}.with("message_id", m.messageID()).with("emoji", literal(`"\ud83d\ude42"`))
	case "system", "SYSTEM":
		return object{}.with("type", m.maybe(2, pick(m, "user_changed_number", "user_changed_user_id", "customer_identity_changed"))).
			with("customer", m.maybe(2, m.phone())).with("wa_id", m.maybe(2, m.phone())).with("new_wa_id", m.maybe(3, m.phone())).
			with("user_id", m.maybe(2, m.user())).with("previous_user_id", m.maybe(2, m.user()))
	case "edit", "revoke", "Edit", "REVOKE":
		return object{}.with("original_message_id", m.messageID()).
			with("message", m.seldom(object{}.with("type", "text").with("text", object{}.with("body", m.words()))))
	}
	return object{}.with("id", m.maybe(2, "800000000000001")).with("mime_type", "image/jpeg").with("url", "https://lookaside.example/x?a=1").with("caption", m.maybe(3, m.words()))
}

func (m *Maker) status() any {
	o := object{}.with("id", m.messageID()).with("status", m.seldom(pick(m, "sent", "delivered", "read", "failed", "played", "READ", "warning", ""))).
		with("timestamp", m.seldom(m.moment())).with("type", m.maybe(10, pick(m, "call", "message", "CALL"))).
		with("whatsapp_message_id", m.maybe(30, m.messageID()))
	o = m.person(o, "recipient_id", "recipient_user_id")
	if m.oneIn(8) {
		o = m.person(o.with("recipient_type", pick(m, "group", "individual")), "recipient_participant_id", "recipient_participant_user_id")
	}
	return o.with("pricing", m.maybe(4, object{}.with("billable", literal("true")))).
		with("errors", m.maybe(8, list{object{}.with("code", literal("131026")).with("title", m.words())}))
}

func (m *Maker) call() any {
	o := object{}.with("id", m.maybe(2, m.messageID())).with("wacid", m.maybe(3, m.spelt("wacid.1"))).
		with("event", pick(m, "connect", "terminate", "CALL_STATUS")).with("status", m.maybe(2, "COMPLETED")).
		with("direction", m.maybe(2, pick(m, "USER_INITIATED", "BUSINESS_INITIATED"))).
		with("timestamp", m.maybe(2, m.moment())).with("start_time", m.maybe(2, m.moment()))
	if m.oneIn(4) {
		o = o.with("from", m.own())
	} else {
		o = m.person(o, "from", "from_user_id")
	}
	return m.person(o, "to", "to_user_id")
}

func (m *Maker) preference() any {
	o := object{}.with("category", m.maybe(2, pick(m, "marketing_messages", "marketing_messages", "other"))).
		with("value", m.seldom(pick(m, "stop", "resume", "maybe"))).with("timestamp", m.maybe(2, m.moment()))
	return m.person(o, "wa_id", "user_id")
}

func (m *Maker) bookEntry() any {
	contact := m.person(object{}.with("full_name", m.words()).with("username", m.maybe(3, "@sari")), "phone_number", "user_id")
	return object{}.with("type", m.maybe(2, pick(m, "contact", "contact", "label"))).with("contact", m.seldom(contact)).
		with("action", pick(m, "add", "remove")).with("metadata", m.maybe(2, object{}.with("timestamp", m.moment()))).
		with("timestamp", m.maybe(3, m.moment()))
}

func (m *Maker) group() any {
	return object{}.with("group_id", "HBgLM").with("type", "group_create").with("timestamp", m.maybe(2, m.moment()))
}

func (m *Maker) automatic() any {
	return object{}.with("id", m.maybe(2, m.spelt("event1"))).with("event_name", "LeadSubmitted").with("timestamp", m.maybe(2, m.moment()))
}

func (m *Maker) failure() any {
	return object{}.with("code", literal("131000")).with("title", m.words())
}

func (m *Maker) chunk() any {
	return object{}.with("metadata", m.maybe(2, object{}.with("phase", literal("0")))).
		with("threads", m.maybe(2, m.listOf(m.few(), (*Maker).thread))).
		with("errors", m.maybe(6, list{object{}.with("code", literal("2593109"))}))
}

func (m *Maker) thread() any {
	context := object{}.with("wa_id", m.maybe(2, m.phone())).with("user_id", m.maybe(2, m.user())).with("username", m.maybe(3, "@sari"))
	return object{}.with("id", m.maybe(2, m.phone())).with("user_id", m.maybe(3, m.user())).
		with("context", m.maybe(2, context)).with("messages", m.listOf(m.few(), (*Maker).message))
}

// Many returns a body of Meta's about n numbers, each with its message, split
// over entries and changes at random; the ids are the indices of the numbers.
func (m *Maker) Many(n int) []byte {
	var entries, changes list
	for i := range n {
		value := object{}.with("metadata", object{}.with("phone_number_id", indexID(i))).
			with(pick(m, "messages", "statuses"), list{object{}.with("id", indexID(i)).with("status", "read").with("from", "6281200000001").with("type", "text").with("text", object{}.with("body", ""))})
		changes = append(changes, object{}.with("field", "messages").with("value", value))
		if m.oneIn(8) || i == n-1 {
			entries = append(entries, object{}.with("id", "900000000000001").with("changes", changes))
			changes = nil
		}
	}
	w := writer{m: m, spaces: pick(m, 0, 9), escapes: pick(m, 0, 9)}
	return w.document(object{}.with("object", "whatsapp_business_account").with("entry", entries))
}

func indexID(i int) any { return "n" + strconv.Itoa(i) }
