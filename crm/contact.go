package crm

import "time"

// IdentityKind is a way to know a contact.
type IdentityKind string

// The kinds of identity. A username is not one: it changes hands.
const (
	ByPhone    IdentityKind = "phone"       // E.164 with the plus: "+6281200000001"
	ByWaID     IdentityKind = "wa_id"       // WhatsApp's digits, as sent: "6281200000001"
	ByUserID   IdentityKind = "user_id"     // business-scoped user id: "US.13491208655302741918"
	ByEmail    IdentityKind = "email"       // lower case
	ByExternal IdentityKind = "external_id" // a key of the customer's own system
)

// Identity is one name a contact is known by. Kind and value are unique in a
// workspace; nothing is ever keyed by an empty value.
type Identity struct {
	Kind  IdentityKind `json:"kind"`
	Value string       `json:"value"`
}

// Contact is a person the workspace talks to. It is not keyed by a phone
// number: a sender may have none.
type Contact struct {
	ID          ContactID
	WorkspaceID WorkspaceID
	Name        string // given by the team; empty until then
	ProfileName string // what the person calls itself on WhatsApp
	ProfileAt   time.Time
	Username    string     // shown, never a key
	Identities  []Identity // oldest first
	Tags        []TagID
	Fields      map[string]string // the workspace's own fields
	LeadStatus  string            // "new" at first
	Temperature Temperature
	Score       int // 0 to 100: its lead's total as of when that was last scored, by which lists are sorted
	Source      Source
	OptOut      OptOut
	BlockedAt   time.Time // zero unless the team blocked it
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Temperature is how likely a lead is to buy now.
type Temperature string

// The temperatures; a contact nobody has scored has none.
const (
	Hot  Temperature = "hot"
	Warm Temperature = "warm"
	Cold Temperature = "cold"
)

// Source says where a contact came from, from its first fact.
type Source struct {
	Kind    string    `json:"kind"` // chat, ad, post, form, import, sync, api, manual
	At      time.Time `json:"at,omitzero"`
	AdID    string    `json:"ad_id,omitempty"`
	URL     string    `json:"url,omitempty"`
	Title   string    `json:"title,omitempty"`
	ClickID string    `json:"click_id,omitempty"` // ctwa_clid, for the ad platform's conversion report
}

// OptOut is whether the person asked not to be written to. The newest word wins.
type OptOut struct {
	Out    bool      `json:"out"`
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason,omitempty"` // "marketing preference", "STOP", "set by the team"
}

// Newer returns the later of two words about opting out; on a tie, "out" wins.
func (o OptOut) Newer(p OptOut) OptOut {
	switch {
	case p.At.After(o.At), p.At.Equal(o.At) && p.Out && !o.Out:
		return p
	default:
		return o
	}
}

// Identity returns the contact's first value of a kind, or "".
func (c *Contact) Identity(kind IdentityKind) string {
	for _, id := range c.Identities {
		if id.Kind == kind {
			return id.Value
		}
	}
	return ""
}

// Has reports whether the contact is known by the identity.
func (c *Contact) Has(id Identity) bool {
	for _, have := range c.Identities {
		if have == id {
			return true
		}
	}
	return false
}

// DisplayName is what the inbox calls the contact: the team's name for it, else
// its own, else its username or number.
func (c *Contact) DisplayName() string {
	for _, name := range []string{c.Name, c.ProfileName, c.Username, c.Identity(ByPhone), c.Identity(ByWaID), c.Identity(ByUserID), c.Identity(ByEmail)} {
		if name != "" {
			return name
		}
	}
	return ""
}

// Handle is how the contact is reached, for the list: its number, else its
// username, else what it is known by.
func (c *Contact) Handle() string {
	for _, handle := range []string{c.Identity(ByPhone), c.Identity(ByWaID), c.Username, c.Identity(ByUserID), c.Identity(ByEmail)} {
		if handle != "" {
			return handle
		}
	}
	return ""
}
