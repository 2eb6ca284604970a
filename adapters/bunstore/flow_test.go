package bunstore_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
)

// TestFlow: statements that flow are one trip, run in their order until one fails, of
// which the write is told; and a panic is the writer's.
func TestFlow(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		var seen []int
		sees := func(rows *sql.Rows) error {
			for rows.Next() {
				var n int
				if err := rows.Scan(&n); err != nil {
					return err
				}
				if seen = append(seen, n); n == 13 {
					panic("thirteen")
				}
				if n == 7 {
					return errors.New("seven")
				}
			}
			return rows.Err()
		}
		try := func(statements ...string) (panicked any, err error) {
			defer func() { panicked = recover() }()
			seen = nil
			ctx, stats := bunstore.WithStats(t.Context())
			err = store.Flow(ctx, sees, statements...)
			if trips := stats.Trips(); err == nil && (trips != 2 || stats.Queries() != len(statements)) { // the other is the commit
				t.Errorf("%d statements are %d queries in %d trips", len(statements), stats.Queries(), trips)
			}
			return nil, err
		}
		if panicked, err := try("select 1", "select 2", "select 3"); err != nil || panicked != nil || len(seen) != 3 || seen[0] != 1 || seen[2] != 3 {
			t.Errorf("three statements: %v, %v, they saw %v", err, panicked, seen)
		}
		if panicked, err := try("select 1", "select x", "select 3"); crm.CodeOf(err) != crm.Internal || panicked != nil || len(seen) != 1 {
			t.Errorf("a statement that fails: %v, %v, they saw %v", err, panicked, seen)
		}
		if panicked, err := try("select 7", "select 3"); err == nil || panicked != nil || len(seen) != 1 {
			t.Errorf("rows that fail: %v, %v, they saw %v", err, panicked, seen)
		}
		if panicked, err := try("select 13", "select 3"); err != nil || panicked != "thirteen" || len(seen) != 1 {
			t.Errorf("a panic: %v, %v, they saw %v", err, panicked, seen)
		}
	})
}
