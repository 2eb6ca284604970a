package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/crm/webhook"
)

// shop is a workspace of a store that messages come to.
type shop struct {
	*people.Service
	t     *testing.T
	store *bunstore.Store
	clock *crmtest.Clock
	mint  *crm.Mint
	me    access.Principal
	line  *crm.Channel
}

// openShop makes a workspace; the services of all of a store's share the clock.
func openShop(t *testing.T, store *bunstore.Store, clock *crmtest.Clock, seed byte) *shop {
	t.Helper()
	s := &shop{t: t, store: store, clock: clock, mint: clock.Mint(seed)}
	c := crmtest.NewCompany(s.mint)
	for _, err := range []error{
		store.Directory().SaveWorkspace(t.Context(), c.Workspace), store.Directory().SaveMember(t.Context(), c.Owner), store.Directory().SaveChannel(t.Context(), c.Channel),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Service, s.me, s.line = people.New(store.People(), s.mint), access.OfMember(c.Owner), c.Channel
	return s
}

// hears takes facts in, in one transaction.
func (s *shop) hears(facts []*webhook.Fact) {
	s.t.Helper()
	var items []inbox.Item
	for _, f := range facts {
		items = append(items, inbox.Item{Channel: s.line, Fact: f})
	}
	err := s.store.Inbox().Update(s.t.Context(), []crm.WorkspaceID{s.me.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.NeedOf(s.me.WorkspaceID, items))
		if err != nil {
			return err
		}
		changes, _ := inbox.Apply(s.me.WorkspaceID, state, items, s.mint)
		return tx.Write(ctx, &changes)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// sells has the workspace score by the rules for a team that sells.
func (s *shop) sells() {
	s.t.Helper()
	if _, _, err := s.SetLeadRules(s.t.Context(), s.me, lead.Sales().Encode(), crm.DefaultRules); err != nil {
		s.t.Fatal(err)
	}
}

// alwaysSells is sells where nothing has happened yet, so that there is nothing to
// score again.
func (s *shop) alwaysSells() {
	s.t.Helper()
	s.sells()
	if _, err := s.CancelRescore(s.t.Context(), s.me); err != nil {
		s.t.Fatal(err)
	}
}

// rescored works until there is nothing left to do.
func (s *shop) rescored() {
	s.t.Helper()
	for {
		if worked, err := s.RescoreTurn(s.t.Context()); err != nil {
			s.t.Fatal(err)
		} else if !worked {
			return
		}
	}
}

// scores says of each contact what it comes to now and in a week, by signals.
func (s *shop) scores() string {
	s.t.Helper()
	contacts, err := s.store.People().Contacts(s.t.Context(), s.me.WorkspaceID, people.ContactQuery{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	var lines []string
	for _, c := range contacts {
		card, err := s.Card(s.t.Context(), s.me, c.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		line := fmt.Sprint(c.Identity(crm.ByWaID), " rules ", card.Lead.Rules)
		for _, days := range []int{0, 7} {
			score, _ := lead.Read(card.Lead, card.Rules, s.clock.Now().AddDate(0, 0, days))
			line += fmt.Sprint(" | ", score.Total)
			for _, part := range score.Parts {
				for _, l := range part.Lines {
					line += fmt.Sprint(" ", l.Signal, ":", l.Worth)
				}
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// talk is n messages of a few customers and of the business, some of them late
// and some told twice.
func talk(seed uint64, n int, clock *crmtest.Clock) (facts []*webhook.Fact) {
	r := rand.New(rand.NewPCG(seed, 29))
	said := []string{"halo", "berapa harganya?", "mau pesan 2", "ready stok?", "mau daftar", "budget 2 juta", "tidak jadi", "siap bayar transfer", "kirim ke Bandung ongkirnya?"}
	for i := range n {
		f := &webhook.Fact{
			Kind: webhook.Message, Direction: crm.Inbound, ProviderID: fmt.Sprintf("wamid.%d", i), Origin: webhook.Live,
			Peer: webhook.Peer{WaID: fmt.Sprintf("62812000000%02d", r.IntN(6)), Name: "Sari"}, Time: clock.Now().Add(time.Duration(i-n)*7*time.Minute - 2*time.Hour),
			Message: &webhook.MessagePart{Content: crm.Text{Body: said[r.IntN(len(said))]}},
		}
		switch {
		case i < 30: // once each, longest ago
			f.Message.Content = crm.Text{Body: "salah nomor"}
		case r.IntN(3) == 0:
			f.Direction = crm.Outbound
		}
		facts = append(facts, f)
		if r.IntN(8) == 0 {
			facts = append(facts, facts[r.IntN(len(facts))])
		}
	}
	for i := range facts {
		if j := max(0, i-r.IntN(4)); r.IntN(5) == 0 {
			facts[i], facts[j] = facts[j], facts[i]
		}
	}
	return facts
}

// TestRescoreIsAsIfTheRulesHadBeenThere: after the rules changed and all was
// scored again, each contact stands as it would had all that happened, happened
// under the new rules.
func TestRescoreIsAsIfTheRulesHadBeenThere(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		for seed := range byte(3) {
			clock := crmtest.NewClock()
			changed, always := openShop(t, store, clock, 10+2*seed), openShop(t, store, clock, 11+2*seed)
			always.alwaysSells()
			told := talk(uint64(seed), 150+int(seed)*150, clock) // of the longest more than is read of a conversation at once
			for i, half := range [][]*webhook.Fact{told[:100], told[100:]} {
				for batch := range slices.Chunk(half, 50) {
					changed.hears(batch)
					always.hears(batch)
				}
				if i == 0 {
					changed.sells() // in the middle: what follows meets leads that are not scored again yet
				}
			}
			if seed == 0 && changed.scores() == always.scores() {
				t.Error("without a rescore all stands as if there had been one: this test shows nothing")
			}
			changed.rescored()
			if got, want := changed.scores(), always.scores(); got != want {
				t.Errorf("rescored:\n%s\nunder the rules from the beginning:\n%s", got, want)
			}
			r, err := changed.Rescore(t.Context(), changed.me)
			if err != nil || r.State != crm.RescoreDone || r.Seen != 6 || r.Contacts != 6 || r.EndedAt.IsZero() {
				t.Errorf("the rescore is %+v, %v", r, err)
			}
		}
	})
}

// failing is a store of which the n-th next transaction commits nothing, or has
// something happen before it.
type failing struct {
	people.Store
	left   atomic.Int64
	before func()
}

var errKilled = errors.New("killed")

func (f *failing) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.Tx) error) error {
	if f.before != nil {
		f.before()
		f.before = nil
	}
	return f.Store.Update(ctx, ws, func(ctx context.Context, tx people.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if f.left.Add(-1) == 0 {
			return errKilled
		}
		return nil
	})
}

// crowd stores contacts who never wrote.
func (s *shop) crowd(n int) {
	s.t.Helper()
	var changes crm.Changes
	for i := range n {
		now := s.mint.Now()
		changes.Contacts = append(changes.Contacts, &crm.Contact{
			ID: crm.NewID[crm.Contact](s.mint), WorkspaceID: s.me.WorkspaceID, Name: fmt.Sprint("Contact ", i), LeadStatus: crm.NewLead, CreatedAt: now, UpdatedAt: now,
		})
	}
	if err := write(s.t.Context(), s.store, s.me.WorkspaceID, &changes); err != nil {
		s.t.Fatal(err)
	}
}

// wantAllBy checks that every contact is scored by some rules.
func (s *shop) wantAllBy(version, contacts int) {
	s.t.Helper()
	var after people.ContactCursor
	for seen := 0; ; {
		page, err := s.store.People().Contacts(s.t.Context(), s.me.WorkspaceID, people.ContactQuery{Sort: people.ByID, After: after, Limit: 1000})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, c := range page {
			after = people.CursorOf(c, people.ByID)
			card, err := s.store.People().CardByID(s.t.Context(), s.me.WorkspaceID, c.ID)
			if err != nil || card.Lead == nil || card.Lead.Rules != version {
				s.t.Fatalf("%s has the lead %+v, %v, want one by rules %d", c.Name, card.Lead, err, version)
			}
		}
		if seen += len(page); len(page) < 1000 {
			if seen != contacts {
				s.t.Errorf("there are %d contacts, want %d", seen, contacts)
			}
			return
		}
	}
}

// TestRescoreGoesOn: one that is killed goes on where it was, in another process,
// when its lease is over.
func TestRescoreGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		s := openShop(t, store, crmtest.NewClock(), 3)
		s.crowd(1100)
		s.sells()
		killed := &failing{Store: store.People()}
		killed.left.Store(2)
		if _, err := people.New(killed, s.mint).RescoreTurn(t.Context()); !errors.Is(err, errKilled) {
			t.Fatalf("killed in the second step it returns %v", err)
		}
		r, err := s.Rescore(t.Context(), s.me)
		if err != nil || r.Seen != 500 || r.Contacts != 1100 || r.State != crm.RescoreRunning {
			t.Errorf("after that the rescore is %+v, %v", r, err)
		}
		if worked, err := s.RescoreTurn(t.Context()); worked || err != nil {
			t.Errorf("while it is leased another host works on it: %v, %v", worked, err)
		}
		s.clock.Advance(time.Minute)
		if worked, err := s.RescoreTurn(t.Context()); !worked || err != nil {
			t.Errorf("when the lease is over nobody works on it: %v, %v", worked, err)
		}
		if r, err = s.Rescore(t.Context(), s.me); err != nil || r.Seen != 1100 || r.Changed != 1100 || r.State != crm.RescoreDone {
			t.Errorf("in the end the rescore is %+v, %v", r, err)
		}
		if r.Attempt != 0 {
			t.Errorf("after steps forward %d attempts count", r.Attempt)
		}
		s.wantAllBy(2, 1100)
	})
}

// TestRescoreIsResumed: one that was stopped goes on behind the last contact it
// scored, and who still works on what it was does nothing more; by other rules it
// begins anew.
func TestRescoreIsResumed(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		s := openShop(t, store, crmtest.NewClock(), 5)
		s.crowd(1100)
		if _, err := s.ResumeRescore(t.Context(), s.me); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("where there never was one, to go on is %v", err)
		}
		s.sells()
		killed := &failing{Store: store.People()}
		killed.left.Store(2)
		if _, err := people.New(killed, s.mint).RescoreTurn(t.Context()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if _, err := s.ResumeRescore(t.Context(), s.me); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("while it runs, to go on is %v", err)
		}
		before, err := s.CancelRescore(t.Context(), s.me)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.ResumeRescore(t.Context(), s.me)
		if err != nil || r.State != crm.RescoreRunning || r.Seen != 500 || r.After != before.After || r.Contacts != 1100 || r.ID == before.ID || !r.EndedAt.IsZero() {
			t.Errorf("gone on with it is %+v, %v", r, err)
		}
		s.rescored()
		if r, err = s.Rescore(t.Context(), s.me); err != nil || r.Seen != 1100 || r.Changed != 1100 || r.State != crm.RescoreDone {
			t.Errorf("in the end it is %+v, %v", r, err)
		}
		s.wantAllBy(2, 1100)
		if _, err := s.ResumeRescore(t.Context(), s.me); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("when it is done, to go on is %v", err)
		}
		if _, err := s.StartRescore(t.Context(), s.me); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CancelRescore(t.Context(), s.me); err != nil {
			t.Fatal(err)
		}
		doc := lead.Sales().Document()
		doc.Version = 3
		other, err := lead.New(doc)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, store, s.me.WorkspaceID, &crm.Changes{Rules: []*crm.LeadRules{{ // without a rescore of their own
			WorkspaceID: s.me.WorkspaceID, Version: doc.Version, Document: other.Encode(), Author: s.me.Actor, CreatedAt: s.clock.Now(),
		}}})
		if _, err := s.ResumeRescore(t.Context(), s.me); crm.CodeOf(err) != crm.Conflict {
			t.Errorf("by other rules, to go on is %v", err)
		}
	})
}

