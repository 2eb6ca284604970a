package bunstore

import (
	"context"
	"database/sql"
)

// Look runs a statement on the pool for reads, in a scope, and hands its rows
// to each.
func (s *Store) Look(ctx context.Context, scope Scope, statement Statement, each func(*sql.Rows) error) error {
	return s.reader("look", scope).run(ctx, step{Statement: statement, scan: func(rows *sql.Rows) error {
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}})
}

// Do runs a statement on the pool for writes, outside any transaction.
func (s *Store) Do(ctx context.Context, statement string) error {
	_, err := s.db.DB.ExecContext(ctx, statement)
	return err
}

// Dialect returns the store's dialect.
func (s *Store) Dialect() Dialect { return s.dialect }
