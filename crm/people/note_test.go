package people_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/people"
)

func TestAddNote(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.contact(o.me, people.Edit{Name: new("Dewi")})
	before := o.seen(o.me)
	note, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: c.ID, Body: " Wants\n to study abroad "})
	if err != nil {
		t.Fatal(err)
	}
	o.wantFact(before, crm.NoteCreated, c.ID, `{"note_id":"`+note.ID.String()+`"}`)
	list, err := o.Notes(t.Context(), o.me, c.ID, crm.NoteID{}, 0)
	if err != nil || len(list) != 1 {
		t.Fatalf("the contact has the notes %v, %v", list, err)
	}
	want := crm.Note{ID: note.ID, WorkspaceID: o.me.WorkspaceID, ContactID: c.ID, Author: o.me.Actor, Body: " Wants\n to study abroad ", CreatedAt: o.clock.Now()}
	for _, got := range []crm.Note{*note, *list[0]} {
		if got != want {
			t.Errorf("the note is %+v, want %+v", got, want)
		}
	}
}

func TestAddNoteRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.contact(o.me, people.Edit{Name: new("Dewi")})
	before := o.seen(o.me)
	for _, body := range []string{"", " \n\t", "a\x00", "a\xff", strings.Repeat("é", people.MaxNote+1)} {
		if note, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: c.ID, Body: body}); code(err) != "invalid bad_body" || note != nil {
			t.Errorf("AddNote(%.20q) = %v, %v, want Invalid", body, note, err)
		}
	}
	if o.seen(o.me) != before {
		t.Error("a note that was refused left a fact behind")
	}
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: c.ID, Body: strings.Repeat("é", people.MaxNote)}); err != nil {
		t.Errorf("a note of exactly the limit: %v", err)
	}
}

// TestNotePages: a contact's notes come newest first, and the pages join.
func TestNotePages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c, other := o.contact(o.me, people.Edit{Name: new("Dewi")}), o.contact(o.me, people.Edit{Name: new("Other")})
	if list, err := o.Notes(t.Context(), o.me, c.ID, crm.NoteID{}, 0); err != nil || len(list) != 0 {
		t.Fatalf("a contact without notes has %v, %v", list, err)
	}
	var want []string
	for i := range 5 {
		body := fmt.Sprint("note ", i)
		want = append([]string{body}, want...)
		for _, note := range []struct {
			contact crm.ContactID
			body    string
		}{{c.ID, body}, {other.ID, "other"}} {
			if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: note.contact, Body: note.body}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	after := crm.NoteID{}
	for {
		page, err := o.Notes(t.Context(), o.me, c.ID, after, 2)
		if err != nil || len(page) > 2 {
			t.Fatalf("a page of %d notes, %v", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		for _, n := range page {
			got = append(got, n.Body)
		}
		after = page[len(page)-1].ID
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages join to %q, want %q", got, want)
	}
}

// TestNaughtyStrings: every text of the shared list that is not blank comes back
// code point for code point as a note and as a field's value.
func TestNaughtyStrings(t *testing.T) {
	t.Parallel()
	encoded, err := os.ReadFile(crmtest.Shared(t, "vectors", "blns", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(encoded, &naughty); err != nil {
		t.Fatal(err)
	}
	o := newOffice(t)
	kept := 0
	for chunk := range slices.Chunk(naughty, people.MaxFields) {
		fields := make(map[string]*string)
		for i, text := range chunk {
			fields[fmt.Sprint("field ", i)] = &text
		}
		c := o.contact(o.me, people.Edit{Name: new("Naughty"), Fields: fields})
		got := o.card(o.me, c.ID).Contact.Fields
		for name, text := range fields {
			if got[name] != *text {
				t.Errorf("the field %q comes back as %q", *text, got[name])
			}
			kept++
		}
		if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: c.ID, Body: strings.Join(chunk, "\n")}); err != nil {
			t.Fatal(err)
		}
		if note := o.card(o.me, c.ID).Notes[0]; note.Body != strings.Join(chunk, "\n") {
			t.Errorf("the note comes back as %q", note.Body)
		}
	}
	if kept < 500 {
		t.Errorf("only %d strings of the list were tried", kept)
	}
}
