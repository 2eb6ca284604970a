package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
)

// dialect implements bunstore.Dialect.
type dialect struct {
	// moving is held by who moves the WAL into the file. SQLite lets one do it, and
	// sends a second away at once, whatever the busy timeout says.
	moving sync.Mutex

	// merging is what was added to the full-text index since it was last merged.
	merging struct {
		sync.Mutex
		additions int
		bytes     int // of tokens
	}
}

// Schema implements bunstore.Dialect.
func (*dialect) Schema() schema.Dialect { return sqlitedialect.New() }

// Query implements bunstore.Dialect: one statement after the other, there is no
// way between to save. Those with arguments have a text that comes again, and are
// kept prepared. Several on a connection of the pool are one transaction: to take
// and to let go of the file's locks for each was a third of what short reads cost.
func (d *dialect) Query(ctx context.Context, on bunstore.Runner, statements []bunstore.Statement, each func(int, *sql.Rows) error) error {
	pool, is := on.(*sql.DB)
	if !is || len(statements) < 2 {
		return d.all(ctx, on, statements, each)
	}
	together, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer together.Rollback() // does nothing after the commit
	if err := d.all(ctx, together, statements, each); err != nil {
		return err
	}
	return together.Commit()
}

// all runs statements one after the other.
func (d *dialect) all(ctx context.Context, on bunstore.Runner, statements []bunstore.Statement, each func(int, *sql.Rows) error) error {
	for i, statement := range statements {
		if err := d.one(ctx, on, statement, func(rows *sql.Rows) error { return each(i, rows) }); err != nil {
			return err
		}
	}
	return nil
}

// one runs a statement, and holds the rows it is given until it is done with.
func (d *dialect) one(ctx context.Context, on bunstore.Runner, statement bunstore.Statement, each func(*sql.Rows) error) (err error) {
	if len(statement.Args) == 1 {
		if columns, is := statement.Args[0].([]bunstore.Column); is {
			number, err := rowsGiven.hold(columns)
			if err != nil {
				return err
			}
			defer rowsGiven.release(number)
			statement.Args = []any{number}
		}
	}
	rows, err := on.QueryContext(ctx, statement.SQL, statement.Args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }() // before what it reads is let go of, even if each panics
	return each(rows)
}

// Fault implements bunstore.Dialect by SQLite's result codes.
func (*dialect) Fault(err error) bunstore.Fault {
	var failed *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone):
		return bunstore.Down
	case errors.Is(err, errBusyLog):
		return bunstore.Busy
	case !errors.As(err, &failed):
		return bunstore.Broken
	}
	switch failed.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return bunstore.Clash
	}
	switch failed.Code() & 0xff { // the primary code of an extended one
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return bunstore.Busy
	case sqlite3.SQLITE_IOERR: // what was written may be found again after a crash
		return bunstore.Lost
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return bunstore.Down
	}
	return bunstore.Broken
}

// Lock implements bunstore.Dialect: the one writer has every row.
func (*dialect) Lock() string { return "" }

// ClaimLock implements bunstore.Dialect.
func (*dialect) ClaimLock() string { return "" }

// Unchanged implements bunstore.Dialect. The number changes when another connection
// commits, and begins anew with each connection, which therefore has a name (SQLite,
// "PRAGMA data_version").
func (*dialect) Unchanged() bunstore.Statement {
	return bunstore.Statement{SQL: "select data_version || ' ' || name from pragma_data_version, temp.connection where $1", Args: []any{true}}
}

// Unnest implements bunstore.Dialect. There are no arrays; see given.
func (*dialect) Unnest(columns []bunstore.Column) string { return from(columns) }

// Given implements bunstore.Dialect.
func (*dialect) Given(columns []bunstore.Column) []any { return []any{columns} }

// Index implements bunstore.Dialect. The full-text table has no copy of the
// tokens, and its rows are found by a number made of the subject's id. They are
// written in the order of these numbers: at each that is lower than the one
// before, FTS5 writes out all that it had gathered. (Measured: a fifth of what a
// message cost.)
func (d *dialect) Index(docs []bunstore.Document) []bunstore.Query {
	numbered := make(map[int64]bunstore.Document, len(docs))
	for _, doc := range docs {
		numbered[rowid(doc)] = doc
	}
	gone, fresh, known := newDocuments(), newDocuments(), newDocuments()
	for _, id := range slices.Sorted(maps.Keys(numbered)) {
		doc := numbered[id]
		if doc.Known {
			gone.add(oldRowid(doc), bunstore.Document{})
		}
		switch {
		case len(doc.Tokens) == 0 && doc.Known:
			gone.add(id, bunstore.Document{})
		case len(doc.Tokens) > 0 && doc.Known:
			known.add(id, doc)
		case len(doc.Tokens) > 0:
			fresh.add(id, doc)
		}
	}
	const insert = "into search_index (rowid, workspace, tokens, found_id) select id, workspace, tokens, found_id from "
	var queries []bunstore.Query
	for _, do := range []struct {
		sql, end string
		docs     documents
	}{
		{"delete from search_index where rowid in (select id from ", ")", gone},
		{"insert or replace " + insert, "", known}, // "replace" looks for a row before, which costs
		{"insert or ignore " + insert, "", fresh},
	} {
		if do.docs[0].Len() > 0 {
			queries = append(queries, bunstore.Query{SQL: do.sql + from(do.docs) + do.end, Args: []any{[]bunstore.Column(do.docs)}, Bound: true})
		}
	}
	if len(queries) > 0 {
		if pages := d.pagesToMerge(fresh, known); pages > 0 {
			queries = append(queries, bunstore.Query{SQL: mergeParts, Args: []any{pages}, Bound: true})
		}
	}
	return queries
}

