package simulator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Message is one message of a chat.
type Message struct {
	ID        string          `json:"id"` // wamid
	Direction crm.Direction   `json:"direction"`
	Origin    string          `json:"origin"` // cloud_api, business_app
	Type      string          `json:"type"`
	Content   json.RawMessage `json:"content,omitempty"` // the object under the type's name
	ReplyTo   string          `json:"reply_to,omitempty"`
	Forwarded bool            `json:"forwarded,omitempty"`
	GroupID   string          `json:"group_id,omitempty"`
	Referral  json.RawMessage `json:"referral,omitempty"`
	Opaque    string          `json:"opaque,omitempty"` // biz_opaque_callback_data
	At        time.Time       `json:"at"`
	Status    string          `json:"status"` // inbound: received, read; outbound: accepted, held, sent, delivered, read, played, failed
	Statuses  []StatusAt      `json:"statuses,omitempty"`
	Revoked   bool            `json:"revoked,omitempty"`
}

// StatusAt is a status and when it was reached.
type StatusAt struct {
	Status string    `json:"status"`
	At     time.Time `json:"at"`
	Code   int       `json:"code,omitempty"` // why it failed
}

// The origins of messages, as Kapso words them.
const (
	originAPI     = "cloud_api"
	originApp     = "business_app"
	originHistory = "history_sync"
)

// message is a Message in its chat.
type message struct {
	Message
	seq  int64
	chat *chat
	send *Send // outbound by the API: its record
}

// number is a Number at work.
type number struct {
	Number
	hooks     []*hook // Meta: one
	templates []Template
	chats     map[*customer]*chat
	log       []*message // all, oldest first
	index     map[string]*message
	rate      bucket
}

// chat is what one number and one customer have written.
type chat struct {
	number      *number
	customer    *customer
	session     session
	messages    []*message // oldest first
	lastInbound time.Time
	typingUntil time.Time
	sequence    int64 // numbers the Kapso bodies of the chat
	version     int64 // grows with every change, for the page
	pair        bucket
	metadata    json.RawMessage // of the contact, as Kapso keeps it
}

// session is a conversation as Kapso counts them: it ends after a day of
// silence, or when the business ends it.
type session struct {
	id      string
	created time.Time
	active  time.Time
	ended   bool
}

// newNumber makes a number of n. s.mu is held, or s not yet shared.
func (s *Simulator) newNumber(n Number) *number {
	if n.Provider == "" {
		n.Provider = crm.Meta
	}
	if n.Webhook.Kind == "" || n.Provider == crm.Meta {
		n.Webhook.Kind = KindMeta
		if n.Provider == crm.Kapso {
			n.Webhook.Kind = KindKapso
		}
	}
	made := &number{Number: n, chats: map[*customer]*chat{}, index: map[string]*message{}}
	made.templates = n.Templates
	if made.templates == nil {
		made.templates = SampleTemplates()
	}
	made.templates = slices.Clone(made.templates)
	for i := range made.templates {
		if made.templates[i].ID == "" {
			made.templates[i].ID = digits(s.random, 16)
		}
	}
	made.hooks = []*hook{{id: uuid(s.random), Webhook: n.Webhook, active: true}}
	return made
}

// chatOf returns the chat of a number and a customer, a new one if they have
// none. s.mu is held.
func (s *Simulator) chatOf(n *number, c *customer) *chat {
	if ch := n.chats[c]; ch != nil {
		return ch
	}
	ch := &chat{number: n, customer: c}
	n.chats[c] = ch
	return ch
}

// add appends a message to its chat and says whether a new session began with
// it. s.mu is held.
func (s *Simulator) add(m *message) (began bool) {
	ch, n := m.chat, m.chat.number
	s.seq++
	m.seq = s.seq
	ch.messages = append(ch.messages, m)
	n.log = append(n.log, m)
	n.index[m.ID] = m
	if m.Direction == crm.Inbound && m.Type != "system" && m.At.After(ch.lastInbound) {
		ch.lastInbound = m.At
	}
	ch.version++
	s.forget(n)
	return s.touch(ch, m.At)
}

// touch keeps the chat's session alive, or begins another.
func (s *Simulator) touch(ch *chat, now time.Time) (began bool) {
	began = ch.session.id == "" || ch.session.ended || now.Sub(ch.session.active) > crm.ServiceWindow
	if began {
		first := ch.session.id == ""
		ch.session = session{id: uuid(s.random), created: now}
		if first && ch.customer.Conversation != "" {
			ch.session.id = ch.customer.Conversation
		}
	}
	ch.session.active = now
	return began
}

// forget drops a number's oldest tenth when it remembers too much.
func (s *Simulator) forget(n *number) {
	if len(n.log) <= s.keep {
		return
	}
	drop := max(1, s.keep/10)
	for _, m := range n.log[:drop] {
		delete(n.index, m.ID)
		m.chat.messages = slices.Delete(m.chat.messages, 0, 1)
	}
	n.log = slices.Clone(n.log[drop:])
}

// open reports whether the customer service window is open.
func (ch *chat) open(now time.Time) bool {
	return !ch.lastInbound.IsZero() && now.Before(ch.lastInbound.Add(crm.ServiceWindow))
}

// about reports whether a message only says something about another one.
func (m *message) about() bool { return m.Type == "reaction" || m.Type == "edit" || m.Type == "revoke" }

// last returns the newest message in a direction, nil if there is none.
func (ch *chat) last(d crm.Direction) *message {
	for _, m := range slices.Backward(ch.messages) {
		if m.Direction == d && !m.about() {
			return m
		}
	}
	return nil
}

var rank = map[string]int{"accepted": 0, "held": 1, "sent": 2, "delivered": 3, "read": 4, "played": 5, "failed": 6}

// raise moves a message on to a status and reports whether it was below it.
// Failed is final.
func (m *message) raise(status string, code int, now time.Time) bool {
	if rank[status] <= rank[m.Status] || m.Status == "failed" || m.Status == "held" {
		return false
	}
	m.Status = status
	m.Statuses = append(m.Statuses, StatusAt{Status: status, At: now, Code: code})
	m.chat.version++
	return true
}

// find returns a number by provider and id; an empty provider or id matches
// any. s.mu is held.
func (s *Simulator) find(p crm.Provider, id string) (*number, error) {
	for _, n := range s.numbers {
		if (p == "" || p == n.Provider) && (id == "" || id == n.PhoneNumberID) {
			return n, nil
		}
	}
	return nil, &crm.Error{Op: "find number", Code: crm.NotFound, Msg: "There is no such number in the simulator."}
}

// digitsOf returns the digits of text.
func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}
