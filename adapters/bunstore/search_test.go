package bunstore_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
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

// TestSearchOfWhatManySay: whether the conversations that have a word are met in the
// list or named by the index, the pages of a search are all of them, each once and in
// the list's order: also one that has it in its oldest message or by its contact's name
// alone, and none that has it in a message that was taken back.
func TestSearchOfWhatManySay(t *testing.T) {
	const threads, limit = 2400, 40
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		var changes crm.Changes
		say := func(cv *crm.Conversation, words ...string) *crm.Message {
			m := c.Inbound(cv, strings.Join(words, " "))
			changes.Messages = append(changes.Messages, m)
			return m
		}
		fits := map[string]map[crm.ConversationID]bool{}
		add := func(cv *crm.Conversation, searches ...string) {
			for _, search := range searches {
				if fits[search] == nil {
					fits[search] = map[crm.ConversationID]bool{}
				}
				fits[search][cv.ID] = true
			}
		}
		for i := range threads {
			contact := c.Contact()
			contact.Name = fmt.Sprint([]string{"Sari ", "Budi "}[i%2], i)
			cv := c.Conversation(contact)
			changes.Contacts, changes.Conversations = append(changes.Contacts, contact), append(changes.Conversations, cv)
			say(cv, "Selamat pagi,", "kak")
			switch add(cv, "selamat", "PAGI kak", "sela"); i % 4 {
			case 0:
				say(cv, "Budi?")
				add(cv, "budi")
			case 1, 3:
				add(cv, "budi") // by the name
			}
			switch {
			case i%300 == 7: // in its oldest message
				say(cv, "Biaya kuliah?")
				for range 120 {
					say(cv, "oke")
				}
				add(cv, "biaya", "kuliah biaya", "oke")
			case i%300 == 108: // taken back
				say(cv, "Biaya kuliah?").RevokedAt = mint.Now()
			case i%300 == 9: // long, and never
				for range 1200 {
					say(cv, "oke")
				}
				add(cv, "oke")
			case i%2 == 0:
				say(cv, []string{"biaya", "biayanya"}[i/2%2], "berapa")
				add(cv, "biaya")
			}
		}
		for i := range threads {
			if i%20 == 0 {
				say(changes.Conversations[i], "beasiswa")
				add(changes.Conversations[i], "beasiswa")
			}
		}
		mustWrite(t, store, c.Workspace.ID, &changes)
		everything, err := store.Inbox().Conversations(t.Context(), c.Workspace.ID, inbox.ConversationQuery{Limit: threads})
		if err != nil || len(everything) != threads {
			t.Fatalf("%d conversations: %v", len(everything), err)
		}
		for search, has := range fits {
			var want []crm.ConversationID
			for _, cv := range everything {
				if has[cv.ID] {
					want = append(want, cv.ID)
				}
			}
			var got []crm.ConversationID
			for q := (inbox.ConversationQuery{Search: search, Limit: limit}); ; {
				page, err := store.Inbox().Conversations(t.Context(), c.Workspace.ID, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, cv := range page {
					got = append(got, cv.ID)
					q.After = inbox.ConversationCursor{At: cv.LastMessage.At, ID: cv.ID}
				}
				if len(page) < limit {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("a search for %q finds %d conversations, want %d in the list's order", search, len(got), len(want))
			}
		}
	})
}