// mergeParts has FTS5 write so many pages of merged parts.
const mergeParts = "insert into search_index (search_index, rank) values ('merge', $1)"

// mergedParts is how many parts of a size FTS5 makes one of.
const mergedParts = 4

// pagesToMerge is how much of the full-text index is written anew when documents are
// added to it. Each addition is a part of its own, and parts that are of a size have to
// become one: a page comes to be written once for each size, of which a large index has
// seven. FTS5 by itself does that for every 64th page that is added, 30 milliseconds in
// which nobody else writes (SQLite, "FTS5 Extension", 6.1 and 6.8). Here every fourth
// addition does the share of four, as until then there is nothing new to merge, and to
// ask was a twentieth of what the commit of one message cost.
func (d *dialect) pagesToMerge(added ...documents) int {
	const least, page, sizes = 8, 4096, 8
	d.merging.Lock()
	defer d.merging.Unlock()
	d.merging.additions++
	for _, docs := range added {
		for _, tokens := range docs[2].Texts {
			d.merging.bytes += len(tokens)
		}
	}
	if d.merging.additions < mergedParts {
		return 0
	}
	pages := least + d.merging.bytes*sizes/page
	d.merging.additions, d.merging.bytes = 0, 0
	return pages
}

// documents are columns of search_index.
type documents []bunstore.Column

func newDocuments() documents {
	return documents{{Name: "id", Kind: bunstore.Integers}, {Name: "workspace", Kind: bunstore.Texts}, {Name: "tokens", Kind: bunstore.Texts}, {Name: "found_id", Kind: bunstore.IDs}}
}

func (d documents) add(id int64, doc bunstore.Document) {
	d[0].Integers = append(d[0].Integers, id)
	d[1].Texts = append(d[1].Texts, token(doc.WorkspaceID))
	d[2].Texts = append(d[2].Texts, strings.Join(append(doc.Tokens, doc.Wholes...), " "))
	d[3].IDs = append(d[3].IDs, doc.Found)
}

// The parts of a document's row number, in bits. Milliseconds since 2020 last
// until 2089.
const (
	timeBits    = 41
	counterBits = 12
	hashBits    = 63 - timeBits - counterBits
	firstYear   = 1577836800000 // 2020, in Unix milliseconds
)

// rowid makes a document's row number of the time and the counter in its subject's
// id (see crm.NewID), which no two of one mint have in common, and of some bits of a
// hash for those of two mints; should two ever meet all the same, one is not found.
// So the documents of new messages are next to each other. With a hash alone each
// was on two pages of its own, which was an eighth of all pages that were written.
func rowid(doc bunstore.Document) int64 {
	stamp := binary.BigEndian.Uint64(doc.Subject[:8])
	ms, counter := int64(stamp>>16)-firstYear, int64(stamp)&(1<<counterBits-1)
	return ms&(1<<timeBits-1)<<(counterBits+hashBits) | counter<<hashBits | oldRowid(doc)>>(63-hashBits)
}

// oldRowid makes the row number that documents had before there was rowid: 63 bits
// of a hash. What is known may still be under it.
func oldRowid(doc bunstore.Document) int64 {
	sum := sha256.Sum256(append(doc.WorkspaceID[:], doc.Subject[:]...))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// token is the word a workspace's documents are indexed under.
func token(ws crm.WorkspaceID) string { return "w" + hex.EncodeToString(ws[:]) }

// Match implements bunstore.Dialect. The expression holds letters, marks and
// digits only, in quotes: none of it is taken for an operator.
func (*dialect) Match(ws crm.WorkspaceID, alternatives ...[]bunstore.Sought) (bunstore.Query, string) {
	either := make([]string, len(alternatives))
	for i, tokens := range alternatives {
		every := make([]string, len(tokens))
		for j, token := range tokens {
			every[j] = `"` + token.Token + `"`
			if !token.Whole {
				every[j] += " *"
			}
		}
		either[i] = "(" + strings.Join(every, " AND ") + ")"
	}
	return bunstore.Query{
		SQL:  "select found_id from search_index where search_index match ?",
		Args: []any{"workspace : " + token(ws) + " AND tokens : (" + strings.Join(either, " OR ") + ")"},
	}, ""
}

// Among implements bunstore.Dialect.
func (*dialect) Among(ids [][16]byte) bunstore.Query {
	texts := make([]string, len(ids))
	for i := range ids {
		texts[i] = `"` + hex.EncodeToString(ids[i][:]) + `"`
	}
	return bunstore.Query{SQL: " in (select unhex(value) from json_each(?))", Args: []any{"[" + strings.Join(texts, ",") + "]"}}
}

// Months implements bunstore.Dialect.
func (*dialect) Months() bunstore.Months { return nil }

// MigrationTypes implements bunstore.Dialect.
func (*dialect) MigrationTypes() bunstore.MigrationTypes {
	return bunstore.MigrationTypes{ID: "blob", Bytes: "blob", Clustered: "without rowid"}
}

// MigrationLock implements bunstore.Dialect: a transaction is the lock.
func (*dialect) MigrationLock() string { return "" }

// Notify implements bunstore.Dialect: another process on the same file asks
// again every second, as feed.Store demands of it.
func (*dialect) Notify([]crm.WorkspaceID) {}

// Listen implements bunstore.Dialect.
func (*dialect) Listen(context.Context, func([]crm.WorkspaceID)) {}
