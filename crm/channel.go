package crm

import "time"

// Provider is who carries a channel's messages.
type Provider string

// The providers.
const (
	Kapso Provider = "kapso"
	Meta  Provider = "meta"
)

// Channel is one WhatsApp number of a workspace.
type Channel struct {
	ID                ChannelID
	WorkspaceID       WorkspaceID
	Provider          Provider
	PhoneNumberID     string // Meta's id of the number; unique with the provider in the installation
	BusinessAccountID string // the WhatsApp business account (WABA); needed for templates
	DisplayNumber     string // as people write it: "+62 812 0000 0001"
	Name              string
	BaseURL           string // the provider's address; empty for its own, set for a simulator
	Credentials       Credentials
	CreatedAt         time.Time
	DisabledAt        time.Time // zero while it sends and receives
	PausedReason      string    // why sending is stopped (the provider refused our credentials, billing); empty while it is not
}

// Credentials are a channel's secrets. The store keeps them sealed; only the
// code that verifies or sends sees them.
type Credentials struct {
	Token          Secret   // Meta's access token or Kapso's API key
	VerifyToken    Secret   // what the handshake (GET) must bring
	WebhookSecrets []Secret // one or two active secrets (two while rotating); none: every webhook is refused
}
