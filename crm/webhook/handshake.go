package webhook

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/my21staff/my21staff/crm"
)

// MaxChallenge bounds what a handshake echoes, in bytes.
const MaxChallenge = 1 << 10

// Handshake is the GET request with which Meta tests a callback address, each
// time the address or its token is set: the query's hub.mode, hub.verify_token
// and hub.challenge.
type Handshake struct {
	Mode, Token, Challenge string
}

// Answer returns the challenge byte for byte, to be the whole body of a 200, if
// the token is one of tokens. A token that is not, or is empty, is
// Unauthenticated; another mode than "subscribe" or a challenge over
// MaxChallenge is Invalid.
func (h Handshake) Answer(tokens []crm.Secret) (string, error) {
	const op = "answer handshake"
	switch {
	case h.Mode != "subscribe":
		return "", &crm.Error{Op: op, Code: crm.Invalid, Msg: "The handshake's mode is not subscribe."}
	case len(h.Challenge) > MaxChallenge:
		return "", &crm.Error{Op: op, Code: crm.Invalid, Msg: "The handshake's challenge is too long."}
	}
	// Comparing sums takes the same time for tokens of any length.
	got := sha256.Sum256([]byte(h.Token))
	for _, token := range tokens {
		want := sha256.Sum256([]byte(token))
		if token != "" && hmac.Equal(got[:], want[:]) {
			return h.Challenge, nil
		}
	}
	return "", &crm.Error{Op: op, Code: crm.Unauthenticated, Msg: "The verify token is not ours."}
}
