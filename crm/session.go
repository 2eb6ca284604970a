package crm

import "time"

// Password is what a member signs in with, as it is kept: a slow hash with its salt
// and parameters.
type Password struct {
	WorkspaceID WorkspaceID
	MemberID    MemberID
	Hash        string // in PHC string format: "$argon2id$v=19$..."
	SetAt       time.Time
}

// Session is a member signed in with a browser, or a link that signs in once.
// Its token is known to the browser alone; the store has its SHA-256.
type Session struct {
	WorkspaceID WorkspaceID
	MemberID    MemberID
	Hash        [32]byte // SHA-256 of the token
	Link        bool     // a one-time link, not a session
	ByLink      bool     // a session that began with a link
	CreatedAt   time.Time
	ExpiresAt   time.Time
}
