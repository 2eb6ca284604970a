package sqlite_test

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestRowids: the documents of one mint have different numbers, which grow as they
// are made whatever their workspace, and are no numbers below zero.
func TestRowids(t *testing.T) {
	t.Parallel()
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	workspaces := []crm.WorkspaceID{crm.NewID[crm.Workspace](mint), crm.NewID[crm.Workspace](mint)}
	last := int64(-1)
	for i := range 20_000 { // more than one millisecond has
		if i%7000 == 0 {
			clock.Advance(31 * 24 * time.Hour)
		}
		doc := bunstore.Document{WorkspaceID: workspaces[i%2], Subject: crm.NewID[crm.Message](mint)}
		number := sqlite.Rowid(doc)
		if number <= last {
			t.Fatalf("document %d has the number %d after %d", i, number, last)
		}
		last = number
	}
}

// TestRowidsOfTwoMints: ids that two mints made at the same time have different
// numbers but for very few.
func TestRowidsOfTwoMints(t *testing.T) {
	t.Parallel()
	clock := crmtest.NewClock()
	one, other := clock.Mint(1), clock.Mint(2)
	same := 0
	for range 4000 {
		a := bunstore.Document{Subject: crm.NewID[crm.Message](one)}
		b := bunstore.Document{Subject: crm.NewID[crm.Message](other)}
		if sqlite.Rowid(a) == sqlite.Rowid(b) {
			same++
		}
	}
	if same > 20 { // 4 are expected
		t.Errorf("%d of 4000 pairs of documents have the same number", same)
	}
}

// TestDocumentsUnderOldNumbers: what was indexed under the number that documents had
// before is replaced and taken away as what is under the one they have.
func TestDocumentsUnderOldNumbers(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Pool(filepath.Join(t.TempDir(), "search.db"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mint := crmtest.NewClock().Mint(1)
	ws := crm.NewID[crm.Workspace](mint)
	document := func(known bool, tokens ...string) bunstore.Document {
		return bunstore.Document{WorkspaceID: ws, Subject: crm.NewID[crm.Message](mint), Found: crm.NewID[crm.Conversation](mint), Tokens: tokens, Known: known}
	}
	if _, err := db.ExecContext(t.Context(), "create virtual table search_index using fts5 (workspace, tokens, found_id unindexed, content='', contentless_delete=1, contentless_unindexed=1)"); err != nil {
		t.Fatal(err)
	}
	changed, gone, stays := document(false, "before"), document(false, "before"), document(false, "stays")
	for _, doc := range []bunstore.Document{changed, gone, stays} {
		if _, err := db.ExecContext(t.Context(), "insert into search_index (rowid, workspace, tokens, found_id) values (?, 'w', ?, 'f')", sqlite.OldRowid(doc), doc.Tokens[0]); err != nil {
			t.Fatal(err)
		}
	}
	changed.Tokens, changed.Known = []string{"after"}, true
	gone.Tokens, gone.Known = nil, true
	dialect := sqlite.NewDialect()
	for range 2 { // the second time they are under the number they have
		for _, q := range dialect.Index([]bunstore.Document{changed, gone, document(false, "fresh")}) {
			if err := dialect.Query(t.Context(), db, []bunstore.Statement{{SQL: q.SQL, Args: q.Args}}, noRows); err != nil {
				t.Fatal(err)
			}
		}
	}
	for token, want := range map[string]int{"before": 0, "after": 1, "stays": 1, "fresh": 2} {
		var found int
		if err := db.QueryRowContext(t.Context(), "select count(*) from search_index where search_index match ?", "tokens : "+token).Scan(&found); err != nil || found != want {
			t.Errorf("%d documents have the token %q (%v), want %d", found, token, err, want)
		}
	}
}

// noRows wants no rows.
func noRows(_ int, rows *sql.Rows) error {
	for rows.Next() {
		return errors.New("there is a row")
	}
	return rows.Err()
}

// TestIndexGrowsEvenly adds documents one by one to a store's index, and some hundred
// at once now and then: no addition writes much more of it than the documents have, as
// the one that merges for many others would. And it is merged.
func TestIndexGrowsEvenly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Pool(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "pragma synchronous = off"); err != nil {
		t.Fatal(err)
	}
	clock, random := crmtest.NewClock(), rand.New(rand.NewPCG(1, 2))
	mint, dialect := clock.Mint(1), sqlite.NewDialect()
	ws := crm.NewID[crm.Workspace](mint)
	written := func() (n int) { // rows so far, of which the index has one for a page
		if err := db.QueryRowContext(t.Context(), "select total_changes()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i := range 3000 {
		docs := make([]bunstore.Document, 1)
		if i%500 == 499 {
			docs = make([]bunstore.Document, 300)
		}
		for i := range docs {
			docs[i] = bunstore.Document{WorkspaceID: ws, Subject: crm.NewID[crm.Message](mint), Found: crm.NewID[crm.Conversation](mint)}
			for range 15 {
				docs[i].Tokens = append(docs[i].Tokens, strconv.Itoa(1_000_000+random.IntN(3000)))
			}
		}
		before := written()
		for _, q := range dialect.Index(docs) {
			if err := dialect.Query(t.Context(), db, []bunstore.Statement{{SQL: q.SQL, Args: q.Args}}, noRows); err != nil {
				t.Fatal(err)
			}
		}
		if n := written() - before; n > 250+5*len(docs) { // most are what is left of parts that were merged
			t.Fatalf("addition %d, of %d documents, wrote %d rows", i, len(docs), n)
		}
	}
	var parts int
	if err := db.QueryRowContext(t.Context(), "select count(distinct segid) from search_index_idx").Scan(&parts); err != nil {
		t.Fatal(err)
	}
	if parts > 6 { // ten if only FTS5 merges, which does so when it has to
		t.Errorf("the index has %d parts", parts)
	}
}
