package bunstore

import (
	"context"

	"github.com/my21staff/my21staff/crm"
)

// Scope says which rows a call is about. A database with row-level security
// shows the call those and no others, whatever its SQL says.
type Scope struct {
	Workspaces   []crm.WorkspaceID
	Installation bool   // rows of every workspace: claims, look-ups by hash or number
	Search       string // the dialect's search expression; see Dialect.Match
	Plan         Plan
}

// Plan is how what a call reads is to be planned, by a database that keeps plans or
// goes by how many rows it thinks there are. It travels with the scope, which is set
// anyway.
type Plan string

// The plans.
const (
	Usually Plan = ""         // as the database thinks best
	InOrder Plan = "in order" // a list that an index has in its order: along that, however few rows there may be
	ByKey   Plan = "by key"   // what is named by keys: each is looked up, however few rows there may be
	Anew    Plan = "anew"     // for its arguments and not for any: how many rows a value finds decides how to go about it
)

// of returns the scope of one workspace.
func of(ws crm.WorkspaceID) Scope { return Scope{Workspaces: []crm.WorkspaceID{ws}} }

// everywhere is the scope of calls that span the installation.
var everywhere = Scope{Installation: true}

// Nothing reports whether the scope shows nothing.
func (s Scope) Nothing() bool { return len(s.Workspaces) == 0 && !s.Installation }

type scopeKey struct{}

func withScope(ctx context.Context, scope Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// ScopeOf returns the scope of a call, for dialects that enforce it. A context
// without one has the zero Scope, which shows nothing.
func ScopeOf(ctx context.Context) Scope {
	scope, _ := ctx.Value(scopeKey{}).(Scope)
	return scope
}
