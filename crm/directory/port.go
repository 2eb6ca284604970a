package directory

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Store is what the directory asks of a store: the installation's workspaces
// and who may act in them.
type Store interface {
	Workspaces
	Members
	Keys
	Channels
	Sessions
	Passwords
}

// Workspaces keeps the tenants.
type Workspaces interface {
	// SaveWorkspace inserts or replaces a workspace.
	SaveWorkspace(ctx context.Context, w *crm.Workspace) error
	// Workspace returns one, or NotFound.
	Workspace(ctx context.Context, id crm.WorkspaceID) (*crm.Workspace, error)
	// Workspaces returns all, oldest first.
	Workspaces(ctx context.Context) ([]*crm.Workspace, error)
}

// Members keeps the people.
type Members interface {
	// SaveMember inserts or replaces a member and tells facts of its workspace, in
	// one transaction. An e-mail address that another member of the workspace has
	// is Conflict.
	SaveMember(ctx context.Context, m *crm.Member, told ...crm.Fact) error
	// Join notes when a member signed in for the first time, and tells facts of its
	// workspace with that; a member that did before, or is not there, is left alone and
	// nothing is told.
	Join(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, at time.Time, told ...crm.Fact) error
	// MissingTags returns which of some tags the workspace does not have.
	MissingTags(ctx context.Context, ws crm.WorkspaceID, tags []crm.TagID) ([]crm.TagID, error)
	// Member returns one, or NotFound.
	Member(ctx context.Context, ws crm.WorkspaceID, id crm.MemberID) (*crm.Member, error)
	// Members returns a workspace's members, oldest first.
	Members(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Member, error)
	// MembersByEmail returns a person's memberships in every workspace.
	MembersByEmail(ctx context.Context, email string) ([]*crm.Member, error)
}

// Keys keeps API keys.
type Keys interface {
	// SaveKey inserts or replaces a key.
	SaveKey(ctx context.Context, k *crm.APIKey) error
	// KeyByHash returns the key with the hash in any workspace, or NotFound.
	KeyByHash(ctx context.Context, hash [32]byte) (*crm.APIKey, error)
	// KeysByHash returns the keys with some hashes, of any workspaces, in no order. One
	// that cannot be read is left out: the others are not to suffer for it.
	KeysByHash(ctx context.Context, hashes ...[32]byte) ([]*crm.APIKey, error)
	// Keys returns a workspace's keys, oldest first.
	Keys(ctx context.Context, ws crm.WorkspaceID) ([]*crm.APIKey, error)
	// TouchKey notes when a key was last used.
	TouchKey(ctx context.Context, ws crm.WorkspaceID, id crm.APIKeyID, at time.Time) error
}

// Channels keeps the numbers.
type Channels interface {
	// SaveChannel inserts or replaces a channel and seals its credentials. A
	// phone number id that another channel of the provider has, in any
	// workspace, is Conflict.
	SaveChannel(ctx context.Context, c *crm.Channel) error
	// Channels returns a workspace's channels, oldest first, with their
	// credentials.
	Channels(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Channel, error)
	// AllChannels returns every channel of the installation, with their
	// credentials.
	AllChannels(ctx context.Context) ([]*crm.Channel, error)
}

// Sessions keeps who is signed in.
type Sessions interface {
	// SaveSession inserts a session or link and tells facts of its workspace, in
	// one transaction.
	SaveSession(ctx context.Context, s *crm.Session, told ...crm.Fact) error
	// SessionByHash returns the session or link in any workspace, or NotFound.
	// One that expired is NotFound.
	SessionByHash(ctx context.Context, hash [32]byte, now time.Time) (*crm.Session, error)
	// Lapsed returns the places, in no order, of those that are said to stand and do
	// not: there is no such session (a link is none), it has expired, or its member is
	// not there, is disabled or has another role. They may be of any workspaces.
	Lapsed(ctx context.Context, now time.Time, said []Standing) ([]int, error)
	// Sessions returns a member's sessions that have not expired, without its
	// links, the newest token first.
	Sessions(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, now time.Time) ([]*crm.Session, error)
	// TakeSession deletes the session or link and reports whether this call
	// was the one that did: a link works once, however many race for it.
	TakeSession(ctx context.Context, ws crm.WorkspaceID, hash [32]byte) (bool, error)
	// DropSessions deletes a member's sessions and links, but for the one of a
	// hash, and tells facts, in one transaction.
	DropSessions(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, but [32]byte, told ...crm.Fact) error
}

// Standing is a session, by the hash of its token, and what is said of the member who
// it stands for.
type Standing struct {
	Hash        [32]byte
	WorkspaceID crm.WorkspaceID
	Role        crm.Role
}

// Passwords keeps what members sign in with.
type Passwords interface {
	// SavePassword inserts or replaces a member's password.
	SavePassword(ctx context.Context, p *crm.Password) error
	// Password returns a member's, or NotFound.
	Password(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) (*crm.Password, error)
	// DropPassword deletes a member's; one that is not there is gone already.
	DropPassword(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) error
}
