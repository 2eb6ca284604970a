package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/zstd"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(tb testing.TB) storetest.Store {
		store, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "store.db"), sqlite.Options{Sealer: sealer(tb), Packer: packer(tb)})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { store.Close() })
		return store
	})
}

// sealer returns a sealer with a key of its own for tests.
func sealer(tb testing.TB) crm.Sealer {
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
