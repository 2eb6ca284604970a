package bunstore_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// TestSearchOfManyAndOfFew: whether those who have a name are gathered or met on
// the way, the pages of a search are all of them, each once.
func TestSearchOfManyAndOfFew(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) {
		for search, want := range map[string]int{"siti": 2000, "SITI 19": 111, "ti 1999": 1, "siti siti": 0} {
			found := make(map[crm.ContactID]bool)
			q := people.ContactQuery{Search: search, Limit: 300}
			for {
				page, err := store.People().Contacts(t.Context(), seeded.ws, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					if found[c.ID] {
						t.Fatalf("a search for %q finds %s twice", search, c.Name)
					}
					found[c.ID] = true
				}
				if len(page) < q.Limit {
					break
				}
				q.After = people.CursorOf(page[len(page)-1], q.Sort)
			}
			if len(found) != want {
				t.Errorf("a search for %q finds %d contacts, want %d", search, len(found), want)
			}
		}
	})
}

// TestNamesOfOldContacts: contacts whose names an older program made findable, or
// none, are found by every part of them.
func TestNamesOfOldContacts(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) { // more than a step of the migration
		back := takeBack(t, store, "20261130121000")
		if err := store.DoIn(t.Context(), bunstore.Scope{Workspaces: []crm.WorkspaceID{seeded.ws}}, "delete from search_index"); err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context()); err != nil || back == 0 {
			t.Fatalf("%d migrations back and forth: %v", back, err)
		}
		for search, want := range map[string]int{"siti 1999": 1, "ti 19": 111, "i 99": 11, "siti 1 1": 0, seeded.contact.Identity(crm.ByPhone)[1:]: 1} {
			got := allPages(t, store, seeded.ws, people.ContactQuery{Search: search, Limit: 150})
			if len(got) != want {
				t.Errorf("after the migration a search for %q finds %d contacts, want %d", search, len(got), want)
			}
		}
	})
}

// TestSearchesAskForLittle: a search whose page is full of the list's next contacts
// asks no index, and one that meets nobody at a glance goes no further through the
// list.
func TestSearchesAskForLittle(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) {
		for search, want := range map[string]int{"siti": 1, "77": 2, "ti 1000": 3, "ti 1999": 4} {
			if asked, _ := searchOf(t, store, seeded.ws, search); len(asked) != want {
				t.Errorf("a search for %q sends %d statements, want %d:\n%s", search, len(asked), want, strings.Join(asked, "\n"))
			}
		}
	})
}

// TestSearchesAskOneIndex: PostgreSQL cannot look the workspace of a search up in
// the index of documents. When it could, it did so beside looking for the tokens,
// and each search listed all that a workspace has. That it still cannot shows where
// the index of tokens is gone and reading the whole table is the last resort.
func TestSearchesAskOneIndex(t *testing.T) {
	t.Parallel()
	store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 1})
	seeded := seed(t, store)
	off := bunstore.Statement{SQL: "select set_config('enable_seqscan', $1, false)", Args: []any{"off"}}
	if err := store.Look(t.Context(), bunstore.Scope{}, off, func(*sql.Rows) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, plans := searchOf(t, store, seeded.ws, "ti 1999"); !strings.Contains(plans, "search_index_tokens") {
		t.Errorf("a search does not use the index of tokens:\n%s", plans)
	}
	if err := store.Do(t.Context(), "drop index search_index_tokens"); err != nil {
		t.Fatal(err)
	}
	if _, plans := searchOf(t, store, seeded.ws, "ti 1999"); !strings.Contains(plans, "Seq Scan") || strings.Contains(plans, "search_index_pkey") {
		t.Errorf("a search can look the workspace up in the index of documents:\n%s", plans)
	}
}

// TestWholesAreAWorkspacesOwn: on PostgreSQL what is looked for whole finds documents
// of one workspace alone and asks for nothing else that all of a workspace have, and a
// program that is older than this finds them as it did once the migration is taken back.
func TestWholesAreAWorkspacesOwn(t *testing.T) {
	t.Parallel()
	store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 1})
	seeded := seed(t, store)
	found := func(search string) (n int) {
		scope := bunstore.Scope{Workspaces: []crm.WorkspaceID{seeded.ws}, Search: search}
		err := store.Look(t.Context(), scope, bunstore.Statement{SQL: "select count(*) from search_index"}, func(rows *sql.Rows) error { return rows.Scan(&n) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	five := bunstore.Sought{Token: "f" + hex.EncodeToString([]byte("i 199")), Whole: true}
	three := bunstore.Sought{Token: "t" + hex.EncodeToString([]byte("sit"))}
	for _, c := range []struct {
		ws           crm.WorkspaceID
		alternatives [][]bunstore.Sought
		found        int
		tenant       int // how often all that a workspace has is asked for
	}{
		{seeded.ws, [][]bunstore.Sought{{five}}, 11, 0},
		{crm.WorkspaceID{1}, [][]bunstore.Sought{{five}}, 0, 0},
		{seeded.ws, [][]bunstore.Sought{{three}}, 2000, 1},
		{seeded.ws, [][]bunstore.Sought{{five, three}, {five}}, 11, 1},
		{crm.WorkspaceID{1}, [][]bunstore.Sought{{five}, {three}}, 0, 1},
	} {
		_, expression := store.Dialect().Match(c.ws, c.alternatives...)
		if got := found(expression); got != c.found || strings.Count(expression, "#w") != c.tenant {
			t.Errorf("%s finds %d, want %d, and %d of a workspace's own tokens", expression, got, c.found, c.tenant)
		}
	}
	if n := found(five.Token); n != 0 {
		t.Errorf("%d are found by a token that other workspaces have", n)
	}
	takeBack(t, store, "20261202120000")
	if n := found(five.Token); n != 11 {
		t.Errorf("taken back, %d are found as an older program looks for them, want 11", n)
	}
}

// takeBack takes back a migration and all after it, and returns how many they were.
func takeBack(t *testing.T, store *bunstore.Store, migration string) (n int) {
	t.Helper()
	for version := "~"; version >= migration; n++ {
		if err := store.Rollback(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		var err error
		if version, err = store.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// searchOf searches contacts, who are to be found, and returns the statements that
// were sent and their plans.
func searchOf(t *testing.T, store *bunstore.Store, ws crm.WorkspaceID, search string) (asked []string, _ string) {
	t.Helper()
	var plans strings.Builder
	ctx, stats := bunstore.WithStats(t.Context())
	stats.Trace = func(ctx context.Context, statement bunstore.Statement) {
		asked = append(asked, statement.SQL)
		planFaults(t, store, bunstore.ScopeOf(ctx), statement, &plans)
	}
	if err := wantRows(store.People().Contacts(ctx, ws, people.ContactQuery{Search: search, Limit: 50})); err != nil {
		t.Errorf("a search for %q: %v", search, err)
	}
	return asked, plans.String()
}
