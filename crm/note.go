package crm

import "time"

// Note is what the team writes about a contact and never sends.
type Note struct {
	ID             NoteID
	WorkspaceID    WorkspaceID
	ContactID      ContactID
	ConversationID ConversationID // where it was written; zero for a note on the contact alone
	Author         Actor
	Body           string
	CreatedAt      time.Time
}