// TestRescoreIsTakenOver: a host that comes back late to what another has brought
// further does nothing twice.
func TestRescoreIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		s := openShop(t, store, crmtest.NewClock(), 7)
		s.crowd(1100)
		s.sells()
		late := &failing{Store: store.People()}
		late.before = func() {
			s.clock.Advance(time.Minute)
			other := &failing{Store: store.People()}
			other.left.Store(2)
			if _, err := people.New(other, s.mint).RescoreTurn(t.Context()); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
		}
		if worked, err := people.New(late, s.mint).RescoreTurn(t.Context()); !worked || err != nil {
			t.Errorf("who comes back late: %v, %v", worked, err)
		}
		if r, err := s.Rescore(t.Context(), s.me); err != nil || r.Seen != 500 {
			t.Errorf("then the rescore is %+v, %v", r, err)
		}
		s.clock.Advance(time.Minute)
		s.rescored()
		if r, err := s.Rescore(t.Context(), s.me); err != nil || r.Seen != 1100 || r.State != crm.RescoreDone {
			t.Errorf("in the end the rescore is %+v, %v", r, err)
		}
	})
}

// TestRescoreStops: it is cancelled, it begins anew when the rules change again,
// and it gives up where it always fails.
func TestRescoreStops(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		s := openShop(t, store, crmtest.NewClock(), 4)
		s.crowd(600)
		if _, err := s.CancelRescore(t.Context(), s.me); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("where none runs, to cancel it is %v", err)
		}
		s.sells()
		if r, err := s.CancelRescore(t.Context(), s.me); err != nil || r.State != crm.RescoreCancelled {
			t.Errorf("cancelled it is %+v, %v", r, err)
		}
		if worked, err := s.RescoreTurn(t.Context()); worked || err != nil {
			t.Errorf("somebody works on a cancelled rescore: %v, %v", worked, err)
		}
		if _, err := s.StartRescore(t.Context(), s.me); err != nil {
			t.Fatal(err)
		}
		stuck := &failing{Store: store.People()}
		for range 5 {
			stuck.left.Store(1)
			if _, err := people.New(stuck, s.mint).RescoreTurn(t.Context()); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			s.clock.Advance(time.Minute)
		}
		if worked, err := s.RescoreTurn(t.Context()); !worked || err != nil {
			t.Errorf("after five failures: %v, %v", worked, err)
		}
		if r, err := s.Rescore(t.Context(), s.me); err != nil || r.State != crm.RescoreFailed || r.Reason == "" {
			t.Errorf("after five failures the rescore is %+v, %v", r, err)
		}
	})
}

