package people_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

func TestCannedReplies(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	save := func(p access.Principal, id crm.CannedReplyID, shortcut, body string) (*crm.CannedReply, error) {
		return o.SaveCannedReply(t.Context(), p, id, people.CannedEdit{Shortcut: &shortcut, Body: &body})
	}
	before := o.seen(o.me)
	made, err := save(o.me, crm.CannedReplyID{}, " /Jam_Buka ", " Kami buka 9-17.\n")
	if err != nil || made.Shortcut != "jam_buka" || made.Body != "Kami buka 9-17." || made.WorkspaceID != o.me.WorkspaceID || !made.CreatedAt.Equal(o.clock.Now()) {
		t.Fatalf("the reply is %+v, %v", made, err)
	}
	o.wantFact(before, crm.CannedReplyChanged, crm.ContactID{}, `{"canned_reply_id":"`+made.ID.String()+`"}`)
	if _, err := save(o.them, crm.CannedReplyID{}, "jam_buka", "x"); err != nil {
		t.Errorf("another workspace's reply under the shortcut: %v", err)
	}
	other, err := save(o.me, crm.CannedReplyID{}, "alamat", "Jalan Contoh 1")
	if err != nil {
		t.Fatal(err)
	}
	created := made.CreatedAt
	soon(o)
	changed, err := o.SaveCannedReply(t.Context(), o.me, made.ID, people.CannedEdit{Body: new("Kami buka 8-17.")})
	if err != nil || changed.Shortcut != "jam_buka" || changed.Body != "Kami buka 8-17." || !changed.CreatedAt.Equal(created) || !changed.UpdatedAt.Equal(o.clock.Now()) {
		t.Errorf("with another body it is %+v, %v", changed, err)
	}
	if list, err := o.CannedReplies(t.Context(), o.me); err != nil || len(list) != 2 || list[0].ID != other.ID || list[1].Body != changed.Body {
		t.Errorf("the list is %v, %v", list, err)
	}
	before = o.seen(o.me)
	if err := o.DeleteCannedReply(t.Context(), o.me, made.ID); err != nil {
		t.Error(err)
	}
	o.wantFact(before, crm.CannedReplyChanged, crm.ContactID{}, `{"canned_reply_id":"`+made.ID.String()+`","deleted":true}`)
	if got := code(o.DeleteCannedReply(t.Context(), o.me, made.ID)); got != "not_found" {
		t.Errorf("deleted twice: %q", got)
	}
	if got := code(o.DeleteCannedReply(t.Context(), o.them, other.ID)); got != "not_found" {
		t.Errorf("deleted by another workspace: %q", got)
	}
}

func TestCannedRepliesRefuse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	edit := func(shortcut, body string) people.CannedEdit {
		return people.CannedEdit{Shortcut: &shortcut, Body: &body}
	}
	taken, err := o.SaveCannedReply(t.Context(), o.me, crm.CannedReplyID{}, edit("taken", "x"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := o.SaveCannedReply(t.Context(), o.me, crm.CannedReplyID{}, edit("other", "x"))
	if err != nil {
		t.Fatal(err)
	}
	before := o.seen(o.me)
	for _, c := range []struct {
		name string
		id   crm.CannedReplyID
		edit people.CannedEdit
		want string
	}{
		{"without a shortcut", crm.CannedReplyID{}, people.CannedEdit{Body: new("x")}, "invalid bad_shortcut"},
		{"without a body", crm.CannedReplyID{}, people.CannedEdit{Shortcut: new("x")}, "invalid bad_body"},
		{"a slash alone", crm.CannedReplyID{}, edit("/", "x"), "invalid bad_shortcut"},
		{"a shortcut with a blank", crm.CannedReplyID{}, edit("a b", "x"), "invalid bad_shortcut"},
		{"a shortcut too long", crm.CannedReplyID{}, edit(strings.Repeat("a", people.MaxShortcut+1), "x"), "invalid bad_shortcut"},
		{"a body too long", crm.CannedReplyID{}, edit("a", strings.Repeat("é", crm.MaxText+1)), "invalid bad_body"},
		{"a shortcut that is taken", crm.CannedReplyID{}, edit("TAKEN", "x"), "conflict shortcut_taken"},
		{"another's shortcut", other.ID, edit(taken.Shortcut, "x"), "conflict shortcut_taken"},
		{"nobody's id", crm.CannedReplyID{15: 1}, edit("new", "x"), "not_found"},
	} {
		if _, err := o.SaveCannedReply(t.Context(), o.me, c.id, c.edit); code(err) != c.want {
			t.Errorf("%s is answered %q (%v), want %q", c.name, code(err), err, c.want)
		}
	}
	if _, err := o.SaveCannedReply(t.Context(), o.them, taken.ID, edit("new", "x")); code(err) != "not_found" {
		t.Errorf("a foreign id is answered %v", err)
	}
	if o.seen(o.me) != before {
		t.Error("what was refused left facts")
	}
}
