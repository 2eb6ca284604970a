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

	// Share is the part of the body that is for who takes the request. It is nil
	// for all of it, which is what a provider sends. An edge that serves several
	// hosts hands the whole body to each, because the signature is over all of it,
	// and says whose numbers are whose.
	Share *crm.Share
}
