package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
)

// errBusyLog is a WAL that others keep from being cut off.
var errBusyLog = errors.New("sqlite: the WAL is in use")

// The steps of a sweep, before and after the number of the page that is scrubbed
// next.
const (
	sweepMerge = "merge" // of the full-text index, again and again
	sweepLog   = "log"   // of the WAL
)

// How much one step does: others who write wait for it.
const (
	mergedPages   = 500
	scrubbedPages = 1000
)

// Sweep implements bunstore.Dialect: it lets go of what rows that are deleted have
// left. The full-text index, which has no copy of the words, only notes that a
// document is gone and drops its words when the part of the index that has them is
// next written: here all of it is, as "optimize" would in one go. Then the pages are
// scrubbed. At the end the WAL, which still has pages as they were before, is moved
// into the file and cut off.
func (d *dialect) Sweep(ctx context.Context, on *sql.DB, after string) (string, error) {
	switch after {
	case "":
		_, err := mergeIndex(ctx, on, -mergedPages)
		return sweepMerge, err
	case sweepMerge:
		if more, err := mergeIndex(ctx, on, mergedPages); more || err != nil {
			return sweepMerge, err
		}
		return "1", nil
	case sweepLog:
		return "", d.truncateLog(ctx, on)
	}
	page, err := strconv.Atoi(after)
	if err != nil {
		return "", err
	}
	next, err := scrubPages(ctx, on, page, scrubbedPages)
	if next == 0 {
		return sweepLog, err
	}
	return strconv.Itoa(next), err
}

// mergeIndex writes some pages of the full-text index anew and reports whether
// there are more to write. A number below zero begins with all of it (SQLite,
// "FTS5 Extension", 6.8 and 6.9).
func mergeIndex(ctx context.Context, on *sql.DB, pages int) (more bool, err error) {
	conn, err := on.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	var before, since int64
	const changed = "select total_changes()"
	if err := conn.QueryRowContext(ctx, changed).Scan(&before); err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, mergeParts, pages); err != nil {
		return false, err
	}
	if err := conn.QueryRowContext(ctx, changed).Scan(&since); err != nil {
		return false, err
	}
	return since-before >= 2, nil // the statement itself counts as one
}

// truncateLog moves the WAL into the file and cuts it off. While a reader, or another
// program that moves it, is in the way it is Busy, and tried again with the next turn.
func (d *dialect) truncateLog(ctx context.Context, on *sql.DB) error {
	d.moving.Lock()
	defer d.moving.Unlock()
	_, busy, err := moveWAL(ctx, on, "truncate")
	if err != nil {
		return err
	}
	if busy {
		return errBusyLog
	}
	return nil
}
