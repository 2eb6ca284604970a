package directory_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// heard returns the facts of our workspace after a number, as "kind by whom of whom
// fields", and the number to go on from.
func (o *office) heard(after int64) (told []string, next int64) {
	o.t.Helper()
	facts, err := o.feed.Facts(o.t.Context(), o.me.WorkspaceID, after, 100)
	if err != nil {
		o.t.Fatal(err)
	}
	names := map[string]string{}
	members, err := o.Members(o.t.Context(), o.me)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, m := range members {
		names[m.ID.String()] = m.Name
	}
	for _, f := range facts {
		var data struct {
			MemberID string `json:"member_id"`
			Fields   []string
		}
		if err := json.Unmarshal(f.Data, &data); err != nil {
			o.t.Fatal(err)
		}
		after = f.Seq
		told = append(told, strings.TrimSpace(string(f.Kind)+" "+names[f.Actor.ID]+">"+names[data.MemberID]+" "+strings.Join(data.Fields, ",")))
	}
	return told, after
}

// TestFeedTellsOfMembers: who invited whom, who came, whose access was taken away, and
// what else was changed of whom.
func TestFeedTellsOfMembers(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	var at int64
	wants := func(what string, want ...string) {
		t.Helper()
		var told []string
		if told, at = o.heard(at); !slices.Equal(told, want) {
			t.Errorf("%s: the feed tells %q, want %q", what, told, want)
		}
	}
	_, at = o.heard(0)
	dewi := o.member(o.me, crm.Member{Name: "Dewi", Role: crm.Agent})
	wants("somebody is added", "member.changed Owner>Dewi name,role")
	link, err := o.Invite(t.Context(), o.me, dewi.ID)
	if err != nil {
		t.Fatal(err)
	}
	wants("and invited", "member.invited Owner>Dewi")
	if _, _, err := o.SignIn(t.Context(), string(link), ""); err != nil {
		t.Fatal(err)
	}
	wants("it comes", "member.joined Dewi>Dewi")
	if _, _, err := o.SignIn(t.Context(), string(link), ""); err == nil {
		t.Fatal("a link was good twice")
	}
	wants("a link that was used")
	if link, err = o.Invite(t.Context(), o.me, dewi.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.SignIn(t.Context(), string(link), ""); err != nil {
		t.Fatal(err)
	}
	wants("it comes again", "member.invited Owner>Dewi")
	self := access.OfMember(dewi)
	if m, err := o.SetAway(t.Context(), self, true); err != nil || !m.Away {
		t.Fatalf("it goes away: %+v, %v", m, err)
	}
	wants("it goes away", "member.changed Dewi>Dewi away")
	if _, err := o.SetAway(t.Context(), self, true); err != nil {
		t.Fatal(err)
	}
	wants("it is away already")
	if m, err := o.Member(t.Context(), o.me.WorkspaceID, dewi.ID); err != nil || !m.Away {
		t.Errorf("it is stored as %+v, %v", m, err)
	}
	if _, err := o.SetAway(t.Context(), access.System(o.me.WorkspaceID), true); code(err) != "not_found" {
		t.Errorf("a program goes away: %v", err)
	}
	if _, err := o.Reset(t.Context(), o.me, dewi.ID); err != nil {
		t.Fatal(err)
	}
	wants("its access is taken away", "member.reset Owner>Dewi", "member.invited Owner>Dewi")
	gone := *dewi
	gone.DisabledAt, gone.Away = o.clock.Now(), true
	o.member(o.me, gone)
	wants("it works no more", "member.changed Owner>Dewi disabled")
}

// TestSkillsAreTags: a member is given no skill that is no tag of the workspace, and
// loses one whose tag is gone when it is saved.
func TestSkillsAreTags(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	stranger := crm.NewID[crm.Tag](o.mint)
	if _, err := o.SaveMember(t.Context(), o.me, crm.Member{Name: "Dewi", Role: crm.Agent, Skills: []crm.TagID{stranger}}); code(err) != "invalid bad_skills" {
		t.Errorf("a skill that is no tag: %v", err)
	}
	dewi := o.member(o.me, crm.Member{Name: "Dewi", Role: crm.Agent})
	dewi.Skills = []crm.TagID{stranger} // as if its tag had been deleted since
	if err := o.store.SaveMember(t.Context(), dewi); err != nil {
		t.Fatal(err)
	}
	dewi.Capacity = 3
	if saved := o.member(o.me, *dewi); len(saved.Skills) != 0 || saved.Capacity != 3 {
		t.Errorf("saved it has the skills %v and takes %d", saved.Skills, saved.Capacity)
	}
}
