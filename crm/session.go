package crm

import "time"

// Session is a member signed in with a browser, or a link that signs in once.
// Its token is known to the browser alone; the store has its SHA-256.
type Session struct {
	WorkspaceID WorkspaceID
	MemberID    MemberID
	Hash        [32]byte // SHA-256 of the token
	Link        bool     // a one-time link, not a session
	CreatedAt   time.Time
	ExpiresAt   time.Time
}
