package sqlite_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/sqlite"
)

// TestBatchIsOneTransaction: the statements of a batch see one state of the database,
// whatever is committed between them, and the connection is free afterwards, also when
// one of them fails.
func TestBatchIsOneTransaction(t *testing.T) {
	t.Parallel()
	write, read := pools(t)
	if _, err := write.Exec("create table t (n integer); insert into t values (1)"); err != nil {
		t.Fatal(err)
	}
	count := bunstore.Statement{SQL: "select count(*) from t where n > ?", Args: []any{0}}
	counts := func() (seen []int, err error) {
		err = sqlite.NewDialect().Query(t.Context(), read, []bunstore.Statement{count, count}, func(_ int, rows *sql.Rows) error {
			for rows.Next() {
				var n int
				if err := rows.Scan(&n); err != nil {
					return err
				}
				seen = append(seen, n)
			}
			_, err := write.Exec("insert into t values (1)")
			return err
		})
		return seen, err
	}
	for _, want := range []int{1, 3} {
		if seen, err := counts(); err != nil || len(seen) != 2 || seen[0] != want || seen[1] != want {
			t.Errorf("two looks of one batch see %v, %v, want %d twice", seen, err, want)
		}
	}
	broken := []bunstore.Statement{count, {SQL: "select nothing from t where n > ?", Args: []any{0}}}
	if err := sqlite.NewDialect().Query(t.Context(), read, broken, func(int, *sql.Rows) error { return nil }); err == nil {
		t.Error("a statement that is wrong was run")
	}
	refused := errors.New("refused")
	if err := sqlite.NewDialect().Query(t.Context(), read, []bunstore.Statement{count, count}, func(int, *sql.Rows) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("who refuses rows is told %v", err)
	}
	if seen, err := counts(); err != nil || len(seen) != 2 || seen[0] != 5 {
		t.Errorf("after failures a batch sees %v, %v, want 5 twice", seen, err)
	}
}
