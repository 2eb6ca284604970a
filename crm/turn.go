package crm

import "time"

// Turn is when a member was last given a conversation by the rules of assignment.
type Turn struct {
	WorkspaceID WorkspaceID
	MemberID    MemberID
	Number      int64 // larger than any in the workspace before
	Rules       int   // the version of the rules that gave it
}

// Queue is when somebody is to look again for members to give a workspace's
// conversations to that wait for one. A workspace has one at most.
type Queue struct {
	WorkspaceID WorkspaceID
	DueAt       time.Time
	Rules       int // the version of the rules that left conversations in it
}
