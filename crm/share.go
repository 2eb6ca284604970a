package crm

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
)

// Share is the part of a webhook request that is one installation's, where an
// edge hands each its part of what a provider sent for all of them. A nil Share
// is all of the request.
type Share struct {
	Numbers  []string `json:"numbers,omitempty"`  // phone number ids
	Accounts []string `json:"accounts,omitempty"` // account ids whose news without a number are in it
	Rest     bool     `json:"rest,omitempty"`     // what names neither is in it
}

// Sorted returns a copy with the names in order and each once, so that equal
// shares are equal in every byte; nil for nil.
func (s *Share) Sorted() *Share {
	if s == nil {
		return nil
	}
	return &Share{Numbers: sorted(s.Numbers), Accounts: sorted(s.Accounts), Rest: s.Rest}
}

func sorted(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// Holds reports whether what is about a phone number or, without one, about an
// account is in the share; either may be empty. The share must be Sorted.
func (s *Share) Holds(number, account string) bool {
	switch {
	case s == nil:
		return true
	case number != "":
		return lists(s.Numbers, number)
	case account != "":
		return lists(s.Accounts, account)
	default:
		return s.Rest
	}
}

func lists(names []string, name string) bool {
	_, found := slices.BinarySearch(names, name)
	return found
}

// DeliveryKey returns the key of a request in the journal: the SHA-256 of its
// body and, unless all of it is ours, of the share. The same bytes are another
// delivery after a number moved: another part of them is ours.
func DeliveryKey(body []byte, share *Share) [32]byte {
	key := sha256.Sum256(body)
	if share == nil {
		return key
	}
	names, err := json.Marshal(share.Sorted())
	if err != nil {
		panic("crm: texts cannot be written: " + err.Error()) // json refuses none
	}
	return sha256.Sum256(append(key[:], names...))
}
