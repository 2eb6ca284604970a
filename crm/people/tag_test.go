package people_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

func TestSaveTag(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	before := o.seen(o.me)
	made, err := o.SaveTag(t.Context(), o.me, crm.Tag{Name: " Beasiswa ", Color: "#2F80ED"})
	if err != nil {
		t.Fatal(err)
	}
	if made.Name != "Beasiswa" || made.Color != "#2f80ed" || made.WorkspaceID != o.me.WorkspaceID || !made.CreatedAt.Equal(o.clock.Now()) {
		t.Errorf("the tag is %+v", made)
	}
	o.wantFact(before, crm.TagChanged, crm.ContactID{}, `{"tag_id":"`+made.ID.String()+`","name":"Beasiswa","color":"#2f80ed"}`)

	created := o.clock.Now()
	soon(o)
	before = o.seen(o.me)
	renamed, err := o.SaveTag(t.Context(), o.me, crm.Tag{ID: made.ID, Name: "BEASISWA"})
	if err != nil || renamed.ID != made.ID || renamed.Name != "BEASISWA" || renamed.Color != "" || !renamed.CreatedAt.Equal(created) {
		t.Errorf("renamed to another case: %+v, %v", renamed, err)
	}
	o.wantFact(before, crm.TagChanged, crm.ContactID{}, `{"tag_id":"`+made.ID.String()+`","name":"BEASISWA","color":""}`)

	before = o.seen(o.me)
	if again, err := o.SaveTag(t.Context(), o.me, crm.Tag{ID: made.ID, Name: "BEASISWA"}); err != nil || again.ID != made.ID || o.seen(o.me) != before {
		t.Errorf("saving a tag as it is: %+v, %v, and %d facts", again, err, o.seen(o.me)-before)
	}
	if _, err := o.SaveTag(t.Context(), o.them, crm.Tag{Name: "beasiswa"}); err != nil {
		t.Errorf("another workspace's tag of the same name: %v", err)
	}
}

func TestSaveTagRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	taken, other := o.tag(o.me, "Beasiswa"), o.tag(o.me, "Other")
	before := o.seen(o.me)
	for _, c := range []struct {
		name string
		tag  crm.Tag
		want string
	}{
		{"no name", crm.Tag{Name: " "}, "invalid bad_name"},
		{"a name too long", crm.Tag{Name: strings.Repeat("é", people.MaxTag+1)}, "invalid bad_name"},
		{"a name with NUL", crm.Tag{Name: "a\x00"}, "invalid bad_name"},
		{"a color by name", crm.Tag{Name: "New", Color: "red"}, "invalid bad_color"},
		{"a short color", crm.Tag{Name: "New", Color: "#fff"}, "invalid bad_color"},
		{"a color that is no number", crm.Tag{Name: "New", Color: "#gggggg"}, "invalid bad_color"},
		{"a color without its mark", crm.Tag{Name: "New", Color: "ffffff"}, "invalid bad_color"},
		{"a name that is taken", crm.Tag{Name: "bEASISWA"}, "conflict name_taken"},
		{"another's name", crm.Tag{ID: other.ID, Name: "beasiswa"}, "conflict name_taken"},
		{"an unknown tag", crm.Tag{ID: crm.TagID{9}, Name: "New"}, "not_found"},
	} {
		if tag, err := o.SaveTag(t.Context(), o.me, c.tag); code(err) != c.want || tag != nil {
			t.Errorf("%s: SaveTag = %v, %v, want %s", c.name, tag, err, c.want)
		}
	}
	tags, err := o.Tags(t.Context(), o.me)
	if err != nil || len(tags) != 2 || *tags[0] != *taken || o.seen(o.me) != before {
		t.Errorf("what was refused left something behind: %v, %v", tags, err)
	}
	if _, err := o.SaveTag(t.Context(), o.me, crm.Tag{Name: strings.Repeat("é", people.MaxTag)}); err != nil {
		t.Errorf("a name of exactly the limit: %v", err)
	}
}

func TestDeleteTag(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	gone, stays := o.tag(o.me, "Gone"), o.tag(o.me, "Stays")
	c := o.contact(o.me, people.Edit{Name: new("Dewi"), AddTags: []crm.TagID{gone.ID, stays.ID}})
	before := o.seen(o.me)
	if err := o.DeleteTag(t.Context(), o.me, gone.ID); err != nil {
		t.Fatal(err)
	}
	o.wantFact(before, crm.TagChanged, crm.ContactID{}, `{"tag_id":"`+gone.ID.String()+`","deleted":true}`)
	card := o.card(o.me, c.ID)
	if len(card.Tags) != 1 || card.Tags[0].ID != stays.ID || len(card.Contact.Tags) != 1 || card.Contact.Tags[0] != stays.ID {
		t.Errorf("after one of its tags was deleted the contact has %v and shows %v", card.Contact.Tags, card.Tags)
	}
	if err := o.DeleteTag(t.Context(), o.me, gone.ID); code(err) != "not_found" {
		t.Errorf("deleting it again: %v, want NotFound", err)
	}
	o.tag(o.me, "gone") // the name is free again
}
