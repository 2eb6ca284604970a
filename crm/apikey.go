package crm

import "time"

// APIKey lets a program act in a workspace. The key itself is shown once and
// never kept: the store has its SHA-256 and the first characters, which let a
// person tell keys apart.
type APIKey struct {
	ID          APIKeyID
	WorkspaceID WorkspaceID
	Name        string
	Prefix      string   // the first 12 characters of the key
	Hash        [32]byte // SHA-256 of the whole key
	Scopes      []string // actions of package access, or "read", "write", "admin"
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: does not expire
	RevokedAt   time.Time // zero while it is good
	LastUsedAt  time.Time // zero: never; kept to the minute
}

// Good reports whether the key may be used at now.
func (k APIKey) Good(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}
