package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

var mentionTests = []test{
	{"comes back with its note and contact, and is replaced whole", mentionStored},
	{"is counted while it is not seen, up to a limit", mentionCounted},
	{"is loaded as a query finds it", mentionLoaded},
	{"follows its note to another contact, and is gone with an erased one", mentionFollows},
	{"needs a note", mentionNeedsNote},
	{"pages of any query join to what fits it, newest first", mentionPages},
}

func (w *world) mentions(t *testing.T, q people.MentionQuery) []people.Mentioned {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = all
	}
	if q.MemberID.IsZero() {
		q.MemberID = w.ours.Owner.ID
	}
	return must[[]people.Mentioned](t)(w.store.People().Mentions(t.Context(), w.ours.ws, q))
}

// mentioning stores a note about a contact that names members.
func (w *world) mentioning(t *testing.T, contact *crm.Contact, members ...crm.MemberID) *crm.Note {
	t.Helper()
	note := copied(w.ours.note)
	note.ID, note.ContactID, note.CreatedAt = crm.NewID[crm.Note](w.mint), contact.ID, w.mint.Now()
	changes := crm.Changes{Notes: []*crm.Note{copied(note)}}
	for _, member := range members {
		changes.Mentions = append(changes.Mentions, &crm.Mention{WorkspaceID: w.ours.ws, NoteID: note.ID, MemberID: member})
	}
	w.write(t, w.ours.ws, &changes)
	return note
}

func mentionStored(t *testing.T, w *world) {
	want := people.Mentioned{Mention: *w.ours.mention, Note: w.ours.note, Contact: w.ours.contact}
	same(t, "a mention", w.mentions(t, people.MentionQuery{}), []people.Mentioned{want})
	want.SeenAt = w.clock.Advance(time.Second)
	w.write(t, w.ours.ws, &crm.Changes{Mentions: []*crm.Mention{copied(&want.Mention)}})
	same(t, "a mention that was seen", w.mentions(t, people.MentionQuery{}), []people.Mentioned{want})
	if rest := w.mentions(t, people.MentionQuery{Unseen: true}); len(rest) > 0 {
		t.Errorf("what was seen is among what was not: %+v", rest)
	}
	if others := w.mentions(t, people.MentionQuery{MemberID: crm.NewID[crm.Member](w.mint)}); len(others) > 0 {
		t.Errorf("somebody else is named: %+v", others)
	}
}

func mentionCounted(t *testing.T, w *world) {
	count := func(want, limit int) {
		t.Helper()
		if got := must[int](t)(w.store.People().CountUnseen(t.Context(), w.ours.ws, w.ours.Owner.ID, limit)); got != want {
			t.Errorf("%d are not seen, want %d (limit %d)", got, want, limit)
		}
	}
	count(1, 10)
	other := crm.NewID[crm.Member](w.mint)
	w.mentioning(t, w.ours.contact, w.ours.Owner.ID, other)
	w.mentioning(t, w.ours.contact, other)
	count(2, 10)
	count(1, 1)
	seen := copied(w.ours.mention)
	seen.SeenAt = w.mint.Now()
	w.write(t, w.ours.ws, &crm.Changes{Mentions: []*crm.Mention{seen}})
	count(1, 10)
}

