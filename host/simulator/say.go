package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Chat names a number and a customer.
type Chat struct {
	Provider crm.Provider `json:"provider,omitempty"` // empty: any
	Number   string       `json:"number,omitempty"`   // phone number id; empty: the first
	Customer string       `json:"customer"`           // phone, user id or username; a new phone or user id makes a new customer
}

// Inbound is what a customer does on the phone.
type Inbound struct {
	Chat
	Kind string `json:"kind,omitempty"` // one of Kinds; empty: text
	// Text is the words of a text, a caption, the title of a button or row, an
	// emoji, ...; empty: an example.
	Text   string `json:"text,omitempty"`
	Choice string `json:"choice,omitempty"` // id of a button or row, payload of a quick reply
	// Content replaces the object under the type's name, as Meta words it.
	Content   json.RawMessage `json:"content,omitempty"`
	ReplyTo   string          `json:"reply_to,omitempty"` // wamid; of a reaction, an edit or a revoke its target, by default the newest
	Forwarded bool            `json:"forwarded,omitempty"`
	GroupID   string          `json:"group_id,omitempty"`
	Referral  json.RawMessage `json:"referral,omitempty"`
	ID        string          `json:"id,omitempty"`    // wamid; made up when empty
	At        time.Time       `json:"at,omitzero"`     // zero: now
	Count     int             `json:"count,omitempty"` // says it so often, at most 1000; 0: once
	Media     *Media          `json:"-"`               // the file of a media message; nil: an example
}

// chatAt finds a chat, and makes it and its customer if need be. s.mu is held.
func (s *Simulator) chatAt(at Chat) (*chat, error) {
	n, err := s.find(at.Provider, at.Number)
	if err != nil {
		return nil, err
	}
	c, err := s.customer(at.Customer)
	if err != nil {
		return nil, err
	}
	return s.chatOf(n, c), nil
}

// Say lets a customer write, and returns the messages. It is Invalid for what
// has no form, NotFound without the number, Unavailable while the webhook queue
// is full.
func (s *Simulator) Say(in Inbound) ([]Message, error) {
	kind, err := in.check()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chatAt(in.Chat)
	if err != nil {
		return nil, err
	}
	if s.full() {
		return nil, &crm.Error{Op: "say", Code: crm.Unavailable, Msg: "The simulator's webhook queue is full."}
	}
	said := make([]Message, 0, max(1, in.Count))
	for range max(1, in.Count) {
		m, err := s.say(ch, kind, in)
		if err != nil {
			return nil, err
		}
		said = append(said, m.Message)
	}
	return said, nil
}

// check refuses what has no form, and returns the kind.
func (in *Inbound) check() (kind, error) {
	k, known := kinds[cmp.Or(in.Kind, "text")]
	switch {
	case !known:
		return k, invalid(fmt.Sprintf("There is no kind %q.", in.Kind))
	case in.Count < 0 || in.Count > 1000 || in.ID != "" && in.Count > 1:
		return k, invalid("Count is at most 1000, and 1 with an id.")
	case len(in.Content) > 0 && !json.Valid(in.Content), len(in.Referral) > 0 && !json.Valid(in.Referral):
		return k, invalid("Content and referral must be JSON.")
	}
	return k, nil
}

func (s *Simulator) say(ch *chat, kind kind, in Inbound) (*message, error) {
	if kind.target != "" && in.ReplyTo == "" {
		newest := ch.last(kind.target)
		if newest == nil {
			return nil, invalid("There is no message that this could be about.")
		}
		in.ReplyTo = newest.ID
	}
	content := in.Content
	if len(content) == 0 && kind.content != nil {
		encoded, err := json.Marshal(kind.content(s, in))
		if err != nil {
			return nil, invalid(err.Error())
		}
		content = encoded
	}
	m := &message{chat: ch, Message: Message{
		ID: cmp.Or(in.ID, s.newWamid(ch.customer, crm.Inbound)), Direction: crm.Inbound, Origin: originAPI, Type: kind.wire,
		Content: content, ReplyTo: in.ReplyTo, Forwarded: in.Forwarded, GroupID: in.GroupID, Referral: in.Referral,
		At: in.At, Status: "received",
	}}
	if m.At.IsZero() {
		m.At = s.now()
	}
	if kind.target != "" {
		m.ReplyTo = "" // it is in the content
	}
	s.amend(m, in.ReplyTo)
	s.emitInbound(m, s.add(m))
	return m, nil
}

