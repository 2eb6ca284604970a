package crm

import (
	"fmt"
	"io"
	"time"
)

// Outgoing is one message on its way to a provider.
type Outgoing struct {
	MessageID MessageID // comes back in status reports (biz_opaque_callback_data)
	To        string    // E.164 with the plus; empty for somebody without a number
	Recipient string    // business-scoped user id; used when To is empty
	ReplyTo   string    // provider id of the quoted message
	Content   Content
}

// Accepted is a provider's word that it took a message. It is not a delivery.
type Accepted struct {
	ProviderID string // wamid
	WaID       string // the number WhatsApp knows the recipient by; may differ from the one written to
	UserID     string
	Held       bool // taken, and held for a quality check
}

// SendError is why a provider did not take a message, with what a retry
// decision needs.
type SendError struct {
	Status     int            // HTTP status; 0 when no answer came
	Provider   *ProviderError // as the provider worded it; nil when no answer could be read
	RetryAfter time.Duration  // what the provider asked for; 0 when nothing
	Ambiguous  bool           // the request left and nobody knows what became of it
	Err        error          // the transport's error; nil when an answer came
}

// Error says what went wrong.
func (e *SendError) Error() string {
	switch {
	case e.Provider != nil:
		return fmt.Sprintf("provider answered %d: %v", e.Status, e.Provider)
	case e.Err != nil:
		return fmt.Sprintf("no answer from the provider: %v", e.Err)
	default:
		return fmt.Sprintf("provider answered %d", e.Status)
	}
}

// Unwrap returns the transport's error.
func (e *SendError) Unwrap() error { return e.Err }

// File is a stream of bytes with what is known of it. Who receives it closes
// Body.
type File struct {
	Name string
	MIME string
	Size int64 // bytes; -1 when not known
	Body io.ReadCloser
}
