package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
)

// dialect implements bunstore.Dialect.
type dialect struct {
	config *pgx.ConnConfig
	news   *notifier
	tidy   *tidier
}

// Schema implements bunstore.Dialect.
func (*dialect) Schema() schema.Dialect { return pgdialect.New() }

// Query implements bunstore.Dialect: everything in one round trip, or one for each
// run of statements with arguments and without, which travel in different ways: a
// text that never comes again must not be prepared.
func (d *dialect) Query(ctx context.Context, on bunstore.Runner, statements []bunstore.Statement, each func(int, *sql.Rows) error) error {
	for from := 0; from < len(statements); {
		to := from + 1
		for to < len(statements) && len(statements[to].Args) > 0 == (len(statements[from].Args) > 0) {
			to++
		}
		if err := d.run(ctx, on, statements[from:to], func(i int, rows *sql.Rows) error { return each(from+i, rows) }); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// commit is the statement that ends a transaction.
const commit = "commit"

// Commit implements bunstore.Committer. Of the last statements those go with the commit
// that travel as the very last does.
func (d *dialect) Commit(ctx context.Context, on *sql.Tx, last []bunstore.Statement) error {
	with := len(last) - 1
	for with > 0 && len(last[with-1].Args) > 0 == (len(last[with].Args) > 0) {
		with--
	}
	drain := func(_ int, rows *sql.Rows) error {
		for rows.Next() {
		}
		return rows.Err()
	}
	if err := d.Query(ctx, on, last[:with], drain); err != nil {
		return err
	}
	if err := d.run(ctx, on, append(last[with:], bunstore.Statement{SQL: commit}), drain); err != nil {
		return err
	}
	return on.Commit() // which has been said
}

func (*dialect) run(ctx context.Context, on bunstore.Runner, statements []bunstore.Statement, each func(int, *sql.Rows) error) (err error) {
	rows, err := on.QueryContext(ctx, "", batch(statements))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for i := range statements {
		if i > 0 && !rows.NextResultSet() {
			return errors.Join(rows.Err(), errNoResult)
		}
		if err := each(i, rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Fault implements bunstore.Dialect by SQLSTATE (PostgreSQL, appendix A).
func (*dialect) Fault(err error) bunstore.Fault {
	var failed *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	if !errors.As(err, &failed) {
		switch {
		case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone), errors.As(err, &connect):
			return bunstore.Down
		case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
			return bunstore.Lost
		}
		return bunstore.Broken
	}
	switch failed.Code {
	case "23505", "23503", "40001", "40P01": // unique, foreign key, serialization failure, deadlock
		return bunstore.Clash
	case "55P03", "57014": // lock not available, query cancelled by a timeout of the server
		return bunstore.Busy
	}
	switch failed.Code {
	case "57P01", "57P02", "57P05": // the session was ended, whatever it was doing
		return bunstore.Lost
	}
	switch failed.Code[:2] {
	case "08", "53", "57", "58", "28": // connection, resources, operator intervention, system, sign-in
		return bunstore.Down
	}
	if failed.Code == "25006" || failed.Code == "25P03" { // read-only (a standby), idle in transaction
		return bunstore.Down
	}
	return bunstore.Broken
}

// Lock implements bunstore.Dialect.
func (*dialect) Lock() string { return " order by workspace_id, id for update" }

// ClaimLock implements bunstore.Dialect.
func (*dialect) ClaimLock() string { return " for update skip locked" }

// Unchanged implements bunstore.Dialect: other hosts write at the same time.
func (*dialect) Unchanged() bunstore.Statement { return bunstore.Statement{} }

// Index implements bunstore.Dialect. Tokens are stored as they are, past
// PostgreSQL's own idea of words, those that are looked for whole as their
// workspace's own. Each document also has a token of its workspace, which keeps
// searches for beginnings short and by which the policy of search_index lets it be
// deleted. Neither is a word, so no search for one names it.
func (d *dialect) Index(docs []bunstore.Document) []bunstore.Query {
	known := make(map[crm.WorkspaceID][]uuid)
	words := slices.Clone(documentColumns)
	for _, doc := range docs {
		if doc.Known {
			known[doc.WorkspaceID] = append(known[doc.WorkspaceID], uuid(doc.Subject))
		}
		if len(doc.Tokens) > 0 {
			var tokens strings.Builder
			tokens.WriteString(tenant(doc.WorkspaceID))
			for _, token := range doc.Tokens {
				tokens.WriteString(" " + token)
			}
			for _, token := range doc.Wholes {
				tokens.WriteString(" " + own(doc.WorkspaceID, token))
			}
			words[0].IDs = append(words[0].IDs, doc.WorkspaceID)
			words[1].IDs = append(words[1].IDs, doc.Subject)
			words[2].IDs = append(words[2].IDs, doc.Found)
			words[3].Texts = append(words[3].Texts, tokens.String())
		}
	}
	var queries []bunstore.Query
	for ws, subjects := range known {
		queries = append(queries,
			bunstore.Query{SQL: "select set_config('my21staff.search', ?, true)", Args: []any{quoted(tenant(ws), false)}},
			bunstore.Query{SQL: "delete from search_index where workspace_id = ? and subject_id in (?)", Args: []any{uuid(ws), bun.List(subjects)}})
	}
	if words[0].Len() > 0 {
		queries = append(queries, bunstore.Query{SQL: insertDocuments, Args: d.Given(words), Bound: true})
		d.tidy.added.Store(true)
	}
	return queries
}

// documentColumns are what documents are given as.
var documentColumns = []bunstore.Column{{Name: "w", Kind: bunstore.IDs}, {Name: "s", Kind: bunstore.IDs}, {Name: "f", Kind: bunstore.IDs}, {Name: "t", Kind: bunstore.Texts}}

var insertDocuments = "insert into search_index (workspace_id, subject_id, found_id, tokens)" +
	" select w, s, f, array_to_tsvector(string_to_array(t, ' ')) from " + new(dialect).Unnest(documentColumns)

// Match implements bunstore.Dialect. The workspace is asked for in a way that no
// index answers: the tokens' index finds its few documents by its token, where
// PostgreSQL would have met them with a list of all the workspace has. Tokens that
// are the workspace's own do without: what a workspace has is a long way through the
// index, and most of the search for a rare name was that way.
func (*dialect) Match(ws crm.WorkspaceID, alternatives ...[]bunstore.Sought) (bunstore.Query, string) {
	either := make([]string, len(alternatives))
	for i, tokens := range alternatives {
		var every []string
		whole := true
		for _, token := range tokens {
			whole = whole && token.Whole
			if token.Whole {
				every = append(every, quoted(own(ws, token.Token), false))
			} else {
				every = append(every, quoted(token.Token, true))
			}
		}
		if !whole {
			every = append(every, quoted(tenant(ws), false))
		}
		either[i] = "(" + strings.Join(every, " & ") + ")"
	}
	return bunstore.Query{SQL: "select found_id from search_index where not workspace_id is distinct from ?", Args: []any{ws[:]}}, strings.Join(either, " | ")
}

// Among implements bunstore.Dialect.
func (*dialect) Among(ids [][16]byte) bunstore.Query {
	texts := make([]string, len(ids))
	for i := range ids {
		texts[i] = hex.EncodeToString(ids[i][:])
	}
	return bunstore.Query{SQL: " = any (string_to_array(?, ',')::uuid[])", Args: []any{strings.Join(texts, ",")}}
}

func tenant(ws crm.WorkspaceID) string { return "#w" + hex.EncodeToString(ws[:]) }

// own is a token of one workspace alone in place of one that others have too. It
// is short; should two ever be one, what was looked for is looked at anyway.
func own(ws crm.WorkspaceID, token string) string {
	sum := sha256.Sum256(append(ws[:], token...))
	return "#" + base64.RawURLEncoding.EncodeToString(sum[:6])
}

// quoted writes a token for a tsquery, or for the beginning of one.
func quoted(token string, beginning bool) string {
	text := "'" + tokenEscapes.Replace(token) + "'"
	if beginning {
		return text + ":*"
	}
	return text
}

var tokenEscapes = strings.NewReplacer("'", "''", `\`, `\\`)

// uuid writes an id into SQL text.
type uuid [16]byte

// AppendQuery implements schema.QueryAppender.
func (u uuid) AppendQuery(_ schema.QueryGen, b []byte) ([]byte, error) {
	return append(hex.AppendEncode(append(b, '\''), u[:]), '\''), nil
}

// Sweep implements bunstore.Dialect. See sweep.go.
func (*dialect) Sweep(ctx context.Context, on *sql.DB, after string) (string, error) {
	return sweep(ctx, on, after)
}

// MigrationTypes implements bunstore.Dialect.
func (*dialect) MigrationTypes() bunstore.MigrationTypes {
	return bunstore.MigrationTypes{ID: "uuid", Bytes: "bytea", Postgres: true}
}

// MigrationLock implements bunstore.Dialect. The number is any that nobody else
// uses.
func (*dialect) MigrationLock() string { return "select pg_advisory_xact_lock(7321021)" }

// Notify implements bunstore.Dialect.
func (d *dialect) Notify(workspaces []crm.WorkspaceID) { d.news.tell(workspaces) }

// Listen implements bunstore.Dialect.
func (d *dialect) Listen(ctx context.Context, wake func([]crm.WorkspaceID)) {
	listen(ctx, d.config, d.news.sender, wake)
}
