package crm

import "time"

// CannedReply is an answer that the team keeps for a question that comes again
// and again.
type CannedReply struct {
	ID          CannedReplyID
	WorkspaceID WorkspaceID
	Shortcut    string // typed after a slash; small letters, digits, "-" and "_"; unique in the workspace
	Body        string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}
