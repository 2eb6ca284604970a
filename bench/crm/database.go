package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host"
)

// database is where a world lives.
type database struct {
	kind      string
	dir       string // the data folder
	dsn       string // PostgreSQL: the owner's
	superuser string
	drop      func(context.Context) error
	server    *pgtest.Program
}

func (b *bench) newDatabase(ctx context.Context, kind string) (*database, error) {
	dir, err := os.MkdirTemp(b.work, kind)
	if err != nil {
		return nil, err
	}
	d := &database{kind: kind, dir: dir}
	if kind == "sqlite" {
		return d, nil
	}
	if d.server, err = pgtest.Start(); err != nil {
		return nil, err
	}
	d.dsn, d.superuser, d.drop, err = d.server.NewDatabase(ctx)
	return d, err
}

func (d *database) close() {
	if d.server != nil {
		_ = d.drop(context.Background()) // the server goes with it, unless it was there before
		d.server.Close()
	}
	_ = os.RemoveAll(d.dir)
}

func (d *database) config() host.Config {
	return host.Config{DataDir: d.dir, Database: crm.Secret(d.dsn)}
}

// file is the embedded database's.
func (d *database) file() string { return d.config().DatabaseFile() }

// openSQLite opens a file with the product's settings.
func openSQLite(path string, size int, more url.Values) (*sql.DB, error) {
	settings := url.Values{"_busy_timeout": {"5000"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}}
	for name, values := range more {
		settings[name] = values
	}
	db, err := sql.Open("sqlite", "file:"+path+"?"+settings.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// number asks for one number, past row-level security.
func (d *database) number(ctx context.Context, query string) (n int64, err error) {
	if d.kind == "sqlite" {
		db, err := openSQLite(d.file(), 1, nil)
		if err != nil {
			return 0, err
		}
		defer db.Close()
		err = db.QueryRowContext(ctx, query).Scan(&n)
		return n, err
	}
	conn, err := pgx.Connect(ctx, d.superuser)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, query).Scan(&n)
	return n, err
}

// exec runs a statement, past row-level security.
func (d *database) exec(ctx context.Context, statement string) error {
	_, err := d.number(ctx, statement+" returning 1")
	return err
}

// age gives a server what one that has run for a while has: WAL files to write over.
// To make one takes some 50 ms in which no commit ends, and a new server that takes
// 1,500 webhooks a second makes one a second: one in twenty waited 48 ms, on one that
// has them 23.
func (d *database) age(ctx context.Context) error {
	if d.kind == "sqlite" {
		return nil
	}
	conn, err := pgx.Connect(ctx, d.superuser)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{
		"select pg_logical_emit_message(false, 'bench', repeat(' ', 1 << 20)) from generate_series(1, 2000)",
		"checkpoint",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// size returns the bytes of the database, its log not counted.
func (d *database) size(ctx context.Context) (int64, error) {
	if d.kind == "sqlite" {
		return d.number(ctx, "select (page_count - freelist_count) * page_size from pragma_page_count, pragma_freelist_count, pragma_page_size")
	}
	return d.number(ctx, "select pg_database_size(current_database())")
}

// count returns how many rows a table has.
func (d *database) count(ctx context.Context, table string) (int64, error) {
	return d.number(ctx, "select count(*) from "+table)
}

// freeDisk returns the bytes that are left where the data lies.
func freeDisk(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(dir), &fs); err != nil {
		return 0, fmt.Errorf("ask how much disk is left: %w", err)
	}
	return int64(fs.Bavail) * fs.Bsize, nil
}
