package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/sqlite"
)

// pools opens a file for writing and for reading.
func pools(t *testing.T) (write, read *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "given.db")
	for _, pool := range []struct {
		db       **sql.DB
		readOnly bool
	}{{&write, false}, {&read, true}} {
		db, err := sqlite.Pool(path, pool.readOnly)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if err := db.Ping(); err != nil {
			t.Fatal(err)
		}
		*pool.db = db
	}
	return write, read
}

// selected returns what given rows are, in the database's words.
func selected(ctx context.Context, on bunstore.Runner, columns []bunstore.Column) (found [][]any, err error) {
	d := sqlite.NewDialect()
	err = d.Query(ctx, on, []bunstore.Statement{{SQL: "select * from " + d.Unnest(columns), Args: d.Given(columns)}}, func(_ int, rows *sql.Rows) error {
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
			found = append(found, values)
		}
		return rows.Err()
	})
	return found, err
}

// TestGivenRows: rows of every kind of column come out as they went in, on a pool
// that writes, on one that reads, and in a transaction.
func TestGivenRows(t *testing.T) {
	t.Parallel()
	write, read := pools(t)
	tx, err := write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	columns := []bunstore.Column{
		{Name: "id", Kind: bunstore.IDs, IDs: [][16]byte{{1}, {2}, {}}, Null: []bool{false, false, true}},
		{Name: "word", Kind: bunstore.Texts, Texts: []string{"", "it's \u2028 $1 ?", ""}, Null: []bool{false, false, true}},
		{Name: "number", Kind: bunstore.Integers, Integers: []int64{-1 << 63, 1<<63 - 1, 0}},
		{Name: "flag", Kind: bunstore.Bools, Bools: []bool{true, false, true}},
		{Name: "body", Kind: bunstore.Bytes, Bytes: [][]byte{{0, 255}, {}, nil}, Null: []bool{false, false, true}},
	}
	id := func(first byte) []byte { return append([]byte{first}, make([]byte, 15)...) }
	want := [][]any{
		{id(1), "", int64(-1 << 63), int64(1), []byte{0, 255}},
		{id(2), "it's \u2028 $1 ?", int64(1<<63 - 1), int64(0), []byte(nil)}, // empty, which is not NULL
		{nil, nil, int64(0), int64(1), nil},
	}
	for on, runner := range map[string]bunstore.Runner{"reading": read, "a transaction": tx} {
		for range 2 { // prepared, and again
			if got, err := selected(t.Context(), runner, columns); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: given rows are %q, %v, want %q", on, got, err, want)
			}
		}
	}
	if n := sqlite.Held(); n > 1 { // of a test beside
		t.Errorf("%d sets of rows are still held", n)
	}
}

// TestGivenTexts: any text comes out as it went in, in the order it was given.
func TestGivenTexts(t *testing.T) {
	t.Parallel()
	_, read := pools(t)
	properties := gopter.NewProperties(nil)
	properties.Property("as they went in", prop.ForAll(func(texts []string) bool {
		for i := range texts {
			texts[i] = strings.ReplaceAll(strings.ToValidUTF8(texts[i], ""), "\x00", "")
		}
		got, err := selected(t.Context(), read, []bunstore.Column{{Name: "word", Kind: bunstore.Texts, Texts: texts}})
		if err != nil || len(got) != len(texts) {
			return false
		}
		for i := range texts {
			if got[i][0] != texts[i] {
				return false
			}
		}
		return true
	}, gen.SliceOf(gen.AnyString())))
	properties.TestingRun(t)
}

// TestGivenRowsAreReadAgain: for each row of another table they begin anew.
func TestGivenRowsAreReadAgain(t *testing.T) {
	t.Parallel()
	_, read := pools(t)
	columns := []bunstore.Column{{Name: "number", Kind: bunstore.Integers, Integers: []int64{5, 7}}}
	var got []int
	err := sqlite.NewDialect().Query(t.Context(), read, []bunstore.Statement{{
		SQL: "select c0 from (values (1), (2), (3)) cross join given where rows = $1", Args: sqlite.NewDialect().Given(columns),
	}}, func(_ int, rows *sql.Rows) error {
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			got = append(got, n)
		}
		return rows.Err()
	})
	if err != nil || fmt.Sprint(got) != "[5 7 5 7 5 7]" {
		t.Errorf("they are read as %v, %v", got, err)
	}
}

// TestGivenRowsAreNamed: rows that nobody holds are an error, never none.
func TestGivenRowsAreNamed(t *testing.T) {
	t.Parallel()
	_, read := pools(t)
	for _, query := range []string{"select c0 from given", "select c0 from given where rows = -7", "select c0 from given where rows = 'x'"} {
		if err := read.QueryRowContext(t.Context(), query).Scan(new(any)); err == nil || !strings.Contains(err.Error(), "rows") {
			t.Errorf("%s: %v, want it refused", query, err)
		}
	}
}

// TestOneTextTwice: a statement that is still being read may be run once more.
func TestOneTextTwice(t *testing.T) {
	t.Parallel()
	write, _ := pools(t)
	tx, err := write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const query = "select value from json_each($1)"
	if err := tx.QueryRowContext(t.Context(), query, "[0]").Scan(new(int)); err != nil { // it is ready from now on
		t.Fatal(err)
	}
	var got []string
	outer, err := tx.QueryContext(t.Context(), query, "[1,2]")
	for err == nil && outer.Next() {
		var a, b int
		if err = outer.Scan(&a); err == nil {
			err = tx.QueryRowContext(t.Context(), query, fmt.Sprintf("[%d]", 10*a)).Scan(&b)
		}
		got = append(got, fmt.Sprint(a, " ", b))
	}
	if err != nil || fmt.Sprint(got) != "[1 10 2 20]" {
		t.Errorf("one text twice at once finds %v, %v", got, err)
	}
}

// TestReadersDoNotWrite: a reader can make nothing.
func TestReadersDoNotWrite(t *testing.T) {
	t.Parallel()
	_, read := pools(t)
	if _, err := read.ExecContext(t.Context(), "create table t (a)"); err == nil {
		t.Error("a reader makes a table")
	}
}
