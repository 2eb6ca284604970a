package runner

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/my21staff/my21staff/edge"
)

// keyring computes MACs of a body, so that a module need not. It keeps the
// hashes, which have the keys worked in already. It is for one configuration
// and one goroutine.
type keyring struct {
	hashes [edge.MaxSources][edge.MaxSecrets]hash.Hash
	macs   [][sha256.Size]byte
	hex    [2 * sha256.Size]byte
}

// sum returns the MACs of a request's body under the keys that may have signed
// it, up to the one that has: the module, which tries them in the same order,
// gets no further. It returns none for a request without a signature to compare
// them with. They are good until the next call.
func (k *keyring) sum(r *edge.Request, c *edge.Config, now int64) [][sha256.Size]byte {
	k.macs = k.macs[:0]
	claimed := signature(r)
	if claimed == nil {
		return nil
	}
	c.Keys(r, now, func(source, key int) bool {
		h := k.hash(c, source, key)
		h.Reset()
		h.Write(r.Body)
		k.macs = append(k.macs, [sha256.Size]byte{})
		sum := h.Sum(k.macs[len(k.macs)-1][:0])
		hex.Encode(k.hex[:], sum)
		return !bytes.Contains(claimed, k.hex[:])
	})
	return k.macs
}

func (k *keyring) hash(c *edge.Config, source, key int) hash.Hash {
	h := &k.hashes[source][key]
	if *h == nil {
		*h = hmac.New(sha256.New, []byte(c.Sources[source].Secrets[key].Value))
	}
	return *h
}

// signature returns the header that has a request's signature, or nil if it has
// none or cannot be one: nothing is hashed for somebody who does not even claim
// to know a secret.
func signature(r *edge.Request) []byte {
	h := &r.Hub
	if r.Provider == edge.Kapso && r.Signature.Count > 0 {
		h = &r.Signature
	}
	if r.Method != edge.Post || h.Count != 1 || len(h.Value) < 2*sha256.Size || len(r.Body) > edge.MaxBody {
		return nil
	}
	return h.Value
}
