// Package sqlitetest makes SQLite files with the store's schema for tests, which
// takes a small part of the time that opening a store on an empty file does: under the
// race detector seconds, for every test.
package sqlitetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/adapters/sqlite"
)

// Path returns the path of a store of the test's own that has the schema and nothing
// else. It is gone when the test ends, so what uses it must be closed before: register
// the cleanup of a store after this call.
func Path(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "store.db")
	Make(tb, path)
	return path
}

// Make makes such a store at a path where no file is.
func Make(tb testing.TB, path string) {
	tb.Helper()
	bytes, err := empty()
	if err == nil {
		err = os.WriteFile(path, bytes, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// empty returns the file that every test gets a copy of.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "my21staff-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "store.db")
	store, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil { // moves all that is in the WAL
		return nil, err
	}
	return os.ReadFile(path)
})
