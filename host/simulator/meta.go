package simulator

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
)

// peer is a customer as webhooks show it.
type peer struct {
	customer *customer
	hidden   bool // the number is withheld
}

// waID is the customer's number, empty when it has none to show.
func (p peer) waID() string {
	if p.hidden {
		return ""
	}
	return p.customer.Phone
}

// contact is an entry of Meta's contacts. Without a number wa_id is there and
// empty, while a message then has no "from" at all: both occur.
func (p peer) contact() object {
	profile := object{"name": p.customer.Name}
	if p.customer.Username != "" {
		profile["username"] = "@" + p.customer.Username
	}
	entry := object{"profile": profile, "wa_id": p.waID(), "user_id": p.customer.UserID}
	if p.customer.ParentUserID != "" {
		entry["parent_user_id"] = p.customer.ParentUserID
	}
	return entry
}

// item is an inbound message as both providers word it.
func (p peer) item(m *message) object {
	item := object{"id": m.ID, "timestamp": unix(m), "type": m.Type, "from_user_id": p.customer.UserID}
	if id := p.waID(); id != "" {
		item["from"] = id
	}
	if p.customer.ParentUserID != "" {
		item["from_parent_user_id"] = p.customer.ParentUserID
	}
	p.fill(item, m)
	return item
}

// echo is an outbound message as both providers word it.
func (p peer) echo(m *message) object {
	item := object{"id": m.ID, "timestamp": unix(m), "type": m.Type, "from": digitsOf(m.chat.number.DisplayNumber), "to_user_id": p.customer.UserID}
	if id := p.waID(); id != "" {
		item["to"] = id
	}
	p.fill(item, m)
	return item
}

// fill adds what a message holds beside who and when.
func (p peer) fill(item object, m *message) {
	if len(m.Content) > 0 {
		item[m.Type] = m.Content
	}
	if m.Type == "unsupported" || m.Type == "unknown" {
		item["errors"] = []object{{"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
			"error_data": object{"details": "Message type is currently not supported."}}}
	}
	context := object{}
	if m.ReplyTo != "" {
		context["id"] = m.ReplyTo
		context["from"] = digitsOf(m.chat.number.DisplayNumber)
		if quoted := m.chat.number.index[m.ReplyTo]; quoted != nil && quoted.Direction == crm.Inbound {
			context["from"] = p.waID()
		}
	}
	if m.Forwarded {
		context["forwarded"] = true
	}
	if len(context) > 0 {
		item["context"] = context
	}
	if m.GroupID != "" {
		item["group_id"] = m.GroupID
	}
	if len(m.Referral) > 0 {
		item["referral"] = m.Referral
	}
}

// status is a delivery status as both providers word it.
func (p peer) status(m *message, reached StatusAt) object {
	item := object{"id": m.ID, "status": reached.Status, "timestamp": strconv.FormatInt(reached.At.Unix(), 10),
		"recipient_id": p.waID(), "recipient_user_id": p.customer.UserID}
	if m.Opaque != "" {
		item["biz_opaque_callback_data"] = m.Opaque
	}
	switch reached.Status {
	case "failed":
		title := graphCodes[reached.Code].title
		item["errors"] = []object{{"code": reached.Code, "title": title, "message": title,
			"error_data": object{"details": fmt.Sprintf("Simulated failure %d.", reached.Code)},
			"href":       "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}}
	case "sent", "delivered":
		item["pricing"] = object{"billable": m.Type == "template", "pricing_model": "PMP",
			"type": word(m.Type == "template", "regular", "free_customer_service"), "category": m.category()}
	}
	return item
}

// category is what a message is priced as.
func (m *message) category() string {
	if m.Type != "template" {
		return "service"
	}
	var sent sentTemplate
	_ = json.Unmarshal(m.Content, &sent) // it was checked when it was sent
	if t := m.chat.number.templateNamed(sent.Name, sent.Language.Code); t != nil {
		return strings.ToLower(t.Category)
	}
	return "utility"
}

func unix(m *message) string { return strconv.FormatInt(m.At.Unix(), 10) }

// envelope is Meta's body for updates, of one number or of several with the
// same address. Neighbours of one account share an entry, those of one number
// and field a change.
func envelope(updates []*update, padding any) object {
	var entries []object
	var last *update
	var value object
	for _, u := range updates {
		if last == nil || u.number.BusinessAccountID != last.number.BusinessAccountID {
			entries = append(entries, object{"id": u.number.BusinessAccountID, "changes": []object(nil)})
			last = nil
		}
		if last == nil || u.number != last.number || u.field != last.field || u.list == "" || last.list == "" {
			value = change(u)
			entry := entries[len(entries)-1]
			entry["changes"] = append(entry["changes"].([]object), object{"field": u.field, "value": value})
		}
		if u.list != "" {
			items, _ := value[u.list].([]any)
			value[u.list] = append(items, u.item)
			addContact(value, u)
		}
		last = u
	}
	if padding != nil {
		value["simulator_padding"] = padding
	}
	return object{"object": "whatsapp_business_account", "entry": entries}
}

// change starts the value of a change. Account events carry no metadata.
func change(u *update) object {
	value := object{}
	if u.chat != nil {
		value["messaging_product"] = "whatsapp"
		value["metadata"] = object{"display_phone_number": digitsOf(u.number.DisplayNumber), "phone_number_id": u.number.PhoneNumberID}
	}
	for key, part := range u.value {
		value[key] = part
	}
	return value
}

// addContact adds an update's contact to the value's, once each.
func addContact(value object, u *update) {
	entry, ok := u.contact.(object)
	if !ok {
		return
	}
	contacts, _ := value["contacts"].([]any)
	for _, known := range contacts {
		if k := known.(object); k["user_id"] == entry["user_id"] && k["wa_id"] == entry["wa_id"] {
			return
		}
	}
	value["contacts"] = append(contacts, entry)
}

// encodeMeta encodes as Meta does: everything beyond ASCII and every slash is
// escaped, so that a receiver who hashes a body it decoded and encoded again
// gets another signature.
func encodeMeta(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode webhook: %w", err)
	}
	out := make([]byte, 0, len(plain)+len(plain)/8)
	for i := 0; i < len(plain); {
		r, size := utf8.DecodeRune(plain[i:])
		i += size
		switch {
		case r == '/':
			out = append(out, '\\', '/')
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out, nil
}