// TestRescoreBesideLife: several hosts work on it, with leases that run out too
// early, while messages come in and the rules change again: in the end every
// contact is scored by the last rules, as if they had always been in force.
func TestRescoreBesideLife(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		clock := crmtest.NewClock()
		s, always := openShop(t, store, clock, 5), openShop(t, store, clock, 6)
		always.alwaysSells()
		told := talk(9, 120, clock)
		for batch := range slices.Chunk(told[:60], 20) {
			s.hears(batch)
		}
		if _, _, err := s.SetLeadRules(t.Context(), s.me, lead.Education().Encode(), 1); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				for range 20 {
					if _, err := s.RescoreTurn(t.Context()); err != nil {
						t.Error(err)
					}
					clock.Advance(time.Second)
				}
			})
		}
		all.Go(func() {
			for batch := range slices.Chunk(told[60:], 10) {
				s.hears(batch)
			}
		})
		all.Go(func() {
			if _, _, err := s.SetLeadRules(t.Context(), s.me, lead.Sales().Encode(), 2); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		clock.Advance(time.Minute)
		s.rescored()
		for batch := range slices.Chunk(told, 30) {
			always.hears(batch)
		}
		got := strings.ReplaceAll(s.scores(), "rules 3", "rules 2")
		if want := always.scores(); got != want {
			t.Errorf("rescored beside life:\n%s\nunder the rules from the beginning:\n%s", got, want)
		}
	})
}

