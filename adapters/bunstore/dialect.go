package bunstore

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun/schema"

	"github.com/my21staff/my21staff/crm"
)

// Dialect is what differs between the databases.
type Dialect interface {
	// Schema is bun's dialect, for quoting and literals.
	Schema() schema.Dialect

	// Query runs statements on a database or transaction, in order, in one
	// round trip where the database can, and hands each one's rows to each. A
	// statement outside a transaction sees the rows of ScopeOf(ctx), and is planned
	// as that says. The rows are Query's to close; an error of each ends it.
	Query(ctx context.Context, on Runner, statements []Statement, each func(int, *sql.Rows) error) error

	// Fault says what kind of failure an error of the driver is.
	Fault(err error) Fault

	// Lock and ClaimLock end a select: the rows are locked for the rest of the
	// transaction, by Lock in the order of workspaces and ids; ClaimLock passes
	// over rows another transaction has locked.
	// Empty where one writer has the database for itself.
	Lock() string
	ClaimLock() string

	// Unchanged asks for something that stays the same from one transaction to a later
	// one for as long as no other connection changed anything in the database. Empty
	// where several write at a time.
	Unchanged() Statement

	// Unnest returns what a statement selects columns from, as "… as v
	// (names)" or the like, which nothing but an end may follow. It depends on the
	// columns' names and kinds alone. Given returns its arguments, the first of the
	// statement.
	Unnest(columns []Column) (source string)
	Given(columns []Column) (args []any)

	// Index returns the statements that make documents findable, in place of
	// what was indexed of them before. It may be handed none.
	Index(docs []Document) []Query
	// Match returns a query for the Found of a workspace's documents that have
	// all tokens of one of the alternatives, and the Search of the scope it must
	// run in.
	Match(ws crm.WorkspaceID, alternatives ...[]Sought) (q Query, search string)

	// Among returns what follows a column that is to be one of ids, as one argument
	// however many they are: " = any (…)" or " in (…)".
	Among(ids [][16]byte) Query

	// Months is how the database keeps delivery_bodies in parts by month; nil
	// where the table is one.
	Months() Months

	// Sweep does the next step of letting go of what was in rows that are
	// deleted, as far as the database does not by itself: after says where to go
	// on, as the step before returned it, and "" is the beginning and the end. A
	// step is short, and outside any transaction.
	Sweep(ctx context.Context, on *sql.DB, after string) (next string, err error)

	// MigrationTypes fills in the migrations' templates; MigrationLock is run
	// first in each migration's transaction.
	MigrationTypes() MigrationTypes
	MigrationLock() string

	// Notify tells other processes which workspaces have new facts, after the
	// commit. It does not wait for them.
	Notify(workspaces []crm.WorkspaceID)
	// Listen hands on what other processes notified, nil for "any workspace",
	// until ctx ends.
	Listen(ctx context.Context, wake func([]crm.WorkspaceID))
}

// Committer is a Dialect that sends a transaction's last statements together with its
// commit: a trip less to where the database is. If one of them fails nothing is
// committed. They return nothing that is looked at.
type Committer interface {
	Commit(ctx context.Context, on *sql.Tx, last []Statement) error
}

// Months keeps delivery_bodies in parts. Its statements are run in a transaction
// that begins with Lock.
type Months interface {
	// Lock waits for the other processes that change parts, until the end of
	// the transaction. What waits for readers and writers gives up soon: they
	// would queue behind it.
	Lock() []string
	// List asks for the names of the parts.
	List() string
	// Make makes a month's part and moves there what the rest has of it; Drop
	// takes one away with all that is in it.
	Make(Month) []string
	Drop(Month) []string
	// Rest is the part of what falls into no month.
	Rest() string
}

// Month is a part of delivery_bodies: the ids made in one month, UTC.
type Month struct {
	Name     string   // of its table
	From, To [16]byte // the first id and the first after it
}

// Runner is a *sql.DB or *sql.Tx.
type Runner interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Statement is SQL as the driver gets it: with $1, $2 … and their arguments, or
// with the arguments written into it.
type Statement struct {
	SQL  string
	Args []any
}

// Query is SQL with a ? for each argument.
type Query struct {
	SQL   string
	Args  []any
	Bound bool // the arguments go beside the text, not into it, also in a write
}

// Document is what a message or contact is found by. Without tokens it is only
// forgotten. Tokens are letters, marks and digits, in lower case. Wholes are tokens
// that are only ever looked for whole, so that a dialect may keep others in their
// place; a document that has them has Tokens too.
type Document struct {
	WorkspaceID crm.WorkspaceID
	Subject     [16]byte // the message or contact
	Found       [16]byte // what is looked for: the conversation or contact
	Tokens      []string
	Wholes      []string
	Known       bool // it may have been indexed before
}

// Sought is a token that is searched for. The beginning of one costs a look at
// every document that has any token beginning so, a whole one only at those that
// have the rest of what is searched for too.
type Sought struct {
	Token string
	Whole bool // one of a document's Wholes; else the beginning of one of its Tokens
}

// MigrationTypes are the words a database has for what the migrations need.
type MigrationTypes struct {
	ID        string // 16 bytes
	Bytes     string
	Clustered string // keeps a table's rows in the order of its primary key
	Postgres  bool
}

// Fault is what went wrong, as far as a caller can act on it.
type Fault int

// The faults.
const (
	Broken Fault = iota // anything else: our fault
	Clash               // a unique or foreign key, a serialisation failure, a deadlock: run it again
	Busy                // locked by another process for longer than we wait: run it again
	Down                // not reachable, shutting down, out of space
	Lost                // the connection broke, or the disk failed: what was under way may have been done
)
