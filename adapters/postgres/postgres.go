package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
)

// Options are what [Open] may be told. The zero value is useful.
type Options struct {
	// Sealer keeps channels' credentials secret. Without one the store works
	// and refuses to keep or read credentials.
	Sealer crm.Sealer
	// Packer makes the journal's bodies smaller. Without one they are stored as
	// they are, and those that one packed cannot be read.
	Packer crm.Packer
	// Connections bounds the pool; 20 by default. One more listens for news.
	Connections int
	// KeepSchema leaves the schema as it is: the program calls Migrate itself.
	KeepSchema bool
	// Wrap stands between database/sql and the driver, but for the connection
	// that listens for news; nil: nothing does.
	Wrap func(driver.Connector) driver.Connector
}

// Open opens the store in the database that dsn names (a URL or keywords and
// values, as libpq takes them) and brings its schema up to date. A DSN that
// cannot be read is Invalid, a server that cannot be reached Unavailable, and a
// server or role that is not safe, or a database that a newer program has
// migrated, Refused.
func Open(ctx context.Context, dsn string, options Options) (*bunstore.Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx's error may hold the password, so it is not passed on.
		return nil, &crm.Error{Op: "open the database", Code: crm.Invalid, Reason: "bad_dsn", Msg: "This is not an address of a PostgreSQL database."}
	}
	// What is written into SQL text is written for these.
	config.RuntimeParams["standard_conforming_strings"], config.RuntimeParams["client_encoding"] = "on", "UTF8"
	// To compile a plan takes longer than any of ours; a list whose whole would be
	// long and whose page is not was compiled for a tenth of a second.
	config.RuntimeParams["jit"] = "off"
	// So does starting other processes to help with it: a page of a list waited five
	// times as long for them as for its rows.
	config.RuntimeParams["max_parallel_workers_per_gather"] = "0"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "my21staff"
	}
	var to driver.Connector = connector{config: config}
	if options.Wrap != nil {
		to = options.Wrap(to)
	}
	db := sql.OpenDB(to)
	connections := options.Connections
	if connections <= 0 {
		connections = 20
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := check(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	news, tidy := startNotifier(db), startTidier(db)
	store := bunstore.New(bunstore.Config{
		Dialect: &dialect{config: config, news: news, tidy: tidy}, Write: db, Read: db, Sealer: options.Sealer, Packer: options.Packer,
		Stop: func() { tidy.close(); news.close() },
	})
	if options.KeepSchema {
		return store, nil
	}
	if err := store.Migrate(ctx); err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

// check refuses a server that may lose what it committed and a role that
// row-level security does not bind.
func check(ctx context.Context, db *sql.DB) error {
	var superuser, bypass bool
	settings := map[string]*string{"fsync": new(string), "full_page_writes": new(string), "synchronous_commit": new(string)}
	err := db.QueryRowContext(ctx, "select rolsuper, rolbypassrls, current_setting('fsync'), current_setting('full_page_writes'),"+
		" current_setting('synchronous_commit') from pg_roles where rolname = current_user").
		Scan(&superuser, &bypass, settings["fsync"], settings["full_page_writes"], settings["synchronous_commit"])
	if err != nil {
		return &crm.Error{Op: "open the database", Code: crm.Unavailable, Msg: "The database cannot be reached at the moment.", Err: err}
	}
	refuse := func(reason, sentence string) error {
		return &crm.Error{Op: "open the database", Code: crm.Refused, Reason: reason, Msg: sentence}
	}
	switch {
	case superuser:
		return refuse("superuser", "The database role is a superuser, whom row-level security does not bind. Use a role of its own for my21staff.")
	case bypass:
		return refuse("bypassrls", "The database role has BYPASSRLS, so row-level security does not bind it. Take that attribute away.")
	}
	for name, value := range settings {
		if *value == "off" {
			return refuse(name, fmt.Sprintf("PostgreSQL runs with %s=off and may lose what it says is stored. Turn it on.", name))
		}
	}
	return nil
}
