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
	"sync"
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
	checkpoints := speaks.startCheckpoints(path)
	store := bunstore.New(bunstore.Config{
		Dialect: speaks, Write: write, Read: read, Sealer: options.Sealer, Packer: options.Packer, Stop: checkpoints.stop, Close: remove,
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
	readOnly := settings.Get("_query_only") != "" // but for the table given, which is made first
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

// checkpoints moves the WAL into the database, beside the writer.
type checkpoints struct {
	done    chan struct{}
	running sync.WaitGroup
}

// checkpointEvery is how often: a checkpoint of nothing costs nothing, and what a long one
// writes, commits wait for. Of 1,500 webhooks a second one in a hundred took 157 ms with a
// second between checkpoints, 115 with a quarter, 94 with a tenth; of one client's it was
// 12 ms, 23 and 25, as more of its commits meet one.
const checkpointEvery = 250 * time.Millisecond

func (d *dialect) startCheckpoints(path string) *checkpoints {
	c := &checkpoints{done: make(chan struct{})}
	c.running.Go(func() {
		db, err := pool(path, url.Values{"_pragma": {"wal_autocheckpoint(0)", "journal_size_limit(" + walKept + ")"}}, 1, nil)
		if err != nil {
			return // the same path opened a moment ago
		}
		defer db.Close()
		_, _ = db.Exec("pragma busy_timeout(" + restartPatience + ")")
		tick := time.NewTicker(checkpointEvery)
		defer tick.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-tick.C:
				d.checkpoint(db)
			}
		}
	})
	return c
}

const (
	restartFrames   = 4096       // of the WAL, a page each
	restartPatience = "100"      // milliseconds in which a writer may be kept waiting for readers
	walKept         = "16777216" // bytes of the file that stay when it begins anew
)

// checkpoint moves what the WAL holds into the database beside the writer. A
// writer that never rests would make the WAL grow for ever, as it begins anew
// only when nothing new is in it: a long one is finished with the writer held
// back, which is short, for nearly all was moved before. A checkpoint that fails
// is tried again with the next; until then the WAL holds everything.
func (d *dialect) checkpoint(db *sql.DB) {
	d.moving.Lock()
	defer d.moving.Unlock()
	var busy, frames, moved int
	if err := db.QueryRow("pragma wal_checkpoint(passive)").Scan(&busy, &frames, &moved); err == nil && frames > restartFrames {
		_, _ = db.Exec("pragma wal_checkpoint(restart)")
	}
}

// stop ends the checkpoints; the last connection to close makes the last one.
func (c *checkpoints) stop() {
	close(c.done)
	c.running.Wait()
}
