package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
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
	{"is claimed when it is due, by one of several, the longest due first", leadClaimed},
	{"has its total at the contact, which it changes in nothing else", leadTotal},
}

func leadReplaced(t *testing.T, w *world) {
	stored := func() *crm.Lead {
		return must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, w.ours.contact.ID)).Lead
	}
	same(t, "a lead", stored(), w.ours.lead)
	want := copied(w.ours.lead)
	want.Profile, want.Rules, want.Total = bytes.Repeat([]byte{0, 255, '\'', '\\'}, 256), 7, 100
	want.Temperature, want.ScoredAt, want.DueAt = crm.Hot, w.clock.Advance(time.Hour), w.clock.Now().Add(time.Hour)
	everyField(t, "a lead", want, w.ours.lead, "WorkspaceID", "ContactID")
	w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, 7)}})
	w.write(t, w.ours.ws, &crm.Changes{Leads: []*crm.Lead{copied(want)}})
	same(t, "a lead with every field changed", stored(), want)
	want.DueAt = time.Time{}
	w.write(t, w.ours.ws, &crm.Changes{Leads: []*crm.Lead{copied(want)}})
	same(t, "a lead that is not due", stored(), want)
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
	for _, totals := range [][]int{{50}, {51, 50}, {50, 52}, {52}} { // a store that knows what was may leave a total as it is
		err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
			if _, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Contacts: []crm.ContactID{want.ID}}); err != nil {
				return err
			}
			for _, total := range totals {
				if err := tx.Write(ctx, &crm.Changes{Leads: scored(total)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("write the totals %v: %v", totals, err)
		}
		same(t, fmt.Sprintf("a contact that was loaded, after the totals %v", totals), w.contact(t, want.ID), want)
	}
	same(t, "the others' contact", must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.theirs.ws, theirs.ID)).Contact, theirs)
}

func leadClaimed(t *testing.T, w *world) {
	now := w.clock.Advance(time.Hour)
	const n = 40
	var want []people.DueLead
	for _, c := range []*tenant{w.ours, w.theirs} {
		changes := &crm.Changes{}
		for i := range n / 2 {
			ct, l := c.Contact(), copied(c.lead)
			l.ContactID, l.DueAt = ct.ID, now.Add(time.Duration(i)*time.Second)
			changes.Contacts, changes.Leads = append(changes.Contacts, ct), append(changes.Leads, l)
			want = append(want, people.DueLead{WorkspaceID: c.ws, ContactID: ct.ID})
		}
		never, l := c.Contact(), copied(c.lead)
		l.ContactID, l.DueAt = never.ID, time.Time{}
		stored := copied(c.lead)
		stored.DueAt = time.Time{}
		changes.Contacts, changes.Leads = append(changes.Contacts, never), append(changes.Leads, l, stored)
		w.write(t, c.ws, changes)
	}
	claim := func(at, until time.Time, limit int) []people.DueLead {
		return must[[]people.DueLead](t)(w.store.Aging().ClaimDue(t.Context(), at, until, limit))
	}
	if early := claim(now.Add(-time.Second), now, n); len(early) > 0 {
		t.Errorf("%d leads are claimed before they are due", len(early))
	}
	until := now.Add(time.Hour)
	first := claim(now.Add(time.Minute), until, 2)
	if len(first) != 2 || slices.Contains(first, want[1]) || !slices.Contains(first, want[0]) || !slices.Contains(first, want[n/2]) {
		t.Errorf("the first two are %v, want each workspace's first", first)
	}
	var mu sync.Mutex
	var running sync.WaitGroup
	claimed := first
	for range 4 {
		running.Go(func() {
			for {
				some, err := w.store.Aging().ClaimDue(t.Context(), now.Add(time.Minute), until, 3)
				mu.Lock()
				claimed = append(claimed, some...)
				mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if len(some) == 0 {
					return
				}
			}
		})
	}
	running.Wait()
	byContact := func(a, b people.DueLead) int { return a.ContactID.Compare(b.ContactID) }
	slices.SortFunc(claimed, byContact)
	slices.SortFunc(want, byContact)
	same(t, "all that were claimed", claimed, want)
	card := must[*people.Card](t)(w.store.People().CardByID(t.Context(), claimed[0].WorkspaceID, claimed[0].ContactID))
	if !card.Lead.DueAt.Equal(until) {
		t.Errorf("a lead that was claimed is due at %v, want %v", card.Lead.DueAt, until)
	}
	if again := claim(until, until.Add(time.Hour), n+1); len(again) != n {
		t.Errorf("%d are claimed when the claim has run out, want %d", len(again), n)
	}
}
