package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
)

// oneConnection is a pool of the driver's with one connection.
func oneConnection(t *testing.T) *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector{config: config})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// begin begins a transaction that the test ends.
func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// TestCommitsThatWereNot: a transaction that never began is not taken for committed
// because the one before it on the connection was, and one whose connection ended before
// its commit was sent is one that can be run again.
func TestCommitsThatWereNot(t *testing.T) {
	t.Parallel()
	db, d := oneConnection(t), new(dialect)
	if err := d.Commit(t.Context(), begin(t, db), []bunstore.Statement{{SQL: "select 1"}}); err != nil {
		t.Fatal(err)
	}
	tx := begin(t, db)
	if _, err := tx.ExecContext(t.Context(), "selekt 1"); err == nil {
		t.Fatal("what is no statement is run")
	}
	if err := tx.Commit(); !errors.Is(err, errRolledBack) {
		t.Errorf("the commit of a transaction that never began is %v, want that it was rolled back", err)
	}
	tx = begin(t, db)
	if _, err := tx.ExecContext(t.Context(), "select pg_terminate_backend(pg_backend_pid())"); err == nil {
		t.Fatal("a connection that ended itself answers")
	}
	if err := tx.Commit(); !errors.Is(err, driver.ErrBadConn) || d.Fault(err) != bunstore.Down {
		t.Errorf("the commit of a transaction whose connection had ended is %v, want a bad connection", err)
	}
}

// TestLastStatements: of the last statements those that travel as the last does go with
// the commit, the others before it, and each in its own way: only what has arguments is
// prepared.
func TestLastStatements(t *testing.T) {
	t.Parallel()
	db, d := oneConnection(t), new(dialect)
	if _, err := db.ExecContext(t.Context(), "create temporary table said (word text)"); err != nil {
		t.Fatal(err)
	}
	given := func(word string) bunstore.Statement {
		return bunstore.Statement{SQL: "insert into said values ($1)", Args: []any{word}}
	}
	written := func(word string) bunstore.Statement {
		return bunstore.Statement{SQL: "insert into said values ('" + word + "')"}
	}
	for _, last := range [][]bunstore.Statement{
		{given("a"), given("b"), written("c")},
		{written("d"), given("e")},
		{written("f"), given("g"), written("h")},
	} {
		if err := d.Commit(t.Context(), begin(t, db), last); err != nil {
			t.Fatal(err)
		}
	}
	text := func(query string) (s string) {
		if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := text("select string_agg(word, '') from said"); got != "abcdefgh" {
		t.Errorf("%q is stored, want all that was said, in its order", got)
	}
	if got := text("select string_agg(distinct statement, '; ') from pg_prepared_statements where statement like 'insert%'"); got != given("").SQL {
		t.Errorf("%q are prepared, want what had arguments", got)
	}
}
