package people_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

// TestAging: the lists follow a score that falls while nothing happens, within
// what is promised, and a temperature that changes is told like any other.
func TestAging(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	aging := people.NewAging(o.aging, o.mint)
	var made []*crm.Contact
	for i := range 3 {
		c := o.contact(o.me, people.Edit{
			Name: new("Dewi"), AddIdentities: phoneOf(fmt.Sprintf("0812-0000-000%d", i+1)), LeadStatus: new("qualified"), Fields: map[string]*string{
				"city": new("Bandung"), "jurusan": new("Hukum"),
				"budget": new("100 juta"), "start": new("2027"),
			}})
		made = append(made, c)
	}
	thread := o.thread(o.me, made[0], "1000")
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: made[0].ID, Body: "Serius, siap bayar."}); err != nil {
		t.Fatal(err)
	}
	before := o.card(o.me, made[0].ID)
	if before.Contact.Temperature != crm.Warm || before.Contact.Score != before.Lead.Total {
		t.Fatalf("the contact is %s with %d of %d", before.Contact.Temperature, before.Contact.Score, before.Lead.Total)
	}
	seen := o.seen(o.me)
	if n, err := aging.Step(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("at once %d leads are due, %v", n, err)
	}
	for range 300 {
		o.clock.Advance(24 * time.Hour)
		for n := -1; n != 0; {
			var err error
			if n, err = aging.Step(t.Context(), 2); err != nil || n > 2 {
				t.Fatalf("a step of 2 scored %d, %v", n, err)
			}
		}
		for _, c := range made {
			card := o.card(o.me, c.ID)
			score, temperature := lead.Read(card.Lead, lead.Education(), o.clock.Now())
			if card.Contact.Score != score.Total || card.Contact.Temperature != temperature {
				t.Fatalf("at %v the list has %d, %s; it is %d, %s", o.clock.Now(), card.Contact.Score, card.Contact.Temperature, score.Total, temperature)
			}
		}
	}
	after := o.card(o.me, made[0].ID)
	if after.Contact.Temperature != crm.Cold || after.Conversations[0].ID != thread.ID || after.Conversations[0].Temperature != crm.Cold {
		t.Errorf("in the end the contact is %s and its conversation %s", after.Contact.Temperature, after.Conversations[0].Temperature)
	}
	if !after.Contact.UpdatedAt.Equal(before.Contact.UpdatedAt) {
		t.Error("a contact that cools counts as changed")
	}
	facts := o.since(o.me, seen)
	if len(facts) != 1 || facts[0].Kind != crm.ContactChanged || facts[0].ContactID != made[0].ID || !sameJSON(string(facts[0].Data), `{"temperature":"cold"}`) {
		t.Errorf("the facts are %v", facts)
	}
}

// dying is a store whose transactions fail from some point on.
type dying struct {
	people.AgingStore
	dead bool
}

func (d *dying) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.Tx) error) error {
	if d.dead {
		return errors.New("the host is gone")
	}
	return d.AgingStore.Update(ctx, ws, fn)
}

// TestAgingGoesOn: what a host had claimed when it died, another scores once the
// claim has run out; and news in between makes the claim void.
func TestAgingGoesOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.contact(o.me, people.Edit{Name: new("Dewi"), AddIdentities: phoneOf("0812-0000-0001")})
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: made.ID, Body: "Serius, siap bayar."}); err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(60 * 24 * time.Hour)
	first, second := people.NewAging(&dying{o.aging, true}, o.mint), people.NewAging(o.aging, o.mint)
	if _, err := first.Step(t.Context(), 10); err == nil {
		t.Fatal("a host that is gone scored")
	}
	if n, err := second.Step(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("%d leads are taken from who has claimed them, %v", n, err)
	}
	before := o.card(o.me, made.ID).Lead
	o.clock.Advance(2 * time.Minute)
	if n, err := second.Step(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("%d leads are taken over, %v, want 1", n, err)
	}
	if l := o.card(o.me, made.ID).Lead; l.Total >= before.Total || !l.ScoredAt.Equal(o.clock.Now()) {
		t.Errorf("after that the lead is %+v, before it was %+v", l, before)
	}
	o.clock.Advance(60 * 24 * time.Hour)
	until := o.clock.Now().Add(time.Minute)
	due, err := o.aging.ClaimDue(t.Context(), o.clock.Now(), until, 10)
	if err != nil || len(due) != 1 || due[0] != (people.DueLead{WorkspaceID: o.me.WorkspaceID, ContactID: made.ID}) {
		t.Fatalf("claimed are %v, %v", due, err)
	}
	if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: made.ID, Body: "Orang tua siap bayar."}); err != nil {
		t.Fatal(err)
	}
	if l := o.card(o.me, made.ID).Lead; l.DueAt.Equal(until) || l.DueAt.Before(o.clock.Now()) {
		t.Errorf("after news the lead is due at %v", l.DueAt)
	}
}
