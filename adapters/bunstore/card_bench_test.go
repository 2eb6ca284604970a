package bunstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

// BenchmarkCard reads the cards of known customers, by a number and by the contact's
// id. It tells the processor time of this process and of the server for each.
func BenchmarkCard(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), sqlite.Options{Sealer: sealer(b)})
		if err != nil {
			b.Fatal(err)
		}
		defer store.Close()
		readCards(b, store, nil)
	})
	b.Run("postgres", func(b *testing.B) {
		dsn := pgtest.DSN(b)
		store, err := postgres.Open(b.Context(), dsn, postgres.Options{Sealer: sealer(b), Connections: 4})
		if err != nil {
			b.Fatal(err)
		}
		defer store.Close()
		readCards(b, store, pgtest.NewMeter(b, dsn))
	})
}

func readCards(b *testing.B, store *bunstore.Store, meter *pgtest.Meter) {
	const customers = 2000
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	ws := c.Workspace.ID
	if err := store.Directory().SaveWorkspace(b.Context(), c.Workspace); err != nil {
		b.Fatal(err)
	}
	changes := new(crm.Changes)
	for range customers {
		ct := c.Contact()
		changes.Contacts = append(changes.Contacts, ct)
		changes.Conversations = append(changes.Conversations, c.Conversation(ct))
	}
	err := store.Inbox().Update(b.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error { return tx.Write(ctx, changes) })
	if err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func(*crm.Contact) (*people.Card, error){
		"number": func(ct *crm.Contact) (*people.Card, error) {
			return store.People().Card(b.Context(), ws, ct.Identities)
		},
		"id": func(ct *crm.Contact) (*people.Card, error) { return store.People().CardByID(b.Context(), ws, ct.ID) },
	} {
		b.Run(name, func(b *testing.B) {
			n, before, own := 0, meter.Now(), processorTime()
			b.ReportAllocs()
			for b.Loop() {
				ct := changes.Contacts[n*7%customers]
				if card, err := read(ct); err != nil || card.Contact.ID != ct.ID {
					b.Fatal(fmt.Errorf("card %d: %w", n, err))
				}
				n++
			}
			b.ReportMetric(float64(processorTime()-own)/float64(n), "cpu-ns/op")
			b.ReportMetric(float64(meter.Now().CPU-before.CPU)/float64(n), "server-ns/op")
		})
	}
}
