package edgetest

// KapsoEvents are the events of X-Webhook-Event, and some that are none.
var KapsoEvents = []string{
	"whatsapp.message.received", "whatsapp.message.received", "whatsapp.message.received", "whatsapp.message.sent", "whatsapp.message.sent",
	"whatsapp.message.delivered", "whatsapp.message.read", "whatsapp.message.failed", "whatsapp.message.played", "whatsapp.message.reacted",
	"whatsapp.contact.identity_changed", "whatsapp.contact.marketing_preference_changed", "whatsapp.phone_number.created", "whatsapp.account.updated",
	"whatsapp.config.created", "whatsapp.conversation.created", "whatsapp.conversation.ended", "received", "sent", "whatsapp.message.", "x",
}

// KapsoBody returns a body as Kapso sends it, or nearly, and the event in its
// header.
func (m *Maker) KapsoBody() (event string, body []byte) {
	m.spare = 60
	event = pick(m, KapsoEvents...)
	tree := m.kapsoForm(event)
	if m.oneIn(3) {
		event = pick(m, "", "", "", pick(m, KapsoEvents...))
	}
	return event, m.write(tree)
}

// kapsoForm returns one event, a batch, one that is wrapped, or Meta's own.
func (m *Maker) kapsoForm(event string) any {
	switch m.r.IntN(10) {
	case 0, 1:
		item := func(m *Maker) any { return m.kapsoEvent(event) }
		return object{}.with("type", m.maybe(2, event)).with("batch", m.maybe(2, literal("true"))).
			with("data", m.listOf(m.r.IntN(4), item)).with("batch_info", m.maybe(2, object{}.with("size", literal("2"))))
	case 2:
		return m.deep(object{}.with("event", m.maybe(2, event)).with("data", m.seldom(m.kapsoEvent(event))))
	case 3:
		return m.envelope()
	}
	return m.kapsoEvent(event)
}

func (m *Maker) kapsoEvent(event string) any {
	o := m.deep(object{})
	switch m.r.IntN(6) {
	case 0:
		o = o.with("whatsapp_config", m.seldom(object{}.with("phone_number_id", m.number())))
	case 1:
		o = o.with("business_account_id", m.account())
	default:
		o = o.with("phone_number_id", m.number())
	}
	o = o.with("event", m.maybe(8, event)).with("type", m.maybe(12, event)).with("business_account_id", m.maybe(4, m.account()))
	switch event {
	case "whatsapp.contact.identity_changed":
		return o.with("contact", m.kapsoContact()).with("previous", m.kapsoContact()).with("occurred_at", m.maybe(2, m.moment()))
	case "whatsapp.contact.marketing_preference_changed":
		preference := object{}.with("status", pick(m, "stopped", "resumed", "other")).with("occurred_at", m.maybe(2, m.moment()))
		return o.with("contact", m.kapsoContact()).with("marketing_preference", m.seldom(preference)).with("occurred_at", m.maybe(2, m.moment()))
	}
	if m.oneIn(2) {
		o = o.with("conversation", m.seldom(m.conversation()))
	}
	if len(event) < 10 || event[:10] == "whatsapp.m" || m.oneIn(10) {
		o = o.with("message", m.seldom(m.kapsoMessage()))
	}
	return o.with("contact", m.maybe(8, m.kapsoContact())).with("occurred_at", m.maybe(8, m.moment())).
		with("timestamp", m.maybe(8, m.moment())).with("created_at", m.maybe(8, m.moment()))
}

func (m *Maker) kapsoContact() any {
	return m.seldom(m.person(object{}.with("profile_name", m.words()).with("updated_at", m.maybe(2, m.moment())), "wa_id", "business_scoped_user_id"))
}

func (m *Maker) conversation() any {
	return m.person(object{}.with("id", "conv1").with("phone_number_id", m.maybe(3, m.number())).
		with("updated_at", m.maybe(2, m.moment())).with("created_at", m.maybe(2, m.moment())), "phone_number", "business_scoped_user_id")
}

func (m *Maker) kapsoMessage() any {
	o, ok := m.message().(object)
	if !ok {
		return o
	}
	kapso := object{}.with("direction", m.maybe(2, pick(m, "inbound", "outbound", "outbound", "", "other"))).
		with("status", m.maybe(3, pick(m, "sent", "delivered", "read", ""))).
		with("origin", m.maybe(4, pick(m, "cloud_api", "business_app", "history_sync"))).
		with("phone_number", m.maybe(6, m.phone())).with("phone_number_id", m.maybe(6, m.number()))
	if m.oneIn(2) {
		kapso = kapso.with("statuses", m.listOf(m.r.IntN(3), (*Maker).status))
	}
	return o.with("kapso", m.seldom(kapso)).with("direction", m.maybe(8, pick(m, "inbound", "outbound"))).
		with("created_at", m.maybe(4, m.moment())).with("phone_number", m.maybe(8, m.phone())).with("content", m.maybe(6, m.words()))
}
