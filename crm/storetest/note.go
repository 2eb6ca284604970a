package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
)

var noteTests = []test{
	{"comes back with every field", noteStored},
	{"pages join to all of a contact's, newest first", notePages},
}

func (w *world) notes(t *testing.T, contact crm.ContactID) []*crm.Note {
	t.Helper()
	return must[[]*crm.Note](t)(w.store.People().Notes(t.Context(), w.ours.ws, contact, crm.NoteID{}, all))
}

func noteStored(t *testing.T, w *world) {
	same(t, "a note on a contact alone", w.notes(t, w.ours.contact.ID), []*crm.Note{w.ours.note})
	note := copied(w.ours.note)
	note.Body, note.ConversationID, note.Author = "wants Sydney", w.ours.conversation.ID, crm.Actor{Kind: crm.ByKey, ID: "website"}
	everyField(t, "a note", note, w.ours.note, "ID", "WorkspaceID", "ContactID", "CreatedAt")
	w.write(t, w.ours.ws, &crm.Changes{Notes: []*crm.Note{copied(note)}})
	same(t, "a note with every field changed", w.notes(t, w.ours.contact.ID), []*crm.Note{note})
}

func notePages(t *testing.T, w *world) {
	want, changes := []*crm.Note{w.ours.note}, &crm.Changes{}
	for i := range 11 {
		note := copied(w.ours.note)
		note.ID, note.Body = crm.NewID[crm.Note](w.mint), fmt.Sprint(i)
		note.CreatedAt = w.clock.Advance(time.Duration(i%2) * time.Second)
		want, changes.Notes = append(want, note), append(changes.Notes, note)
	}
	other, _, _ := w.newThread(t, w.ours, nil)
	elsewhere := copied(w.ours.note)
	elsewhere.ID, elsewhere.ContactID = crm.NewID[crm.Note](w.mint), other.ID
	changes.Notes = append(changes.Notes, elsewhere)
	w.write(t, w.ours.ws, changes)
	slices.Reverse(want)
	for _, limit := range []int{1, 5, 12, 20} {
		got, err := pages(limit, func(last *crm.Note) ([]*crm.Note, error) {
			var after crm.NoteID
			if last != nil {
				after = last.ID
			}
			return w.store.People().Notes(t.Context(), w.ours.ws, w.ours.contact.ID, after, limit)
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("the notes in pages of %d", limit), got, want)
	}
}
