package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

var rulesTests = []test{
	{"come back with every field, the newest of them", rulesNewest},
	{"are each workspace's own, and the default until it has some", rulesOwn},
	{"of a version that is there are a conflict", rulesTwice},
	{"that are not in force any more write no lead: the transaction runs anew with those that are", rulesOutdated},
	{"are in force for all transactions behind the one that wrote them", rulesRace},
}

// rules returns rules that nobody stored.
func (w *world) rules(c *tenant, version int) *crm.LeadRules {
	doc := lead.Sales().Document()
	doc.Name, doc.Version = fmt.Sprint("Rules ", version, " 'of' \\ ours"), version
	compiled, err := lead.New(doc)
	if err != nil {
		panic(err)
	}
	return &crm.LeadRules{
		WorkspaceID: c.ws, Version: version, Document: compiled.Encode(), Author: crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()}, CreatedAt: w.mint.Now(),
	}
}

// inForce checks which version every way of reading them gives.
func (w *world) inForce(t *testing.T, c *tenant, version int) {
	t.Helper()
	card := must[*people.Card](t)(w.store.People().CardByID(t.Context(), c.ws, c.contact.ID))
	if got := card.Rules.Version(); got != version {
		t.Errorf("beside a card are the rules %d, want %d", got, version)
	}
	stored, err := w.store.People().LeadRules(t.Context(), c.ws)
	if got := lead.Stored(stored).Version(); err != nil || got != version {
		t.Errorf("stored are the rules %d, %v, want %d", got, err, version)
	}
}

func rulesNewest(t *testing.T, w *world) {
	w.inForce(t, w.ours, crm.DefaultRules)
	for version := 2; version < 5; version++ {
		want := w.rules(w.ours, version)
		everyField(t, "rules", want, nil)
		w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{copied(want)}})
		same(t, "the rules", must[*crm.LeadRules](t)(w.store.People().LeadRules(t.Context(), w.ours.ws)), want)
		same(t, "the rules that a transaction loads", w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, LeadRules: true}).LeadRules, want)
		w.inForce(t, w.ours, version)
	}
}

func rulesOwn(t *testing.T, w *world) {
	if got := w.loadPeople(t, people.Need{WorkspaceID: w.theirs.ws, LeadRules: true}).LeadRules; got != nil {
		t.Errorf("who wrote no rules has version %d", got.Version)
	}
	w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, 2)}})
	w.inForce(t, w.ours, 2)
	w.inForce(t, w.theirs, crm.DefaultRules)
	foreign := w.rules(w.theirs, 2)
	wantCode(t, "rules of a workspace that the transaction does not name", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{foreign}}), crm.Internal)
	w.inForce(t, w.theirs, crm.DefaultRules)
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws, w.theirs.ws}, func(ctx context.Context, tx inbox.Tx) error {
		states, err := tx.LoadAll(ctx, []inbox.Need{{WorkspaceID: w.ours.ws, Leads: true}, {WorkspaceID: w.theirs.ws, Leads: true}})
		if err != nil {
			return err
		}
		if ours, theirs := states[0].Rules.Version(), states[1].Rules.Version(); ours != 2 || theirs != crm.DefaultRules {
			t.Errorf("loaded together the rules are %d and %d", ours, theirs)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rulesTwice(t *testing.T, w *world) {
	w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, 2)}})
	wantCode(t, "a second version 2", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, 2)}}), crm.Conflict)
	w.inForce(t, w.ours, 2)
}

// score writes the lead of a contact by the rules it loads, with a fact that says
// which, and returns how often that was tried.
func (w *world) score(t *testing.T, c *tenant) (tries int) {
	t.Helper()
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{c.ws}, func(ctx context.Context, tx inbox.Tx) error {
		tries++
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: c.ws, Contacts: []crm.ContactID{c.contact.ID}, Leads: true})
		if err != nil {
			return err
		}
		l := copied(c.lead)
		l.Rules = state.Rules.Version()
		fact := crm.Fact{WorkspaceID: c.ws, Kind: crm.ContactChanged, At: l.ScoredAt, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: l.ContactID, Data: fmt.Append(nil, l.Rules)}
		return tx.Write(ctx, &crm.Changes{Leads: []*crm.Lead{l}, Facts: []crm.Fact{fact}})
	})
	if err != nil {
		t.Error(err)
	}
	return tries
}

func rulesOutdated(t *testing.T, w *world) {
	if tries := w.score(t, w.ours); tries != 1 {
		t.Errorf("by the default a lead is written at try %d", tries)
	}
	w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, 2)}}) // as another host does
	if tries := w.score(t, w.ours); tries != 2 {
		t.Errorf("after the rules were written a lead is written at try %d, want the second", tries)
	}
	if tries := w.score(t, w.ours); tries != 1 {
		t.Errorf("and then again at try %d, want the first", tries)
	}
	if l := must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, w.ours.contact.ID)).Lead; l.Rules != 2 {
		t.Errorf("the lead names the rules %d", l.Rules)
	}
	l := copied(w.ours.lead)
	l.Rules = 1
	wantCode(t, "a lead by rules that are over, time and again", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Leads: []*crm.Lead{l}}), crm.Conflict)
}

// rulesRace lets leads be scored while the rules change, four times and again four times: a
// lead that clashes with four versions is written at the fifth try, which is the last.
func rulesRace(t *testing.T, w *world) {
	const scorers, rounds = 3, 12
	changes := [][]int{{2, 3, 4, 5}, {6, 7, 8, 9}} // while which versions are written
	for _, versions := range changes {
		var all sync.WaitGroup
		for range scorers {
			all.Go(func() {
				for range rounds {
					w.score(t, w.ours)
				}
			})
		}
		all.Go(func() {
			for _, version := range versions {
				w.write(t, w.ours.ws, &crm.Changes{Rules: []*crm.LeadRules{w.rules(w.ours, version)}, Facts: []crm.Fact{{
					WorkspaceID: w.ours.ws, Kind: crm.LeadRulesChanged, At: w.mint.Now(), Actor: crm.Actor{Kind: crm.BySystem}, Data: fmt.Append(nil, version),
				}}})
			}
		})
		all.Wait()
	}
	facts, err := w.store.Feed().Facts(t.Context(), w.ours.ws, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	now, scored := fmt.Sprint(crm.DefaultRules), 0
	for _, f := range facts {
		switch f.Kind {
		case crm.LeadRulesChanged:
			now = string(f.Data)
		case crm.ContactChanged:
			if scored++; string(f.Data) != now {
				t.Errorf("fact %d was scored by the rules %s while %s were in force", f.Seq, f.Data, now)
			}
		}
	}
	if want := len(changes) * scorers * rounds; scored != want {
		t.Errorf("%d of %d leads were written", scored, want)
	}
}
