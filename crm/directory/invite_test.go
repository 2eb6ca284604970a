package directory_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

func TestInvite(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	m := o.member(o.me, crm.Member{Name: "Agent", Email: "agent@example.com", Role: crm.Agent})
	link, err := o.Invite(t.Context(), o.me, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	o.wantUnseen(link)
	o.clock.Advance(directory.InviteFor - time.Millisecond)
	token, p, err := o.SignIn(t.Context(), string(link), "")
	if err != nil || p.Member != m.ID || p.WorkspaceID != o.me.WorkspaceID {
		t.Fatalf("the invitation signs in %+v, %v, want the member", p, err)
	}
	if got := o.set(string(token), "", password); got != "ok" {
		t.Errorf("the invited member sets a password: %s", got)
	}
	if _, _, err := o.SignIn(t.Context(), string(link), ""); code(err) != "unauthenticated" {
		t.Errorf("the invitation a second time: %v", err)
	}
	late, err := o.Invite(t.Context(), o.me, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(directory.InviteFor)
	if _, _, err := o.SignIn(t.Context(), string(late), ""); code(err) != "unauthenticated" {
		t.Errorf("an invitation that is over: %v", err)
	}
}

// TestNobodyOpensWhatItMayNotEnter: who makes a link can use it, so an admin makes
// none of an owner, and nobody one of another workspace.
func TestNobodyOpensWhatItMayNotEnter(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	admin := o.member(o.me, crm.Member{Name: "Admin", Role: crm.Admin})
	agent := o.member(o.me, crm.Member{Name: "Agent", Role: crm.Agent})
	gone := o.member(o.me, crm.Member{Name: "Gone", Role: crm.Agent, DisabledAt: o.clock.Now()})
	key := access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{access.ScopeAdmin}}
	for _, c := range []struct {
		name string
		p    access.Principal
		of   crm.MemberID
		want string
	}{
		{"an admin an agent", access.OfMember(admin), agent.ID, "ok"},
		{"an owner an admin", o.me, admin.ID, "ok"},
		{"an admin's key an agent", key, agent.ID, "ok"},
		{"an admin an owner", access.OfMember(admin), o.me.Member, "forbidden workspace:manage"},
		{"an admin's key an owner", key, o.me.Member, "forbidden workspace:manage"},
		{"an agent an agent", access.OfMember(agent), agent.ID, "forbidden members:manage"},
		{"somebody disabled", o.me, gone.ID, "not_found"},
		{"nobody", o.me, crm.MemberID{9}, "not_found"},
		{"another workspace's", o.them, agent.ID, "not_found"},
		{"no principal", access.Principal{}, agent.ID, "unauthenticated"},
	} {
		if _, err := o.Invite(t.Context(), c.p, c.of); code(err) != c.want {
			t.Errorf("%s invited: %v, want %s", c.name, err, c.want)
		}
		if _, err := o.Reset(t.Context(), c.p, c.of); code(err) != c.want {
			t.Errorf("%s reset: %v, want %s", c.name, err, c.want)
		}
	}
	if _, err := o.Reset(t.Context(), o.me, o.me.Member); code(err) != "refused own_access" {
		t.Errorf("an owner resets itself: %v", err)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	m := o.member(o.me, crm.Member{Name: "Agent", Email: "agent@example.com", Role: crm.Agent})
	agent := access.OfMember(m)
	token := o.signIn(agent)
	if got := o.set(token, "", password); got != "ok" {
		t.Fatal(got)
	}
	if _, err := o.KnownSession(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	old, bystander := o.link(agent), o.signIn(o.me)
	fresh, err := o.Reset(t.Context(), o.me, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.KnownSession(t.Context(), token); code(err) != "unauthenticated" {
		t.Errorf("the session of who was reset: %v", err)
	}
	if _, _, err := o.SignIn(t.Context(), old, ""); code(err) != "unauthenticated" {
		t.Errorf("a link from before: %v", err)
	}
	if _, _, err := o.SignInWithPassword(t.Context(), m.Email, password, ""); code(err) != "unauthenticated" {
		t.Errorf("the password from before: %v", err)
	}
	if has, err := o.HasPassword(t.Context(), agent); has || err != nil {
		t.Errorf("who was reset has a password: %t, %v", has, err)
	}
	if _, err := o.Session(t.Context(), bystander); err != nil {
		t.Errorf("the session of somebody else: %v", err)
	}
	again, _, err := o.SignIn(t.Context(), string(fresh), "")
	if err != nil || o.set(string(again), "", other) != "ok" {
		t.Errorf("the new link signs in: %v", err)
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	m := o.member(o.me, crm.Member{Name: "Agent", Email: "agent@example.com", Role: crm.Agent})
	for name, want := range map[string]string{
		" Dewi Lestari ": "ok", "": "invalid bad_name", strings.Repeat("x", directory.MaxName+1): "invalid bad_name",
	} {
		if _, err := o.Rename(t.Context(), access.OfMember(m), name); code(err) != want {
			t.Errorf("renaming oneself %.20q: %v, want %s", name, err, want)
		}
	}
	got, err := o.Member(t.Context(), m.WorkspaceID, m.ID)
	want := *m
	want.Name = "Dewi Lestari"
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("the member is now %+v, %v, want %+v", got, err, want)
	}
	if _, err := o.Rename(t.Context(), access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{access.ScopeAdmin}}, "Key"); code(err) != "not_found" {
		t.Errorf("a key renames itself: %v", err)
	}
}

// TestSignInEverywhere: a password opens the workspaces where it is the member's, and
// the address alone none.
func TestSignInEverywhere(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	third := o.workspace("Third")
	m, err := o.Member(t.Context(), third.WorkspaceID, third.Member)
	if err != nil {
		t.Fatal(err)
	}
	m.Email = email
	if _, err := o.SaveMember(t.Context(), third, *m); err != nil {
		t.Fatal(err)
	}
	for p, with := range map[crm.WorkspaceID]crm.Secret{o.me.WorkspaceID: password, o.them.WorkspaceID: other, third.WorkspaceID: password} {
		for _, of := range []access.Principal{o.me, o.them, third} {
			if of.WorkspaceID == p {
				if got := o.set(o.signIn(of), "", with); got != "ok" {
					t.Fatal(got)
				}
			}
		}
	}
	for with, want := range map[crm.Secret][]access.Principal{password: {o.me, third}, other: {o.them}} {
		entries, err := o.SignInEverywhere(t.Context(), email, with, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []crm.WorkspaceID
		for _, e := range entries {
			p, err := o.Session(t.Context(), string(e.Token))
			if err != nil || p.WorkspaceID != e.Principal.WorkspaceID || p.Member != e.Principal.Member {
				t.Errorf("the session is %+v, %v, want %+v", p, err, e.Principal)
			}
			got = append(got, p.WorkspaceID)
		}
		if !slices.Equal(got, workspacesOf(want)) {
			t.Errorf("the password opens %v, want %v", got, workspacesOf(want))
		}
	}
	if _, err := o.SignInEverywhere(t.Context(), email, "wrong wrong wrong", ""); code(err) != "unauthenticated" {
		t.Errorf("a wrong password: %v", err)
	}
}

func workspacesOf(ps []access.Principal) (ids []crm.WorkspaceID) {
	for _, p := range ps {
		ids = append(ids, p.WorkspaceID)
	}
	return ids
}
