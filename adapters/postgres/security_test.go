package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
)

// tenants are the tables that have a workspace_id, as the catalogue says.
const tenants = `
	select c.relname, c.relrowsecurity and c.relforcerowsecurity, (select count(polname) from pg_policy where polrelid = c.oid)
	from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
	where c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace order by c.relname`

// TestRowLevelSecurity goes round the store, with the role it uses: whoever
// forgets a workspace in a statement sees and changes nothing.
func TestRowLevelSecurity(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	ours, theirs := fill(t, open(t, dsn))
	conn := connect(t, dsn)
	tables := tenantTables(t, conn)
	if len(tables) < 25 {
		t.Fatalf("found %d tables with a workspace_id, want all", len(tables))
	}
	filled := 0
	for _, table := range tables {
		everything := "select workspace_id::text from " + table
		searching := "select set_config('my21staff.search', '''halo'':*', true)"
		rows := func(settings ...string) []string {
			return workspacesSeen(t, conn, everything, append(settings, searching)...)
		}
		if seen := rows(); len(seen) > 0 {
			t.Errorf("%s shows %d rows to a transaction without a scope", table, len(seen))
		}
		if seen := rows(scope("")); len(seen) > 0 {
			t.Errorf("%s shows %d rows to a scope of nothing", table, len(seen))
		}
		own := rows(scope(ours.String()))
		if slices.ContainsFunc(own, func(ws string) bool { return ws != ours.String() }) {
			t.Errorf("%s shows rows of another workspace: %v", table, own)
		}
		both := rows(scope(ours.String() + "," + theirs.String()))
		if len(own) > 0 && len(both) <= len(own) {
			t.Errorf("%s shows %d rows of one workspace and %d of two", table, len(own), len(both))
		}
		if len(own) > 0 {
			filled++
		}
	}
	if filled < 20 {
		t.Errorf("%d tables had rows to hide, want most of %d", filled, len(tables))
	}
	inTransaction(t, conn, func(tx pgx.Tx) {
		execute(t, tx, scope(ours.String()))
		tag, err := tx.Exec(t.Context(), "update contacts set name = 'changed' where workspace_id = $1", theirs.String())
		if err != nil || tag.RowsAffected() > 0 {
			t.Errorf("an update of another workspace's rows changed %d, %v", tag.RowsAffected(), err)
		}
		_, err = tx.Exec(t.Context(), "insert into counters (workspace_id, seq, ingest) values ($1, 1, 1)", crm.NewID[crm.Workspace](crmtest.NewClock().Mint(9)).String())
		if err == nil {
			t.Error("a row of another workspace was inserted")
		}
	})
}

// tenantTables returns the tables with a workspace_id and fails for one that is
// not protected.
func tenantTables(t *testing.T, conn *pgx.Conn) (tables []string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), tenants)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var forced bool
		var policies int
		if err := rows.Scan(&table, &forced, &policies); err != nil {
			t.Fatal(err)
		}
		if !forced || policies == 0 {
			t.Errorf("%s: row-level security forced: %v, with %d policies", table, forced, policies)
		}
		tables = append(tables, table)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return tables
}

// scope is what the store sets in front of a call.
func scope(workspaces string) string {
	return "select set_config('my21staff.workspaces', '" + workspaces + "', true)"
}

// workspacesSeen returns the workspaces of the rows a query finds after
// settings.
func workspacesSeen(t *testing.T, conn *pgx.Conn, query string, settings ...string) (seen []string) {
	t.Helper()
	inTransaction(t, conn, func(tx pgx.Tx) {
		for _, setting := range settings {
			execute(t, tx, setting)
		}
		rows, err := tx.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if seen, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	})
	return seen
}

func inTransaction(t *testing.T, conn *pgx.Conn, fn func(pgx.Tx)) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	fn(tx)
}

