package bunstore_test

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

func TestStats(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		ct := c.Contact()
		ctx, stats := bunstore.WithStats(t.Context())
		if err := write(ctx, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{ct}, Facts: []crm.Fact{{WorkspaceID: c.Workspace.ID}}}); err != nil {
			t.Fatal(err)
		}
		last := 1 // the last that is written, which elsewhere goes with what follows
		if _, commits := store.Dialect().(bunstore.Committer); commits {
			last = 0
		}
		if want := 3 + last; stats.Trips() != want || stats.Queries() < 5 || stats.Duration() <= 0 { // a look, the first batch, the commit
			t.Errorf("a write took %d trips, %d queries and %v, want %d, several and some", stats.Trips(), stats.Queries(), stats.Duration(), want)
		}
		cv := c.Conversation(ct)
		m, job := c.Outbound(cv, "halo")
		mustWrite(t, store, c.Workspace.ID, &crm.Changes{Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Jobs: []*crm.Job{job}})
		ctx, stats = bunstore.WithStats(t.Context())
		claims, _, err := store.Outbox().Claim(ctx, outbox.Claiming{Now: job.RunAt, Lease: time.Minute, Limit: 1})
		if want := 4 + last; err != nil || len(claims) != 1 || stats.Trips() != want { // a look, what is due, what it needs, the commit
			t.Errorf("%d claims, %v, took %d trips, want one and %d", len(claims), err, stats.Trips(), want)
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
