package simulator

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// update is one thing a business is told. It holds what either kind of webhook
// says of it, made when it happened and never changed.
type update struct {
	number  *number
	chat    *chat  // nil: about the account
	message string // wamid; empty: about none
	status  string // of a status update

	field   string // Meta's field
	list    string // the list in Meta's value that takes item; empty: value is all
	item    any
	contact any    // entry of Meta's contacts; nil: none
	value   object // Meta's value without metadata, when list is empty

	event string // Kapso's event; empty: Kapso does not tell
	body  object // Kapso's body

	lane     string // updates of one lane leave one after another: those of a chat; set by emit
	sequence int64  // among the Kapso bodies of the chat; set by emit
}

// place is where the faults of webhooks find the update.
func (u *update) place() place {
	at := place{number: u.number, status: u.status}
	if u.chat != nil {
		at.customer = u.chat.customer
	}
	return at
}

// emitInbound tells of a customer's message. s.mu is held.
func (s *Simulator) emitInbound(m *message, began bool) {
	hide := m.chat.customer.Phone != "" && s.strike(place{number: m.chat.number, customer: m.chat.customer}, FaultUsernameOnly) != nil
	p := peer{customer: m.chat.customer, hidden: hide}
	if began {
		s.emitSession(m.chat, "whatsapp.conversation.created")
	}
	body := s.kapsoBody(m, p)
	body["is_new_conversation"] = began
	u := &update{
		number: m.chat.number, chat: m.chat, message: m.ID,
		field: "messages", list: "messages", item: p.item(m), contact: p.contact(),
		event: "whatsapp.message.received", body: body,
	}
	if m.Type == "system" {
		u.contact = nil
	}
	s.emit(u)
}

// emitStatus tells of the status a message has reached. A failure names no
// contact.
func (s *Simulator) emitStatus(m *message) {
	reached := m.Statuses[len(m.Statuses)-1]
	p := peer{customer: m.chat.customer}
	u := &update{
		number: m.chat.number, chat: m.chat, message: m.ID, status: reached.Status,
		field: "messages", list: "statuses", item: p.status(m, reached), contact: p.contact(),
		event: "whatsapp.message." + reached.Status, body: s.kapsoBody(m, p),
	}
	if reached.Status == "failed" {
		u.contact = nil
	}
	s.emit(u)
}

// emitEcho tells of a message the business wrote in its WhatsApp Business app.
func (s *Simulator) emitEcho(m *message) {
	p := peer{customer: m.chat.customer}
	s.emit(&update{
		number: m.chat.number, chat: m.chat, message: m.ID,
		field: "smb_message_echoes", list: "message_echoes", item: p.echo(m), contact: p.contact(),
		event: "whatsapp.message.sent", body: s.kapsoBody(m, p),
	})
}

// emitSession tells of a conversation's begin or end, which only Kapso does.
func (s *Simulator) emitSession(ch *chat, event string) {
	s.emit(&update{number: ch.number, chat: ch, event: event, body: object{"conversation": conversation(ch), "phone_number_id": ch.number.PhoneNumberID}})
}