func mentionLoaded(t *testing.T, w *world) {
	other, _, _ := w.newThread(t, w.ours, nil)
	second := w.mentioning(t, other, w.ours.Owner.ID)
	load := func(q people.MentionQuery) []*crm.Mention {
		t.Helper()
		q.Limit, q.Unseen = all, true
		return w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Mentions: q}).Mentions
	}
	latest := &crm.Mention{WorkspaceID: w.ours.ws, NoteID: second.ID, MemberID: w.ours.Owner.ID}
	same(t, "all of a member", load(people.MentionQuery{MemberID: w.ours.Owner.ID}), []*crm.Mention{latest, w.ours.mention})
	same(t, "those about a contact", load(people.MentionQuery{MemberID: w.ours.Owner.ID, ContactID: other.ID}), []*crm.Mention{latest})
	if none := load(people.MentionQuery{}); len(none) > 0 {
		t.Errorf("%d mentions are loaded unasked", len(none))
	}
	party := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, PartiesTo: []crm.ConversationID{w.ours.conversation.ID, w.theirs.conversation.ID}}).Contacts
	same(t, "whom a conversation is with", party, []*crm.Contact{w.ours.contact})
	team := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Everybody: true}).Members
	same(t, "everybody", team, []*crm.Member{w.ours.Owner})
	if none := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws}).Members; len(none) > 0 {
		t.Errorf("%d members are loaded unasked", len(none))
	}
}

func mentionFollows(t *testing.T, w *world) {
	other, _, _ := w.newThread(t, w.ours, nil)
	note := copied(w.ours.note)
	note.ContactID = other.ID
	w.write(t, w.ours.ws, &crm.Changes{Notes: []*crm.Note{copied(note)}})
	same(t, "whom the note is about now", w.mentions(t, people.MentionQuery{ContactID: other.ID}), []people.Mentioned{{Mention: *w.ours.mention, Note: note, Contact: other}})
	if before := w.mentions(t, people.MentionQuery{ContactID: w.ours.contact.ID}); len(before) > 0 {
		t.Errorf("it is about whom it was about before: %+v", before)
	}
	e := newEraser(w)
	e.begin(t, other.ID)
	if left := w.mentions(t, people.MentionQuery{}); len(left) > 0 {
		t.Errorf("notes about an erased contact name somebody: %+v", left)
	}
}

func mentionNeedsNote(t *testing.T, w *world) {
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Mentions: []*crm.Mention{{WorkspaceID: w.ours.ws, NoteID: crm.NewID[crm.Note](w.mint), MemberID: w.ours.Owner.ID}}})
	if err == nil {
		t.Error("a mention in a note that there is not was written")
	}
}

func mentionPages(t *testing.T, w *world) {
	ours := w.ours
	other, _, _ := w.newThread(t, ours, nil)
	crowd, changes := []people.Mentioned{{Mention: *ours.mention, Note: ours.note, Contact: ours.contact}}, &crm.Changes{}
	for i := range 24 {
		note := copied(ours.note)
		note.ID = crm.NewID[crm.Note](w.mint)
		contact := ours.contact
		if i%2 == 0 {
			note.ContactID, contact = other.ID, other
		}
		mention := &crm.Mention{WorkspaceID: ours.ws, NoteID: note.ID, MemberID: ours.Owner.ID}
		if i%3 == 0 {
			mention.SeenAt = w.mint.Now()
		}
		changes.Notes, changes.Mentions = append(changes.Notes, note), append(changes.Mentions, mention)
		crowd = append(crowd, people.Mentioned{Mention: *mention, Note: note, Contact: contact})
	}
	w.write(t, ours.ws, changes)
	slices.Reverse(crowd)
	law(t, "the pages of a query are what fits it, in order", 25, func(contact, unseen bool, limit int) string {
		q := people.MentionQuery{MemberID: ours.Owner.ID, Unseen: unseen, Limit: limit}
		if contact {
			q.ContactID = other.ID
		}
		var want []*people.Mentioned
		for _, m := range crowd {
			if (!contact || m.Contact.ID == other.ID) && (!unseen || m.SeenAt.IsZero()) {
				want = append(want, &m)
			}
		}
		got, err := pages(limit, func(last *people.Mentioned) ([]*people.Mentioned, error) {
			if last != nil {
				q.After = last.NoteID
			}
			page, err := w.store.People().Mentions(t.Context(), ours.ws, q)
			var rows []*people.Mentioned
			for _, m := range page {
				rows = append(rows, &m)
			}
			return rows, err
		})
		return verdict(err, got, want)
	}, gen.Bool(), gen.Bool(), gen.IntRange(1, 12))
}
