package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// This is a driver for database/sql on pgx. It differs from pgx's own in three
// things: a query may be a batch of statements with a result each, the protocol
// follows from whether there are arguments, and what is outside a transaction
// is sent together with the scope of the call (bunstore.ScopeOf), as one
// implicit transaction.

// connector makes connections.
type connector struct{ config *pgx.ConnConfig }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	pg, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return nil, err
	}
	registerColumns(pg.TypeMap())
	return &conn{pg: pg, used: time.Now()}, nil
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c }

// Open implements driver.Driver, which nobody asks for a connection.
func (c connector) Open(string) (driver.Conn, error) { return c.Connect(context.Background()) }

// batch is the argument of a query that is a batch.
type batch []bunstore.Statement

// conn is one connection.
type conn struct {
	pg    *pgx.Conn
	begin *bunstore.Scope // of a transaction that has said nothing yet
	ended bool            // the transaction's commit was sent with its last statements
	used  time.Time       // when it was last taken from the pool
	uses  int             // how often it was
	plan  int             // the use at which plans are next made anew
}

// closeTimeout bounds saying good-bye to a server that may be gone.
const closeTimeout = 5 * time.Second

// Close implements driver.Conn.
func (c *conn) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return c.pg.Close(ctx)
}

// Prepare implements driver.Conn. Statements are prepared by pgx, by their
// text.
func (c *conn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("postgres: statements are prepared by themselves")
}

// Begin implements driver.Conn.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx. Nothing is said yet: what begins the
// transaction, with the scope of the call, travels with the first statement, since a
// trip costs what a statement or two do. A connection that is gone is found out there.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options.Isolation != driver.IsolationLevel(sql.LevelDefault) || options.ReadOnly {
		return nil, errors.New("postgres: only the default transaction is supported")
	}
	if c.pg.IsClosed() {
		return nil, driver.ErrBadConn
	}
	scope := bunstore.ScopeOf(ctx)
	c.begin, c.ended = &scope, false
	return tx{c: c, ctx: ctx}, nil
}

// tx ends a transaction.
type tx struct {
	c   *conn
	ctx context.Context
}

// errRolledBack is a commit that PostgreSQL answered with a rollback, because a
// statement had failed.
var errRolledBack = errors.New("postgres: the transaction had failed and was rolled back")

// Commit implements driver.Tx.
func (t tx) Commit() error {
	if t.c.begin != nil {
		t.c.begin = nil
		return nil
	}
	over := t.c.pg.PgConn().TxStatus() == 'I'
	switch {
	case over && t.c.ended:
		return nil
	case t.c.pg.IsClosed():
		return driver.ErrBadConn
	case over: // it failed before it began
		return errRolledBack
	}
	results, err := t.c.pg.PgConn().Exec(t.ctx, commit).ReadAll()
	err = lost(err)
	if err == nil && results[0].CommandTag.String() == "ROLLBACK" {
		return errRolledBack
	}
	return err
}

// Rollback implements driver.Tx. It does not depend on the call's context,
// which may have ended; a connection that cannot roll back is not used again.
func (t tx) Rollback() error {
	if t.c.begin != nil || t.c.pg.PgConn().TxStatus() == 'I' {
		t.c.begin = nil
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return t.c.exec(ctx, "rollback")
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		return nil, driver.ErrSkip // the store writes arguments into the text
	}
	var before string
	if c.begin != nil {
		before = c.opening(ctx).text()
	}
	return driver.ResultNoRows, again(c.exec(ctx, before+query))
}

func (c *conn) exec(ctx context.Context, sql string) error {
	if c.pg.IsClosed() {
		return driver.ErrBadConn
	}
	return lost(c.pg.PgConn().Exec(ctx, sql).Close())
}

// QueryContext implements driver.QueryerContext for a statement or a batch.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.pg.IsClosed() {
		return nil, driver.ErrBadConn
	}
	var statements batch
	if len(args) == 1 {
		statements, _ = args[0].Value.(batch)
	}
	if statements == nil {
		values := make([]any, len(args))
		for i := range args {
			values[i] = args[i].Value
		}
		statements = batch{{SQL: query, Args: values}}
	}
	r := &rows{results: c.send(ctx, statements), left: len(statements)}
	if err := r.NextResultSet(); err != nil {
		return nil, again(lost(errors.Join(err, r.Close())))
	}
	return r, nil
}

// send sends statements, what has to stand in front of them first, and returns their
// results.
func (c *conn) send(ctx context.Context, statements batch) results {
	before := c.opening(ctx)
	c.ended = statements[len(statements)-1].SQL == commit
	for _, s := range statements {
		if len(s.Args) > 0 {
			return c.pipeline(ctx, before, statements)
		}
	}
	texts := make([]string, len(statements))
	for i, s := range statements {
		texts[i] = s.SQL
	}
	r := &simpleResults{all: c.pg.PgConn().Exec(ctx, before.text()+strings.Join(texts, ";"))}
	for range before.statements() {
		r.skip()
	}
	return r
}

// pipeline sends prepared statements. What stands in front of them is prepared too,
// with the scope's values as arguments so that its text is always the same.
func (c *conn) pipeline(ctx context.Context, before opening, statements batch) results {
	b := &pgx.Batch{}
	before.queue(b)
	for _, s := range statements {
		b.Queue(s.SQL, s.Args...)
	}
	r := &pipelineResults{all: c.pg.SendBatch(ctx, b)}
	for range before.statements() {
		r.skip()
	}
	return r
}

// opening is what stands in front of statements: what begins their transaction, and the
// settings for it, or for them alone. It is nothing in a transaction that has begun.
type opening struct {
	begins bool
	scope  bunstore.Scope
}

