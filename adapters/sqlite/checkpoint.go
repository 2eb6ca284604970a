package sqlite

import (
	"context"
	"database/sql"
	"net/url"
	"sync"
	"time"
)

// checkpoints moves the WAL into the database, beside the writer.
type checkpoints struct {
	dialect *dialect
	write   *sql.DB // the writer's one connection
	stop    context.CancelFunc
	running sync.WaitGroup
}

// checkpointEvery is how often: a checkpoint of nothing costs nothing, and what a long one
// writes, commits wait for. But a page that many commits changed is moved once. Of 1,500
// webhooks a second one in twenty took 8.5 ms with a second between checkpoints and 11.5
// with a quarter, one in a hundred about as long.
const checkpointEvery = time.Second

// A WAL that is longer begins anew, and its file is cut to what it needs again soon. With
// a quarter of this length 256 clients had a tenth fewer messages stored: the writer is
// held back when it begins anew.
const (
	restartFrames = 16384      // a page each
	walKept       = "16777216" // bytes of the file
)

// How long a writer may be kept waiting for readers: the longer the WAL, the longer.
const (
	restartPatience = 10 * time.Millisecond // for each restartFrames
	mostPatience    = 100 * time.Millisecond
	restartPause    = 200 * time.Microsecond // between tries: of readers of other processes nobody tells
)

// startCheckpoints begins them for the file at path.
func startCheckpoints(path string, d *dialect, write *sql.DB) *checkpoints {
	ctx, stop := context.WithCancel(context.Background())
	c := &checkpoints{dialect: d, write: write, stop: stop}
	c.running.Go(func() {
		db, err := pool(path, url.Values{"_pragma": {"wal_autocheckpoint(0)", "journal_size_limit(" + walKept + ")"}}, 1, nil)
		if err != nil {
			return // the same path opened a moment ago
		}
		defer db.Close()
		_, _ = db.Exec("pragma busy_timeout(0)") // restart waits as it likes
		tick := time.NewTicker(checkpointEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				c.checkpoint(ctx, db)
			}
		}
	})
	return c
}

// end ends the checkpoints; the last connection to close makes the last one.
func (c *checkpoints) end() {
	c.stop()
	c.running.Wait()
}

// checkpoint moves what the WAL holds into the database beside the writer. A writer
// that never rests would make the WAL grow for ever, as it begins anew only when
// nothing new is in it: a long one is finished with the writer held back. A checkpoint
// that fails is tried again with the next; until then the WAL holds everything.
func (c *checkpoints) checkpoint(ctx context.Context, db *sql.DB) {
	c.dialect.moving.Lock()
	defer c.dialect.moving.Unlock()
	if frames, _, err := moveWAL(ctx, db, "passive"); err == nil && frames > restartFrames {
		c.restart(ctx, db, frames)
	}
}

// restart has a WAL of so many frames begin anew. It moves what came in beside the
// last move, so that little is left to be moved while the writer is held back. And it
// takes the writer's connection and its turn rather than SQLite's lock alone: for this
// one both would wait as SQLite waits, in naps of 1, 2, 5, 10 and more milliseconds,
// and seldom be awake when it is free. (Measured in a rush: half of the restarts gave
// up after 100 milliseconds, and commits stood still for 20 to 34.)
func (c *checkpoints) restart(ctx context.Context, db *sql.DB, frames int) {
	if _, _, err := moveWAL(ctx, db, "passive"); err != nil {
		return
	}
	writer, err := c.write.Conn(ctx)
	if err != nil {
		return
	}
	defer writer.Close()
	patience := min(restartPatience*time.Duration(frames/restartFrames), mostPatience)
	for end := time.Now().Add(patience); ; time.Sleep(restartPause) {
		if _, busy, err := moveWAL(ctx, db, "restart"); !busy || err != nil || time.Now().After(end) {
			return
		}
	}
}

// moveWAL runs a checkpoint and returns how many frames the WAL has, and whether
// readers or a writer were in the way of more.
func moveWAL(ctx context.Context, db *sql.DB, mode string) (frames int, busy bool, err error) {
	var moved int
	err = db.QueryRowContext(ctx, "pragma wal_checkpoint("+mode+")").Scan(&busy, &frames, &moved)
	return frames, busy, err
}
