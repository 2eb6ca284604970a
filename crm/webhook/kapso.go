package webhook

import (
	"strings"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// kapso reads Kapso's forms: one event, a batch of them, one wrapped in data
// (v1), or Meta's own envelope, which a webhook of kind "meta" passes on.
func (r *reader) kapso(event string, root tape.Value) {
	if root.Get("object").Present() || root.Get("entry").Present() {
		r.meta(root)
		return
	}
	event = first(event, name(root.Get("type")), name(root.Get("event")))
	data := root.Get("data")
	switch {
	case data.Kind() == tape.Array && (root.Get("batch").Bool() || strings.HasPrefix(event, messagePrefix)):
		r.each(Fact{Event: event}, data, func(body tape.Value) { r.kapsoEvent(event, body) })
	case data.Kind() == tape.Object && data.Get("message").Present() && !root.Get("message").Present():
		r.kapsoEvent(event, data)
	default:
		r.kapsoEvent(event, root)
	}
	if len(r.facts) == 0 {
		r.add(Fact{Kind: Other, Event: event, Raw: root.Raw()})
	}
}

const messagePrefix = "whatsapp.message."

// kapsoBody is one event's body.
type kapsoBody struct {
	*reader
	event        string
	body         tape.Value
	message      tape.Value
	kapso        tape.Value // what Kapso adds to the message
	conversation tape.Value
	base         Fact
}

func (r *reader) kapsoEvent(event string, body tape.Value) {
	k := kapsoBody{reader: r, event: event, body: body, message: body.Get("message"), conversation: body.Get("conversation")}
	k.kapso = k.message.Get("kapso")
	config := body.Get("whatsapp_config")
	k.base = Fact{Event: event, Raw: body.Raw(), PhoneNumberID: first(
		name(body.Get("phone_number_id")), name(k.conversation.Get("phone_number_id")),
		name(k.kapso.Get("phone_number_id")), name(config.Get("phone_number_id")))}
	k.base.AccountID = name(body.Get("business_account_id"))
	switch {
	case isMessageEvent(event), event == "" && k.message.Present():
		k.messageEvent(strings.TrimPrefix(event, messagePrefix))
	case event == "whatsapp.contact.identity_changed":
		k.identity()
	case event == "whatsapp.contact.marketing_preference_changed":
		k.preference()
	case strings.HasPrefix(event, "whatsapp.phone_number."), strings.HasPrefix(event, "whatsapp.account."), event == "whatsapp.config.created":
		k.news(Account)
	default:
		k.news(Other)
	}
}

// isMessageEvent reports whether event is one that is known about a message.
func isMessageEvent(event string) bool {
	switch event {
	case "whatsapp.message.received", "whatsapp.message.sent", "whatsapp.message.delivered",
		"whatsapp.message.read", "whatsapp.message.failed", "whatsapp.message.played":
		return true
	}
	return false
}

// news is an event that is one fact and has no part.
func (k *kapsoBody) news(kind Kind) {
	f := k.base
	f.Kind, f.Peer = kind, k.peer("", tape.Value{}).fill(k.contact(k.body.Get("contact")))
	c := k.conversation
	f.Time = firstTime(k.body.Get("occurred_at"), k.body.Get("timestamp"), c.Get("updated_at"), c.Get("created_at"), k.body.Get("created_at"))
	k.add(f)
}

// identity reads that a contact has another user id or number now.
func (k *kapsoBody) identity() {
	contact, previous := k.body.Get("contact"), k.body.Get("previous")
	f := k.base
	f.Time = firstTime(k.body.Get("occurred_at"), contact.Get("updated_at"))
	f.Peer = k.contact(contact)
	old := person(previous.Get("wa_id"), previous.Get("business_scoped_user_id"), tape.Value{})
	part := IdentityPart{OldUserID: old.UserID, NewUserID: f.Peer.UserID, OldWaID: old.WaID, NewWaID: f.Peer.WaID}
	if part.OldUserID == part.NewUserID || part.OldUserID == "" {
		part.OldUserID, part.NewUserID = "", ""
	}
	if part.OldWaID == part.NewWaID || part.OldWaID == "" {
		part.OldWaID, part.NewWaID = "", ""
	}
	if f.Peer.IsZero() || part == (IdentityPart{}) {
		k.add(f.unreadable("the event does not say what changed"))
		return
	}
	f.Kind, f.Identity = Identity, &part
	k.add(f)
}

// preference reads whether a contact wants marketing.
func (k *kapsoBody) preference() {
	preference := k.body.Get("marketing_preference")
	f := k.base
	f.Time = firstTime(preference.Get("occurred_at"), k.body.Get("occurred_at"))
	f.Peer = k.contact(k.body.Get("contact"))
	status := preference.Get("status")
	switch {
	case !status.Is("stopped") && !status.Is("resumed"):
		f = f.unreadable("the preference is neither stopped nor resumed")
	case f.Peer.IsZero():
		f = f.unreadable("the preference names no customer")
	default:
		f.Kind, f.Preference = Preference, &PreferencePart{Stop: status.Is("stopped"), Detail: preference.Get("detail").Text()}
	}
	k.add(f)
}

// contact reads Kapso's contact object.
func (k *kapsoBody) contact(contact tape.Value) Peer {
	p := person(contact.Get("wa_id"), contact.Get("business_scoped_user_id"), contact.Get("parent_business_scoped_user_id"))
	p.Username, p.Name = username(contact.Get("username")), contact.Get("profile_name").Text()
	return p
}
