package bunstore_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
)

// onBoth runs a test on an empty store of each kind.
func onBoth(t *testing.T, test func(*testing.T, *bunstore.Store)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openSQLite(t, sqlitetest.Path(t), sqlite.Options{Sealer: sealer(t)}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 4}))
	})
}

// filled is a SQLite database that seed has filled, once for all tests: to fill one
// takes longer than most of them.
var filled struct {
	once   sync.Once
	file   []byte
	seeded seeded
}

// onSeeded runs a test on a store of each kind that seed has filled.
func onSeeded(t *testing.T, test func(*testing.T, *bunstore.Store, seeded)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		filled.once.Do(func() { filled.file, filled.seeded = fill(t) })
		path := filepath.Join(t.TempDir(), "store.db")
		if err := os.WriteFile(path, filled.file, 0o600); err != nil || len(filled.file) == 0 {
			t.Fatalf("a database of %d bytes: %v", len(filled.file), err)
		}
		s := filled.seeded
		s.contact, s.conversation, s.delivery = new(*s.contact), new(*s.conversation), new(*s.delivery)
		test(t, openSQLite(t, path, sqlite.Options{Sealer: sealer(t)}), s)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 4})
		test(t, store, seed(t, store))
	})
}

// fill returns the file of a store that seed has filled.
func fill(t *testing.T) ([]byte, seeded) {
	t.Helper()
	path := sqlitetest.Path(t)
	store := openSQLite(t, path, sqlite.Options{Sealer: sealer(t)})
	s := seed(t, store)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, s
}

func openSQLite(t testing.TB, path string, options sqlite.Options) *bunstore.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func openPostgres(t testing.TB, dsn string, options postgres.Options) *bunstore.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func sealer(t testing.TB) crm.Sealer {
	t.Helper()
	s, err := chacha.New("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// settle stores a company and returns it with the clock's mint.
func settle(t *testing.T, store *bunstore.Store) (*crmtest.Company, *crm.Mint) {
	t.Helper()
	mint := crmtest.NewClock().Mint(1)
	c := crmtest.NewCompany(mint)
	for _, err := range []error{
		store.Directory().SaveWorkspace(t.Context(), c.Workspace),
		store.Directory().SaveMember(t.Context(), c.Owner),
		store.Directory().SaveChannel(t.Context(), c.Channel),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return c, mint
}

func write(ctx context.Context, store *bunstore.Store, ws crm.WorkspaceID, changes *crm.Changes) error {
	return store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, changes)
	})
}

// mustWrite stores changes.
func mustWrite(t testing.TB, store *bunstore.Store, ws crm.WorkspaceID, changes *crm.Changes) {
	t.Helper()
	if err := write(t.Context(), store, ws, changes); err != nil {
		t.Fatal(err)
	}
}
