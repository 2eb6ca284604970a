package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// ready are the statements that are kept prepared, since to parse and plan one is
// a good part of running it. database/sql prepares each on every connection that
// runs it, and closes them with the connection.
type ready struct {
	mu sync.RWMutex
	by map[string]*sql.Stmt
}

// mostReady bounds them. The store has fewer texts: a list has one for each set
// of filters.
const mostReady = 512

// query runs a statement, prepared if it is one that comes again.
func (r *ready) query(ctx context.Context, on bunstore.Runner, statement bunstore.Statement) (*sql.Rows, error) {
	db, outside := on.(*sql.DB)
	if !outside || len(statement.Args) == 0 {
		return on.QueryContext(ctx, statement.SQL, statement.Args...)
	}
	r.mu.RLock()
	prepared, full := r.by[statement.SQL], len(r.by) >= mostReady
	r.mu.RUnlock()
	if prepared == nil {
		if full {
			return on.QueryContext(ctx, statement.SQL, statement.Args...)
		}
		var err error
		if prepared, err = r.prepare(ctx, db, statement.SQL); err != nil {
			return nil, err
		}
	}
	return prepared.QueryContext(ctx, statement.Args...)
}

// prepare adds a statement. Of two that prepare the same at once one is kept.
func (r *ready) prepare(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	prepared, err := db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = make(map[string]*sql.Stmt)
	}
	if kept := r.by[text]; kept != nil {
		_ = prepared.Close()
		return kept, nil
	}
	r.by[text] = prepared
	return prepared, nil
}
