package bunstore_test

import (
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
)

func TestStats(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		ct := c.Contact()
		ctx, stats := bunstore.WithStats(t.Context())
		if err := write(ctx, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{ct}, Facts: []crm.Fact{{WorkspaceID: c.Workspace.ID}}}); err != nil {
			t.Fatal(err)
		}
		want := 4 // a look, two batches, commit
		if _, closes := store.Dialect().(bunstore.Closer); closes {
			want = 3 // the second batch goes with the commit
		}
		if stats.Trips() != want || stats.Queries() < 5 || stats.Duration() <= 0 {
			t.Errorf("a write took %d trips, %d queries and %v, want %d, several and some", stats.Trips(), stats.Queries(), stats.Duration(), want)
		}
		for _, rules := range []int{1, 0} { // are read once
			ctx, stats = bunstore.WithStats(t.Context())
			if _, err := store.People().Card(ctx, c.Workspace.ID, ct.Identities); err != nil {
				t.Fatal(err)
			}
			if stats.Trips() != 1+rules || stats.Queries() != 5+rules {
				t.Errorf("a card took %d trips and %d queries, want %d and %d", stats.Trips(), stats.Queries(), 1+rules, 5+rules)
			}
		}
	})
}