// TestRescoreByRulesOfAnotherProcess: one process holds the rules before, and all
// its leads are as these say, so that nothing it writes tells it of newer ones.
func TestRescoreByRulesOfAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	clock := crmtest.NewClock()
	store, other := openSQLite(t, path, sqlite.Options{Sealer: sealer(t)}), openSQLite(t, path, sqlite.Options{Sealer: sealer(t)})
	s, always := openShop(t, store, clock, 5), openShop(t, store, clock, 6)
	always.alwaysSells()
	told := talk(9, 60, clock)
	s.hears(told)
	always.hears(told)
	if _, err := s.StartRescore(t.Context(), s.me); err != nil {
		t.Fatal(err)
	}
	s.rescored()
	if _, _, err := people.New(other.People(), s.mint).SetLeadRules(t.Context(), s.me, lead.Sales().Encode(), crm.DefaultRules); err != nil {
		t.Fatal(err)
	}
	s.rescored()
	if got, want := s.scores(), always.scores(); got != want {
		t.Errorf("rescored:\n%s\nunder the rules from the beginning:\n%s", got, want)
	}
}

// TestRulesNameTags: rules that name a tag find it on contacts, which have its id.
func TestRulesNameTags(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		s := openShop(t, store, crmtest.NewClock(), 5)
		tag, err := s.SaveTag(t.Context(), s.me, crm.Tag{Name: "VIP"})
		if err != nil {
			t.Fatal(err)
		}
		doc := lead.Sales().Document()
		doc.Signals = []lead.Signal{{ID: "important", Category: lead.Fit, Points: 7, Why: lead.Text{ID: "Penting.", EN: "Important."}, Tags: []string{"vip"}}}
		rules, err := lead.New(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.SetLeadRules(t.Context(), s.me, rules.Encode(), crm.DefaultRules); err != nil {
			t.Fatal(err)
		}
		made, err := s.Create(t.Context(), s.me, people.Edit{Name: new("Nama Contoh"), AddTags: []crm.TagID{tag.ID}}, "ID")
		if err != nil {
			t.Fatal(err)
		}
		card, err := s.Card(t.Context(), s.me, made.ID)
		if err != nil || card.Contact.Score != 7 {
			t.Errorf("a contact with the tag scores %d, %v", card.Contact.Score, err)
		}
		tried, err := s.TryLeadRules(t.Context(), s.me, people.Trial{Tags: []string{"Vip"}})
		if err != nil || tried.Score.Total != 7 {
			t.Errorf("tried, the tag gives %d, %v", tried.Score.Total, err)
		}
	})
}
