package crm

import "time"

// Tag is a word a workspace puts on contacts.
type Tag struct {
	ID          TagID
	WorkspaceID WorkspaceID
	Name        string // unique in the workspace without regard to case
	Color       string // "#rrggbb"; empty for the default
	CreatedAt   time.Time
}
