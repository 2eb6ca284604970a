package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// newDatabase makes an empty database and the role that owns it, and returns
// the role's way in. The product refuses a superuser and a role that bypasses
// row-level security, so the role is neither.
func newDatabase(ctx context.Context, adminDSN string) (name, dsn string, err error) {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return "", "", fmt.Errorf("pgtest: draw a name: %w", err)
	}
	name = "m21_" + hex.EncodeToString(random)
	if dsn, err = loginAs(adminDSN, name); err != nil {
		return "", "", err
	}
	err = execute(ctx, adminDSN,
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS", name, name),
		fmt.Sprintf("CREATE DATABASE %s OWNER %s", name, name))
	return name, dsn, err
}

// dropDatabase undoes newDatabase, also under open connections.
func dropDatabase(ctx context.Context, adminDSN, name string) error {
	return execute(ctx, adminDSN, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "DROP ROLE IF EXISTS "+name)
}

// Exec runs statements one after the other over one connection, and fails the test
// when the server refuses one.
func Exec(tb testing.TB, dsn string, statements ...string) {
	tb.Helper()
	if err := execute(tb.Context(), dsn, statements...); err != nil {
		tb.Fatal(err)
	}
}

func execute(ctx context.Context, dsn string, statements ...string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("pgtest: connect: %w", err)
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("pgtest: %s: %w", statement, err)
		}
	}
	return nil
}

// loginAs returns the DSN, a URL or keywords and values, with another user,
// password and database, all called name.
func loginAs(dsn, name string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return fmt.Sprintf("%s user=%s password=%s dbname=%s", dsn, name, name, name), nil
	}
	address, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("pgtest: read the superuser's DSN: %w", err)
	}
	address.User, address.Path = url.UserPassword(name, name), "/"+name
	return address.String(), nil
}

// inDatabase returns the DSN with another database.
func inDatabase(dsn, name string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return dsn + " dbname=" + name, nil
	}
	address, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("pgtest: read the superuser's DSN: %w", err)
	}
	address.Path = "/" + name
	return address.String(), nil
}
