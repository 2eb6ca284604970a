package directory_test

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

// TestSaveMember follows a member from joining to leaving and back.
func TestSaveMember(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	joined := o.clock.Now()
	m := o.member(o.me, crm.Member{Name: " Dewi ", Email: " Dewi@Example.com", Role: crm.Agent})
	want := crm.Member{ID: m.ID, WorkspaceID: o.me.WorkspaceID, Name: "Dewi", Email: "dewi@example.com", Role: crm.Agent, CreatedAt: joined}
	if !reflect.DeepEqual(*m, want) {
		t.Errorf("the new member is %+v, want %+v", *m, want)
	}
	japan, korea := o.tag("Japan"), o.tag("Korea")
	left := o.clock.Advance(time.Hour)
	for _, step := range []struct {
		change func(m *crm.Member)
		expect func()
	}{
		{func(m *crm.Member) { m.Name, m.Email, m.Role = "Dewi S", "", crm.Admin }, func() { want.Name, want.Email, want.Role = "Dewi S", "", crm.Admin }},
		{func(m *crm.Member) { m.DisabledAt = left.Add(time.Hour) }, func() { want.DisabledAt = left }},
		{func(m *crm.Member) { m.DisabledAt = o.clock.Advance(time.Hour) }, func() {}}, // it left when it left
		{func(m *crm.Member) { m.CreatedAt, m.WorkspaceID = left, o.them.WorkspaceID }, func() {}},
		{func(m *crm.Member) { m.Skills, m.Capacity, m.Away = []crm.TagID{korea, japan, korea}, 12, true }, func() {
			want.Skills, want.Capacity, want.Away = []crm.TagID{japan, korea}, 12, true
		}},
		{func(m *crm.Member) { m.Skills, m.Capacity, m.Away = []crm.TagID{}, 0, false }, func() { want.Skills, want.Capacity, want.Away = nil, 0, false }},
		{func(m *crm.Member) { m.DisabledAt = time.Time{} }, func() { want.DisabledAt = time.Time{} }},
	} {
		next := *m
		step.change(&next)
		step.expect()
		got, err := o.SaveMember(t.Context(), o.me, next)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Fatalf("the member is %+v, %v, want %+v", got, err, want)
		}
		kept, err := o.Member(t.Context(), o.me.WorkspaceID, m.ID)
		if err != nil || !reflect.DeepEqual(*kept, want) {
			t.Fatalf("the member is kept as %+v, %v, want %+v", kept, err, want)
		}
		m = got
	}
	list, err := o.Members(t.Context(), o.me)
	if err != nil || len(list) != 2 || list[1].ID != m.ID {
		t.Errorf("the members are %v, %v, want the owner and the new one", list, err)
	}
	if _, err := o.Member(t.Context(), o.them.WorkspaceID, m.ID); code(err) != "not_found" {
		t.Errorf("another workspace's member: %v", err)
	}
}

func TestSaveMemberRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	taken := o.member(o.me, crm.Member{Name: "Taken", Email: "taken@example.com", Role: crm.Agent})
	o.member(o.them, crm.Member{Name: "Taken", Email: "taken@example.com", Role: crm.Agent}) // an address is a workspace's own
	for _, c := range []struct {
		name   string
		member crm.Member
		want   string
	}{
		{"no name", crm.Member{Role: crm.Agent}, "invalid bad_name"},
		{"a name too long", crm.Member{Name: strings.Repeat("é", directory.MaxName+1), Role: crm.Agent}, "invalid bad_name"},
		{"no role", crm.Member{Name: "Dewi"}, "invalid bad_role"},
		{"an unknown role", crm.Member{Name: "Dewi", Role: "guest"}, "invalid bad_role"},
		{"no address", crm.Member{Name: "Dewi", Role: crm.Agent, Email: "dewi"}, "invalid bad_email"},
		{"another's address", crm.Member{Name: "Dewi", Role: crm.Agent, Email: "Taken@example.com"}, "conflict email_taken"},
		{"less than no conversations", crm.Member{Name: "Dewi", Role: crm.Agent, Capacity: -1}, "invalid bad_capacity"},
		{"more conversations than there are", crm.Member{Name: "Dewi", Role: crm.Agent, Capacity: directory.MaxCapacity + 1}, "invalid bad_capacity"},
		{"more skills than may be", crm.Member{Name: "Dewi", Role: crm.Agent, Skills: tags(directory.MaxSkills + 1)}, "invalid bad_skills"},
		{"an unknown id", crm.Member{ID: crm.MemberID{9}, Name: "Dewi", Role: crm.Agent}, "not_found"},
		{"another workspace's id", crm.Member{ID: o.them.Member, Name: "Dewi", Role: crm.Agent}, "not_found"},
	} {
		if m, err := o.SaveMember(t.Context(), o.me, c.member); !strings.HasPrefix(code(err), c.want) || m != nil {
			t.Errorf("%s: SaveMember = %v, %v, want %s", c.name, m, err, c.want)
		}
	}
	list, err := o.Members(t.Context(), o.me)
	if err != nil || len(list) != 2 || !reflect.DeepEqual(list[1], taken) {
		t.Errorf("what was refused left something behind: %v, %v", list, err)
	}
}

// tags returns so many ids of tags.
func tags(n int) (ids []crm.TagID) {
	for i := range n {
		ids = append(ids, crm.TagID{15: byte(i + 1)})
	}
	return ids
}

