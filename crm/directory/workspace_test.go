package directory_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

func TestCreateWorkspace(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	w, owner, err := o.CreateWorkspace(t.Context(), crm.Workspace{Name: " Sekolah "},
		crm.Member{Name: " Sari ", Email: "Sari@Example.com", Role: crm.Agent, DisabledAt: o.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want := crm.Workspace{ID: w.ID, Name: "Sekolah", TimeZone: "Asia/Jakarta", Locale: "id", Region: "ID", CreatedAt: o.clock.Now()}
	kept, err := o.Workspace(t.Context(), w.ID)
	if err != nil || *w != want || *kept != want {
		t.Errorf("the workspace is %+v and kept as %+v, %v, want %+v", w, kept, err, want)
	}
	wantOwner := crm.Member{ID: owner.ID, WorkspaceID: w.ID, Name: "Sari", Email: "sari@example.com", Role: crm.Owner, CreatedAt: o.clock.Now()}
	keptOwner, err := o.Member(t.Context(), w.ID, owner.ID)
	if err != nil || !reflect.DeepEqual(*owner, wantOwner) || !reflect.DeepEqual(*keptOwner, wantOwner) {
		t.Errorf("the owner is %+v and kept as %+v, %v, want %+v", owner, keptOwner, err, wantOwner)
	}
	all, err := o.Workspaces(t.Context())
	if err != nil || len(all) != 3 || all[2].ID != w.ID {
		t.Errorf("the workspaces are %v, %v, want the new one last of three", all, err)
	}
	if _, err := o.Workspace(t.Context(), crm.WorkspaceID{9}); code(err) != "not_found" {
		t.Errorf("an unknown workspace: %v", err)
	}
}

// TestWorkspaceFields says what a workspace may be, when it is made and when it
// is changed.
func TestWorkspaceFields(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, c := range []struct {
		workspace crm.Workspace
		want      string
	}{
		{crm.Workspace{Name: strings.Repeat("é", directory.MaxName)}, "ok"},
		{crm.Workspace{Name: strings.Repeat("é", directory.MaxName+1)}, "invalid bad_name"},
		{crm.Workspace{Name: "a\x00"}, "invalid bad_name"},
		{crm.Workspace{Name: "A", TimeZone: "UTC"}, "ok"},
		{crm.Workspace{Name: "A", TimeZone: "Asia/Makassar"}, "ok"},
		{crm.Workspace{Name: "A", TimeZone: "America/Argentina/Buenos_Aires"}, "ok"},
		{crm.Workspace{Name: "A", TimeZone: "America/Port-au-Prince"}, "ok"},
		{crm.Workspace{Name: "A", TimeZone: "Etc/GMT+7"}, "ok"},
		{crm.Workspace{Name: "A", TimeZone: "Jakarta"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "Asia/"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "../etc/passwd"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "Asia/Jakarta/../x"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "America/Argentina/Buenos_Aires/x"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "Asia/Jakarta\n"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "Asia/é"}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", TimeZone: "A/" + strings.Repeat("b", 63)}, "invalid bad_time_zone"},
		{crm.Workspace{Name: "A", Locale: "en"}, "ok"},
		{crm.Workspace{Name: "A", Locale: "de"}, "invalid bad_locale"},
		{crm.Workspace{Name: "A", Region: "my"}, "ok"},
		{crm.Workspace{Name: "A", Region: "IDN"}, "invalid bad_region"},
		{crm.Workspace{Name: "A", Region: "1D"}, "invalid bad_region"},
	} {
		if _, _, err := o.CreateWorkspace(t.Context(), c.workspace, crm.Member{Name: "Owner"}); code(err) != c.want {
			t.Errorf("CreateWorkspace(%+v): %v, want %s", c.workspace, err, c.want)
		}
		if _, err := o.EditWorkspace(t.Context(), o.me, c.workspace); code(err) != c.want {
			t.Errorf("EditWorkspace(%+v): %v, want %s", c.workspace, err, c.want)
		}
	}
	if _, _, err := o.CreateWorkspace(t.Context(), crm.Workspace{}, crm.Member{Name: "Owner"}); code(err) != "invalid bad_name" {
		t.Errorf("a workspace without a name: %v", err)
	}
	before, err := o.Workspaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.CreateWorkspace(t.Context(), crm.Workspace{Name: "A"}, crm.Member{}); code(err) != "invalid bad_name" {
		t.Errorf("an owner without a name: %v", err)
	}
	if after, err := o.Workspaces(t.Context()); err != nil || len(after) != len(before) {
		t.Errorf("a workspace without an owner was made: %v, %v", after, err)
	}
}

func TestEditWorkspace(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	created := o.clock.Now()
	o.clock.Advance(time.Hour)
	want := crm.Workspace{ID: o.me.WorkspaceID, Name: "Ours", TimeZone: "Asia/Makassar", Locale: "id", Region: "MY", CreatedAt: created}
	got, err := o.EditWorkspace(t.Context(), o.me, crm.Workspace{TimeZone: "Asia/Makassar", Region: "my", CreatedAt: o.clock.Now()})
	kept, _ := o.Workspace(t.Context(), o.me.WorkspaceID)
	if err != nil || *got != want || *kept != want {
		t.Errorf("the workspace is %+v and kept as %+v, %v, want %+v", got, kept, err, want)
	}
	for name, c := range map[string]struct {
		as   access.Principal
		id   crm.WorkspaceID
		want string
	}{
		"its own id":           {o.me, o.me.WorkspaceID, "ok"},
		"another's id":         {o.me, o.them.WorkspaceID, "not_found"},
		"nobody's id":          {o.me, crm.WorkspaceID{9}, "not_found"},
		"an admin":             {access.Principal{WorkspaceID: o.me.WorkspaceID, Role: crm.Admin}, crm.WorkspaceID{}, "forbidden workspace:manage"},
		"nobody":               {access.Principal{}, crm.WorkspaceID{}, "unauthenticated"},
		"somebody of no place": {access.System(crm.WorkspaceID{9}), crm.WorkspaceID{}, "not_found"},
	} {
		if _, err := o.EditWorkspace(t.Context(), c.as, crm.Workspace{ID: c.id, Name: "Changed"}); code(err) != c.want {
			t.Errorf("%s: EditWorkspace = %v, want %s", name, err, c.want)
		}
	}
	if theirs, err := o.Workspace(t.Context(), o.them.WorkspaceID); err != nil || theirs.Name != "Theirs" {
		t.Errorf("the other workspace is %+v, %v", theirs, err)
	}
}
