//go:build torture

package torture

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// Connector returns what puts the points of commits and migrations, and a bug
// that is a wrong statement, between database/sql and a driver.
func (h *Harness) Connector() func(driver.Connector) driver.Connector {
	return func(c driver.Connector) driver.Connector { return connector{c, h} }
}

type connector struct {
	driver.Connector
	h *Harness
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner, h: c.h}, nil
}

// conn is a connection. What the driver's has beyond driver.Conn it has too.
type conn struct {
	driver.Conn
	h         *Harness
	migrating bool // the transaction is a migration
	ending    bool // the transaction's commit was sent with its last statements
}

// broken is a failure that a point made in the driver. database/sql holds its
// locks there, so a panic waits in it until the statement is over.
type broken struct {
	point string
	panic bool
	like  error // what a driver says for the like of it
}

// Error implements error.
func (e *broken) Error() string { return "torture: " + e.point }

// Unwrap returns what the stores take it for.
func (e *broken) Unwrap() error { return e.like }

// translated panics for a point in the driver that was to, and says of a commit
// whose answer was lost that nobody knows: SQLite's has no word for it that could
// be made here.
func (h *Harness) translated(err error) error {
	var from *broken
	switch {
	case !errors.As(err, &from):
		return err
	case from.panic:
		panic("torture: " + from.point)
	case from.point == "commit.after":
		return uncertain(from.point)
	}
	return err
}

// inDriver passes the point of a commit.
func (h *Harness) inDriver(point string, like error) error {
	if action, due := h.strikes(point); due && (action == Error || action == Panic) {
		return &broken{point, action == Panic, like}
	}
	return nil
}

// inMigration passes the point of a migration. Nothing catches a panic at the
// start, so it ends the process, from a goroutine of its own: one that came up
// through the migration would have bun commit what was done of it.
func (h *Harness) inMigration(point string) error {
	switch action, due := h.strikes(point); {
	case due && action == Panic:
		go panic("torture: " + point)
		select {}
	case due && action == Error:
		return &broken{point: point, like: sql.ErrConnDone}
	}
	return nil
}

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	c.migrating, c.ending = false, false
	begin, ok := c.Conn.(driver.ConnBeginTx)
	if !ok {
		return nil, errors.New("torture: the driver has no BeginTx")
	}
	inner, err := begin.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return tx{inner, c}, nil
}

type tx struct {
	driver.Tx
	c *conn
}

// Commit implements driver.Tx.
func (t tx) Commit() error {
	if !t.c.ending {
		if err := t.c.h.inDriver("commit.before", sql.ErrConnDone); err != nil {
			return errors.Join(err, t.Rollback())
		}
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	if t.c.migrating {
		if err := t.c.h.inMigration("migrate.afterStep"); err != nil {
			return err
		}
	}
	return t.c.h.inDriver("commit.after", io.ErrUnexpectedEOF)
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	exec, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	query, err := c.statement(query)
	if err != nil {
		return nil, err
	}
	return exec.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ask, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	query, err := c.statement(query)
	if err == nil && len(args) == 1 {
		err = c.batch(args[0].Value)
	}
	if err != nil {
		return nil, err
	}
	return ask.QueryContext(ctx, query, args)
}

// statement passes the points of migrations, which show by their entry in the
// table of migrations, and of the figures, and rewrites a statement as the bug
// wants it.
func (c *conn) statement(query string) (string, error) {
	var err error
	switch {
	case strings.HasPrefix(query, "select count(name) > 0 from migrations"):
		err = c.h.inMigration("migrate.beforeStep")
	case strings.HasPrefix(query, "insert into migrations"):
		c.migrating = true
		err = c.h.inMigration("migrate.midStep")
	case writesFigures(query):
		err = c.h.inDriver("figures.beforeWrite", sql.ErrConnDone)
	}
	if err != nil || c.h.bug.sql == nil {
		return query, err
	}
	return c.h.bug.sql(query), nil
}

// writesFigures reports whether a statement adds to the figures.
func writesFigures(query string) bool {
	return strings.Contains(query, "figures.value + excluded.value")
}

// batch passes the statements of a batch through statement, and the point of a commit
// if that is the last. PostgreSQL's driver takes them as one argument of a type of its
// own, a slice of bunstore.Statement.
func (c *conn) batch(argument any) error {
	list := reflect.ValueOf(argument)
	if list.Kind() != reflect.Slice || list.Type().Elem() != reflect.TypeFor[bunstore.Statement]() {
		return nil
	}
	for i := range list.Len() {
		statement := list.Index(i).Addr().Interface().(*bunstore.Statement)
		var err error
		if statement.SQL, err = c.statement(statement.SQL); err != nil {
			return err
		}
		if statement.SQL == "commit" {
			c.ending = true
			return c.h.inDriver("commit.before", sql.ErrConnDone)
		}
	}
	return nil
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	query, err := c.statement(query)
	if err != nil {
		return nil, err
	}
	if prepare, ok := c.Conn.(driver.ConnPrepareContext); ok {
		return prepare.PrepareContext(ctx, query)
	}
	return c.Prepare(query)
}

// Ping implements driver.Pinger.
func (c *conn) Ping(ctx context.Context) error {
	if ping, ok := c.Conn.(driver.Pinger); ok {
		return ping.Ping(ctx)
	}
	return nil
}

// ResetSession implements driver.SessionResetter.
func (c *conn) ResetSession(ctx context.Context) error {
	if reset, ok := c.Conn.(driver.SessionResetter); ok {
		return reset.ResetSession(ctx)
	}
	return nil
}

// IsValid implements driver.Validator.
func (c *conn) IsValid() bool {
	valid, ok := c.Conn.(driver.Validator)
	return !ok || valid.IsValid()
}

// CheckNamedValue implements driver.NamedValueChecker.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if check, ok := c.Conn.(driver.NamedValueChecker); ok {
		return check.CheckNamedValue(v)
	}
	return driver.ErrSkip // database/sql converts it
}
