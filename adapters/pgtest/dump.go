package pgtest

import (
	"context"
	"encoding/hex"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
)

// inHex is how PostgreSQL writes bytes.
var inHex = regexp.MustCompile(`\\x((?:[0-9a-f]{2})+)`)

// Dump returns every row of every table of a database as text, and the bytes in
// them once more as they are: what an erasure left can be searched for in it.
func Dump(t testing.TB, dsn string) []byte {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var all []byte
	for _, table := range texts(t, conn, "select relname::text from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace") {
		if _, err := conn.Exec(ctx, "alter table "+table+" no force row level security"); err != nil {
			t.Fatal(err)
		}
		for _, row := range texts(t, conn, "select t::text from "+table+" t") {
			all = append(append(all, row...), '\n')
		}
		if _, err := conn.Exec(ctx, "alter table "+table+" force row level security"); err != nil {
			t.Fatal(err)
		}
	}
	for _, bytes := range inHex.FindAllSubmatch(all, -1) {
		decoded, err := hex.DecodeString(string(bytes[1]))
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, decoded...), '\n')
	}
	return all
}

func texts(t testing.TB, conn *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := conn.Query(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}
