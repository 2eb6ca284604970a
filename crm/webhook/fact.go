package webhook

import (
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Kind says what a fact is about, and which of its parts is set.
type Kind string

// The kinds of fact.
const (
	Message    Kind = "message"    // Fact.Message: somebody wrote, either way
	Status     Kind = "status"     // Fact.Status: how far an outbound message has come
	Amendment  Kind = "amendment"  // Fact.Amendment: the sender edited or took back
	Preference Kind = "preference" // Fact.Preference: marketing wanted or not
	Identity   Kind = "identity"   // Fact.Identity: a number or user id changed; a system Message has the part too
	Contact    Kind = "contact"    // Fact.Contact: the business app's address book
	Template   Kind = "template"   // Fact.Template: a template's status, category or quality
	Account    Kind = "account"    // the number, business account or app, or an error about one; only Event and Raw
	Call       Kind = "call"       // Fact.Call
	Other      Kind = "other"      // a field or event that is not known or that no inbox needs (groups, Kapso's conversations); only Event and Raw
	Unreadable Kind = "unreadable" // an item that has not the form of its kind; Problem says why
)

// Origin says where a message was written.
type Origin string

// The origins.
const (
	Live    Origin = "live"    // by the customer, or by the API (this program or another)
	App     Origin = "app"     // by the business in its WhatsApp Business app (an echo)
	History Origin = "history" // before the number was connected; opens no window and counts as read
)

// Fact is one thing a provider reports. Every item of a webhook becomes one:
// what we do not know is Other, what we cannot read is Unreadable, and both
// keep Raw.
//
// Strings are copies; Raw is a slice of the request's body and must not be
// changed.
type Fact struct {
	Kind          Kind
	Provider      crm.Provider
	Event         string // the provider's word: Meta's field, Kapso's event; empty for a listed message
	PhoneNumberID string // the channel; empty for account events
	AccountID     string // WhatsApp business account, when said
	ProviderID    string // wamid of the message, or of the message a status is about; empty when there is none
	Direction     crm.Direction
	Origin        Origin
	Peer          Peer      // the customer's side
	Time          time.Time // when it happened, by the provider's clock: UTC, whole milliseconds; zero when not said
	Raw           []byte    // the item's part of the body

	Message    *MessagePart
	Status     *StatusPart
	Amendment  *AmendmentPart
	Preference *PreferencePart
	Identity   *IdentityPart
	Contact    *ContactPart
	Template   *TemplatePart
	Call       *CallPart
	Problem    string // why it is Unreadable, or what a Message lacks
}

// Peer is the customer as a webhook names it. Any part may be missing: a sender
// with a username may have no number.
type Peer struct {
	WaID         string // digits only: "6281200000001"
	UserID       string // business-scoped: "US.13491208655302741918"
	ParentUserID string
	Username     string // as sent, without a leading @
	Name         string // profile name
}

// IsZero reports whether nothing names the peer that a contact could be known
// by.
func (p Peer) IsZero() bool { return p.WaID == "" && p.UserID == "" }

// MessagePart is a message.
type MessagePart struct {
	Content   crm.Content
	ReplyTo   string // provider id of the quoted message
	Forwarded bool
	GroupID   string // set for a group's message, which no inbox takes
	Referral  *crm.Source
	Status    crm.MessageStatus // of an outbound message, when the webhook says it; else empty
	Error     *crm.ProviderError
	Opaque    string // our message id, when the provider echoes it
}

// StatusPart is a delivery status.
type StatusPart struct {
	Status  crm.MessageStatus // empty for a word that is not known
	Word    string            // the provider's word
	Error   *crm.ProviderError
	Opaque  string // biz_opaque_callback_data: our message id, if it was our send
	Pricing *crm.Pricing
	GroupID string
}

// AmendmentPart is a sender's change to the message Target.
type AmendmentPart struct {
	Target  string
	Content crm.Content // nil: taken back
}

// PreferencePart is what the customer wants to receive.
type PreferencePart struct {
	Stop   bool
	Detail string
}

// IdentityPart says that one person is now known otherwise. Parts that did not
// change are empty.
type IdentityPart struct {
	OldWaID, NewWaID     string
	OldUserID, NewUserID string
}

// ContactPart is an entry of the business app's address book.
type ContactPart struct {
	Name    string
	Removed bool
}

// TemplatePart is news about a template; what is not said is empty.
type TemplatePart struct {
	ProviderID string
	Name       string
	Language   string
	Status     string // lower case
	Category   string // lower case
	Reason     string
}

// CallPart is a call or its status.
type CallPart struct {
	Event  string // connect, terminate, ringing, accepted, rejected
	Status string
}
