package crm

import "time"

// Routing is what the rules of assignment decided about a conversation: who got it,
// or that it waits for somebody, and why. What members decide among themselves is
// none.
//
// It holds ids and a code and nothing that the customer said, so no time takes it:
// it is part of its conversation, and is erased with that.
type Routing struct {
	WorkspaceID    WorkspaceID
	ConversationID ConversationID
	At             time.Time // a conversation has one at most at a time
	AssigneeID     MemberID  // zero: nobody
	Reason         string    // the code of a reason of package lead
}
