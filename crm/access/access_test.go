package access_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

var workspace = crm.WorkspaceID{1}

// table says for every action who may do it: the roles, then the scopes that
// stand for several actions.
var table = map[access.Action]string{
	access.ReadConversations:  "member admin owner | read write admin",
	access.WriteConversations: "member admin owner | write admin",
	access.SendMessages:       "member admin owner | write admin",
	access.ReadContacts:       "member admin owner | read write admin",
	access.WriteContacts:      "member admin owner | write admin",
	access.ReadMembers:        "member admin owner | read write admin",
	access.ReadChannels:       "member admin owner | read write admin",
	access.ManageTags:         "admin owner | admin",
	access.ManageLeads:        "admin owner | admin",
	access.ManageMembers:      "admin owner | admin",
	access.ManageChannels:     "admin owner | admin",
	access.ManageKeys:         "admin owner | admin",
	access.ReadWebhookLog:     "admin owner | admin",
	access.ReplayWebhooks:     "admin owner | admin",
	access.ManageWorkspace:    "owner |",
}

func TestRolesAndScopes(t *testing.T) {
	t.Parallel()
	for action, may := range table {
		roles, scopes, _ := strings.Cut(may, "|")
		for _, role := range []crm.Role{crm.Owner, crm.Admin, crm.Agent, "", "guest"} {
			p := access.Principal{WorkspaceID: workspace, Role: role}
			check(t, p, fmt.Sprintf("role %q", role), action, slices.Contains(strings.Fields(roles), string(role)))
		}
		for _, scope := range []string{access.ScopeRead, access.ScopeWrite, access.ScopeAdmin, "", "owner", "*"} {
			p := access.OfKey(&crm.APIKey{WorkspaceID: workspace, Scopes: []string{scope}})
			check(t, p, fmt.Sprintf("scope %q", scope), action, slices.Contains(strings.Fields(scopes), scope))
		}
		for other := range table {
			p := access.OfKey(&crm.APIKey{WorkspaceID: workspace, Scopes: []string{string(other)}})
			check(t, p, fmt.Sprintf("scope %q", other), action, other == action)
		}
	}
}

func check(t *testing.T, p access.Principal, who string, action access.Action, want bool) {
	t.Helper()
	err := p.Check(action)
	if p.Can(action) != want || (err == nil) != want || err != nil && !errors.Is(err, crm.Forbidden) {
		t.Errorf("%s: Can(%s) = %t, Check = %v, want %t", who, action, p.Can(action), err, want)
	}
}

func TestActionsAreTheTable(t *testing.T) {
	t.Parallel()
	actions := access.Actions()
	for _, action := range actions {
		if _, ok := table[action]; !ok {
			t.Errorf("%s is not in the test's table: say who may do it", action)
		}
	}
	if len(actions) != len(table) {
		t.Errorf("%d actions, %d in the table", len(actions), len(table))
	}
	actions[0] = "changed"
	if access.Actions()[0] == "changed" {
		t.Error("who changes what Actions returned changes who may do what")
	}
}

// TestScopesAdd: a key may do what any of its scopes allows and nothing else.
func TestScopesAdd(t *testing.T) {
	t.Parallel()
	p := access.OfKey(&crm.APIKey{WorkspaceID: workspace, Scopes: []string{"read", "messages:send"}})
	for action, want := range map[access.Action]bool{
		access.ReadContacts: true, access.SendMessages: true, access.WriteContacts: false, access.ManageKeys: false,
	} {
		check(t, p, "read and messages:send", action, want)
	}
}

func TestNobodyMayNothing(t *testing.T) {
	t.Parallel()
	for _, p := range []access.Principal{
		{},
		{Role: crm.Owner},
		{Scopes: []string{access.ScopeAdmin}},
		access.System(crm.WorkspaceID{}),
	} {
		for action := range table {
			if err := p.Check(action); p.Can(action) || !errors.Is(err, crm.Unauthenticated) {
				t.Errorf("%+v without a workspace: Can(%s) = %t, Check = %v, want Unauthenticated", p, action, p.Can(action), err)
			}
		}
	}
}

func TestForbiddenNamesTheAction(t *testing.T) {
	t.Parallel()
	err := access.OfMember(&crm.Member{WorkspaceID: workspace, Role: crm.Agent}).Check(access.ManageKeys)
	var forbidden *crm.Error
	if !errors.As(err, &forbidden) || forbidden.Reason != "keys:manage" || !strings.Contains(forbidden.Msg, "keys:manage") {
		t.Errorf("Check = %#v, want the action in reason and sentence", err)
	}
}

func TestValidScope(t *testing.T) {
	t.Parallel()
	valid := []string{access.ScopeRead, access.ScopeWrite, access.ScopeAdmin}
	for action := range table {
		valid = append(valid, string(action))
	}
	for _, scope := range valid {
		if !access.ValidScope(scope) {
			t.Errorf("%q is no scope", scope)
		}
	}
	for _, scope := range []string{"", "*", "owner", "member", "READ", "contacts", "contacts:", "contacts:delete", "read write"} {
		if access.ValidScope(scope) {
			t.Errorf("%q is a scope", scope)
		}
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	member := &crm.Member{ID: crm.MemberID{2}, WorkspaceID: workspace, Role: crm.Admin}
	if p := access.OfMember(member); p.WorkspaceID != workspace || p.Member != member.ID || p.Role != crm.Admin ||
		p.Actor != (crm.Actor{Kind: crm.ByMember, ID: member.ID.String()}) || p.Scopes != nil {
		t.Errorf("a member acts as %+v", p)
	}
	key := &crm.APIKey{ID: crm.APIKeyID{3}, WorkspaceID: workspace, Scopes: []string{"read"}}
	if p := access.OfKey(key); p.WorkspaceID != workspace || !p.Member.IsZero() || p.Role != "" ||
		p.Actor != (crm.Actor{Kind: crm.ByKey, ID: key.ID.String()}) || !slices.Equal(p.Scopes, key.Scopes) {
		t.Errorf("a key acts as %+v", p)
	}
	if p := access.System(workspace); p.Actor != (crm.Actor{Kind: crm.BySystem}) || !p.Can(access.ManageWorkspace) {
		t.Errorf("the program acts as %+v", p)
	}
}

func ExamplePrincipal_Check() {
	key := access.OfKey(&crm.APIKey{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}})
	fmt.Println(key.Check(access.ReadConversations))
	fmt.Println(errors.Is(key.Check(access.SendMessages), crm.Forbidden))
	fmt.Println(errors.Is(access.Principal{}.Check(access.SendMessages), crm.Unauthenticated))
	// Output:
	// <nil>
	// true
	// true
}
