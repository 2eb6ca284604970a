package bunstore_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

// TestPlansOfErasures holds what each step of an erasure reads to indexes: it
// looks at the rows it is to look at, however many there are.
func TestPlansOfErasures(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		var contacts []*crm.Contact
		for i := range 600 {
			contact := c.Contact()
			cv := c.Conversation(contact)
			contacts = append(contacts, contact)
			changes := &crm.Changes{Contacts: []*crm.Contact{contact}, Conversations: []*crm.Conversation{cv}}
			for n := range 5 {
				m := c.Inbound(cv, fmt.Sprint("halo ", n))
				body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"statuses":[{"id":%q,"status":"read"}]}}]}]}`, m.ProviderID)
				changes.Messages = append(changes.Messages, m)
				changes.Facts = append(changes.Facts, crm.Fact{WorkspaceID: c.Workspace.ID, Kind: crm.MessageReceived, At: m.CreatedAt, ContactID: contact.ID, MessageID: m.ID, Data: []byte(`{}`)})
				changes.Statuses = append(changes.Statuses, crm.StatusReport{WorkspaceID: c.Workspace.ID, ChannelID: c.Channel.ID, ProviderID: fmt.Sprint("wamid.parked", i, n), Status: crm.Sent, At: m.CreatedAt})
				changes.Amendments = append(changes.Amendments, crm.Amendment{WorkspaceID: c.Workspace.ID, ChannelID: c.Channel.ID, ProviderID: fmt.Sprint("wamid.parked", i, n), SourceID: "wamid.edit", At: m.CreatedAt})
				changes.Deliveries = append(changes.Deliveries, &crm.Delivery{
					ID: crm.NewID[crm.Delivery](mint), WorkspaceID: c.Workspace.ID, Key: sha256.Sum256(body), Provider: crm.Meta, Verdict: crm.DeliveryApplied, Body: body, ReceivedAt: mint.Now(), Seen: 1,
				})
			}
			mustWrite(t, store, c.Workspace.ID, changes)
		}
		err := store.Erasures().Update(t.Context(), c.Workspace.ID, func(ctx context.Context, tx people.EraseTx) error {
			for range 600 {
				ended := crm.Erasure{WorkspaceID: c.Workspace.ID, ContactID: crm.NewID[crm.Contact](mint), BegunAt: mint.Now(), Stage: crm.EraseDone}
				if err := tx.SaveErasure(ctx, &ended); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			if err := store.Directory().SaveChannel(t.Context(), c.NewChannel()); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Do(t.Context(), "analyze"); err != nil {
			t.Fatal(err)
		}
		begun, err := people.NewErasures(store.Erasures(), store.Imports(), mint).Erase(t.Context(), access.OfMember(c.Owner), contacts[300].ID)
		if err != nil {
			t.Fatal(err)
		}
		traces, err := people.ReadTraces(begun.Traces)
		if err != nil {
			t.Fatal(err)
		}
		for _, stage := range []crm.ErasureStage{crm.EraseJournal, crm.EraseUnclaimed, crm.EraseMessages, crm.EraseReports, crm.EraseAmendments, crm.EraseFacts} {
			ctx, plans := watching(t, store, string(stage), stage == crm.EraseJournal) // which sorts the ids it looks for
			begun.Stage = stage
			save(t, store, begun)
			for done := false; !done; {
				if done, err = store.Erasures().Step(ctx, begun, traces, 50); err != nil {
					t.Fatalf("%s: %v", stage, err)
				}
			}
			if plans.Len() == 0 {
				t.Errorf("%s reads nothing", stage)
			}
			begun.After = nil
		}
		if want := (crm.ErasedCounts{Conversations: 1, Inbound: 5, Bodies: 5, Facts: 5}); begun.Erased != want {
			t.Errorf("counted are %+v, want %+v", begun.Erased, want)
		}
	})
}

func save(t *testing.T, store *bunstore.Store, e *crm.Erasure) {
	t.Helper()
	err := store.Erasures().Update(t.Context(), e.WorkspaceID, func(ctx context.Context, tx people.EraseTx) error { return tx.SaveErasure(ctx, e) })
	if err != nil {
		t.Fatal(err)
	}
}
