package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
)

// TestGrowingTables fills tables that the server has never counted, batch by
// batch on one connection, as a new installation does. A plan that was made while
// they were empty and kept would read all of a workspace for each message.
func TestGrowingTables(t *testing.T) {
	t.Parallel()
	const contacts, rounds = 40, 100
	store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 1})
	c, mint := settle(t, store)
	threads := make([]*crm.Conversation, contacts)
	people := make([]*crm.Contact, contacts)
	for i := range people {
		people[i] = c.Contact()
		threads[i] = c.Conversation(people[i])
		mustWrite(t, store, c.Workspace.ID, &crm.Changes{Contacts: people[i : i+1], Conversations: threads[i : i+1]})
	}
	for range rounds {
		need, changes := inbox.Need{WorkspaceID: c.Workspace.ID, Channels: []crm.ChannelID{c.Channel.ID}}, new(crm.Changes)
		for i, cv := range threads {
			m := c.Inbound(cv, "selamat pagi")
			key := crm.DeliveryKey(m.ID[:], nil)
			need.Identities = append(need.Identities, people[i].Identities...)
			need.Deliveries = append(need.Deliveries, key)
			need.Provided = append(need.Provided, inbox.Provided{ChannelID: m.ChannelID, ProviderID: m.ProviderID})
			changes.Conversations, changes.Messages = append(changes.Conversations, cv), append(changes.Messages, m)
			changes.Deliveries = append(changes.Deliveries, &crm.Delivery{ID: crm.NewID[crm.Delivery](mint), WorkspaceID: c.Workspace.ID, Key: key, Body: []byte("{}")})
		}
		err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{c.Workspace.ID}, func(ctx context.Context, tx inbox.Tx) error {
			state, err := tx.Load(ctx, need)
			if err != nil || len(state.Conversations) != contacts {
				return fmt.Errorf("%d conversations, %w", len(state.Conversations), err)
			}
			return tx.Write(ctx, changes)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const perMessage = 500 // index entries; a plan that is never made anew reads two thousand
	for _, table := range []string{"messages", "conversations", "contacts", "deliveries", "identities"} {
		read := entriesRead(t, store, table)
		t.Logf("%s: %d entries of indexes read", table, read)
		if read > perMessage*contacts*rounds {
			t.Errorf("%d messages read %d index entries of %s", contacts*rounds, read, table)
		}
	}
}

// TestOneOfManyIsBusy lists the conversations of a member who has more than most. Who
// is thought to have as many as all have in the mean would have all of them read for
// each page.
func TestOneOfManyIsBusy(t *testing.T) {
	t.Parallel()
	const workspaces, rounds, own, others, limit, pages = 32, 30, 40, 1, 10, 12
	store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 1})
	companies := make([]*crmtest.Company, workspaces)
	for i := range companies {
		c := crmtest.NewCompany(crmtest.NewClock().Mint(byte(1 + i)))
		if err := errors.Join(store.Directory().SaveWorkspace(t.Context(), c.Workspace), store.Directory().SaveMember(t.Context(), c.Owner)); err != nil {
			t.Fatal(err)
		}
		companies[i] = c
	}
	for range rounds { // so that where a row lies says nothing of whose it is
		for i, c := range companies {
			some := others
			if i == 0 {
				some = own
			}
			var changes crm.Changes
			for range some {
				contact := c.Contact()
				cv := c.Conversation(contact)
				cv.AssigneeID = c.Owner.ID
				m := c.Inbound(cv, "halo")
				changes.Add(crm.Changes{Contacts: []*crm.Contact{contact}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}})
			}
			mustWrite(t, store, c.Workspace.ID, &changes)
		}
	}
	if err := store.Do(t.Context(), "analyze"); err != nil {
		t.Fatal(err)
	}
	busy := companies[0]
	before := entriesRead(t, store, "conversations")
	for range pages {
		if err := wantRows(store.Inbox().Conversations(t.Context(), busy.Workspace.ID, inbox.ConversationQuery{AssigneeID: busy.Owner.ID, Limit: limit})); err != nil {
			t.Fatal(err)
		}
	}
	if read := entriesRead(t, store, "conversations") - before; read > 2*limit*pages {
		t.Errorf("%d pages of %d read %d entries", pages, limit, read)
	}
}

