package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
)

// This is a driver for database/sql on modernc's. It differs in two things: a
// connection has a name, and keeps the statements with arguments that it ran prepared,
// those of transactions too, since to parse and plan one is a good part of running it.

// connector makes connections.
type connector struct {
	driver.Connector
	dsn      string
	readOnly bool
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	from, err := provider()
	if err != nil {
		return nil, err
	}
	made, err := from.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := made.(innerConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite: a connection of type %T is not what it was", made), made.Close())
	}
	setUp := fmt.Sprintf("create temp table connection as select %d as name", connections.Add(1))
	if c.readOnly {
		setUp += "; pragma query_only(1)"
	}
	if _, err := inner.ExecContext(ctx, setUp, nil); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return &conn{innerConn: inner, ready: make(map[string]readyStmt)}, nil
}

// connections counts those that were made, and names them.
var connections atomic.Int64

// innerConn is what modernc's connections can do and database/sql asks of one.
type innerConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// mostReady bounds the statements a connection keeps. The store has fewer texts: a
// list has one for each set of filters.
const mostReady = 512

// readyStmt is a prepared statement.
type readyStmt interface {
	driver.Stmt
	driver.StmtQueryContext
}

// conn is one connection.
type conn struct {
	innerConn
	ready map[string]readyStmt // and not in use
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return c.innerConn.QueryContext(ctx, query, nil)
	}
	stmt, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, stmt.Close())
	}
	return heldRows{rows, func() error { return c.put(query, stmt) }}, nil
}

// take returns a statement that nobody uses.
func (c *conn) take(ctx context.Context, query string) (readyStmt, error) {
	if stmt := c.ready[query]; stmt != nil {
		delete(c.ready, query)
		return stmt, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := made.(readyStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite: a statement of type %T is not what it was", made), made.Close())
	}
	return stmt, nil
}

// put keeps a statement for the next who takes it.
func (c *conn) put(query string, stmt readyStmt) error {
	if c.ready[query] != nil || len(c.ready) >= mostReady {
		return stmt.Close()
	}
	c.ready[query] = stmt
	return nil
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	var err error
	for _, stmt := range c.ready {
		err = errors.Join(err, stmt.Close())
	}
	c.ready = nil
	return errors.Join(err, c.innerConn.Close())
}

// heldRows are rows of a statement that is given back when they are closed.
type heldRows struct {
	driver.Rows
	back func() error
}

// Close implements driver.Rows.
func (r heldRows) Close() error { return errors.Join(r.Rows.Close(), r.back()) }
