package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var rescoreTests = []test{
	{"comes back with every field, one of a workspace", rescoreStored},
	{"is claimed, the one that waits longest first, and leased", rescoreClaimed},
	{"that does not run is not claimed", rescoreIdle},
	{"is claimed by one of many claimers", rescoreRaced},
	{"reads what was said from any place back", rescoreTalk},
	{"reads what its own transaction wrote, which may write again", rescoreAfterWrite},
	{"counts the workspace's contacts", rescoreCounts},
}

// rescore returns a rescore that nobody stored.
func (w *world) rescore(c *tenant, state crm.RescoreState) *crm.Rescore {
	now := w.clock.Advance(time.Second)
	return &crm.Rescore{
		ID: crm.NewID[crm.Rescore](w.mint), WorkspaceID: c.ws, Version: 3, State: state, Reason: "none", Author: crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()},
		Contacts: 9, Seen: 8, Changed: 7, After: c.contact.ID, Attempt: 2, LeasedUntil: now.Add(-time.Millisecond), StartedAt: now, EndedAt: now.Add(time.Hour),
	}
}

func (w *world) saveRescore(t *testing.T, r *crm.Rescore) *crm.Rescore {
	t.Helper()
	w.write(t, r.WorkspaceID, &crm.Changes{Rescores: []*crm.Rescore{copied(r)}})
	return r
}

func rescoreStored(t *testing.T, w *world) {
	_, err := w.store.People().Rescore(t.Context(), w.ours.ws)
	wantCode(t, "the rescore of who never had one", err, crm.NotFound)
	if got := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Rescore: true}).Rescore; got != nil {
		t.Errorf("a transaction finds %v", got)
	}
	everyField(t, "a rescore", w.rescore(w.ours, crm.RescoreDone), nil)
	for _, want := range []*crm.Rescore{
		w.rescore(w.ours, crm.RescoreDone), {WorkspaceID: w.ours.ws, Version: 4, State: crm.RescoreRunning, StartedAt: w.clock.Now()}, // which begins anew
	} {
		w.saveRescore(t, want)
		same(t, "a rescore", must[*crm.Rescore](t)(w.store.People().Rescore(t.Context(), w.ours.ws)), want)
		same(t, "a rescore in a transaction", w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Rescore: true}).Rescore, want)
	}
	_, err = w.store.People().Rescore(t.Context(), w.theirs.ws)
	wantCode(t, "another workspace's rescore", err, crm.NotFound)
	foreign := w.rescore(w.theirs, crm.RescoreDone)
	wantCode(t, "a rescore of a workspace that the transaction does not name", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Rescores: []*crm.Rescore{foreign}}), crm.Internal)
}

func (w *world) claimRescore(t *testing.T) *crm.Rescore {
	t.Helper()
	return must[*crm.Rescore](t)(w.store.People().ClaimRescore(t.Context(), w.clock.Now(), lease))
}

func rescoreClaimed(t *testing.T, w *world) {
	first, second := w.saveRescore(t, w.rescore(w.theirs, crm.RescoreRunning)), w.saveRescore(t, w.rescore(w.ours, crm.RescoreRunning))
	for _, want := range []*crm.Rescore{first, second} {
		want = copied(want)
		want.Attempt, want.LeasedUntil = want.Attempt+1, w.clock.Now().Add(lease)
		same(t, "the claimed rescore", w.claimRescore(t), want)
		same(t, "the rescore as it is stored", must[*crm.Rescore](t)(w.store.People().Rescore(t.Context(), want.WorkspaceID)), want)
	}
	w.clock.Advance(lease - time.Millisecond)
	if got := w.claimRescore(t); got != nil {
		t.Fatalf("%v is claimed while it is leased", got)
	}
	w.clock.Advance(time.Millisecond)
	if got := w.claimRescore(t); got == nil || got.Attempt != first.Attempt+2 {
		t.Errorf("when the lease is over %v is claimed", got)
	}
}

func rescoreIdle(t *testing.T, w *world) {
	for _, state := range []crm.RescoreState{crm.RescoreDone, crm.RescoreCancelled, crm.RescoreFailed} {
		w.saveRescore(t, w.rescore(w.ours, state))
		w.clock.Advance(time.Hour)
		if got := w.claimRescore(t); got != nil {
			t.Errorf("a rescore that is %s is claimed", state)
		}
	}
}

