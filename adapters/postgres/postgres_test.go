package postgres_test

import (
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/zstd"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(tb testing.TB) storetest.Store { return open(tb, pgtest.DSN(tb)) })
}

// open opens a store that is closed before its database goes.
func open(tb testing.TB, dsn string) *bunstore.Store {
	tb.Helper()
	return openWith(tb, dsn, 4)
}

// openWith opens it with so many connections at most.
func openWith(tb testing.TB, dsn string, connections int) *bunstore.Store {
	tb.Helper()
	store, err := postgres.Open(tb.Context(), dsn, postgres.Options{Sealer: sealer(tb), Packer: packer(tb), Connections: connections})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { store.Close() })
	return store
}

// sealer returns a sealer with a key of its own for tests.
func sealer(tb testing.TB) crm.Sealer {
	tb.Helper()
	s, err := chacha.New("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// packer returns the packer that programs use.
func packer(tb testing.TB) crm.Packer {
	tb.Helper()
	p, err := zstd.New()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}
