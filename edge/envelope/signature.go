package envelope

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

const (
	secretPrefix = "whsec_"
	version      = "v1,"
)

// CheckSecret returns why a text is no secret of an envelope, in words that end
// the sentence "it is ...", or nil.
func CheckSecret(secret string) error {
	_, err := keyOf(secret)
	return err
}

// keyOf returns the bytes of a secret: 24 to 64, as Standard Webhooks wants.
func keyOf(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(key) < 24 || len(key) > 64 || strings.ContainsAny(text, "\r\n") { // which base64 passes over
		return nil, errors.New(`not "whsec_" and 24 to 64 bytes in base64`)
	}
	return key, nil
}

// keysOf returns the bytes of all secrets.
func keysOf(secrets []string) ([][]byte, error) {
	if len(secrets) == 0 || len(secrets) > MaxSecrets {
		return nil, &crm.Error{Code: crm.Internal, Err: errors.New("an envelope wants one or two secrets")}
	}
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		var err error
		if keys[i], err = keyOf(secret); err != nil {
			return nil, &crm.Error{Code: crm.Internal, Err: errors.New("a secret is " + err.Error())}
		}
	}
	return keys, nil
}

// sign returns the signature header under the keys.
func (s *Sealed) sign(keys [][]byte) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		signatures[i] = s.signature(key)
	}
	return strings.Join(signatures, " ")
}

// signature returns one signature as it stands in the header. Id and time hold
// no full stop, so the same bytes mean the same three things.
func (s *Sealed) signature(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(s.ID + "." + s.Timestamp + "."))
	mac.Write(s.Payload)
	return version + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// verify reports as an error that none of the secrets signed the envelope. It
// compares texts: a signature that is spelled in another way is another.
func (s *Sealed) verify(secrets []string) error {
	if len(secrets) == 0 {
		return unauthenticated("No envelope is taken here.")
	}
	keys, err := keysOf(secrets)
	if err != nil {
		return err
	}
	list := strings.SplitN(s.Signature, " ", MaxSignatures+1)
	if !isID(s.ID) || !isTimestamp(s.Timestamp) || s.Signature == "" || len(list) > MaxSignatures {
		return unauthenticated("The headers of the envelope are missing or not in their form.")
	}
	for _, key := range keys {
		want := []byte(s.signature(key))
		for _, signature := range list {
			if hmac.Equal(want, []byte(signature)) {
				return nil
			}
		}
	}
	return unauthenticated("The envelope was signed with another secret.")
}

// fresh reports as an error that the envelope is of another time.
func (s *Sealed) fresh(now time.Time) error {
	seconds, err := strconv.ParseInt(s.Timestamp, 10, 64)
	age := now.Sub(time.Unix(seconds, 0))
	if err != nil || age <= -Tolerance || age >= Tolerance {
		return unauthenticated("The envelope is of another time, or the clocks differ by five minutes.")
	}
	return nil
}

// isID reports whether a text may be the id of an envelope.
func isID(text string) bool {
	return text != "" && len(text) <= MaxID && strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-") == ""
}

// isTimestamp reports whether a text is of decimal digits alone.
func isTimestamp(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func unauthenticated(sentence string) error {
	return &crm.Error{Code: crm.Unauthenticated, Msg: sentence}
}