// amend lets an edit or a revoke change the chat's own copy.
func (s *Simulator) amend(m *message, target string) {
	old := m.chat.number.index[target]
	switch {
	case old == nil || old.chat != m.chat:
	case m.Type == "revoke":
		old.Revoked = true
	case m.Type == "edit":
		var edit struct{ Message map[string]json.RawMessage }
		if json.Unmarshal(m.Content, &edit) == nil && len(edit.Message[old.Type]) > 0 {
			old.Content = edit.Message[old.Type]
		}
	}
}

// Echo lets the business write in its WhatsApp Business app, and returns the
// message. Only texts are written there.
func (s *Simulator) Echo(to Chat, text string) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chatAt(to)
	if err != nil {
		return Message{}, err
	}
	content, _ := json.Marshal(object{"body": cmp.Or(text, "Written in the business app")})
	m := &message{chat: ch, Message: Message{ID: s.newWamid(ch.customer, crm.Outbound), Direction: crm.Outbound, Origin: originApp,
		Type: "text", Content: content, At: s.now(), Status: "accepted"}}
	s.add(m)
	m.raise("sent", 0, m.At)
	s.emitEcho(m)
	return m.Message, nil
}

// Read lets a customer read everything that was delivered, and returns how many
// messages that was. With played, voice messages among what was read are played
// as well.
func (s *Simulator) Read(at Chat, played bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chatAt(at)
	if err != nil {
		return 0, err
	}
	read := 0
	for _, m := range ch.messages {
		if m.Direction != crm.Outbound || m.Origin != originAPI {
			continue
		}
		if m.Status == "delivered" {
			s.report(m, "read", 0)
			read++
		}
		if played && m.Status == "read" && m.Type == "audio" {
			s.report(m, "played", 0)
		}
	}
	return read, nil
}

// Chats returns the chats of a number, the one with the newest message first.
// An empty number is every number's.
func (s *Simulator) Chats(p crm.Provider, number string) []ChatView {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []ChatView{}
	for _, n := range s.numbers {
		if p != "" && n.Provider != p || number != "" && n.PhoneNumberID != number {
			continue
		}
		for _, ch := range n.sorted() {
			all = append(all, ch.view(s.now(), 1))
		}
	}
	return all
}

// ChatView is a chat as it stands.
type ChatView struct {
	Provider     crm.Provider `json:"provider"`
	Number       string       `json:"number"`
	Customer     Customer     `json:"customer"`
	Conversation string       `json:"conversation,omitempty"` // Kapso's id of the running session
	WindowUntil  time.Time    `json:"window_until,omitzero"`
	Typing       bool         `json:"typing"` // the business is writing
	Version      int64        `json:"version"`
	Messages     []Message    `json:"messages"` // oldest first
}

// Chat returns a chat; a customer nobody knows, or who has not chatted with the
// number, is NotFound.
func (s *Simulator) Chat(at Chat) (ChatView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(at.Provider, at.Number)
	if err != nil {
		return ChatView{}, err
	}
	ch := n.chats[s.people.find(at.Customer)]
	if ch == nil {
		return ChatView{}, &crm.Error{Op: "find chat", Code: crm.NotFound, Msg: "This customer has no chat with the number."}
	}
	return ch.view(s.now(), len(ch.messages)), nil
}

// view copies a chat with its newest messages.
func (ch *chat) view(now time.Time, newest int) ChatView {
	v := ChatView{Provider: ch.number.Provider, Number: ch.number.PhoneNumberID, Customer: ch.customer.Customer,
		Conversation: ch.session.id, Typing: now.Before(ch.typingUntil), Version: ch.version, Messages: []Message{}}
	if !ch.lastInbound.IsZero() {
		v.WindowUntil = ch.lastInbound.Add(crm.ServiceWindow)
	}
	for _, m := range ch.messages[max(0, len(ch.messages)-newest):] {
		shown := m.Message
		shown.Statuses = append([]StatusAt(nil), m.Statuses...)
		v.Messages = append(v.Messages, shown)
	}
	return v
}

func invalid(sentence string) error {
	return &crm.Error{Op: "simulate", Code: crm.Invalid, Msg: strings.TrimSpace(sentence)}
}
