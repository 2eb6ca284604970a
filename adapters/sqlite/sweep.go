package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// errBusyLog is a WAL that a reader keeps from being cut off.
var errBusyLog = errors.New("sqlite: the WAL is being read")

// The steps of a sweep.
const (
	sweepMerge = "merge" // of the full-text index, again and again
	sweepLog   = "log"   // of the WAL
)

// sweepPages is how many pages of the full-text index one step writes anew.
const sweepPages = 500

// sweep lets go of what rows that are deleted have left. Their own bytes are
// overwritten when they are deleted (secure_delete). The full-text index, which
// has no copy of the words, only notes that a document is gone and drops its words
// when the part of the index that has them is next written: here all of it is, as
// "optimize" would in one go. At the end the WAL, which still has pages as they
// were before, is moved into the file and cut off.
func sweep(ctx context.Context, on *sql.DB, after string) (string, error) {
	switch after {
	case "":
		return sweepMerge, mergeIndex(ctx, on, -sweepPages, new(bool))
	case sweepMerge:
		var more bool
		err := mergeIndex(ctx, on, sweepPages, &more)
		if more {
			return sweepMerge, err
		}
		return sweepLog, err
	}
	return "", truncateLog(ctx, on)
}

// mergeIndex writes some pages of the full-text index anew and says whether there
// are more to write. A number below zero begins with all of it (SQLite, "FTS5
// Extension", 6.8 and 6.9).
func mergeIndex(ctx context.Context, on *sql.DB, pages int, more *bool) error {
	conn, err := on.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var before, since int64
	const changed = "select total_changes()"
	if err := conn.QueryRowContext(ctx, changed).Scan(&before); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("insert into search_index (search_index, rank) values ('merge', %d)", pages)); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, changed).Scan(&since); err != nil {
		return err
	}
	*more = since-before >= 2 // the statement itself counts as one
	return nil
}

// truncateLog moves the WAL into the file and cuts it off. While a reader is in
// the way it is Busy, and tried again with the next turn.
func truncateLog(ctx context.Context, on *sql.DB) error {
	var busy, frames, moved int
	if err := on.QueryRowContext(ctx, "pragma wal_checkpoint(truncate)").Scan(&busy, &frames, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errBusyLog
	}
	return nil
}
