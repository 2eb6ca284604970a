package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var tagTests = []test{
	{"is listed by name and replaced whole", tagListed},
	{"has a name of its own, without regard to case", tagUnique},
	{"goes off every contact when it is deleted", tagDeleted},
	{"finds the contacts and conversations it is on", tagFinds},
	{"is loaded by id or with all others", tagLoad},
}

func (w *world) newTag(t *testing.T, name string) *crm.Tag {
	t.Helper()
	tag := &crm.Tag{ID: crm.NewID[crm.Tag](w.mint), WorkspaceID: w.ours.ws, Name: name, CreatedAt: w.clock.Now()}
	w.write(t, w.ours.ws, &crm.Changes{Tags: []*crm.Tag{copied(tag)}})
	return tag
}

func (w *world) tags(t *testing.T) []*crm.Tag {
	t.Helper()
	return must[[]*crm.Tag](t)(w.store.People().Tags(t.Context(), w.ours.ws))
}

func tagListed(t *testing.T, w *world) {
	c, a, b := w.newTag(t, "cc"), w.newTag(t, "aa"), w.newTag(t, "bb")
	vip := copied(w.ours.tag)
	vip.Name, vip.Color = "ab", ""
	w.write(t, w.ours.ws, &crm.Changes{Tags: []*crm.Tag{copied(vip)}})
	same(t, "the tags by name", w.tags(t), []*crm.Tag{a, vip, b, c})
}

func tagUnique(t *testing.T, w *world) {
	perth := w.newTag(t, "Étudiant à Perth")
	for _, name := range []string{"VIP", "vip", "étudiant à perth", "ÉTUDIANT À PERTH"} {
		twin := &crm.Tag{ID: crm.NewID[crm.Tag](w.mint), WorkspaceID: w.ours.ws, Name: name, CreatedAt: w.clock.Now()}
		err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Tags: []*crm.Tag{twin}})
		wantCode(t, "a second tag called "+name, err, crm.Conflict)
	}
	perth.Name = strings.ToUpper(perth.Name) // its own name in another case
	w.write(t, w.ours.ws, &crm.Changes{Tags: []*crm.Tag{copied(perth)}})
	same(t, "the tags", w.tags(t), []*crm.Tag{w.ours.tag, perth})
}

func tagDeleted(t *testing.T, w *world) {
	perth := w.newTag(t, "Perth")
	ct := copied(w.ours.contact)
	ct.Tags = append(slices.Clone(ct.Tags), perth.ID)
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}})
	w.write(t, w.ours.ws, &crm.Changes{DeletedTags: []crm.TagID{w.ours.tag.ID, crm.NewID[crm.Tag](w.mint)}})
	same(t, "the tags that are left", w.tags(t), []*crm.Tag{perth})
	ct.Tags = []crm.TagID{perth.ID}
	card := must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, ct.ID))
	same(t, "the contact", card.Contact, ct)
	same(t, "the tags on its card", card.Tags, []*crm.Tag{perth})
	if found := w.taggedWith(t, w.ours.tag.ID); found != 0 {
		t.Errorf("the deleted tag finds %d contacts and conversations", found)
	}
	w.newTag(t, w.ours.tag.Name) // its name is free
}

// taggedWith counts the contacts and conversations a tag finds.
func (w *world) taggedWith(t *testing.T, tag crm.TagID) int {
	t.Helper()
	contacts := must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), w.ours.ws, people.ContactQuery{TagID: tag, Limit: all}))
	threads := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{TagID: tag, Limit: all}))
	return len(contacts) + len(threads)
}

func tagFinds(t *testing.T, w *world) {
	perth := w.newTag(t, "Perth")
	if found := w.taggedWith(t, perth.ID); found != 0 {
		t.Errorf("a new tag finds %d contacts and conversations", found)
	}
	ct := copied(w.ours.contact)
	ct.Tags = []crm.TagID{perth.ID}
	ct.UpdatedAt = w.clock.Advance(time.Second)
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{ct}})
	if found := w.taggedWith(t, perth.ID); found != 2 {
		t.Errorf("a tag put on a contact finds %d rows, want the contact and its conversation", found)
	}
	if found := w.taggedWith(t, w.ours.tag.ID); found != 0 {
		t.Errorf("a tag taken off a contact finds %d rows, want none", found)
	}
}

func tagLoad(t *testing.T, w *world) {
	perth := w.newTag(t, "Perth")
	some := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Tags: []crm.TagID{perth.ID, crm.NewID[crm.Tag](w.mint)}})
	same(t, "a tag by id", some.Tags, []*crm.Tag{perth})
	every := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, AllTags: true, Tags: []crm.TagID{perth.ID}})
	slices.SortFunc(every.Tags, tagsByID)
	same(t, "all tags", every.Tags, []*crm.Tag{w.ours.tag, perth})
}