func rescoreRaced(t *testing.T, w *world) {
	w.saveRescore(t, w.rescore(w.ours, crm.RescoreRunning))
	var claims atomic.Int64
	race(t, func(int) error {
		got, err := w.store.People().ClaimRescore(t.Context(), w.clock.Now(), lease)
		if got != nil {
			claims.Add(1)
		}
		if errors.Is(err, crm.Conflict) {
			err = nil
		}
		return err
	})
	if claims.Load() != 1 {
		t.Errorf("the rescore is claimed by %d, want one", claims.Load())
	}
}

func rescoreTalk(t *testing.T, w *world) {
	ours := w.ours
	var changes crm.Changes
	for i := range 7 {
		m := ours.Inbound(ours.conversation, fmt.Sprint("message ", i))
		m.ProviderTime = m.ProviderTime.Add(time.Duration(i%3) * time.Minute) // some at the same time
		changes.Messages = append(changes.Messages, m)
	}
	w.write(t, ours.ws, &changes)
	_, other, _ := w.newThread(t, ours, nil)
	want := must[[]*crm.Message](t)(w.store.Inbox().Messages(t.Context(), ours.ws, inbox.MessageQuery{ConversationID: ours.conversation.ID, Limit: all}))
	wantOther := must[[]*crm.Message](t)(w.store.Inbox().Messages(t.Context(), ours.ws, inbox.MessageQuery{ConversationID: other.ID, Limit: all}))
	err := w.store.People().Update(t.Context(), ours.ws, func(ctx context.Context, tx people.Tx) error {
		for from := range want {
			places := []people.Place{{ConversationID: other.ID}, {ConversationID: ours.conversation.ID}, {ConversationID: w.theirs.conversation.ID}}
			if from > 0 {
				places[1].At, places[1].Ingest = want[from-1].ProviderTime, want[from-1].Ingest
			}
			talk, err := tx.Talk(ctx, ours.ws, places, 3)
			if err != nil {
				return err
			}
			same(t, "what was said elsewhere", talk[0], wantOther)
			same(t, fmt.Sprintf("what was said before message %d", from), talk[1], want[from:min(from+3, len(want))])
			same(t, "what was said in another workspace", talk[2], []*crm.Message{})
		}
		_, err := tx.Talk(ctx, w.theirs.ws, nil, 3)
		return err
	})
	wantCode(t, "what was said in a workspace that the transaction does not name", err, crm.Internal)
}

func rescoreAfterWrite(t *testing.T, w *world) {
	ours := w.ours
	said := ours.Inbound(ours.conversation, "and this")
	err := w.store.People().Update(t.Context(), ours.ws, func(ctx context.Context, tx people.Tx) error {
		renamed := copied(ours.contact)
		renamed.Name = "Dewi Lestari"
		if err := tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{renamed}, Messages: []*crm.Message{said}, Facts: []crm.Fact{ours.fact(said)}}); err != nil {
			return err
		}
		state, err := tx.Load(ctx, people.Need{WorkspaceID: ours.ws, Contacts: []crm.ContactID{ours.contact.ID}})
		if err != nil {
			return err
		}
		talk, err := tx.Talk(ctx, ours.ws, []people.Place{{ConversationID: ours.conversation.ID}}, 1)
		if err != nil {
			return err
		}
		if state.Contacts[0].Name != renamed.Name || talk[0][0].ID != said.ID {
			t.Errorf("after it wrote a transaction finds the contact %q and the message %v", state.Contacts[0].Name, talk[0][0].Content)
		}
		again := state.Contacts[0]
		again.Temperature = crm.Hot
		return tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{again}, Facts: []crm.Fact{ours.fact(said)}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := must[*people.Card](t)(w.store.People().CardByID(t.Context(), ours.ws, ours.contact.ID)).Contact; got.Name != "Dewi Lestari" || got.Temperature != crm.Hot {
		t.Errorf("written twice the contact is %q and %q", got.Name, got.Temperature)
	}
	facts := must[[]crm.Fact](t)(w.store.Feed().Facts(t.Context(), ours.ws, 0, all))
	for i, f := range facts {
		if f.Seq != int64(i+1) {
			t.Errorf("fact %d has the number %d", i+1, f.Seq)
		}
	}
	if len(facts) != 3 {
		t.Errorf("there are %d facts, want that of the message and two more", len(facts))
	}
}

func rescoreCounts(t *testing.T, w *world) {
	for range 3 {
		w.newThread(t, w.ours, nil)
	}
	for c, want := range map[*tenant]int{w.ours: 4, w.theirs: 1} {
		if got, err := w.store.People().CountContacts(t.Context(), c.ws); got != want || err != nil {
			t.Errorf("%d contacts are counted, %v, want %d", got, err, want)
		}
	}
}