// opening returns what has to stand in front of the next statements. It is said once.
func (c *conn) opening(ctx context.Context) (o opening) {
	switch {
	case c.begin != nil:
		o = opening{begins: true, scope: *c.begin}
		c.begin = nil
	case c.pg.PgConn().TxStatus() == 'I':
		o.scope = bunstore.ScopeOf(ctx)
	}
	return o
}

// sets reports whether there is something to set. A scope of nothing needs no setting.
func (o opening) sets() bool { return o.begins || !o.scope.Nothing() }

// statements returns how many there are.
func (o opening) statements() (n int) {
	if o.begins {
		n++
	}
	if o.sets() {
		n++
	}
	return n
}

// text returns them as SQL, to be followed by another.
func (o opening) text() string {
	var text string
	if o.begins {
		text = "begin;"
	}
	if o.sets() {
		quoted := func(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }
		text += settings(o.begins, o.scope.Plan, quoted(workspaceList(o.scope)), quoted(reach(o.scope)), quoted(o.scope.Search)) + ";"
	}
	return text
}

// queue adds them to a batch.
func (o opening) queue(b *pgx.Batch) {
	if o.begins {
		b.Queue("begin")
	}
	if o.sets() {
		b.Queue(settingTexts[o.begins][o.scope.Plan], workspaceList(o.scope), reach(o.scope), o.scope.Search)
	}
}

// settings returns what sets a scope to values that are written as SQL, and how what
// follows is planned.
func settings(begins bool, plan bunstore.Plan, workspaces, reach, search string) string {
	text := "select set_config('my21staff.workspaces', " + workspaces + ", true), set_config('my21staff.scope', " + reach +
		", true), set_config('my21staff.search', " + search + ", true)" + planned[plan]
	if begins {
		text += byIndex
	}
	return text
}

// settingTexts are the settings with arguments, of what begins a transaction and of what
// does not.
var settingTexts = func() map[bool]map[bunstore.Plan]string {
	texts := map[bool]map[bunstore.Plan]string{false: {}, true: {}}
	for begins, of := range texts {
		for plan := range planned {
			of[plan] = settings(begins, plan, "$1", "$2", "$3")
		}
	}
	return texts
}()

// byIndex is how a transaction's statements are planned, and what is read by keys: once each, without regard
// to what the arguments are this time, and through indexes. What it reads it names
// by keys. A plan made while a table was small or had not been counted yet would
// read all of it, and be kept.
const byIndex = ", set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)" +
	", set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_memoize', 'off', true)"

// planned are the settings of how what follows is to be planned. What is read outside a
// transaction is one by itself, so the settings end with it.
//
// In order: who is thought to have two conversations, as members have in the mean,
// would have all of them fetched and sorted, and who has thousands waits for it. Nor is
// there anything to plan for the arguments: a first page without conditions was, at
// every call, as nothing is known beforehand of a limit.
var planned = map[bunstore.Plan]string{
	bunstore.Usually: "",
	bunstore.InOrder: ", set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)",
	bunstore.ByKey:   byIndex,
	bunstore.Anew:    ", set_config('plan_cache_mode', 'force_custom_plan', true)",
}

// workspaceList writes the workspaces of a scope as the policies read them.
func workspaceList(s bunstore.Scope) string {
	list := make([]string, len(s.Workspaces))
	for i, ws := range s.Workspaces {
		list[i] = hex.EncodeToString(ws[:])
	}
	return strings.Join(list, ",")
}

func reach(s bunstore.Scope) string {
	if s.Installation {
		return "installation"
	}
	return ""
}

// Ping implements driver.Pinger.
func (c *conn) Ping(ctx context.Context) error { return again(c.pg.PgConn().Ping(ctx)) }

// idle is how long a connection may lie in the pool before it is asked whether
// it still stands: the server may have been started anew meanwhile.
const idle = time.Second

// ResetSession implements driver.SessionResetter.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	now := time.Now()
	if now.Sub(c.used) > idle && c.pg.PgConn().Ping(ctx) != nil {
		return driver.ErrBadConn
	}
	c.used = now
	return c.planAnew(ctx)
}

// planAnew lets go of the plans the server keeps for this connection when it has
// been used a quarter more often than when they were made. A table may have grown
// as much, and a plan made while it was nearly empty may read all of a workspace
// for each row. Once the server has counted the table's rows it lets go of them
// itself, but that may take minutes.
func (c *conn) planAnew(ctx context.Context) error {
	if c.uses++; c.uses < c.plan {
		return nil
	}
	c.plan = c.uses + c.uses/4 + 1
	return again(c.exec(ctx, "discard plans"))
}

// IsValid implements driver.Validator. A connection whose transaction was not
// ended is not used again.
func (c *conn) IsValid() bool {
	return !c.pg.IsClosed() && c.pg.PgConn().TxStatus() == 'I'
}

// CheckNamedValue implements driver.NamedValueChecker: batches pass as they
// are.
func (c *conn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if _, is := v.Value.(batch); !is {
		v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	}
	return err
}

// errLost is the answer to something that was sent, and that may have been done.
var errLost = fmt.Errorf("postgres: the connection ended before the answer came: %w", io.ErrUnexpectedEOF)

// lost returns the error of reading an answer. pgx says of a connection that
// breaks under a reader that it "is closed", and that trying again is safe, as if
// it had been closed before anything was sent (5.12): taken at its word a commit
// that was lost would have failed, and be made again beside itself.
func lost(err error) error {
	if errors.Is(err, pgconn.ErrConnClosed) {
		return errLost
	}
	return err
}

// again turns an error from before anything was sent into ErrBadConn, so that
// database/sql tries another connection.
func again(err error) error {
	if err != nil && pgconn.SafeToRetry(err) {
		return driver.ErrBadConn
	}
	return err
}
