package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/sqlite"
)

// TestSweepLeavesNothingDeleted fills tables in an order that splits their pages
// again and again, deletes half of the rows, and looks for what they said.
func TestSweepLeavesNothingDeleted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "swept.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_journal_mode=WAL&_txlock=immediate&_pragma=secure_delete(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	do := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	do("create table keyed (k text primary key, v text) without rowid")
	do("create table rowed (id integer primary key, v text)")
	do("create index rowed_v on rowed (v)")
	do("create virtual table search_index using fts5 (workspace, tokens, found_id unindexed, content='', contentless_delete=1, contentless_unindexed=1)")
	for _, by := range []string{"automerge", "deletemerge"} { // of a small index, which would let go of the words by itself
		do("insert into search_index (search_index, rank) values (?, 0)", by)
	}
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"gone", "kept"}
	for n := range 6 { // transactions
		do("begin")
		for i := range 1000 {
			word, key := words[i%2], random.Uint64()
			text := fmt.Sprintf("%s%016x %s", word, key, strings.Repeat("x", random.IntN(200)))
			do("insert into keyed values (?, ?)", text, text)
			do("insert into rowed values (?, ?)", random.Int64(), text)
			do("insert into search_index (rowid, workspace, tokens, found_id) values (?, 'w', ?, ?)", n*1000+i, fmt.Sprintf("%s%x", words[min(i%50, 1)], key), "f")
		}
		do("commit")
		do("update rowed set v = v || ' again' where id % 7 = 0")
	}
	do("delete from search_index where rowid % 50 = 0")
	do("delete from keyed where v like 'gone%'")
	do("delete from rowed where v like 'gone%'")
	content := func() (rows string) {
		t.Helper()
		for _, query := range []string{"select group_concat(v) from (select v from keyed order by k)", "select group_concat(v) from (select v from rowed order by id)"} {
			var all string
			if err := db.QueryRowContext(t.Context(), query).Scan(&all); err != nil {
				t.Fatal(err)
			}
			rows += all
		}
		return rows
	}
	before := content()
	steps := 0
	dialect := sqlite.NewDialect()
	for after := ""; ; steps++ {
		if after, err = dialect.Sweep(t.Context(), db, after); err != nil {
			t.Fatal(err)
		}
		if after == "" {
			break
		}
	}
	if content() != before {
		t.Error("what is left is not what it was")
	}
	var sound string
	if err := db.QueryRowContext(t.Context(), "pragma integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the file is %q, %v", sound, err)
	}
	do("insert into search_index (search_index) values ('integrity-check')")
	var found int
	if err := db.QueryRowContext(t.Context(), "select count(*) from search_index where search_index match 'tokens : kept*'").Scan(&found); err != nil || found != 5880 {
		t.Errorf("a search finds %d, %v, want 5880", found, err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(file, []byte("gone")); n > 0 || !bytes.Contains(file, []byte("kept")) {
		t.Errorf("after %d steps the file has %d places of what is gone", steps, n)
	}
	if wal, err := os.Stat(path + "-wal"); err != nil || wal.Size() > 0 {
		t.Errorf("the WAL is %v, %v, want it cut off", wal, err)
	}
}

// TestSweepBesideCheckpoints holds the sweep's last step, which was sent away by a
// checkpoint that ran at the same moment, to waiting for it.
func TestSweepBesideCheckpoints(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "both.db")
	dialect, dbs := sqlite.NewDialect(), [2]*sql.DB{}
	for i := range dbs {
		db, err := sqlite.Pool(path, false)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		dbs[i] = db
	}
	writes, checks := dbs[0], dbs[1]
	if _, err := writes.ExecContext(t.Context(), "create table t (v text)"); err != nil {
		t.Fatal(err)
	}
	if err := checks.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	defer func() { close(done); <-ended }()
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				sqlite.Checkpoint(t.Context(), dialect, writes, checks)
			}
		}
	}()
	for range 50 {
		if _, err := writes.ExecContext(t.Context(), "insert into t values (hex(randomblob(20000)))"); err != nil {
			t.Fatal(err)
		}
		if _, err := dialect.Sweep(t.Context(), writes, "log"); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzScrub holds it to pages that only seem to be b-trees': it changes none but
// in what they call unused, and never reads beyond one.
func FuzzScrub(f *testing.F) {
	page := make([]byte, 512)
	copy(page, []byte{13, 0, 200, 0, 1, 1, 244, 0, 1, 244})
	copy(page[20:], "copy")
	f.Add(page, false)
	f.Add(append(make([]byte, 100), page...), true)
	f.Fuzz(func(t *testing.T, page []byte, first bool) {
		if len(page) < 512 || len(page) > 1<<16 {
			return
		}
		before := bytes.Clone(page)
		changed := sqlite.Scrub(page, first)
		if changed == bytes.Equal(before, page) {
			t.Fatalf("scrub says %v", changed)
		}
		for i := range page {
			if page[i] != before[i] && page[i] != 0 {
				t.Fatalf("byte %d became %d", i, page[i])
			}
		}
		if sqlite.Scrub(page, first) {
			t.Fatal("a second time there is something to scrub again")
		}
	})
}
