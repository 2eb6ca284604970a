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

// found loads the contacts that have identities, and returns which they are and the
// statements that were sent.
func found(t *testing.T, store *bunstore.Store, ws crm.WorkspaceID, ids ...crm.Identity) (contacts []crm.ContactID, sent []string) {
	t.Helper()
	ctx, stats := bunstore.WithStats(t.Context())
	stats.Trace = func(_ context.Context, s bunstore.Statement) { sent = append(sent, s.SQL) }
	err := store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
		contacts = nil
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, Identities: ids})
		if err != nil {
			return err
		}
		for _, c := range state.Contacts {
			contacts = append(contacts, c.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return contacts, sent
}

// TestAddressBookSparesALook: whose a number is is looked up once.
func TestAddressBookSparesALook(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		company, _ := settle(t, store)
		contact := company.Contact()
		mustWrite(t, store, company.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{contact}})
		for i, looks := range []int{1, 0} {
			got, sent := found(t, store, company.Workspace.ID, contact.Identities...)
			if fmt.Sprint(got) != fmt.Sprint([]crm.ContactID{contact.ID}) || strings.Count(strings.Join(sent, "\n"), "from identities") != looks {
				t.Errorf("try %d finds %v, want %v, with %d looks:\n%s", i, got, contact.ID, looks, strings.Join(sent, "\n"))
			}
		}
	})
}

// TestAddressBookIsNotTrusted: what the book has wrong, since somebody else changed
// it, is found out, and set right.
func TestAddressBookIsNotTrusted(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		company, mint := settle(t, store)
		ws := company.Workspace.ID
		one, other := company.Contact(), company.Contact()
		mustWrite(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{one, other}})
		gone := crm.NewID[crm.Contact](mint)
		for what, wrong := range map[string]crm.ContactID{"another's": other.ID, "of somebody who is gone": gone} {
			for _, id := range one.Identities {
				store.Mislead(ws, id, wrong)
			}
			for range 2 {
				if got, _ := found(t, store, ws, one.Identities...); fmt.Sprint(got) != fmt.Sprint([]crm.ContactID{one.ID}) {
					t.Errorf("the number is thought to be %s: found %v, want %v", what, got, one.ID)
				}
			}
			if _, sent := found(t, store, ws, one.Identities...); strings.Contains(strings.Join(sent, "\n"), "from identities") {
				t.Errorf("the number was thought to be %s, and is still looked up", what)
			}
		}
	})
}
