package crm

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Delivery is one webhook request in the journal: the raw bytes as they
// arrived, written in the transaction that applied them, so that it can be
// shown and replayed.
//
// A request whose facts all belong to one workspace is that workspace's row.
// One that names several, or none we know, is kept whole under the zero
// workspace, where only the operator sees it, and each workspace it touched has
// a row without Body: no tenant reads another's message through the log. So is
// one of which only a Share is this installation's and something else was in it.
type Delivery struct {
	ID          DeliveryID
	WorkspaceID WorkspaceID // zero: nobody's yet, or several workspaces'
	Key         [32]byte    // DeliveryKey of body and share: the same bytes are journalled once for each share of them
	Provider    Provider
	Event       string // Kapso's X-Webhook-Event; needed again at replay; empty for Meta
	Share       *Share // the part that is this installation's, Sorted: at replay, too, only its facts are applied; nil: all
	Signer      string // fingerprint of the secret that signed it: at replay, too, only its channels' facts are applied
	Verdict     Verdict
	Facts       int    // how many facts were read
	Applied     int    // how many changed something
	Reason      string // why not all were applied, in words; empty when all were
	Body        []byte // nil: this row keeps none
	Expired     bool   // a body was kept here and retention took it; known only of a row that was asked for by its id
	ReceivedAt  time.Time
	Seen        int // how often the same bytes came
}

// Fingerprint names a webhook secret without giving it away: Delivery.Signer.
func Fingerprint(secret Secret) string {
	sum := sha256.Sum256([]byte("my21staff webhook signer\x00" + string(secret)))
	return hex.EncodeToString(sum[:8])
}

// SignedBy reports whether one of the secrets signed the delivery.
func (d *Delivery) SignedBy(secrets ...Secret) bool {
	return slices.ContainsFunc(secrets, func(secret Secret) bool { return Fingerprint(secret) == d.Signer })
}

// Packer makes the bodies of the journal smaller for a store. It may be used
// from several goroutines.
type Packer interface {
	// Pack returns what is stored of a body, which it does not keep. The first
	// byte says how it is packed, and 0 that the rest is the body as it came:
	// what packing makes no smaller, and what a store without a packer wrote.
	Pack(body []byte) []byte

	// Unpack is the inverse of Pack, of every program before this one too. What
	// no Pack returned, what needs a newer program and what would be larger than
	// any body is Internal with the reason "corrupt". The body is the caller's,
	// never nil without an error.
	Unpack(packed []byte) ([]byte, error)
}

// Verdict says what became of a delivery.
type Verdict string

// The verdicts.
const (
	DeliveryApplied    Verdict = "applied"    // every fact was applied or was known already
	DeliveryPartly     Verdict = "partly"     // some facts could not be read or are nobody's
	DeliveryUnknown    Verdict = "unknown"    // no phone number of ours
	DeliveryUnreadable Verdict = "unreadable" // signed, and not JSON we can read
)