// TestManyAreListed lists the conversations of those who have a tag that most have,
// while most tags are one contact's, and those with a word that all have: the pages are
// those of the whole list without the others, and on PostgreSQL no more is read for a
// tag's.
func TestManyAreListed(t *testing.T) {
	const contacts, limit, pages = 2400, 10, 14 // of eight seven have the tag
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		tag := &crm.Tag{ID: crm.NewID[crm.Tag](mint), WorkspaceID: c.Workspace.ID, Name: "Prospek"}
		mustWrite(t, store, c.Workspace.ID, &crm.Changes{Tags: []*crm.Tag{tag}})
		var changes crm.Changes
		has := map[crm.ContactID]bool{}
		for i := range contacts {
			contact := c.Contact()
			if i%8 > 0 {
				contact.Tags, has[contact.ID] = []crm.TagID{tag.ID}, true
			}
			rare := &crm.Tag{ID: crm.NewID[crm.Tag](mint), WorkspaceID: c.Workspace.ID, Name: fmt.Sprint("Tag ", i)}
			contact.Tags = append(contact.Tags, rare.ID)
			cv := c.Conversation(contact)
			changes.Add(crm.Changes{
				Tags: []*crm.Tag{rare}, Contacts: []*crm.Contact{contact}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{c.Inbound(cv, "halo")},
			})
		}
		mustWrite(t, store, c.Workspace.ID, &changes)
		if err := store.Do(t.Context(), "analyze"); err != nil {
			t.Fatal(err)
		}
		list := func(q inbox.ConversationQuery) []*crm.Conversation {
			found, err := store.Inbox().Conversations(t.Context(), c.Workspace.ID, q)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		pagesAre := func(q inbox.ConversationQuery, want []*crm.Conversation) {
			t.Helper()
			q.Limit = limit
			for page := range pages {
				for i, cv := range list(q) {
					if cv.ID != want[page*limit+i].ID {
						t.Fatalf("on page %d at %d stands %s, want %s", page, i, cv.ID, want[page*limit+i].ID)
					}
					q.After = inbox.ConversationCursor{At: cv.LastMessage.At, ID: cv.ID}
				}
			}
			if q.After.ID != want[pages*limit-1].ID {
				t.Errorf("%d pages end with %s, want %s", pages, q.After.ID, want[pages*limit-1].ID)
			}
		}
		everything := list(inbox.ConversationQuery{Limit: contacts})
		pagesAre(inbox.ConversationQuery{Search: "halo"}, everything)
		want := slices.DeleteFunc(everything, func(cv *crm.Conversation) bool { return !has[cv.ContactID] })
		onPostgres := store.Dialect().MigrationTypes().Postgres
		var before int64
		if onPostgres {
			before = entriesRead(t, store, "conversations")
		}
		pagesAre(inbox.ConversationQuery{TagID: tag.ID}, want)
		if !onPostgres {
			return
		}
		if read := entriesRead(t, store, "conversations") - before; read > 2*limit*pages {
			t.Errorf("%d pages of %d read %d entries", pages, limit, read)
		}
	})
}

// entriesRead returns how many entries of a table's indexes were read, and rows of
// it in its order.
func entriesRead(t *testing.T, store *bunstore.Store, table string) int64 {
	t.Helper()
	time.Sleep(1100 * time.Millisecond) // a connection tells its counts once a second, and only when it did something
	if err := store.DoOnEach(t.Context(), "select 1"); err != nil {
		t.Fatal(err)
	}
	return column[int64](t, store, `select (sum(idx_tup_read) + (select seq_tup_read from pg_stat_user_tables where relname = '`+table+`'))::bigint
		from pg_stat_user_indexes where relname = '`+table+`'`)[0]
}

// TestLoadsLookRowsUp holds what a commit of webhooks loads on SQLite to looking
// rows up: by one message or by hundreds, of one channel or several, of people
// known by several kinds of identity, no statement reads all that a workspace has.
func TestLoadsLookRowsUp(t *testing.T) {
	t.Parallel()
	store := openSQLite(t, sqlitetest.Path(t), sqlite.Options{Sealer: sealer(t)})
	c, mint := settle(t, store)
	contact := c.Contact()
	thread := c.Conversation(contact)
	message := c.Inbound(thread, "selamat pagi")
	mustWrite(t, store, c.Workspace.ID, &crm.Changes{
		Contacts: []*crm.Contact{contact}, Conversations: []*crm.Conversation{thread}, Messages: []*crm.Message{message},
	})
	for _, rows := range []int{1, 300} {
		need := inbox.Need{
			WorkspaceID: c.Workspace.ID, Leads: true, Pending: true,
			Channels:      []crm.ChannelID{c.Channel.ID, crm.NewID[crm.Channel](mint)},
			Identities:    contact.Identities,
			Conversations: []crm.ConversationID{thread.ID},
			Messages:      []crm.MessageID{message.ID},
			Provided:      []inbox.Provided{{ChannelID: c.Channel.ID, ProviderID: message.ProviderID}},
		}
		for i := range rows {
			number := strconv.Itoa(15555550000 + i)
			need.Identities = append(need.Identities, crm.Identity{Kind: crm.ByPhone, Value: "+" + number}, crm.Identity{Kind: crm.ByWaID, Value: number})
			need.Deliveries = append(need.Deliveries, [32]byte{byte(i), byte(i >> 8)})
			need.Provided = append(need.Provided, inbox.Provided{ChannelID: need.Channels[i%2], ProviderID: "wamid." + number})
		}
		var plans strings.Builder
		ctx, stats := bunstore.WithStats(t.Context())
		stats.Trace = func(ctx context.Context, statement bunstore.Statement) {
			if strings.HasPrefix(statement.SQL, "select") {
				planFaults(t, store, bunstore.ScopeOf(ctx), statement, &plans)
			}
		}
		err := store.Inbox().Update(ctx, []crm.WorkspaceID{c.Workspace.ID}, func(ctx context.Context, tx inbox.Tx) error {
			state, err := tx.Load(ctx, need)
			if err == nil && (len(state.Contacts) != 1 || len(state.Conversations) != 1 || len(state.Messages) != 1) {
				err = fmt.Errorf("%d contacts, %d conversations, %d messages", len(state.Contacts), len(state.Conversations), len(state.Messages))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plans.String(), "identities USING PRIMARY KEY (workspace_id=? AND kind=? AND value=?)") {
			t.Errorf("the identities are not looked up:\n%s", &plans)
		}
		for plan := range strings.Lines(plans.String()) {
			if strings.HasSuffix(strings.TrimSpace(plan), "(workspace_id=?)") && !strings.Contains(plan, "lead_rules") { // of which a workspace has a few
				t.Errorf("with %d rows all of a workspace is read: %s", rows, plan)
			}
		}
	}
}
