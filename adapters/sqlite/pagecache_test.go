package sqlite_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/my21staff/my21staff/adapters/sqlite"
)

// TestSplitPagesAreForgotten splits pages in no order, for which SQLite gives some the
// number of the page at 1 GB for a moment, and sees that its cache does not keep that
// until the commit.
func TestSplitPagesAreForgotten(t *testing.T) {
	db, err := sqlite.Pool(t.TempDir()+"/x.db", false)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("create table x (k text primary key, v text) without rowid"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	highest := sqlite.Renumbered(func() {
		for i := range 2000 {
			if _, err := tx.Exec("insert into x values (?, ?)", fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)})), "halo"); err != nil {
				t.Fatal(err)
			}
		}
	})
	var pages uint32
	if err := tx.QueryRow("pragma page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if len(highest) == 0 || slices.Max(highest) > pages {
		t.Errorf("%d pages got another number, and of %d pages caches have the numbers %d", len(highest), pages, slices.Compact(highest))
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var whole string
	if err := db.QueryRow("pragma integrity_check").Scan(&whole); err != nil || whole != "ok" {
		t.Errorf("the database is %q, %v", whole, err)
	}
}
