package crm

import "time"

// JobKind names what a job does.
type JobKind string

// JobSend hands the message named by Subject to its provider.
const JobSend JobKind = "send"

// Job is work that was promised in a transaction and is done after it. It is a
// row: it survives a crash, and doing it twice must do nothing twice.
type Job struct {
	ID          JobID
	WorkspaceID WorkspaceID
	Kind        JobKind
	Lane        [16]byte // jobs of one lane run one after another, oldest first (a conversation's sends)
	Throttle    [16]byte // jobs that share a rate (a channel's sends)
	Subject     [16]byte // what it is about (the message)
	RunAt       time.Time
	Attempt     int       // attempts begun so far
	LockedUntil time.Time // a claim's lease; zero when free
	LastError   string
	CreatedAt   time.Time
}
