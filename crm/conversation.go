package crm

import "time"

// ConversationStatus is where a conversation stands in the team's work.
type ConversationStatus string

// The statuses. An inbound message opens a resolved or snoozed conversation
// again and leaves a pending one pending.
const (
	Open     ConversationStatus = "open"
	Pending  ConversationStatus = "pending"  // waits for somebody else
	Snoozed  ConversationStatus = "snoozed"  // opens by itself at SnoozedUntil
	Resolved ConversationStatus = "resolved" // done, until the customer writes again
)

// Mode says who answers.
type Mode string

// The modes.
const (
	Human Mode = "human"
	Bot   Mode = "bot"
)

// Conversation is the one lasting thread of a channel and a contact. It carries
// what the inbox list shows, so that the list is one index range and no join.
type Conversation struct {
	ID           ConversationID
	WorkspaceID  WorkspaceID
	ChannelID    ChannelID
	ContactID    ContactID
	Status       ConversationStatus
	SnoozedUntil time.Time // zero unless snoozed
	AssigneeID   MemberID  // zero: nobody
	RoutedAt     time.Time // since when it is the assignee's, or in the queue, by the rules of assignment; zero: they did not decide that
	RoutedFor    string    // why they did: the code of a reason of package lead
	Mode         Mode
	Unread       int       // inbound messages since a member last read
	LastInbound  time.Time // provider time of what last opened the customer service window; zero: never
	WaitingSince time.Time // provider time of the first message that nobody has answered; zero: the customer does not wait
	ProfileAt    time.Time // provider time of the newest message here under the contact's profile name
	CreatedAt    time.Time
	UpdatedAt    time.Time

	// Shown in the list.
	ContactName   string
	ContactHandle string
	Temperature   Temperature
	LastMessage   LastMessage
}

// LastMessage is the newest message of a conversation, as the list shows it.
type LastMessage struct {
	ID        MessageID     `json:"id,omitzero"`
	At        time.Time     `json:"at,omitzero"` // provider time
	Ingest    int64         `json:"-"`           // breaks ties of At
	Direction Direction     `json:"direction,omitempty"`
	Status    MessageStatus `json:"status,omitempty"` // outbound only
	Preview   string        `json:"preview,omitempty"`
}

// Assign gives the conversation to a member, or with the zero id to nobody,
// because somebody says so: what the rules of assignment said of it is over.
func (c *Conversation) Assign(to MemberID) {
	c.AssigneeID, c.RoutedAt, c.RoutedFor = to, time.Time{}, ""
}

// LastOf returns how the list shows a message.
func LastOf(m *Message) LastMessage {
	last := LastMessage{ID: m.ID, At: m.ProviderTime, Ingest: m.Ingest, Direction: m.Direction, Preview: m.Content.Preview()}
	if m.Direction == Outbound {
		last.Status = m.Status
	}
	if !m.RevokedAt.IsZero() {
		last.Preview = "[taken back]"
	}
	return last
}

// WindowUntil returns when the customer service window closes; zero if it never
// opened.
func (c *Conversation) WindowUntil() time.Time {
	if c.LastInbound.IsZero() {
		return time.Time{}
	}
	return c.LastInbound.Add(ServiceWindow)
}

// Ask notes that the customer wrote at a time, before the message is the last:
// unless the business wrote since, the customer waits from then on.
func (c *Conversation) Ask(at time.Time) {
	if c.LastMessage.Direction == Outbound && c.LastMessage.At.After(at) {
		return
	}
	if c.WaitingSince.IsZero() || at.Before(c.WaitingSince) {
		c.WaitingSince = at
	}
}

// Reply notes that the business wrote at a time. It returns how long the customer
// had waited, and whether this answered anything. What is told late leaves the
// customer waiting since the newest message after it.
func (c *Conversation) Reply(at time.Time) (waited time.Duration, answers bool) {
	if c.WaitingSince.IsZero() || at.Before(c.WaitingSince) {
		return 0, false
	}
	waited, c.WaitingSince = at.Sub(c.WaitingSince), time.Time{}
	if c.LastInbound.After(at) {
		c.WaitingSince = c.LastInbound
	}
	return waited, true
}
