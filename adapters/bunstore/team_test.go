package bunstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/webhook"
)

// assigning puts rules in force by which conversations are assigned at any hour.
func assigning(t *testing.T, store *bunstore.Store, ws crm.WorkspaceID) {
	t.Helper()
	doc := lead.Sales().Document()
	doc.Version, doc.Routing = crm.DefaultRules+1, lead.Assignment{Enabled: true, OffHours: lead.AssignThen}
	rules, err := lead.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, store, ws, &crm.Changes{Rules: []*crm.LeadRules{{WorkspaceID: ws, Version: doc.Version, Document: rules.Encode()}}})
}

// TestTeamPlans holds what assignment reads to its indexes.
func TestTeamPlans(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) {
		ws, now := seeded.ws, seeded.now
		assigning(t, store, ws)
		cv := seeded.conversation
		cv.AssigneeID, cv.RoutedAt, cv.RoutedFor = crm.MemberID{}, now, lead.AllAtWork.Code
		mustWrite(t, store, ws, &crm.Changes{
			Conversations: []*crm.Conversation{cv},
			Turns:         []crm.Turn{{WorkspaceID: ws, MemberID: seeded.member, Number: 1, Rules: 2}},
			Queues:        []crm.Queue{{WorkspaceID: ws, DueAt: now, Rules: 2}},
		})
		for _, path := range []struct {
			name, index string
			call        func(context.Context) error
		}{
			{"queue", "conversations_queued", func(ctx context.Context) error {
				return wantRows(store.Inbox().Queued(ctx, ws, 100))
			}},
			{"claim of a queue", "queues_due", func(ctx context.Context) error {
				_, err := store.Inbox().ClaimQueue(ctx, now, now.Add(time.Minute))
				return err
			}},
		} {
			ctx, plans := watching(t, store, path.name, true)
			if err := path.call(ctx); err != nil {
				t.Errorf("%s: %v", path.name, err)
			}
			if !strings.Contains(plans.String(), path.index) {
				t.Errorf("%s does not use the index %s:\n%s", path.name, path.index, plans)
			}
		}
		if store.Dialect().MigrationTypes().Postgres {
			return // which reads tables as small as these from one end to the other
		}
		ctx, stats := bunstore.WithStats(t.Context())
		var plans strings.Builder
		stats.Trace = func(ctx context.Context, statement bunstore.Statement) {
			if strings.Contains(statement.SQL, "from figures") {
				planFaults(t, store, bunstore.ScopeOf(ctx), statement, &plans)
			}
		}
		if _, _, err := store.People().Team(ctx, ws); err != nil {
			t.Fatal(err)
		}
		if want := "SEARCH figures USING PRIMARY KEY (workspace_id=? AND day=?)"; !strings.Contains(plans.String(), want) {
			t.Errorf("the loads of a team are read by:\n%s\nwant %s", &plans, want)
		}
	})
}

// TestHostsShareTurns has two processes take messages of one workspace in at once.
// They decide one after the other, so it is as if there were one: over any window
// of the feed equal members got as many as the others or one more.
func TestHostsShareTurns(t *testing.T) {
	t.Parallel()
	const hosts, members, customers, workers = 2, 3, 60, 3
	dsn := pgtest.DSN(t)
	first := openPostgres(t, dsn, postgres.Options{Sealer: sealer(t), Connections: 4})
	c, _ := settle(t, first)
	for range members - 1 {
		if err := first.Directory().SaveMember(t.Context(), c.Member()); err != nil {
			t.Fatal(err)
		}
	}
	assigning(t, first, c.Workspace.ID)
	channel := c.NewChannel()
	channel.Provider, channel.Credentials.WebhookSecrets = crm.Meta, []crm.Secret{"secret of the app"}
	if err := first.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	stores := []*bunstore.Store{first, openPostgres(t, dsn, postgres.Options{Sealer: sealer(t), Connections: 4})}
	next := make(chan int, customers)
	for n := range customers {
		next <- n
	}
	close(next)
	var group sync.WaitGroup
	for host := range hosts {
		clock := crmtest.NewClock()
		mint := clock.Mint(byte(2 + host))
		box := inbox.New(stores[host].Inbox(), directory.New(stores[host].Directory(), mint, rand.NewChaCha8([32]byte{byte(host)})), mint)
		for range workers {
			group.Go(func() {
				for n := range next {
					body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
						`"metadata":{"phone_number_id":%q},"messages":[{"from":"62812000%05d","id":"wamid.%d","timestamp":"%d","type":"text","text":{"body":"Halo"}}]}}]}]}`,
						channel.PhoneNumberID, n, n, clock.Now().Unix())
					_, value := webhook.Sign(crm.Meta, channel.Credentials.WebhookSecrets[0], body)
					if _, err := box.Receive(t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: body}); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	group.Wait()
	facts, err := first.Feed().Facts(t.Context(), c.Workspace.ID, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var given []crm.MemberID
	for _, f := range facts {
		var news struct {
			Assignee crm.MemberID `json:"assignee_id"`
		}
		if f.Kind == crm.ConversationChanged && json.Unmarshal(f.Data, &news) == nil && !news.Assignee.IsZero() {
			given = append(given, news.Assignee)
		}
	}
	if len(given) != customers {
		t.Fatalf("%d conversations were given to somebody %d times", customers, len(given))
	}
	for i := members; i < len(given); i++ {
		if given[i] != given[i-members] {
			t.Errorf("turn %d is %v's, and that of a round before %v's", i, given[i], given[i-members])
		}
	}
}
