package bunstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// TestLoadOfWhoIsKnown: of a message that comes in from somebody the address book has,
// all is loaded in one trip. It is what two would find, be it told of anew, a reaction to
// what the same customer said, or to what another did.
func TestLoadOfWhoIsKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		company, _ := settle(t, store)
		ws := company.Workspace.ID
		customer, other := company.Contact(), company.Contact()
		theirs, others := company.Conversation(customer), company.Conversation(other)
		said, told := company.Inbound(theirs, "halo"), company.Inbound(others, "halo")
		mustWrite(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{customer, other}, Conversations: []*crm.Conversation{theirs, others}, Messages: []*crm.Message{said, told}})
		load := func(of string, more ...crm.ConversationID) (found string, trips int) {
			ctx, stats := bunstore.WithStats(t.Context())
			err := store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
				state, err := tx.Load(ctx, inbox.Need{
					WorkspaceID: ws, Identities: customer.Identities, Channels: []crm.ChannelID{company.Channel.ID}, Conversations: more,
					Leads: true, Inbound: []inbox.Provided{{ChannelID: company.Channel.ID, ProviderID: of}},
				})
				if err != nil {
					return err
				}
				found = ""
				for _, c := range state.Contacts {
					found += fmt.Sprintln("contact", c.ID)
				}
				for _, c := range state.Conversations {
					found += fmt.Sprintln("conversation", c.ID)
				}
				for _, m := range state.Messages {
					found += fmt.Sprintln("message", m.ID)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return found, stats.Trips() - 1 // the commit
		}
		for of, want := range map[string]int{
			"wamid.new":     1,
			said.ProviderID: 2,     // the message in another
			told.ProviderID: 1 + 2, // one for nothing
		} {
			looked, before := load(of, theirs.ID)
			known, trips := load(of)
			if known != looked || before != 2 || trips != want {
				t.Errorf("%s: in %d trips, want 2:\n%sof who is known in %d, want %d:\n%s", of, before, looked, trips, want, known)
			}
		}
	})
}

// TestLoadOfStrangers: who is not in the book is looked for before all else until such
// looks find nobody for a while; then with all else, in one trip, and somebody who is
// found after all is loaded none the less, and has others looked for first again.
func TestLoadOfStrangers(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		company, _ := settle(t, store)
		ws := company.Workspace.ID
		stored := company.Contact()
		mustWrite(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{stored}})
		load := func(customer *crm.Contact) (found, trips int) {
			ctx, stats := bunstore.WithStats(t.Context())
			err := store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
				state, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, Identities: customer.Identities, Channels: []crm.ChannelID{company.Channel.ID}, Threads: true})
				if err == nil {
					found = len(state.Contacts)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return found, stats.Trips() - 1 // the commit
		}
		for i, want := range []int{2, 2, 2, 2, 2, 2, 2, 2, 1, 1} {
			if found, trips := load(company.Contact()); found != 0 || trips != want {
				t.Errorf("of the %d. stranger %d contacts are found in %d trips, want none in %d", i+1, found, trips, want)
			}
		}
		if found, trips := load(stored); found != 1 || trips != 1+2 { // one for nothing
			t.Errorf("somebody stored is found %d times, in %d trips, want once in 3", found, trips)
		}
		if found, trips := load(company.Contact()); found != 0 || trips != 2 {
			t.Errorf("of a stranger after one who was known %d contacts are found in %d trips, want none in 2", found, trips)
		}
	})
}

// TestNewcomers: somebody whom a transaction looked for and did not find is written
// without being looked for again. One who is stored all the same, under that id, is
// written too: the transaction runs anew.
func TestNewcomers(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		company, _ := settle(t, store)
		ws := company.Workspace.ID
		arrive := func(customer *crm.Contact, thread *crm.Conversation) (looks, runs int) {
			ctx, stats := bunstore.WithStats(t.Context())
			stats.Trace = func(_ context.Context, s bunstore.Statement) {
				if strings.HasPrefix(s.SQL, "select contacts.") || strings.HasPrefix(s.SQL, "select conversations.") {
					looks++
				}
			}
			err := store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
				runs++
				state, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, Identities: customer.Identities, Threads: true})
				if err == nil && len(state.Contacts) > 0 {
					t.Errorf("%v is found by %v", state.Contacts[0].ID, customer.Identities)
				}
				if err != nil {
					return err
				}
				return tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{customer}, Conversations: []*crm.Conversation{thread}})
			})
			if err != nil {
				t.Fatal(err)
			}
			return looks, runs
		}
		customer := company.Contact()
		thread := company.Conversation(customer)
		if looks, runs := arrive(customer, thread); looks != 0 || runs != 1 {
			t.Errorf("of a newcomer the contact or conversation is looked for %d times, in %d runs, want never in one", looks, runs)
		}
		renumbered := company.Contact()
		customer.Name, customer.Identities = "Sari", renumbered.Identities
		thread.Unread = 7
		if looks, runs := arrive(customer, thread); looks != 2 || runs != 2 {
			t.Errorf("of somebody stored under another number the contact and conversation are looked for %d times, in %d runs, want twice in two", looks, runs)
		}
		card, err := store.People().CardByID(t.Context(), ws, customer.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := card.Contact; got.Name != "Sari" || fmt.Sprint(got.Identities) != fmt.Sprint(renumbered.Identities) {
			t.Errorf("%s has %v, want Sari with %v", got.Name, got.Identities, renumbered.Identities)
		}
	})
}