// Event tells a number of anything else: name is Meta's field with body its
// value, or Kapso's event with body its body, as they are. It is sent whatever
// events the webhook asked for.
func (s *Simulator) Event(p crm.Provider, phoneNumberID, name string, body json.RawMessage) error {
	var parts map[string]json.RawMessage
	if json.Unmarshal(body, &parts) != nil || parts == nil || name == "" {
		return invalid("An event needs a name and a JSON object.")
	}
	value := object{}
	for key, part := range parts { // bytes as they are: a template's id has more digits than a float
		value[key] = part
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(p, phoneNumberID)
	if err != nil {
		return err
	}
	for _, h := range n.hooks {
		if h.active && h.URL != "" {
			s.enqueue(h, &update{number: n, field: name, value: value, event: name, body: value})
		}
	}
	return nil
}

// Preference makes a customer stop or resume marketing messages, and tells the
// number.
func (s *Simulator) Preference(to Chat, stop bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chatAt(to)
	if err != nil {
		return err
	}
	c, now := ch.customer, s.now()
	before := c.Stopped
	c.Stopped = stop
	c.preferences++
	detail := "User requested to " + word(stop, "stop", "resume") + " marketing messages"
	p := peer{customer: c}
	s.emit(&update{
		number: ch.number, chat: ch, field: "user_preferences", list: "user_preferences", contact: p.contact(),
		item: object{"wa_id": c.Phone, "user_id": c.UserID, "detail": detail, "category": "marketing_messages",
			"value": word(stop, "stop", "resume"), "timestamp": now.Unix()},
		event: "whatsapp.contact.marketing_preference_changed",
		body: object{"contact": contact(ch), "phone_number_id": ch.number.PhoneNumberID, "marketing_preference": object{
			"status": word(stop, "stopped", "resumed"), "previous_status": word(before, "stopped", "resumed"),
			"detail": detail, "occurred_at": now.UTC().Format(time.RFC3339), "sequence": c.preferences}},
	})
	return nil
}

// ChangeNumber gives a customer another phone number, and with it another user
// id, and tells every number it chats with: Meta by a system message from the
// old number, Kapso by an event. A number somebody else has is a Conflict.
func (s *Simulator) ChangeNumber(customerRef, phone string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.people.find(customerRef)
	if c == nil || !isPhone(phone) {
		return &crm.Error{Op: "change number", Code: crm.Invalid, Msg: "Name a customer of the simulator and a phone number."}
	}
	if s.people.find(phone) != nil {
		return &crm.Error{Op: "change number", Code: crm.Conflict, Msg: "Somebody has this number."}
	}
	old := c.Customer
	s.people.unlist(c)
	c.Phone, c.UserID = waID(phone), s.newUserID(waID(phone))
	s.people.phone[c.Phone], s.people.userID[c.UserID] = c, c
	if c.Username != "" {
		s.people.name[c.Username] = c
	}
	for _, n := range s.numbers {
		if ch := n.chats[c]; ch != nil {
			s.tellChange(ch, old)
		}
	}
	return nil
}

func (s *Simulator) tellChange(ch *chat, old Customer) {
	c := ch.customer
	content, _ := json.Marshal(object{
		"type": "user_changed_number", "wa_id": c.Phone, "user_id": c.UserID, "previous_user_id": old.UserID,
		"body": "User " + c.Name + " changed from " + old.Phone + " to " + c.Phone,
	})
	m := &message{chat: ch, Message: Message{ID: s.newWamid(c, crm.Inbound), Direction: crm.Inbound, Origin: originAPI,
		Type: "system", Content: content, At: s.now(), Status: "received"}}
	s.add(m)
	was := peer{customer: &customer{Customer: old}}
	s.emit(&update{
		number: ch.number, chat: ch, message: m.ID, field: "messages", list: "messages", item: was.item(m),
		event: "whatsapp.contact.identity_changed",
		body:  object{"contact": contact(ch), "previous": object{"business_scoped_user_id": old.UserID}, "phone_number_id": ch.number.PhoneNumberID},
	})
}

// Past is a stretch of chat from before a number was connected.
type Past struct {
	Chat
	Count int    `json:"count"`          // messages, of both sides in turn; 1 to 100,000
	Text  string `json:"text,omitempty"` // of each
}

// historyChunk is how many messages a history webhook holds at most.
const historyChunk = 3000

// History tells a number of a chat from before, in chunks as Meta does, or
// message by message as Kapso does. The simulator does not keep it.
func (s *Simulator) History(past Past) error {
	if past.Count < 1 || past.Count > 100_000 || len(past.Text) > 65_536 {
		return &crm.Error{Op: "history", Code: crm.Invalid, Msg: "Count is between 1 and 100000, text at most 65536 bytes."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chatAt(past.Chat)
	if err != nil {
		return err
	}
	if ch.session.id == "" {
		s.touch(ch, s.now())
	}
	kapso := ch.number.hooks[0].Kind == KindKapso
	for start := 0; start < past.Count; start += historyChunk {
		messages := s.pastMessages(ch, past, start, min(past.Count, start+historyChunk))
		if kapso {
			s.emitPast(messages)
			continue
		}
		progress := 100 * (start + len(messages)) / past.Count
		s.emit(s.historyUpdate(ch, messages, start/historyChunk+1, progress))
	}
	return nil
}

func (s *Simulator) pastMessages(ch *chat, past Past, from, to int) []*message {
	made := make([]*message, 0, to-from)
	for i := from; i < to; i++ {
		d := crm.Inbound
		if i%2 == 1 {
			d = crm.Outbound
		}
		text := past.Text
		if text == "" {
			text = "Message " + strconv.Itoa(i+1) + " from before"
		}
		content, _ := json.Marshal(object{"body": text})
		at := s.now().Add(-time.Duration(past.Count-i+1) * time.Minute)
		made = append(made, &message{chat: ch, Message: Message{ID: s.newWamid(ch.customer, d), Direction: d, Origin: originHistory,
			Type: "text", Content: content, At: at, Status: "read"}})
	}
	return made
}

func (s *Simulator) historyUpdate(ch *chat, messages []*message, chunk, progress int) *update {
	p := peer{customer: ch.customer}
	items := make([]object, 0, len(messages))
	for _, m := range messages {
		item := p.item(m)
		if m.Direction == crm.Outbound {
			item = p.echo(m)
		}
		item["history_context"] = object{"status": "READ"}
		items = append(items, item)
	}
	return &update{number: ch.number, chat: ch, field: "history", value: object{"history": []object{{
		"metadata": object{"phase": 0, "chunk_order": chunk, "progress": progress},
		"threads":  []object{{"id": ch.customer.key(), "messages": items}},
	}}}}
}

func (s *Simulator) emitPast(messages []*message) {
	for _, m := range messages {
		event := "whatsapp.message.received"
		if m.Direction == crm.Outbound {
			event = "whatsapp.message.sent"
		}
		s.emit(&update{number: m.chat.number, chat: m.chat, message: m.ID, event: event, body: s.kapsoBody(m, peer{customer: m.chat.customer})})
	}
}
