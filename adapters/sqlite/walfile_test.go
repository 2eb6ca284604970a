package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestCommitIsInTheFiles takes the files of an open store after each commit, as they
// are on the disk when the machine loses its power, and looks for what was committed:
// a commit of a page or two, and one of more than is gathered.
func TestCommitIsInTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Sealer: sealer(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if !sqlite.Gathering() {
		t.Error("nothing is gathered")
	}
	mint := crmtest.NewClock().Mint(1)
	for _, size := range []int{1, 2_000_000, 1} {
		ws := crmtest.NewCompany(mint).Workspace
		ws.Name = strings.Repeat("a", size)
		if err := store.Directory().SaveWorkspace(t.Context(), ws); err != nil {
			t.Fatal(err)
		}
		taken := filepath.Join(t.TempDir(), "store.db")
		for _, end := range []string{"", "-wal"} {
			bytes, err := os.ReadFile(path + end)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(taken+end, bytes, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again, err := sqlite.Open(t.Context(), taken, sqlite.Options{Sealer: sealer(t), KeepSchema: true})
		if err != nil {
			t.Fatal(err)
		}
		found, err := again.Directory().Workspace(t.Context(), ws.ID)
		if err != nil || found.Name != ws.Name {
			t.Errorf("a commit of %d bytes is not in the files: %v", size, err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}
