package crm

import "time"

// Merge is two contacts that were made one, with what it takes to part them.
type Merge struct {
	ID          MergeID
	WorkspaceID WorkspaceID
	KeptID      ContactID // took over what the other had
	GoneID      ContactID
	Record      []byte // what both were and what moved, as package people writes it
	Actor       Actor
	At          time.Time
	UndoneAt    time.Time // zero unless it was undone
}

// Handover says whose a conversation and its messages are from now on.
type Handover struct {
	ConversationID ConversationID
	ContactID      ContactID
}
