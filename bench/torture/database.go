package main

import (
	"context"
	"path/filepath"
)

// database is where hosts keep their data.
type database interface {
	name() string

	// fresh makes an empty database and returns what the host is told of it and
	// what the checker reads; both empty: a file in the host's data folder.
	fresh(ctx context.Context) (dsn, look string, err error)
}

// sqlite is the embedded database.
type sqlite struct{}

func (sqlite) name() string                                      { return "sqlite" }
func (sqlite) fresh(context.Context) (dsn, look string, _ error) { return "", "", nil }

// open returns a database, starting its server if it has one.
func (t *torturer) open(ctx context.Context, name string) (database, error) {
	if name == "sqlite" {
		return sqlite{}, nil
	}
	if t.server == nil {
		server, err := newPostgres(ctx, filepath.Join(t.dir, "pg"))
		if err != nil {
			return nil, err
		}
		t.server = server
	}
	return t.server, nil
}

// close ends the server.
func (t *torturer) close() {
	if t.server != nil {
		t.server.remove()
	}
}
