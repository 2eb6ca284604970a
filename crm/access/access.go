// Package access says who may do what: a role, or an API key's scopes, against
// an action.
package access

import (
	"slices"

	"github.com/my21staff/my21staff/crm"
)

// Action is something a person or a program may be allowed to do. It is also
// the word an API key's scope uses.
type Action string

// The actions.
const (
	ReadConversations  Action = "conversations:read"
	WriteConversations Action = "conversations:write" // assign, status, snooze, mark read
	SendMessages       Action = "messages:send"
	ReadContacts       Action = "contacts:read"
	WriteContacts      Action = "contacts:write" // contacts, their tags, notes and tasks
	ManageTags         Action = "tags:manage"    // the workspace's list of tags
	ManageLeads        Action = "leads:manage"   // custom fields, the pipeline; merging and erasing contacts
	ReadMembers        Action = "members:read"
	ManageMembers      Action = "members:manage"
	ReadChannels       Action = "channels:read"
	ManageChannels     Action = "channels:manage"
	ManageKeys         Action = "keys:manage"
	ReadWebhookLog     Action = "webhooks:read"
	ReplayWebhooks     Action = "webhooks:replay"
	ManageWorkspace    Action = "workspace:manage"
)

// The scopes that stand for several actions.
const (
	ScopeRead  = "read"  // every ":read" action but the webhook log
	ScopeWrite = "write" // all that a member may do
	ScopeAdmin = "admin" // all that an admin may do
)

var memberActions = []Action{
	ReadConversations, WriteConversations, SendMessages, ReadContacts, WriteContacts, ReadMembers, ReadChannels,
}

var adminActions = append(slices.Clone(memberActions),
	ManageTags, ManageLeads, ManageMembers, ManageChannels, ManageKeys, ReadWebhookLog, ReplayWebhooks)

var ownerActions = append(slices.Clone(adminActions), ManageWorkspace)

var roleActions = map[crm.Role][]Action{
	crm.Agent: memberActions, crm.Admin: adminActions, crm.Owner: ownerActions,
}

var scopeActions = map[string][]Action{
	ScopeRead:  {ReadConversations, ReadContacts, ReadMembers, ReadChannels},
	ScopeWrite: memberActions,
	ScopeAdmin: adminActions,
}

// Actions lists every action.
func Actions() []Action { return slices.Clone(ownerActions) }

// ValidScope reports whether a key may carry the scope.
func ValidScope(scope string) bool {
	return scopeActions[scope] != nil || slices.Contains(ownerActions, Action(scope))
}

// Principal is who asks, in which workspace. It allows what its role allows or
// what its scopes name; the zero Principal is nobody and may nothing.
type Principal struct {
	WorkspaceID crm.WorkspaceID
	Actor       crm.Actor
	Member      crm.MemberID // zero for a key
	Role        crm.Role     // empty for a key
	Scopes      []string     // of a key
}

// OfMember returns the principal a member acts as.
func OfMember(m *crm.Member) Principal {
	return Principal{WorkspaceID: m.WorkspaceID, Actor: crm.Actor{Kind: crm.ByMember, ID: m.ID.String()}, Member: m.ID, Role: m.Role}
}

// OfKey returns the principal an API key acts as.
func OfKey(k *crm.APIKey) Principal {
	return Principal{WorkspaceID: k.WorkspaceID, Actor: crm.Actor{Kind: crm.ByKey, ID: k.ID.String()}, Scopes: k.Scopes}
}

// System returns the principal of the program itself in a workspace: what the
// operator runs from the command line.
func System(workspace crm.WorkspaceID) Principal {
	return Principal{WorkspaceID: workspace, Actor: crm.Actor{Kind: crm.BySystem}, Role: crm.Owner}
}

// Can reports whether the principal may do the action.
func (p Principal) Can(action Action) bool {
	if p.WorkspaceID.IsZero() {
		return false
	}
	if slices.Contains(roleActions[p.Role], action) {
		return true
	}
	for _, scope := range p.Scopes {
		if scope == string(action) || slices.Contains(scopeActions[scope], action) {
			return true
		}
	}
	return false
}

// Check returns nil if the principal may do the action, else Unauthenticated
// for nobody and Forbidden for somebody.
func (p Principal) Check(action Action) error {
	switch {
	case p.Can(action):
		return nil
	case p.WorkspaceID.IsZero():
		return &crm.Error{Op: "check access", Code: crm.Unauthenticated, Msg: "Sign in or send an API key."}
	default:
		return &crm.Error{Op: "check access", Code: crm.Forbidden, Reason: string(action), Msg: "You are not allowed to do this (" + string(action) + ")."}
	}
}
