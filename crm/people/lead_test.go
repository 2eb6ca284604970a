package people_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
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
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: made.ID, Body: "Orang tua siap bayar."}); err != nil {
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
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: made.ID, Body: "Serius, siap bayar."}); err != nil {
		t.Fatal(err)
	}
	card, err := o.Card(t.Context(), o.me, made.ID)
	if err != nil || card.Contact.Temperature != crm.Warm || card.Lead.Total != 34 {
		t.Errorf("after the note the contact is %q with %+v, %v", card.Contact.Temperature, card.Lead, err)
	}
}

// lead reads a contact's lead, which must be there.
func (o *office) lead(id crm.ContactID) *crm.Lead {
	o.t.Helper()
	card := o.card(o.me, id)
	if card.Lead == nil || card.Contact.Temperature != card.Lead.Temperature {
		o.t.Fatalf("%s is %q with the lead %+v", card.Contact.Name, card.Contact.Temperature, card.Lead)
	}
	for _, cv := range card.Conversations {
		if cv.Temperature != card.Lead.Temperature {
			o.t.Errorf("%s's conversation is %q, its lead %q", card.Contact.Name, cv.Temperature, card.Lead.Temperature)
		}
	}
	return card.Lead
}

// writes stores messages of a contact's, of the latest first.
func (o *office) writes(cv *crm.Conversation, texts ...string) {
	o.t.Helper()
	err := o.store.Update(o.t.Context(), cv.WorkspaceID, func(ctx context.Context, tx people.Tx) error {
		var changes crm.Changes
		for i, text := range texts {
			changes.Messages = append(changes.Messages, &crm.Message{
				ID: crm.NewID[crm.Message](o.mint), WorkspaceID: cv.WorkspaceID, ConversationID: cv.ID, ChannelID: cv.ChannelID, ContactID: cv.ContactID,
				Direction: crm.Inbound, Content: crm.Text{Body: text}, ProviderID: fmt.Sprint(cv.ID, i), Status: crm.Received,
				ProviderTime: o.clock.Now().Add(-time.Duration(i) * time.Minute), CreatedAt: o.clock.Now(), Author: crm.Actor{Kind: crm.ByContact},
			})
		}
		return tx.Write(ctx, &changes)
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// TestImportsAndBulkChangesAreScored: in the same transaction, with one fact for
// a batch of an import.
func TestImportsAndBulkChangesAreScored(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	old := o.contact(o.me, people.Edit{Name: new("Dewi"), AddIdentities: phoneOf("+6281200000001")})
	before := o.lead(old.ID).Total
	seen := o.seen(o.me)
	o.imported(o.me, "name,phone,city,budget,note\nDewi,+62 812 0000 0001,Bandung,100 juta,Serius dan siap bayar\nBudi,+62 812 0000 0002,Medan,,\n",
		people.Start{Mapping: []csvio.Target{"name", "phone", "field:city", "field:budget", "note"}})
	if now := o.lead(old.ID).Total; now != before+2+4+6 {
		t.Errorf("with city, budget and a note from the file Dewi has %d, before %d", now, before)
	}
	card, err := o.ByPhone(t.Context(), o.me, "+6281200000002", "ID")
	if err != nil {
		t.Fatal(err)
	}
	if budi := o.lead(card.Contact.ID); budi.Total != 6 || budi.Temperature != crm.Cold {
		t.Errorf("from the file Budi has %d and is %s", budi.Total, budi.Temperature)
	}
	for _, f := range o.since(o.me, seen) {
		if f.Kind == crm.ContactChanged {
			t.Errorf("an import tells %s of a contact", f.Data)
		}
	}
	if _, err := o.Bulk(t.Context(), o.me, people.Bulk{IDs: []crm.ContactID{old.ID, card.Contact.ID}, Edit: people.Edit{LeadStatus: new("qualified")}}); err != nil {
		t.Fatal(err)
	}
	if dewi, budi := o.lead(old.ID).Total, o.lead(card.Contact.ID).Total; dewi != before+12+6 || budi != 6+6 {
		t.Errorf("qualified in bulk they have %d and %d", dewi, budi)
	}
}

// TestMergeJoinsEvidence: a merged contact has the score of all that both said,
// each has its own again when that is undone, and what came meanwhile counts for
// who has it.
func TestMergeJoinsEvidence(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	kept := o.contact(o.me, people.Edit{Name: new("Dewi"), AddIdentities: phoneOf("+6281200000001")})
	gone := o.contact(o.me, people.Edit{Name: new("Dewi L"), AddIdentities: phoneOf("+6281200000002"), Fields: map[string]*string{"city": new("Bandung")}})
	o.writes(o.thread(o.me, kept, "1001"), "berapa biayanya?", "halo")
	o.writes(o.thread(o.me, gone, "1002"), "mau daftar", "budget 50 juta")
	if _, err := o.StartRescore(t.Context(), o.me); err != nil {
		t.Fatal(err)
	}
	if _, err := o.RescoreTurn(t.Context()); err != nil {
		t.Fatal(err)
	}
	keptBefore, goneBefore := o.lead(kept.ID), o.lead(gone.ID)
	if keptBefore.Total < 20 || goneBefore.Total < 20 {
		t.Fatalf("to begin with they have %d and %d", keptBefore.Total, goneBefore.Total)
	}
	merge, merged, err := o.Merge(t.Context(), o.me, kept.ID, gone.ID)
	if err != nil {
		t.Fatal(err)
	}
	together := o.lead(kept.ID)
	if together.Total <= max(keptBefore.Total, goneBefore.Total) || merged.Temperature != together.Temperature {
		t.Errorf("together they have %d, apart %d and %d; the answer says %s, stored is %s",
			together.Total, keptBefore.Total, goneBefore.Total, merged.Temperature, together.Temperature)
	}
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: kept.ID, Body: "Serius, siap bayar."}); err != nil {
		t.Fatal(err)
	}
	back, err := o.Unmerge(t.Context(), o.me, merge.ID)
	if err != nil {
		t.Fatal(err)
	}
	keptAfter, goneAfter := o.lead(kept.ID), o.lead(gone.ID)
	if !bytes.Equal(goneAfter.Profile, goneBefore.Profile) || goneAfter.Total != goneBefore.Total || back.Temperature != goneAfter.Temperature {
		t.Errorf("who comes back has %d, before %d", goneAfter.Total, goneBefore.Total)
	}
	if keptAfter.Total != keptBefore.Total+6 {
		t.Errorf("who was kept has %d, before %d and a note of 6 since", keptAfter.Total, keptBefore.Total)
	}
}
