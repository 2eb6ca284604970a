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
	Hash        [32]byte  // SHA-256 of the token
	Link        bool      // a one-time link, not a session
	ByLink      bool      // a session that began with a link
	Browser     string    // what the browser calls itself (User-Agent), cut to MaxBrowser; empty for a link
	BeganAt     time.Time // when somebody signed in; a token that is renewed keeps it
	CreatedAt   time.Time // of the token
	ExpiresAt   time.Time
}

// MaxBrowser is how many bytes are kept of what a browser calls itself.
const MaxBrowser = 256
