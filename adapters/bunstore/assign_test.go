package bunstore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/webhook"
)

// TestAssignCostsNothingWhenOff counts the statements of a commit: without rules
// that assign they are what they were before there were any.
func TestAssignCostsNothingWhenOff(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		company, mint := settle(t, store)
		company.Channel.Provider = crm.Meta
		if err := store.Directory().SaveChannel(t.Context(), company.Channel); err != nil {
			t.Fatal(err)
		}
		box := inbox.New(store.Inbox(), directory.New(store.Directory(), mint, rand.Reader), mint)
		said := 0
		statements := func() (all []string) {
			t.Helper()
			ctx, stats := bunstore.WithStats(t.Context())
			stats.Trace = func(_ context.Context, s bunstore.Statement) { all = append(all, s.SQL) }
			said++
			body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":%q},
				"messages":[{"id":"wamid.%d","from":"628120000%04d","timestamp":"%d","type":"text","text":{"body":"Halo"}}]}}]}]}`,
				company.Channel.PhoneNumberID, said, said, mint.Now().Unix())
			_, value := webhook.Sign(crm.Meta, company.Channel.Credentials.WebhookSecrets[0], body)
			if _, err := box.Receive(ctx, webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: body}); err != nil {
				t.Fatal(err)
			}
			return all
		}
		statements()
		off := statements()
		for _, sql := range off {
			for _, table := range []string{"members", "turns", "queues", "from figures"} {
				if strings.Contains(sql, table) {
					t.Errorf("a commit without assignment has %q", sql)
				}
			}
		}
		doc := lead.Education().Document()
		doc.Version, doc.Routing.Enabled = crm.DefaultRules+1, true
		rules, err := lead.New(doc)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, store, company.Workspace.ID, &crm.Changes{Rules: []*crm.LeadRules{
			{WorkspaceID: company.Workspace.ID, Version: doc.Version, Document: rules.Encode(), CreatedAt: mint.Now()},
		}})
		statements() // reads the rules
		on := statements()
		if extra := len(on) - len(off); extra != 6 {
			t.Errorf("a commit has %d statements, with assignment %d more, want 6: the team, its turns, its queue, its loads, the turn, what was decided:\n%s",
				len(off), extra, strings.Join(on, "\n"))
		}
	})
}
