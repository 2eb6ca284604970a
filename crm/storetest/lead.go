package storetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var leadTests = []test{
	{"comes back with every field, and is replaced whole", leadReplaced},
	{"is loaded with its contact, when that is asked for", leadLoad},
	{"of many contacts is loaded at once, of each workspace its own", leadLoadAll},
	{"is written with its contact in one transaction, or not at all", leadWithContact},
	{"has its total at the contact, which it changes in nothing else", leadTotal},
}

func leadReplaced(t *testing.T, w *world) {
	stored := func() *crm.Lead {
		return must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, w.ours.contact.ID)).Lead
	}
	same(t, "a lead", stored(), w.ours.lead)
	want := copied(w.ours.lead)
	want.Profile, want.Rules, want.Total = bytes.Repeat([]byte{0, 255, '\'', '\\'}, 256), 7, 100
	want.Temperature, want.ScoredAt, want.DueAt = crm.Hot, w.clock.Advance(time.Hour), time.Time{}
	w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, 7)}})
	w.write(t, w.ours.ws, &crm.Changes{Leads: []*crm.Lead{copied(want)}})
	same(t, "a lead with every field changed", stored(), want)
}

func leadLoad(t *testing.T, w *world) {
	ours := w.ours
	for _, asked := range []bool{false, true} {
		var want []*crm.Lead
		if asked {
			want = []*crm.Lead{ours.lead}
		}
		for what, need := range map[string]inbox.Need{
			"by the contact":      {Contacts: []crm.ContactID{ours.contact.ID}},
			"by an identity":      {Identities: ours.contact.Identities},
			"by the conversation": {Conversations: []crm.ConversationID{ours.conversation.ID}},
			"by a message":        {Messages: []crm.MessageID{ours.message.ID}},
		} {
			need.WorkspaceID, need.Leads = ours.ws, asked
			same(t, "what the inbox loads "+what, w.load(t, need).Leads, want)
		}
		known := w.loadPeople(t, people.Need{WorkspaceID: ours.ws, Contacts: []crm.ContactID{ours.contact.ID}, Leads: asked})
		same(t, "what the lead database loads", known.Leads, want)
	}
}

func leadLoadAll(t *testing.T, w *world) {
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws, w.theirs.ws}, func(ctx context.Context, tx inbox.Tx) error {
		var needs []inbox.Need
		for _, c := range []*tenant{w.ours, w.theirs} {
			needs = append(needs, inbox.Need{WorkspaceID: c.ws, Identities: c.contact.Identities, Leads: true})
		}
		states, err := tx.LoadAll(ctx, needs)
		if err != nil {
			return err
		}
		same(t, "our leads", states[0].Leads, []*crm.Lead{w.ours.lead})
		same(t, "their leads", states[1].Leads, []*crm.Lead{w.theirs.lead})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func leadWithContact(t *testing.T, w *world) {
	ct := w.ours.Contact()
	l := copied(w.ours.lead)
	l.ContactID = ct.ID
	broken := copied(ct)
	broken.Identities = w.ours.contact.Identities // another's: a conflict
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{broken}, Leads: []*crm.Lead{copied(l)}})
	})
	if crm.CodeOf(err) != crm.Conflict {
		t.Fatalf("a contact with another's number: %v, want conflict", err)
	}
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}, Leads: []*crm.Lead{copied(l)}})
	same(t, "a new contact's lead", must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, ct.ID)).Lead, l)
	foreign := copied(l)
	foreign.WorkspaceID, foreign.ContactID = w.theirs.ws, w.theirs.contact.ID
	err = w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, &crm.Changes{Leads: []*crm.Lead{foreign}})
	})
	if crm.CodeOf(err) != crm.Internal {
		t.Errorf("a lead of a workspace that the transaction does not name: %v, want internal", err)
	}
	same(t, "their lead", must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.theirs.ws, w.theirs.contact.ID)).Lead, w.theirs.lead)
}

// leadTotal: whether the contact is written with its lead, before it, or not at
// all, lists are sorted by what its lead came to.
func leadTotal(t *testing.T, w *world) {
	want, theirs := copied(w.ours.contact), w.theirs.contact
	scored := func(total int) []*crm.Lead {
		l := copied(w.ours.lead)
		l.Total, want.Score = total, total
		return []*crm.Lead{l}
	}
	w.write(t, w.ours.ws, &crm.Changes{Leads: scored(99)})
	same(t, "the contact of a lead that was written alone", w.contact(t, want.ID), want)
	want.Name = "Sari"
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(want)}})
	same(t, "a contact that was written alone", w.contact(t, want.ID), want)
	stale := copied(want)
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{stale}, Leads: scored(3)})
	same(t, "a contact that was written with its lead", w.contact(t, want.ID), want)
	same(t, "the others' contact", must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.theirs.ws, theirs.ID)).Contact, theirs)
}
