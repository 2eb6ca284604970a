package bunstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// What cannot be stored fails the batch, also when what is added after it could be:
// else a write would be lost without a word.
func TestBatchKeepsItsError(t *testing.T) {
	onBoth(t, func(t *testing.T, s *bunstore.Store) {
		if err := s.PutUnfitAndFit(t.Context()); err == nil {
			t.Error("a row that cannot be stored was left out, and nobody was told")
		}
	})
}

// The last batch of a write may wait for the commit. All the same a write that fails
// fails before what is done after it, what follows sees what it wrote, and nothing of
// it stays when its last statements cannot be run.
func TestLastBatch(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		ws := c.Workspace.ID
		update := func(changes *crm.Changes, then func(context.Context, inbox.Tx) error) error {
			return store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
				if err := tx.Write(ctx, changes); err != nil {
					return err
				}
				return then(ctx, tx)
			})
		}
		nothing := func(context.Context, inbox.Tx) error { return nil }
		first := c.Contact()
		thread := c.Conversation(first)
		stored := c.Inbound(thread, "halo")
		mustWrite(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{first}, Conversations: []*crm.Conversation{thread}, Messages: []*crm.Message{stored}})
		ct := c.Contact()
		cv := c.Conversation(ct)
		double := c.Inbound(cv, "halo") // under another's id, which is noticed with the last batch
		changes := func() *crm.Changes {
			return &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{double}}
		}
		own := double.ProviderID
		double.ProviderID = stored.ProviderID
		if err := update(changes(), nothing); !errors.Is(err, crm.Conflict) {
			t.Errorf("a message under another's id is %v, want a conflict", err)
		}
		taken := errors.New("taken back")
		if err := update(changes(), func(context.Context, inbox.Tx) error { return taken }); !errors.Is(err, crm.Conflict) {
			t.Errorf("when it was to be taken back it is %v, want a conflict: a trial asks whether it could be stored", err)
		}
		if card, err := store.People().Card(t.Context(), ws, ct.Identities); !errors.Is(err, crm.NotFound) {
			t.Errorf("what was written beside it is %+v, %v, want that it is not there", card, err)
		}
		double.ProviderID = own
		err := update(changes(), func(ctx context.Context, tx inbox.Tx) error {
			state, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, Messages: []crm.MessageID{double.ID}})
			if err == nil && len(state.Messages) != 1 {
				t.Errorf("a transaction reads %d messages of one that it wrote", len(state.Messages))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Inbox().Message(t.Context(), ws, double.ID); err != nil {
			t.Errorf("what was written, read and committed is %v", err)
		}
	})
}
