package crm

import "time"

// Bulk is one change to many contacts, done in the background.
type Bulk struct {
	ID          BulkID
	WorkspaceID WorkspaceID
	Actor       Actor
	Action      []byte    // what to do, as package people writes it
	Filter      []byte    // to whom; nil: to those named in the action
	After       ContactID // the last contact that was looked at
	Seen        int       // contacts that fitted
	Changed     int       // of these, how many became different
	Failed      int       // of these, how many could not be changed
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DoneAt      time.Time // zero while it runs
	CancelledAt time.Time // zero unless somebody ended it early
}
