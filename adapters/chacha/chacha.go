// Package chacha seals secrets with XChaCha20-Poly1305
// (golang.org/x/crypto/chacha20poly1305): a random nonce of 24 bytes needs no
// counter, and a key may be used for as long as it is kept.
package chacha

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/my21staff/my21staff/crm"
)

// A ciphertext is: version (1 byte), key id (8 bytes), nonce (24 bytes), sealed
// text with its tag (16 bytes). The associated data is the place and nothing
// else: another key id or nonce opens nothing either way.
const (
	version = 1
	keyID   = 8
	header  = 1 + keyID + chacha20poly1305.NonceSizeX
)

// Sealer implements crm.Sealer with several keys: the newest seals, all open.
// To rotate, put a new key first and drop the old one when nothing is sealed
// with it any more. It may be used from several goroutines.
type Sealer struct {
	newest [keyID]byte
	keys   map[[keyID]byte]cipher.AEAD
}

var _ crm.Sealer = (*Sealer)(nil)

// New returns a sealer with keys as [ParseKey] reads them, the newest first.
// No key, or one that cannot be read, is Invalid.
func New(keys ...crm.Secret) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, invalid("There is no key to seal secrets with.", nil)
	}
	s := &Sealer{keys: make(map[[keyID]byte]cipher.AEAD, len(keys))}
	for i, text := range keys {
		key, err := ParseKey(text)
		if err != nil {
			return nil, err
		}
		id := idOf(key)
		if i == 0 {
			s.newest = id
		}
		if s.keys[id], err = chacha20poly1305.NewX(key[:]); err != nil {
			return nil, invalid("This key cannot be used.", err)
		}
	}
	return s, nil
}

// NewKey makes a key nobody can guess, written in base64.
func NewKey() crm.Secret {
	var key [chacha20poly1305.KeySize]byte
	_, _ = rand.Read(key[:]) // crypto/rand does not fail
	return crm.Secret(base64.StdEncoding.EncodeToString(key[:]))
}

// ParseKey reads 32 bytes written as 64 hexadecimal digits or as base64, with
// or without padding, in the usual or the URL alphabet. Anything else is
// Invalid; the error does not hold the text.
func ParseKey(text crm.Secret) (key [chacha20poly1305.KeySize]byte, err error) {
	written := strings.TrimSpace(string(text))
	raw, err := hex.DecodeString(written)
	if err != nil {
		raw, err = base64.RawStdEncoding.Strict().DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(written, "=")))
	}
	if err != nil || len(raw) != len(key) {
		return key, invalid("A key for secrets is 32 bytes in base64 or hex; `openssl rand -base64 32` makes one.", nil)
	}
	copy(key[:], raw)
	return key, nil
}

// idOf names a key without telling anything of it.
func idOf(key [chacha20poly1305.KeySize]byte) (id [keyID]byte) {
	sum := sha256.Sum256(append([]byte("my21staff key id\x00"), key[:]...))
	copy(id[:], sum[:])
	return id
}

// Seal implements crm.Sealer. The same text sealed twice gives two ciphertexts.
func (s *Sealer) Seal(_ context.Context, plain []byte, place string) ([]byte, error) {
	sealed := make([]byte, header, header+len(plain)+chacha20poly1305.Overhead)
	sealed[0] = version
	copy(sealed[1:], s.newest[:])
	nonce := sealed[1+keyID : header]
	_, _ = rand.Read(nonce) // never fails
	return s.keys[s.newest].Seal(sealed, nonce, plain, []byte(place)), nil
}

// Open implements crm.Sealer.
func (s *Sealer) Open(_ context.Context, sealed []byte, place string) ([]byte, error) {
	if len(sealed) < header+chacha20poly1305.Overhead || sealed[0] != version {
		return nil, broken(errors.New("this is not a sealed text"))
	}
	key, held := s.keys[[keyID]byte(sealed[1:1+keyID])]
	if !held {
		return nil, broken(errors.New("sealed with a key that is not held any more"))
	}
	plain, err := key.Open(nil, sealed[1+keyID:header], sealed[header:], []byte(place))
	if err != nil {
		return nil, broken(err)
	}
	return plain, nil
}

// Newest reports whether a text is sealed with the newest key. One that is not
// wants to be sealed again before its key is dropped.
func (s *Sealer) Newest(sealed []byte) bool {
	return len(sealed) >= header && sealed[0] == version && [keyID]byte(sealed[1:1+keyID]) == s.newest
}

func invalid(sentence string, err error) error {
	return &crm.Error{Op: "read a key for secrets", Code: crm.Invalid, Reason: "bad_key", Msg: sentence, Err: err}
}

func broken(err error) error {
	return &crm.Error{Op: "open a sealed text", Code: crm.Internal, Reason: "sealed", Err: err}
}
