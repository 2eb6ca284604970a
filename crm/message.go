package crm

import (
	"strconv"
	"time"
)

// Direction says who a message went to.
type Direction string

// The directions.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Message is one message of a conversation. Messages are ordered by
// (ProviderTime, Ingest), both stored, so the order never depends on who asks.
type Message struct {
	ID             MessageID
	WorkspaceID    WorkspaceID
	ConversationID ConversationID
	ChannelID      ChannelID
	ContactID      ContactID
	Direction      Direction
	Author         Actor
	Content        Content
	ProviderID     string // wamid; empty until the provider answered. Unique in the channel. Embeds a phone number: personal data
	Status         MessageStatus
	Error          *ProviderError // why it failed; kept when a later status overrides the failure
	ReplyTo        string         // provider id of the quoted message
	Forwarded      bool
	ProviderTime   time.Time
	Ingest         int64     // the workspace's feed number at which it was stored; given by the store
	EditedAt       time.Time // zero unless the sender edited it
	RevokedAt      time.Time // zero unless the sender took it back
	CreatedAt      time.Time
}

// StatusReport is what a provider said about a message. Reports are kept, one
// for each (channel, provider id, status); one whose message is not known yet
// waits with a zero MessageID until it is.
type StatusReport struct {
	WorkspaceID WorkspaceID
	ChannelID   ChannelID
	ProviderID  string
	Status      MessageStatus
	MessageID   MessageID
	At          time.Time
	Error       *ProviderError
	Pricing     *Pricing
}

// Pricing is what a provider says a message costs.
type Pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"model,omitempty"`
	Type     string `json:"type,omitempty"`
	Category string `json:"category,omitempty"`
}

// Amendment is the sender's change to a message already sent: an edit or a
// take-back. Like a status report it waits for its message.
type Amendment struct {
	WorkspaceID WorkspaceID
	ChannelID   ChannelID
	ProviderID  string  // of the message that is changed
	SourceID    string  // provider id of the change itself
	Content     Content // the new content; nil takes the message back
	At          time.Time
}

// Report raises the message to a report's status and keeps its error. It
// returns whether anything changed.
func (m *Message) Report(r StatusReport) bool {
	next := m.Status.Join(r.Status)
	keep := r.Error != nil && m.Error == nil
	if next == m.Status && !keep || m.Direction == Inbound {
		return false
	}
	m.Status = next
	if keep {
		m.Error = r.Error
	}
	return true
}

// Amend applies a sender's edit or take-back; the latest edit and the earliest
// take-back count, and nothing brings back what was taken back. It returns
// whether anything changed.
func (m *Message) Amend(a Amendment) bool {
	switch {
	case a.Content == nil && (m.RevokedAt.IsZero() || a.At.Before(m.RevokedAt)):
		m.RevokedAt = a.At
	case a.Content != nil && a.At.After(m.EditedAt):
		m.Content, m.EditedAt = a.Content, a.At
	default:
		return false
	}
	return true
}

// ProviderError is an error as a provider words it, in a webhook or an answer.
type ProviderError struct {
	Code    int    `json:"code"`
	Title   string `json:"title,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Subcode int    `json:"subcode,omitempty"`
	Word    string `json:"word,omitempty"` // Kapso's flat code: "insufficient_credits"
}

// Error returns code, title and detail.
func (e *ProviderError) Error() string {
	text := e.Title
	if e.Detail != "" && e.Detail != e.Title {
		if text != "" {
			text += ": "
		}
		text += e.Detail
	}
	switch {
	case e.Word != "":
		return e.Word + ": " + text
	case e.Code != 0:
		return strconv.Itoa(e.Code) + ": " + text
	}
	return text
}
