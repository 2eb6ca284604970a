// Package argon2id hashes passwords with Argon2id (golang.org/x/crypto/argon2, RFC
// 9106): what is stored of one is slow and dear in memory to guess from. The
// parameters are those OWASP recommends at least for a server that does other work
// too: 19 MiB, two passes, one lane; they stand in each hash, so that later ones may
// be stronger and old ones still match.
package argon2id

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
)

const (
	memory  = 19 * 1024 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	keyLen  = 32
)

// What a stored hash may ask for: more is no hash of ours and would be a way to use
// up memory.
const (
	maxMemory = 256 * 1024 // KiB
	maxPasses = 16
)

// Hasher implements directory.Hasher. It may be used from several goroutines; two
// hash at once, and the others wait, so that a flood of sign-ins takes 38 MiB and no
// more.
type Hasher struct{ working chan struct{} }

var _ directory.Hasher = (*Hasher)(nil)

// New returns a hasher.
func New() *Hasher { return &Hasher{working: make(chan struct{}, 2)} }

// Hash implements directory.Hasher, in PHC string format.
func (h *Hasher) Hash(password crm.Secret) (string, error) {
	var salt [saltLen]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return "", &crm.Error{Op: "hash a password", Code: crm.Internal, Err: err}
	}
	key := h.key(password, salt[:], passes, memory, lanes, keyLen)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes, encoded(salt[:]), encoded(key)), nil
}

// Matches implements directory.Hasher. What is no hash matches nothing.
func (h *Hasher) Matches(hash string, password crm.Secret) bool {
	var version, m, t, p int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false
	}
	if n, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &m, &t, &p); n != 4 || err != nil || version != argon2.Version {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	key, failed := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || failed != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 || m < 8*p || m > maxMemory || t < 1 || t > maxPasses || p < 1 || p > 16 {
		return false
	}
	return subtle.ConstantTimeCompare(key, h.key(password, salt, uint32(t), uint32(m), uint8(p), uint32(len(key)))) == 1
}

func (h *Hasher) key(password crm.Secret, salt []byte, passes, memory uint32, lanes uint8, length uint32) []byte {
	h.working <- struct{}{}
	defer func() { <-h.working }()
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, length)
}

func encoded(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
