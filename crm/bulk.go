package crm

import "time"

// BulkID names a bulk change.
type BulkID = ID[BulkRun]

// BulkState is how far a bulk change has come.
type BulkState string

// The states. One that ended never goes on.
const (
	BulkRunning   BulkState = "running" // a host works on it, or the next one will
	BulkDone      BulkState = "done"
	BulkCancelled BulkState = "cancelled" // what was changed before stays
	BulkFailed    BulkState = "failed"    // Reason says why
)

// BulkRun is one change to all contacts that fit a filter, made in the
// background.
type BulkRun struct {
	ID          BulkID
	WorkspaceID WorkspaceID
	Author      Actor  // who asked for it
	Change      []byte // the filter and what to change, as package people encodes it
	State       BulkState
	Reason      string    // a sentence, when it failed
	After       ContactID // the last contact that was looked at, in the order of ids
	Seen        int       // contacts that were looked at
	Changed     int       // of these, became different
	Failed      int       // of these, could not be changed
	DueAt       time.Time // when it may be claimed; zero once it ended
	CreatedAt   time.Time
	EndedAt     time.Time
}
