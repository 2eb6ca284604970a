package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// A read's limit is the statements the product sends for it, captured from the
// product and run bare: prepared, through the same driver, with as many
// connections, the values read and dropped. On PostgreSQL they are run by the
// superuser, without row-level security and in one round trip; but a search,
// whose words travel as a setting, is run as the product runs it.

// trip is what one request asks of the database.
type trip struct {
	search     string // the scope's; PostgreSQL
	workspaces string
	statements []bunstore.Statement
}

// capture returns the statements of a call.
func capture(ctx context.Context, do func(context.Context) error) (trip, error) {
	ctx, stats := bunstore.WithStats(ctx)
	var t trip
	stats.Trace = func(ctx context.Context, s bunstore.Statement) {
		scope := bunstore.ScopeOf(ctx)
		if scope.Search != "" {
			t.search = scope.Search
		}
		if len(scope.Workspaces) > 0 {
			t.workspaces = fmt.Sprintf("%x", scope.Workspaces[0][:])
		}
		args := make([]any, len(s.Args))
		for i, arg := range s.Args {
			args[i], _ = driver.DefaultParameterConverter.ConvertValue(arg) // our own arguments always convert
		}
		t.statements = append(t.statements, bunstore.Statement{SQL: s.SQL, Args: args})
	}
	return t, do(ctx)
}

// bare runs trips without the product.
type bare interface {
	run(ctx context.Context, t *trip) error
	// insert writes rows of a body in a transaction of its own.
	insert(ctx context.Context, rows int) error
	close()
}

func (d *database) bare(ctx context.Context) (bare, error) {
	if d.kind == "sqlite" {
		return newBareFile(ctx, d)
	}
	return newBareServer(ctx, d)
}

const bodyBytes = 700

var insertBody = rand.Text() + strings.Repeat("x", bodyBytes)

// bareFile runs them on the embedded database; rows are inserted into a file
// beside it, as durable.
type bareFile struct {
	read, write *sql.DB
	ready       map[string]*sql.Stmt
	one         *sql.Stmt
	ids         atomic.Int64
}

func newBareFile(ctx context.Context, d *database) (*bareFile, error) {
	read, err := openSQLite(d.file(), 4, url.Values{"_query_only": {"1"}})
	if err != nil {
		return nil, err
	}
	write, err := openSQLite(filepath.Join(d.dir, "limit.db"), 1, url.Values{"_txlock": {"immediate"}})
	if err != nil {
		return nil, err
	}
	b := &bareFile{read: read, write: write, ready: map[string]*sql.Stmt{}}
	if _, err = write.ExecContext(ctx, "create table if not exists bench_rows (id integer primary key, body text not null)"); err != nil {
		return nil, err
	}
	var most int64
	if err = write.QueryRowContext(ctx, "select coalesce(max(id), 0) from bench_rows").Scan(&most); err != nil {
		return nil, err
	}
	b.ids.Store(most)
	b.one, err = write.PrepareContext(ctx, "insert into bench_rows (id, body) values (?, ?)")
	return b, err
}

// prepare makes a trip's statements ready; run must not be running.
func (b *bareFile) prepare(ctx context.Context, t *trip) error {
	for _, s := range t.statements {
		if b.ready[s.SQL] != nil {
			continue
		}
		ready, err := b.read.PrepareContext(ctx, s.SQL)
		if err != nil {
			return err
		}
		b.ready[s.SQL] = ready
	}
	return nil
}

func (b *bareFile) run(ctx context.Context, t *trip) error {
	for _, s := range t.statements {
		rows, err := b.ready[s.SQL].QueryContext(ctx, s.Args...)
		if err != nil {
			return err
		}
		if err := drain(rows); err != nil {
			return err
		}
	}
	return nil
}

// drain reads every value of every row.
func drain(rows *sql.Rows) error {
	names, err := rows.Columns()
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	values, into := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (b *bareFile) insert(ctx context.Context, rows int) error {
	if rows == 1 {
		_, err := b.one.ExecContext(ctx, b.ids.Add(1), insertBody)
		return err
	}
	tx, err := b.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	one := tx.StmtContext(ctx, b.one)
	for range rows {
		if _, err := one.ExecContext(ctx, b.ids.Add(1), insertBody); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (b *bareFile) close() { _, _ = b.read.Close(), b.write.Close() }

// bareServer runs them on PostgreSQL.
type bareServer struct {
	bypass, owner chan *pgx.Conn
	ids           atomic.Int64
}

const serverConns = 20 // the product's default

func newBareServer(ctx context.Context, d *database) (*bareServer, error) {
	b := &bareServer{bypass: make(chan *pgx.Conn, 32), owner: make(chan *pgx.Conn, serverConns)}
	for pool, dsn := range map[chan *pgx.Conn]string{b.bypass: d.superuser, b.owner: d.dsn} {
		for range cap(pool) {
			conn, err := connect(ctx, dsn)
			if err != nil {
				return nil, err
			}
			pool <- conn
		}
	}
	conn := <-b.bypass
	defer func() { b.bypass <- conn }()
	_, err := conn.Exec(ctx, "create table if not exists bench_rows (id bigint primary key, body text not null)")
	if err == nil {
		var most int64
		err = conn.QueryRow(ctx, "select coalesce(max(id), 0) from bench_rows").Scan(&most)
		b.ids.Store(most)
	}
	return b, err
}

// connect connects with the product's settings.
func connect(ctx context.Context, dsn string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["jit"] = "off"
	return pgx.ConnectConfig(ctx, config)
}

func (b *bareServer) run(ctx context.Context, t *trip) error {
	pool, batch := b.bypass, &pgx.Batch{}
	if t.search != "" {
		pool = b.owner
		batch.Queue("select set_config('my21staff.workspaces', $1, true), set_config('my21staff.search', $2, true)", t.workspaces, t.search)
	}
	for _, s := range t.statements {
		batch.Queue(s.SQL, s.Args...)
	}
	conn := <-pool
	defer func() { pool <- conn }()
	results := conn.SendBatch(ctx, batch)
	for range batch.Len() {
		rows, err := results.Query()
		if err != nil {
			return errors.Join(err, results.Close())
		}
		for rows.Next() {
			if _, err := rows.Values(); err != nil {
				return errors.Join(err, results.Close())
			}
		}
	}
	return results.Close()
}

func (b *bareServer) insert(ctx context.Context, rows int) error {
	conn := <-b.bypass
	defer func() { b.bypass <- conn }()
	if rows == 1 {
		_, err := conn.Exec(ctx, "insert into bench_rows (id, body) values ($1, $2)", b.ids.Add(1), insertBody)
		return err
	}
	source := pgx.CopyFromSlice(rows, func(int) ([]any, error) { return []any{b.ids.Add(1), insertBody}, nil })
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"bench_rows"}, []string{"id", "body"}, source)
	return err
}

func (b *bareServer) close() {
	for _, pool := range []chan *pgx.Conn{b.bypass, b.owner} {
		for range cap(pool) {
			_ = (<-pool).Close(context.Background())
		}
	}
}
