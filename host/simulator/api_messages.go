package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// object is a JSON object on its way out.
type object = map[string]any

// sendRequest is the body of POST /{phone number id}/messages, which sends,
// marks read or shows that somebody types.
type sendRequest struct {
	Product   string `json:"messaging_product"`
	To        string `json:"to"`
	Recipient string `json:"recipient"` // business-scoped user id; To wins
	Type      string `json:"type"`
	Context   struct {
		MessageID string `json:"message_id"`
	} `json:"context"`
	Opaque    string `json:"biz_opaque_callback_data"`
	Status    string `json:"status"`
	MessageID string `json:"message_id"`
	Typing    *struct {
		Type string `json:"type"`
	} `json:"typing_indicator"`

	parts map[string]json.RawMessage
}

// content is the object under the type's name.
func (r *sendRequest) content() json.RawMessage { return r.parts[r.Type] }

// postMessage serves POST /{phone number id}/messages.
func (c *call) postMessage() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	c.send = sendRequest{}
	if err := json.Unmarshal(c.ctx.PostBody(), &c.send); err != nil {
		return nil, parameter("The request body is not the JSON object that is expected: %v", err)
	}
	_ = json.Unmarshal(c.ctx.PostBody(), &c.send.parts) // an object, or the line above had failed
	if c.send.Product != "whatsapp" {
		return nil, parameter("The parameter messaging_product is required.")
	}
	if c.send.Status != "" {
		return c.markRead(n)
	}
	ch, err := c.recipient(n)
	if err != nil {
		return nil, err
	}
	if err := c.s.checkSend(ch, &c.send); err != nil {
		return nil, err
	}
	m := c.s.accept(ch, &c.send, c.ctx.PostBody())
	c.accepted = m
	return c.s.receipt(m, &c.send), nil
}

// markRead serves status "read": the message and those before it are read, and
// with a typing indicator somebody types for 25 seconds or until the reply. An
// id that is not known is taken: the simulator forgets at a restart.
func (c *call) markRead(n *number) (any, error) {
	switch {
	case c.send.Status != "read":
		return nil, parameter("Param status must be one of {READ} - got %q", c.send.Status)
	case c.send.MessageID == "":
		return nil, graph(131008, "Required parameter message_id is missing.")
	}
	if m := n.index[c.send.MessageID]; m != nil {
		for _, earlier := range m.chat.messages {
			if earlier.Direction == crm.Inbound && earlier.seq <= m.seq {
				earlier.raise("read", 0, c.s.now())
			}
		}
		if c.send.Typing != nil {
			m.chat.typingUntil = c.s.now().Add(25 * time.Second)
			m.chat.version++
		}
	}
	return object{"success": true}, nil
}

// recipient returns the chat with whom the request names.
func (c *call) recipient(n *number) (*chat, error) {
	ref := cmp.Or(c.send.To, c.send.Recipient)
	if ref == "" {
		return nil, parameter("The parameter to is required.")
	}
	if c.send.To != "" && !isPhone(ref) {
		return nil, graph(131009, fmt.Sprintf("Recipient %q is not a phone number.", ref))
	}
	if c.send.To == "" && !isUserID(ref) {
		return nil, graph(131009, fmt.Sprintf("Recipient %q is not a business-scoped user id.", ref))
	}
	if waID(ref) != "" && waID(ref) == waID(n.DisplayNumber) {
		return nil, graph(131021, "Sender and recipient phone number is the same.")
	}
	person, err := c.s.customer(ref)
	if err != nil {
		return nil, graph(131009, err.Error())
	}
	return c.s.chatOf(n, person), nil
}

// checkSend refuses what the provider refuses at once.
func (s *Simulator) checkSend(ch *chat, r *sendRequest) error {
	if err := checkContent(r); err != nil {
		return err
	}
	if err := s.checkMedia(ch.number, r); err != nil {
		return err
	}
	if r.Type == "template" {
		if err := checkTemplate(ch, r); err != nil {
			return err
		}
	} else if ch.number.Provider == crm.Kapso && !ch.open(s.now()) {
		return closedWindow()
	}
	if refused := s.checkRate(ch); refused != nil {
		return refused
	}
	return nil
}

// accept takes a message and starts its way to the customer. s.mu is held.
func (s *Simulator) accept(ch *chat, r *sendRequest, body []byte) *message {
	at := place{number: ch.number, customer: ch.customer, on: labelSend}
	m := &message{chat: ch, Message: Message{
		ID: s.newWamid(ch.customer, crm.Outbound), Direction: crm.Outbound, Origin: originAPI, Type: r.Type,
		Content: append(json.RawMessage(nil), r.content()...), ReplyTo: strings.Clone(r.Context.MessageID),
		Opaque: r.Opaque, At: s.now(), Status: "accepted",
	}}
	ch.typingUntil = time.Time{}
	began := s.add(m)
	m.send = s.sends.record(m, body, s.keep)
	if began {
		s.emitSession(ch, "whatsapp.conversation.created")
	}
	if s.strike(at, FaultHeld) != nil {
		m.Status = "held"
		return m
	}
	code := s.doom(ch, r)
	if fail := s.strike(at, FaultFail); fail != nil {
		code = cmp.Or(fail.Code, defaultFailCode)
	}
	s.progress(m, code)
	return m
}

// doom returns the code a send fails with after it was taken, 0 if it arrives.
// Meta reports here what Kapso refuses at once.
func (s *Simulator) doom(ch *chat, r *sendRequest) int {
	switch {
	case ch.customer.Unreachable:
		return 131026
	case r.Type != "template" && !ch.open(s.now()):
		return 131047
	case r.Type == "template" && ch.customer.Stopped && ch.number.template(r).marketing():
		return 131050
	}
	return 0
}

// progress moves a message through its statuses, each after its delay.
func (s *Simulator) progress(m *message, code int) {
	if s.delays.Sent < 0 {
		return
	}
	s.after(s.delays.Sent, func() {
		if code != 0 {
			s.report(m, "failed", code)
			return
		}
		s.report(m, "sent", 0)
		if s.delays.Delivered < 0 || m.Type == "reaction" { // of a reaction only "sent" is told
			return
		}
		s.after(s.delays.Delivered, func() {
			s.report(m, "delivered", 0)
			if s.delays.Read >= 0 {
				s.after(s.delays.Read, func() { s.report(m, "read", 0) })
			}
		})
	})
}

// report moves a message to a status and tells the business, unless the
// message is there already.
func (s *Simulator) report(m *message, status string, code int) {
	if m.raise(status, code, s.now()) {
		s.emitStatus(m)
	}
}

// receipt is the answer to an accepted send.
func (s *Simulator) receipt(m *message, r *sendRequest) object {
	contact := object{"input": cmp.Or(r.To, r.Recipient)}
	if m.chat.customer.Phone != "" {
		contact["wa_id"] = m.chat.customer.Phone
	}
	if r.Recipient != "" {
		contact["user_id"] = m.chat.customer.UserID
	}
	sent := object{"id": m.ID}
	switch {
	case m.Status == "held":
		sent["message_status"] = "held_for_quality_assessment"
	case r.Type == "template":
		sent["message_status"] = "accepted"
	}
	return object{"messaging_product": "whatsapp", "contacts": []object{contact}, "messages": []object{sent}}
}