func execute(t *testing.T, tx pgx.Tx, sql string) {
	t.Helper()
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// fill stores two companies with a row in nearly every table.
func fill(t *testing.T, store *bunstore.Store) (ours, theirs crm.WorkspaceID) {
	t.Helper()
	mint := crmtest.NewClock().Mint(1)
	for i := range byte(2) {
		c := crmtest.NewCompany(mint)
		ours, theirs = c.Workspace.ID, ours
		ct := c.Contact()
		tag := &crm.Tag{ID: crm.NewID[crm.Tag](mint), WorkspaceID: ours, Name: "VIP"}
		ct.Tags = []crm.TagID{tag.ID}
		cv := c.Conversation(ct)
		m := c.Inbound(cv, "halo")
		reply, job := c.Outbound(cv, "halo juga")
		dir := store.Directory()
		for _, err := range []error{
			dir.SaveWorkspace(t.Context(), c.Workspace), dir.SaveMember(t.Context(), c.Owner), dir.SaveChannel(t.Context(), c.Channel),
			dir.SaveKey(t.Context(), &crm.APIKey{ID: crm.NewID[crm.APIKey](mint), WorkspaceID: ours, Hash: [32]byte{i}}),
			dir.SaveSession(t.Context(), &crm.Session{WorkspaceID: ours, Hash: [32]byte{i}, ExpiresAt: mint.Now()}),
			store.Inbox().Update(t.Context(), []crm.WorkspaceID{ours}, func(ctx context.Context, tx inbox.Tx) error {
				return tx.Write(ctx, &crm.Changes{
					Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m, reply}, Tags: []*crm.Tag{tag},
					Statuses:   []crm.StatusReport{{WorkspaceID: ours, ChannelID: c.Channel.ID, ProviderID: "wamid.x", Status: crm.Sent}},
					Amendments: []crm.Amendment{{WorkspaceID: ours, ChannelID: c.Channel.ID, ProviderID: "wamid.x"}},
					Deliveries: []*crm.Delivery{{ID: crm.NewID[crm.Delivery](mint), WorkspaceID: ours}},
					Notes:      []*crm.Note{{ID: crm.NewID[crm.Note](mint), WorkspaceID: ours, ContactID: ct.ID}},
					Tasks:      []*crm.Task{{ID: crm.NewID[crm.Task](mint), WorkspaceID: ours, ContactID: ct.ID}},
					Templates:  []*crm.Template{{ID: crm.NewID[crm.Template](mint), WorkspaceID: ours, ChannelID: c.Channel.ID}},
					Jobs:       []*crm.Job{job}, Answers: []crm.Answer{{WorkspaceID: ours, Key: "order-1", MessageID: reply.ID}},
					Facts: []crm.Fact{{WorkspaceID: ours, Kind: crm.MessageReceived}},
				})
			}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return ours, theirs
}

// TestOpenRefuses holds Open to what would break a promise: commits that may be
// lost, a role that sees every workspace.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	admin := withUser(t, server.DSN(), "postgres", "")
	conn := connect(t, admin)
	do := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	do("create role bypasses login bypassrls")
	for _, tt := range []struct {
		reason, dsn string
		before      []string
	}{
		{"superuser", admin, nil},
		{"bypassrls", withUser(t, server.DSN(), "bypasses", ""), nil},
		{"synchronous_commit", withUser(t, server.DSN(), "", "-csynchronous_commit=off"), nil},
		{"full_page_writes", server.DSN(), []string{"alter system set full_page_writes = off"}},
		{"fsync", server.DSN(), []string{"alter system reset full_page_writes", "alter system set fsync = off"}},
		{"", server.DSN(), []string{"alter system reset fsync"}},
	} {
		if tt.before != nil {
			do(append(tt.before, "select pg_reload_conf()")...)
			settled(t, admin, tt.reason)
		}
		store, err := postgres.Open(t.Context(), tt.dsn, postgres.Options{})
		if err == nil {
			store.Close()
		}
		var refused *crm.Error
		switch {
		case tt.reason == "" && err != nil:
			t.Errorf("Open of a safe server = %v", err)
		case tt.reason != "" && (!errors.Is(err, crm.Refused) || !errors.As(err, &refused) || refused.Reason != tt.reason || !strings.HasSuffix(refused.Msg, ".")):
			t.Errorf("Open with %s = %v, want Refused for that reason, with a sentence", tt.reason, err)
		}
	}
}

// settled waits until new connections see the setting off, or all of them on
// for "".
func settled(t *testing.T, dsn, setting string) {
	t.Helper()
	for {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		var fsync, full string
		err = conn.QueryRow(t.Context(), "select current_setting('fsync'), current_setting('full_page_writes')").Scan(&fsync, &full)
		conn.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if (fsync == "off") == (setting == "fsync") && (full == "off") == (setting == "full_page_writes") {
			return
		}
	}
}

// withUser returns the DSN with another user, unless it is empty, and server
// options.
func withUser(t *testing.T, dsn, user, options string) string {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		address.User = url.User(user)
	}
	if options != "" {
		query := address.Query()
		query.Set("options", options)
		address.RawQuery = query.Encode()
	}
	return address.String()
}

func TestOpenRefusesAddress(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	_, err := postgres.Open(t.Context(), "postgres://me:"+password+"@host:not-a-port/db", postgres.Options{})
	if !errors.Is(err, crm.Invalid) || strings.Contains(err.Error(), password) {
		t.Errorf("Open of what is no address = %v, want Invalid and no password", err)
	}
}
