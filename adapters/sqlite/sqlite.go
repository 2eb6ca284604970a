package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
)

// Options are what [Open] may be told. The zero value is useful.
type Options struct {
	// Sealer keeps channels' credentials secret. Without one the store works
	// and refuses to keep or read credentials.
	Sealer crm.Sealer
	// Packer makes the journal's bodies smaller. Without one they are stored as
	// they are, and those that one packed cannot be read.
	Packer crm.Packer
	// Readers is how many reads run at once; 4 by default.
	Readers int
	// CacheKB is how much of the file each connection keeps in memory; 16 MiB by
	// default. What is not there comes from the system's cache for a few microseconds;
	// and a commit that splits a page goes through all of the writer's, which with
	// 64 MiB was a tenth of a message's cost.
	CacheKB int
	// KeepSchema leaves the schema as it is: the program calls Migrate itself.
	KeepSchema bool
	// Wrap stands between database/sql and the driver; nil: nothing does.
	Wrap func(driver.Connector) driver.Connector
}

// busyTimeout is how many milliseconds a statement waits for another process
// that writes.
const busyTimeout = "2000"

// Open opens the store in the file at path and brings its schema up to date. A
// file that is missing is made; an empty path is a store of its own that is
// gone after Close. A file that a newer program has migrated is Refused; one
// that cannot be opened is Unavailable.
func Open(ctx context.Context, path string, options Options) (*bunstore.Store, error) {
	remove := func() error { return nil }
	if path == "" {
		// A file rather than SQLite's memory: only a file lets readers and the
		// writer work side by side.
		dir, err := os.MkdirTemp("", "my21staff-")
		if err != nil {
			return nil, unavailable(err)
		}
		path, remove = filepath.Join(dir, "store.db"), func() error { return os.RemoveAll(dir) }
	}
	store, err := open(ctx, path, options, remove)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	return store, nil
}

func open(ctx context.Context, path string, options Options, remove func() error) (*bunstore.Store, error) {
	// What customers write is nobody's to read but the program's: SQLite would
	// make a file that everybody on the machine can read.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := file.Close(); err != nil {
		return nil, unavailable(err)
	}
	if options.CacheKB <= 0 {
		options.CacheKB = 16 << 10
	}
	cache := fmt.Sprintf("cache_size(-%d)", options.CacheKB)
	write, err := pool(path, url.Values{"vfs": {gathers}, "_txlock": {"immediate"}, "_pragma": {"wal_autocheckpoint(0)", cache, "cache_spill(0)", "secure_delete(1)"}}, 1, options.Wrap)
	if err != nil {
		return nil, err
	}
	if err := begin(ctx, write); err != nil { // makes the file, in WAL mode, before a reader looks for it
		write.Close()
		return nil, unavailable(err)
	}
	readers := options.Readers
	if readers <= 0 {
		readers = 4
	}
	read, err := pool(path, url.Values{"_query_only": {"1"}, "_pragma": {cache}}, readers, options.Wrap)
	if err != nil {
		write.Close()
		return nil, err
	}
	speaks := &dialect{}
	checkpoints := startCheckpoints(path, speaks, write)
	store := bunstore.New(bunstore.Config{
		Dialect: speaks, Write: write, Read: read, Sealer: options.Sealer, Packer: options.Packer, Stop: checkpoints.end, Close: remove,
	})
	if options.KeepSchema {
		return store, nil
	}
	if err := store.Migrate(ctx); err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

// begin opens the first connection. Where several programs make one file at the
// same moment, the change to WAL may be refused at once, whatever the busy timeout
// says: so it is tried again.
func begin(ctx context.Context, db *sql.DB) error {
	patience := time.After(beginPatience)
	for {
		err := db.PingContext(ctx)
		if (&dialect{}).Fault(err) != bunstore.Busy {
			return err
		}
		select {
		case <-patience:
			return err
		case <-ctx.Done():
			return err
		case <-time.After(beginPause):
		}
	}
}

// A file that others are making is waited for as long as one that others write.
const (
	beginPatience = 2 * time.Second
	beginPause    = 20 * time.Millisecond
)

func unavailable(err error) error {
	return &crm.Error{Op: "open the database", Code: crm.Unavailable, Msg: "The database file cannot be opened.", Err: err}
}

// pool returns connections to the file that all have the same settings.
func pool(path string, settings url.Values, size int, wrap func(driver.Connector) driver.Connector) (*sql.DB, error) {
	settings.Set("_busy_timeout", busyTimeout)
	settings.Set("_journal_mode", "WAL")
	settings.Set("_synchronous", "FULL")
	settings.Set("_foreign_keys", "1")
	settings.Set("_dqs", "0")
	settings.Add("_pragma", "temp_store(memory)") // what a statement may have to take back went through a file
	readOnly := settings.Get("_query_only") != "" // but for its name, which it is given first
	settings.Del("_query_only")
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings.Encode()
	to, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, &crm.Error{Op: "open the database", Code: crm.Invalid, Msg: "This is not a path of a database file.", Err: err}
	}
	to = connector{to, dsn, readOnly}
	if wrap != nil {
		to = wrap(to)
	}
	db := sql.OpenDB(to)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}
