package people_test

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

// TestEditsAndNotesChangeALead: what becomes known of a contact is scored in the
// same transaction, and its temperature shows wherever the contact does.
func TestEditsAndNotesChangeALead(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, err := o.Create(t.Context(), o.me, people.Edit{
		Name: new("Dewi"), AddIdentities: []crm.Identity{{Kind: crm.ByPhone, Value: "0812-0000-0001"}},
	}, "ID")
	if err != nil {
		t.Fatal(err)
	}
	read := func() (*crm.Lead, lead.Score) {
		t.Helper()
		card, err := o.Card(t.Context(), o.me, made.ID)
		if err != nil || card.Lead == nil {
			t.Fatalf("the card has the lead %v, %v", card.Lead, err)
		}
		score, _ := lead.Read(card.Lead, lead.Education(), o.clock.Now())
		if card.Contact.Temperature != card.Lead.Temperature {
			t.Errorf("the contact is %q, its lead %q", card.Contact.Temperature, card.Lead.Temperature)
		}
		return card.Lead, score
	}
	if l, s := read(); s.Total != 4 || l.Total != 4 || l.Temperature != crm.Cold {
		t.Errorf("with a name and a number: %d, %s", s.Total, l.Temperature)
	}
	if _, err := o.Edit(t.Context(), o.me, made.ID, people.Edit{Fields: map[string]*string{"city": new("Bandung"), "jurusan": new("Kedokteran"), "budget": new("100 juta")}}, "ID"); err != nil {
		t.Fatal(err)
	}
	if _, s := read(); s.Total != 4+2+4+4 {
		t.Errorf("with three fields filled in: %d", s.Total)
	}
	if _, err := o.AddNote(t.Context(), o.me, made.ID, "Orang tua siap bayar."); err != nil {
		t.Fatal(err)
	}
	_, s := read()
	if s.Total != 14+6 || s.Parts[3].Lines[0].Signal != "team_says" {
		t.Errorf("after the note: %d, %+v", s.Total, s.Parts[3])
	}
	if _, err := o.Edit(t.Context(), o.me, made.ID, people.Edit{Fields: map[string]*string{"budget": nil}}, "ID"); err != nil {
		t.Fatal(err)
	}
	if _, s := read(); s.Total != 16 {
		t.Errorf("with the budget taken away: %d", s.Total)
	}
	o.clock.Advance(30 * 24 * time.Hour)
	if _, s := read(); s.Total != 13 {
		t.Errorf("a month later, when the note is worth half: %d", s.Total)
	}
	if _, err := o.Edit(t.Context(), o.me, made.ID, people.Edit{OptOut: new(true)}, "ID"); err != nil {
		t.Fatal(err)
	}
	if _, s := read(); s.Total != 0 {
		t.Errorf("who opted out: %d", s.Total)
	}
}

// TestNoteWarmsALead: a note changes the contact's row too when it makes the lead
// warmer.
func TestNoteWarmsALead(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, err := o.Create(t.Context(), o.me, people.Edit{
		Name: new("Dewi"), AddIdentities: []crm.Identity{{Kind: crm.ByPhone, Value: "0812-0000-0001"}},
		Fields: map[string]*string{
			"city": new("Bandung"), "school": new("SMA 1"), "jurusan": new("Hukum"), "program": new("S1"), "country": new("Jepang"),
			"budget": new("100 juta"), "start": new("2027"),
		}, LeadStatus: new("qualified"),
	}, "ID")
	if err != nil {
		t.Fatal(err)
	}
	if made.Temperature != crm.Cold {
		t.Errorf("with 28 points the contact is %q", made.Temperature)
	}
	if _, err := o.AddNote(t.Context(), o.me, made.ID, "Serius, siap bayar."); err != nil {
		t.Fatal(err)
	}
	card, err := o.Card(t.Context(), o.me, made.ID)
	if err != nil || card.Contact.Temperature != crm.Warm || card.Lead.Total != 34 {
		t.Errorf("after the note the contact is %q with %+v, %v", card.Contact.Temperature, card.Lead, err)
	}
}
