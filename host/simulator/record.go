package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// ring remembers the newest items.
type ring[T any] struct{ items []T }

// add appends an item and forgets the oldest tenth beyond keep.
func (r *ring[T]) add(item T, keep int) {
	r.items = append(r.items, item)
	if len(r.items) > keep {
		r.items = append([]T(nil), r.items[max(1, keep/10):]...)
	}
}

// Send is one thing a business wanted sent, and how often the provider took
// it: the record a checker compares. Calls with the same opaque data are the
// same send; without any, calls with the same body.
type Send struct {
	Seq        int64           `json:"seq"`
	Provider   crm.Provider    `json:"provider"`
	Number     string          `json:"number"`
	Customer   string          `json:"customer"`
	Opaque     string          `json:"opaque,omitempty"`
	Body       json.RawMessage `json:"body"`        // of the first call
	Times      int             `json:"times"`       // calls that were taken
	Unanswered int             `json:"unanswered"`  // of them, calls whose connection was reset
	MessageIDs []string        `json:"message_ids"` // one each
	First      time.Time       `json:"first"`
	Last       time.Time       `json:"last"`
}

// sendLog holds sends by what makes two calls the same.
type sendLog struct {
	order []*Send
	byKey map[string]*Send
	key   map[*Send]string
}

func newSendLog() sendLog { return sendLog{byKey: map[string]*Send{}, key: map[*Send]string{}} }

// record counts an accepted call.
func (l *sendLog) record(m *message, body []byte, keep int) *Send {
	n := m.chat.number
	key := string(n.Provider) + " " + n.PhoneNumberID + " "
	if m.Opaque != "" {
		key += m.Opaque
	} else {
		sum := sha256.Sum256(body)
		key += hex.EncodeToString(sum[:])
	}
	send := l.byKey[key]
	if send == nil {
		send = &Send{Seq: m.seq, Provider: n.Provider, Number: n.PhoneNumberID, Customer: m.chat.customer.key(), Opaque: m.Opaque,
			Body: append(json.RawMessage(nil), body...), First: m.At}
		l.byKey[key], l.key[send] = send, key
		l.order = append(l.order, send)
		l.forget(keep)
	}
	send.Times++
	send.Last = m.At
	send.MessageIDs = append(send.MessageIDs, m.ID)
	return send
}

// forget drops the oldest tenth beyond keep.
func (l *sendLog) forget(keep int) {
	if len(l.order) <= keep {
		return
	}
	drop := max(1, keep/10)
	for _, old := range l.order[:drop] {
		delete(l.byKey, l.key[old])
		delete(l.key, old)
	}
	l.order = append([]*Send(nil), l.order[drop:]...)
}

// Sends returns every send that was taken, oldest first.
func (s *Simulator) Sends() []Send {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Send, 0, len(s.sends.order))
	for _, send := range s.sends.order {
		copied := *send
		copied.MessageIDs = append([]string(nil), send.MessageIDs...)
		all = append(all, copied)
	}
	return all
}