// TestWhoMayChangeWhom: nobody makes or changes a member that may do more than
// it may itself.
func TestWhoMayChangeWhom(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	as := func(role crm.Role) access.Principal {
		return access.Principal{WorkspaceID: o.me.WorkspaceID, Role: role}
	}
	scoped := func(scopes ...string) access.Principal {
		return access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: scopes}
	}
	for _, c := range []struct {
		name     string
		as       access.Principal
		from, to crm.Role
		want     string
	}{
		{"an owner", as(crm.Owner), crm.Admin, crm.Owner, "ok"},
		{"an owner", as(crm.Owner), crm.Owner, crm.Agent, "ok"},
		{"an admin", as(crm.Admin), crm.Agent, crm.Admin, "ok"},
		{"an admin", as(crm.Admin), crm.Admin, crm.Owner, "forbidden workspace:manage"},
		{"an admin", as(crm.Admin), crm.Owner, crm.Owner, "forbidden workspace:manage"},
		{"an admin", as(crm.Admin), crm.Owner, crm.Agent, "forbidden workspace:manage"},
		{"a member", as(crm.Agent), crm.Agent, crm.Agent, "forbidden members:manage"},
		{"an admin's key", scoped(access.ScopeAdmin), crm.Agent, crm.Admin, "ok"},
		{"an admin's key", scoped(access.ScopeAdmin), crm.Agent, crm.Owner, "forbidden workspace:manage"},
		{"a key for members and writing", scoped("members:manage", access.ScopeWrite), crm.Agent, crm.Agent, "ok"},
		{"a key for members alone", scoped("members:manage"), crm.Agent, crm.Agent, "forbidden conversations:read"},
		{"a key for members and writing", scoped("members:manage", access.ScopeWrite), crm.Agent, crm.Admin, "forbidden tags:manage"},
		{"nobody", access.Principal{}, crm.Agent, crm.Agent, "unauthenticated"},
	} {
		m := o.member(o.me, crm.Member{Name: "Dewi", Role: c.from})
		next := *m
		next.Role = c.to
		if _, err := o.SaveMember(t.Context(), c.as, next); code(err) != c.want {
			t.Errorf("%s makes a %s of a %s: %v, want %s", c.name, c.to, c.from, err, c.want)
		}
		if c.from == c.to || c.want == "ok" {
			continue
		}
		if _, err := o.SaveMember(t.Context(), c.as, crm.Member{Name: "New", Role: c.to}); c.to != crm.Agent && code(err) != c.want {
			t.Errorf("%s adds a %s: %v, want %s", c.name, c.to, err, c.want)
		}
	}
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	owner, err := o.Member(t.Context(), o.me.WorkspaceID, o.me.Member)
	if err != nil {
		t.Fatal(err)
	}
	demoted, disabled := *owner, *owner
	demoted.Role, disabled.DisabledAt = crm.Admin, o.clock.Now()
	gone := o.member(o.me, crm.Member{Name: "Gone", Role: crm.Owner, DisabledAt: o.clock.Now()}) // an owner who left is none
	for name, m := range map[string]crm.Member{"demoting": demoted, "disabling": disabled} {
		if _, err := o.SaveMember(t.Context(), o.me, m); code(err) != "refused last_owner" {
			t.Errorf("%s the last owner: %v, want Refused", name, err)
		}
	}
	renamed := *owner
	renamed.Name = "Renamed"
	o.member(o.me, renamed)
	back := *gone
	back.DisabledAt = time.Time{}
	o.member(o.me, back)
	o.member(o.me, demoted)
}

// TestOwnersLeaveTogether: of owners who all step down at once one stays.
func TestOwnersLeaveTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 5 {
		o.member(o.me, crm.Member{Name: "Owner", Role: crm.Owner})
	}
	list, err := o.Members(t.Context(), o.me)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for _, m := range list {
		wait.Go(func() {
			next := *m
			next.Role = crm.Agent
			if _, err := o.SaveMember(t.Context(), o.me, next); err != nil && code(err) != "refused last_owner" {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	list, err = o.Members(t.Context(), o.me)
	if err != nil {
		t.Fatal(err)
	}
	owners := slices.DeleteFunc(list, func(m *crm.Member) bool { return m.Role != crm.Owner })
	if len(owners) != 1 {
		t.Errorf("%d owners stayed, want 1", len(owners))
	}
}

func TestMembersByEmail(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ours := o.member(o.me, crm.Member{Name: "Dewi", Email: "dewi@example.com", Role: crm.Agent})
	theirs := o.member(o.them, crm.Member{Name: "Dewi", Email: "dewi@example.com", Role: crm.Admin})
	o.member(o.me, crm.Member{Name: "Other", Email: "other@example.com", Role: crm.Agent})
	find := func(email string) []crm.MemberID {
		list, err := o.MembersByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		var found []crm.MemberID
		for _, m := range list {
			found = append(found, m.ID)
		}
		slices.SortFunc(found, crm.MemberID.Compare)
		return found
	}
	if found := find(" DEWI@example.com"); !slices.Equal(found, []crm.MemberID{ours.ID, theirs.ID}) {
		t.Errorf("Dewi is %v, want %s and %s", found, ours.ID, theirs.ID)
	}
	theirs.DisabledAt = o.clock.Now()
	o.member(o.them, *theirs)
	if found := find("dewi@example.com"); !slices.Equal(found, []crm.MemberID{ours.ID}) {
		t.Errorf("Dewi, disabled in one workspace, is %v, want %s", found, ours.ID)
	}
	for _, email := range []string{"", " ", "nobody@example.com", "%"} {
		if found := find(email); found != nil {
			t.Errorf("%q is %v, want nobody", email, found)
		}
	}
}

func TestMembersNeedsLeave(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{"contacts:read"}}
	if list, err := o.Members(t.Context(), key); code(err) != "forbidden members:read" || list != nil {
		t.Errorf("Members by a key without the scope = %v, %v", list, err)
	}
}
