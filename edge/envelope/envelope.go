package envelope

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// ContentType is the media type of an envelope's payload.
const ContentType = "application/vnd.my21staff.envelope"

// The headers of an envelope.
const (
	IDHeader        = "webhook-id"
	TimestampHeader = "webhook-timestamp"
	SignatureHeader = "webhook-signature"
)

// Tolerance is how far an envelope's time and the clock of who opens it must
// stay below, either way: at five minutes exactly it is refused.
const Tolerance = 5 * time.Minute

// The bounds of an envelope.
const (
	MaxPayload    = 64 << 20 // bytes
	MaxParts      = 4096
	MaxNames      = 4096 // numbers of a part, and accounts
	MaxSecrets    = 2    // active at once
	MaxSignatures = 16   // in the header
	MaxID         = 128  // bytes
)

// Part is one provider request on its way to an origin, and what of it is the
// origin's.
type Part struct {
	Provider  string   // "meta" or "kapso"; never empty
	Event     string   // X-Webhook-Event as received
	Hub       string   // X-Hub-Signature-256 as received; empty: none
	Signature string   // X-Webhook-Signature as received; empty: none
	Numbers   []string // phone number ids that are this origin's
	Accounts  []string // account ids whose news without a number is this origin's
	Rest      bool     // what names neither number nor account, or cannot be read, is this origin's
	Epoch     uint32   // of the edge's configuration
	Body      []byte   // the provider's bytes, verbatim
}

// Sealed is an envelope as it is sent: the values of the headers and the body.
type Sealed struct {
	ID        string
	Timestamp string
	Signature string
	Payload   []byte
}

// Seal returns an envelope of the parts with a signature under each of the
// secrets. A retry is sealed again with the id it had, which is what [Key] makes
// of the same parts, and the time it is then.
//
// No part, too many, one without a provider and an id that is not 1 to MaxID
// letters, digits, "_" and "-" are Invalid; a payload beyond MaxPayload is
// TooLarge; secrets that are none, too many or not in their form are Internal.
// Text that is not UTF-8 arrives with U+FFFD in place of what is not.
func Seal(id string, at time.Time, secrets []string, parts []Part) (Sealed, error) {
	const op = "seal envelope"
	if !isID(id) {
		return Sealed{}, &crm.Error{Op: op, Code: crm.Invalid, Msg: "The id of an envelope is of letters, digits, _ and -."}
	}
	keys, err := keysOf(secrets)
	if err != nil {
		return Sealed{}, crm.Wrap(op, err)
	}
	payload, err := encode(parts)
	if err != nil {
		return Sealed{}, crm.Wrap(op, err)
	}
	sealed := Sealed{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10), Payload: payload}
	sealed.Signature = sealed.sign(keys)
	return sealed, nil
}

// Open returns the parts of an envelope, given the values of its headers as
// received and its payload. The bodies of the parts are slices of the payload.
//
// It looks at the signature first, then at the time, and then at what is inside:
// a signature by none of the secrets, no secrets, headers that are not in their
// form and a time not within Tolerance are Unauthenticated; a payload not in its
// form is Invalid, one beyond a bound TooLarge. Secrets that are too many or not
// in their form are Internal.
func Open(h Sealed, secrets []string, now time.Time) ([]Part, error) {
	const op = "open envelope"
	if len(h.Payload) > MaxPayload {
		return nil, crm.Wrap(op, tooLarge)
	}
	if err := h.verify(secrets); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := h.fresh(now); err != nil {
		return nil, crm.Wrap(op, err)
	}
	parts, err := decode(h.Payload)
	return parts, crm.Wrap(op, err)
}

// Key returns the id for an envelope of the parts: "env_" and the hexadecimal
// SHA-256 of everything in them, so that a retry of the same parts has the same.
func Key(parts []Part) string {
	sum := sha256.New()
	for i := range parts {
		sum.Write(parts[i].line())
		sum.Write(parts[i].Body)
	}
	return "env_" + hex.EncodeToString(sum.Sum(nil))
}
