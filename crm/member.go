package crm

import "time"

// Role is what a member is in a workspace; package access says what it may do.
type Role string

// The roles, each allowed all that the next one is.
const (
	Owner Role = "owner"
	Admin Role = "admin"
	Agent Role = "member"
)

// Member is a person of the team in one workspace.
type Member struct {
	ID          MemberID
	WorkspaceID WorkspaceID
	Name        string
	Email       string // lower case, unique in the workspace; may be empty
	Role        Role
	CreatedAt   time.Time
	DisabledAt  time.Time // zero while the member may work

	// What the rules of assignment ask for.
	Skills   []TagID // of the contacts it is good with
	Capacity int     // how many conversations it takes at once; 0: any number
	Away     bool    // keeps what it has and is given nothing new
}

// What happens to members, as the feed and whoever audits it are told. The data name
// the member, and for MemberChanged which of its fields changed.
const (
	MemberChanged FactKind = "member.changed" // it was added, or is another now
	MemberInvited FactKind = "member.invited" // a link was made that signs it in
	MemberJoined  FactKind = "member.joined"  // it signed in for the first time
	MemberReset   FactKind = "member.reset"   // its password, sessions and links were taken away
)
