package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// The headers that carry a signature.
const (
	HubHeader   = "X-Hub-Signature-256" // Meta: "sha256=" and 64 lower-case hexadecimal digits
	KapsoHeader = "X-Webhook-Signature" // Kapso: the digits alone
)

const hubPrefix = "sha256="

// Verify returns the index of the first secret that signed the request's body
// as received. Anything else is Unauthenticated with index -1: no header, a
// header that comes twice or not exactly in its form, no secret, and an empty
// secret, which nothing is ever signed with.
//
// A Kapso webhook of kind "meta" may carry Meta's header instead of Kapso's,
// made with the same secret; if both are there, Kapso's decides. Which header
// that kind really carries is documented nowhere (public receivers accept
// either, 2026).
func Verify(r Request, secrets []crm.Secret) (int, error) {
	want, err := r.signature()
	if err != nil {
		return -1, err
	}
	for i, secret := range secrets {
		if secret != "" && hmac.Equal(want, digest(secret, r.Body)) {
			return i, nil
		}
	}
	return -1, unauthenticated("The signature was made with another secret.")
}

// SeemsFor returns the phone_number_id that stands first in the body, as far as
// can be told without reading it, or "". Whoever sent the body may have written
// anything there: it is a guess at which secret to try first, no more.
func (r Request) SeemsFor() string {
	const name, most = `"phone_number_id"`, 32
	at := bytes.Index(r.Body, []byte(name))
	if at < 0 {
		return ""
	}
	rest := bytes.TrimLeft(r.Body[at+len(name):], " \t\r\n")
	if rest, found := bytes.CutPrefix(rest, []byte(":")); found {
		rest, found = bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"`))
		if end := bytes.IndexByte(rest[:min(len(rest), most)], '"'); found && end > 0 {
			return string(rest[:end])
		}
	}
	return ""
}

// Sign returns the header a provider would send with body, for simulators,
// tests and examples.
func Sign(provider crm.Provider, secret crm.Secret, body []byte) (header, value string) {
	value = hex.EncodeToString(digest(secret, body))
	if provider == crm.Kapso {
		return KapsoHeader, value
	}
	return HubHeader, hubPrefix + value
}

func digest(secret crm.Secret, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// signature returns the bytes the request claims to be signed with.
func (r Request) signature() ([]byte, error) {
	values, prefix := r.Hub, hubPrefix
	if r.Provider == crm.Kapso && len(r.Signature) > 0 {
		values, prefix = r.Signature, ""
	}
	switch {
	case len(values) == 0:
		return nil, unauthenticated("The signature is missing.")
	case len(values) > 1:
		return nil, unauthenticated("The signature came more than once.")
	}
	text, found := strings.CutPrefix(strings.Trim(values[0], " \t"), prefix)
	sum, err := hex.DecodeString(text)
	if !found || err != nil || len(sum) != sha256.Size || text != strings.ToLower(text) {
		return nil, unauthenticated("The signature is not in the provider's form.")
	}
	return sum, nil
}

func unauthenticated(sentence string) error {
	return &crm.Error{Op: "verify webhook", Code: crm.Unauthenticated, Msg: sentence}
}
