package crm

import "time"

// View is a filter of contacts that is kept under a name.
type View struct {
	ID          ViewID
	WorkspaceID WorkspaceID
	Name        string
	OwnerID     MemberID // who alone sees it; zero: the whole workspace
	Filter      []byte   // an expression of package filter
	Sort        string   // recent, created or name
	CreatedAt   time.Time
	UpdatedAt   time.Time
}
