package bunstore_test

import (
	"context"
	"fmt"
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
