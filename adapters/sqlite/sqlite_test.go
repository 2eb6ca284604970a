package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/adapters/zstd"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(tb testing.TB) storetest.Store {
		store, err := sqlite.Open(tb.Context(), sqlitetest.Path(tb), sqlite.Options{Sealer: sealer(tb), Packer: packer(tb)})
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

// refusing is a connector that refuses its first connections.
type refusing struct {
	driver.Connector
	left *atomic.Int32
	err  error
}

func (c refusing) Connect(ctx context.Context) (driver.Conn, error) {
	if c.left.Add(-1) >= 0 {
		return nil, c.err
	}
	return c.Connector.Connect(ctx)
}

// TestBeginWhileBusy: where other programs make the file, the change to WAL is
// refused whatever the busy timeout says; any other refusal is final.
func TestBeginWhileBusy(t *testing.T) {
	t.Parallel()
	for refusal, want := range map[error]crm.Code{busy(t): "", errors.New("no such thing"): crm.Unavailable} {
		var left atomic.Int32
		left.Store(3)
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{
			Wrap: func(c driver.Connector) driver.Connector { return refusing{c, &left, refusal} },
		})
		if crm.CodeOf(err) != want {
			t.Errorf("three times %v, then a connection: %v, want %q", refusal, err, want)
		}
		if err == nil {
			store.Close()
		}
	}
}

// TestMigrateWhileBusy: a program that starts while another one migrates the file
// waits for longer than a statement does.
func TestMigrateWhileBusy(t *testing.T) {
	t.Parallel()
	var begun atomic.Int32
	held := occupied{begun: &begun, err: busy(t)}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{
		Wrap: func(c driver.Connector) driver.Connector { held.Connector = c; return held },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if begun.Load() < 5 {
		t.Errorf("%d transactions were begun: none was refused", begun.Load())
	}
}

// occupied makes connections whose third to fifth transactions are refused.
type occupied struct {
	driver.Connector
	begun *atomic.Int32
	err   error
}

func (c occupied) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return occupiedConn{made.(fullConn), c}, nil
}

// fullConn is what database/sql uses of a connection to SQLite.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type occupiedConn struct {
	fullConn
	of occupied
}

func (c occupiedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if n := c.of.begun.Add(1); n >= 3 && n <= 5 {
		return nil, c.of.err
	}
	return c.fullConn.BeginTx(ctx, options)
}

// busy returns what SQLite says of a file that somebody else holds.
func busy(t *testing.T) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "held.db")
	var err error
	for range 2 {
		db, failed := sql.Open("sqlite", path)
		if failed != nil {
			t.Fatal(failed)
		}
		t.Cleanup(func() { db.Close() })
		db.SetMaxOpenConns(1)
		_, err = db.ExecContext(t.Context(), "begin exclusive")
	}
	if err == nil {
		t.Fatal("two hold one file")
	}
	return err
}
