package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

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

// TestReaderThatPanics: what it read is closed and let go of, and the connection is free.
func TestReaderThatPanics(t *testing.T) {
	t.Parallel()
	_, read := pools(t)
	columns := []bunstore.Column{{Name: "word", Kind: bunstore.Texts, Texts: []string{"a", "b"}}}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		d := sqlite.NewDialect()
		_ = d.Query(t.Context(), read, []bunstore.Statement{{SQL: "select word from " + d.Unnest(columns), Args: d.Given(columns)}}, func(int, *sql.Rows) error { panic("read") })
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got, err := selected(ctx, read, columns); err != nil || len(got) != 2 {
		t.Errorf("after the panic %d rows are found, %v, want 2", len(got), err)
	}
}
