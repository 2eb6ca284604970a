package people_test

import (
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

// colleague adds a member to our workspace.
func (o *office) colleague(m crm.Member) access.Principal {
	o.t.Helper()
	m.Role = crm.Agent
	made, err := o.members.SaveMember(o.t.Context(), o.me, m)
	if err != nil {
		o.t.Fatal(err)
	}
	return access.OfMember(made)
}

// named returns the bodies of the notes that name a member, unseen ones with a star.
func (o *office) named(p access.Principal, q people.MentionQuery) (bodies []string) {
	o.t.Helper()
	list, err := o.Mentions(o.t.Context(), p, q)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, m := range list {
		star := ""
		if m.SeenAt.IsZero() {
			star = "*"
		}
		bodies = append(bodies, m.Contact.Name+": "+m.Note.Body+star)
	}
	return bodies
}

func (o *office) unseen(p access.Principal, want int) {
	o.t.Helper()
	if got, err := o.UnseenMentions(o.t.Context(), p); err != nil || got != want {
		o.t.Errorf("%d mentions are not seen, %v, want %d", got, err, want)
	}
}

// TestMentionReaches: a note reaches the members it names, who see it once.
func TestMentionReaches(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dewi, budi := o.colleague(crm.Member{Name: "Dewi"}), o.colleague(crm.Member{Name: "Budi"})
	sari, tono := o.contact(o.me, people.Edit{Name: new("Sari")}), o.contact(o.me, people.Edit{Name: new("Tono")})
	note := func(by access.Principal, contact *crm.Contact, body string) *crm.Note {
		t.Helper()
		n, err := o.AddNote(t.Context(), by, people.NewNote{ContactID: contact.ID, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := o.seen(o.me)
	first := note(o.me, sari, "@dewi @Dewi tolong")
	o.wantFact(before, crm.NoteCreated, sari.ID, fmt.Sprintf(`{"note_id":%q,"mentioned":[%q]}`, first.ID, dewi.Member))
	note(dewi, tono, "tanya @Budi, kata @Dewi") // who writes is not told
	note(o.me, sari, "dewi@example.com")
	if got, want := fmt.Sprint(o.named(dewi, people.MentionQuery{}), o.named(budi, people.MentionQuery{})), "[Sari: @dewi @Dewi tolong*] [Tono: tanya @Budi, kata @Dewi*]"; got != want {
		t.Errorf("Dewi and Budi are named in %s, want %s", got, want)
	}
	note(o.me, tono, "@Dewi lagi")
	o.unseen(dewi, 2)
	o.unseen(o.me, 0)

	before = o.seen(o.me)
	if n, err := o.SeeMentions(t.Context(), dewi, sari.ID); n != 1 || err != nil {
		t.Errorf("seeing what is said of one contact marks %d, %v", n, err)
	}
	facts := o.since(o.me, before)
	if len(facts) != 1 || facts[0].Kind != crm.MentionSeen || facts[0].ContactID != sari.ID || !sameJSON(string(facts[0].Data), fmt.Sprintf(`{"member_id":%q,"count":1}`, dewi.Member)) {
		t.Errorf("the feed tells %v", facts)
	}
	o.unseen(dewi, 1)
	if got := fmt.Sprint(o.named(dewi, people.MentionQuery{}), o.named(dewi, people.MentionQuery{Unseen: true})); got != "[Tono: @Dewi lagi* Sari: @dewi @Dewi tolong] [Tono: @Dewi lagi*]" {
		t.Errorf("Dewi is named in %s", got)
	}
	if n, err := o.SeeMentions(t.Context(), dewi, crm.ContactID{}); n != 1 || err != nil {
		t.Errorf("seeing the rest marks %d, %v", n, err)
	}
	before = o.seen(o.me)
	if n, err := o.SeeMentions(t.Context(), dewi, crm.ContactID{}); n != 0 || err != nil || o.seen(o.me) != before {
		t.Errorf("seeing them again marks %d, %v, and leaves facts", n, err)
	}
	o.unseen(budi, 1)
}

// TestMentionNames: who works no more is not told; of two with one name both are.
func TestMentionNames(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	gone := o.colleague(crm.Member{Name: "Eka", DisabledAt: o.clock.Now()})
	one, other := o.colleague(crm.Member{Name: "Rina"}), o.colleague(crm.Member{Name: "Rina"})
	c := o.contact(o.me, people.Edit{Name: new("Sari")})
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: c.ID, Body: "@Eka @Rina"}); err != nil {
		t.Fatal(err)
	}
	o.unseen(gone, 0)
	o.unseen(one, 1)
	o.unseen(other, 1)
	key := access.System(o.me.WorkspaceID)
	o.unseen(key, 0)
	if got := o.named(key, people.MentionQuery{}); got != nil {
		t.Errorf("a program is named in %v", got)
	}
}

// TestNoteInAThread: a note says where it was written, if that is a conversation of
// its contact.
func TestNoteInAThread(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	sari, tono := o.contact(o.me, people.Edit{Name: new("Sari")}), o.contact(o.me, people.Edit{Name: new("Tono")})
	thread := o.thread(o.me, sari, "100")
	before := o.seen(o.me)
	note, err := o.AddNote(t.Context(), o.me, people.NewNote{ConversationID: thread.ID, Body: "di sini"})
	if err != nil || note.ConversationID != thread.ID || o.card(o.me, sari.ID).Notes[0].ConversationID != thread.ID {
		t.Fatalf("a note in a conversation is %+v, %v", note, err)
	}
	if facts := o.since(o.me, before); len(facts) != 1 || facts[0].ConversationID != thread.ID {
		t.Errorf("the feed tells %v", facts)
	}
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: tono.ID, ConversationID: thread.ID, Body: "di sini"}); code(err) != "not_found" {
		t.Errorf("a note about one contact in the conversation of another: %v", err)
	}
	if _, err := o.AddNote(t.Context(), o.them, people.NewNote{ConversationID: thread.ID, Body: "di sini"}); code(err) != "not_found" {
		t.Errorf("a note in another workspace's conversation: %v", err)
	}
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{Body: "di mana?"}); code(err) != "not_found" {
		t.Errorf("a note about nobody: %v", err)
	}
}
