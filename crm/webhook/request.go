package webhook

import "github.com/my21staff/my21staff/crm"

// Request is a provider's webhook request, reduced to what decides.
// Signature headers are lists because a header that comes twice is refused.
type Request struct {
	Provider  crm.Provider
	Hub       []string // every X-Hub-Signature-256
	Signature []string // every X-Webhook-Signature (Kapso)
	Event     string   // X-Webhook-Event (Kapso)
	Body      []byte   // the raw bytes as received; never re-serialised
}
