package crm

import "time"

// Task is something a member is to do about a contact.
type Task struct {
	ID          TaskID
	WorkspaceID WorkspaceID
	ContactID   ContactID
	AssigneeID  MemberID // zero: anybody
	Title       string
	DueAt       time.Time // zero: no date
	DoneAt      time.Time // zero while it is open
	Author      Actor
	CreatedAt   time.Time
}
