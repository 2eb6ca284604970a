package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestCheckpoint holds an open store to moving its WAL into the database by
// itself.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Sealer: sealer(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	before := modified(t, path)
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for range 50 * 60 {
		if err := store.Directory().SaveWorkspace(t.Context(), c.Workspace); err != nil {
			t.Fatal(err)
		}
		if modified(t, path).After(before) {
			return
		}
		<-look.C
	}
	t.Error("what was written stayed in the WAL for a minute")
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}
