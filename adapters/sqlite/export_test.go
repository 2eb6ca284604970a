package sqlite

import (
	"context"
	"database/sql"
	"net/url"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// Scrub is what the tests see of a sweep.
var Scrub = scrub

// RestartFrames is the length of a WAL that begins anew.
const RestartFrames = restartFrames

// Checkpoint does what is done every checkpointEvery beside a store with a dialect and
// a writer.
func Checkpoint(ctx context.Context, of bunstore.Dialect, write, db *sql.DB) {
	(&checkpoints{dialect: of.(*dialect), write: write}).checkpoint(ctx, db)
}

// Pool opens connections to a file as a store does.
func Pool(path string, readOnly bool) (*sql.DB, error) {
	settings := url.Values{}
	if readOnly {
		settings.Set("_query_only", "1")
	}
	return pool(path, settings, 1, nil)
}

// NewDialect returns a store's dialect.
func NewDialect() bunstore.Dialect { return &dialect{} }

// Held returns how many sets of rows are held.
func Held() int {
	rowsGiven.mu.Lock()
	defer rowsGiven.mu.Unlock()
	return len(rowsGiven.held)
}

// Mutex is a mutex as SQLite uses it.
type Mutex struct {
	tls    *libc.TLS
	handle uintptr
}

// NewMutex returns one of a kind.
func NewMutex(kind int32) Mutex {
	tls := libc.NewTLS()
	return Mutex{tls, newMutex(tls, kind)}
}

func (m Mutex) Enter()          { enterMutex(m.tls, m.handle) }
func (m Mutex) Try() bool       { return tryMutex(m.tls, m.handle) == sqlite3.SQLITE_OK }
func (m Mutex) Leave()          { leaveMutex(m.tls, m.handle) }
func (m Mutex) Free()           { freeMutex(m.tls, m.handle); m.tls.Close() }
func (m Mutex) Is(o Mutex) bool { return m.handle == o.handle }

// OursAreUsed reports whether SQLite has asked for one of our mutexes.
func OursAreUsed() bool { return starting.over.Load() }

// Rowid and OldRowid are the numbers of a document.
var Rowid, OldRowid = rowid, oldRowid

// Gathering reports whether what is written into some WAL is gathered.
func Gathering() (some bool) {
	walFiles.Range(func(any, any) bool { some = true; return false })
	return some
}

// Renumbered runs do and returns the highest number that the caches of pages which got
// another number meanwhile have for a page's.
func Renumbered(do func()) (highest []uint32) {
	var caches []uintptr
	system := renumber
	renumber = func(tls *libc.TLS, cache, page uintptr, from, to uint32) {
		caches = append(caches, cache)
		system(tls, cache, page, from, to)
	}
	defer func() { renumber = system }()
	do()
	for _, cache := range caches {
		highest = append(highest, at[sqlite3.TPCache1](cache).FiMaxKey)
	}
	return highest
}
