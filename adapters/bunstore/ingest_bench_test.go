package bunstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// BenchmarkIngest stores messages of known customers, one in a transaction, as most
// hosts do, or 32, as a busy one does. It tells this process's processor time for each
// message, which with SQLite is all there is to it.
func BenchmarkIngest(b *testing.B) {
	for name, open := range map[string]func() (*bunstore.Store, error){
		"sqlite": func() (*bunstore.Store, error) {
			return sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), sqlite.Options{Sealer: sealer(b)})
		},
		"postgres": func() (*bunstore.Store, error) {
			return postgres.Open(b.Context(), pgtest.DSN(b), postgres.Options{Sealer: sealer(b), Connections: 4})
		},
	} {
		for _, together := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/%d", name, together), func(b *testing.B) {
				store, err := open()
				if err != nil {
					b.Fatal(err)
				}
				defer store.Close()
				ingest(b, store, together)
			})
		}
	}
}

func ingest(b *testing.B, store *bunstore.Store, batch int) {
	const customers = 500
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	c := crmtest.NewCompany(mint)
	for _, err := range []error{store.Directory().SaveWorkspace(b.Context(), c.Workspace), store.Directory().SaveChannel(b.Context(), c.Channel)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	said := 0
	write := func() {
		clock.Advance(time.Second)
		items := make([]inbox.Item, batch)
		for i := range items {
			said++
			items[i] = inbox.Item{Channel: c.Channel, Fact: &webhook.Fact{
				Kind: webhook.Message, Provider: crm.Kapso, PhoneNumberID: c.Channel.PhoneNumberID, ProviderID: fmt.Sprint("wamid.", said),
				Peer: webhook.Peer{WaID: fmt.Sprintf("62812000%05d", said*7%customers), Name: "Ani"}, Time: clock.Now(), Origin: webhook.Live, Direction: crm.Inbound,
				Message: &webhook.MessagePart{Content: crm.Text{Body: "Kak, berapa biaya kuliah di sana?"}},
			}}
		}
		err := store.Inbox().Update(b.Context(), []crm.WorkspaceID{c.Workspace.ID}, func(ctx context.Context, tx inbox.Tx) error {
			state, err := tx.Load(ctx, inbox.NeedOf(c.Workspace.ID, items))
			if err != nil {
				return err
			}
			changes, _ := inbox.Apply(c.Workspace.ID, state, items, mint)
			return tx.Write(ctx, &changes)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for range customers / batch * 2 {
		write()
	}
	before := processorTime()
	b.ReportAllocs()
	for b.Loop() {
		write()
	}
	b.ReportMetric(float64(processorTime()-before)/float64(b.N*batch), "cpu-ns/message")
}

func processorTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
