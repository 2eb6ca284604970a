package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/pgtest"
)

// lifeOf tells a child process of this test how its life shall end.
const lifeOf = "M21_PGTEST_CHILD"

// TestChild is no test: it is what the child of TestGuard does.
func TestChild(t *testing.T) {
	end := os.Getenv(lifeOf)
	if end == "" {
		return
	}
	fmt.Println(pgtest.DSN(t))
	if end == "panic" {
		panic("as a test may")
	}
	<-t.Context().Done() // until it is killed
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"panic", "kill"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
			child.Env = append(os.Environ(), lifeOf+"="+end, "M21_TEST_POSTGRES=")
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatalf("the child says nothing: %v", err)
			}
			folder := folderOf(t, strings.TrimSpace(line))
			if end == "kill" {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			if err := child.Wait(); err == nil {
				t.Error("the child ended well, want it to panic or be killed")
			}
			waitGone(t, folder)
		})
	}
}

// folderOf returns the folder of the cluster a DSN leads to.
func folderOf(t *testing.T, dsn string) string {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return address.Query().Get("host")
}

// waitGone waits until the folder, and with it the server, is gone.
func waitGone(t *testing.T, folder string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("%s is still there after its process ended", folder)
		}
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestDatabaseIsWhatTheProductAccepts(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.DSN(t))
	for question, want := range map[string]string{
		"SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user":                                                        "false",
		"SELECT rolbypassrls::text FROM pg_roles WHERE rolname = current_user":                                                    "false",
		"SELECT (pg_get_userbyid(datdba) = current_user)::text FROM pg_database WHERE datname = current_database()":               "true",
		"SELECT count(*)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'":          "0",
		"SELECT current_setting('fsync') || current_setting('full_page_writes') || current_setting('synchronous_commit')":         "ononon",
		"SELECT current_setting('server_encoding')":                                                                               "UTF8",
		"SELECT lower('É') || ' ' || string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b', 'B', 'a', 'A']) AS x WHERE x = lower(x)": "é ab",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), question).Scan(&got); err != nil || got != want {
			t.Errorf("%s\n= %q, %v, want %q", question, got, err, want)
		}
	}
}

func TestAnotherServerCanBeNamed(t *testing.T) {
	folder := folderOf(t, pgtest.Server(t).DSN())
	for _, superuser := range []string{
		"postgres://postgres@/postgres?sslmode=disable&host=" + folder,
		"user=postgres dbname=postgres sslmode=disable host=" + folder,
	} {
		t.Setenv("M21_TEST_POSTGRES", superuser)
		conn := connect(t, pgtest.DSN(t))
		var user string
		err := conn.QueryRow(t.Context(), "SELECT current_user").Scan(&user)
		if server := conn.Config().Host; err != nil || user == "postgres" || server != folder {
			t.Errorf("with %s: signed in as %q on %q, %v, want a role of its own on %s", superuser, user, server, err, folder)
		}
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	one, other := connect(t, pgtest.DSN(t)), connect(t, pgtest.DSN(t))
	if _, err := one.Exec(t.Context(), "CREATE TABLE mine (n int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "SELECT n FROM mine"); err == nil {
		t.Error("a table of one database is seen in another")
	}
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("user", func(t *testing.T) {
		dsn = pgtest.DSN(t)
		if _, err := pgx.Connect(t.Context(), dsn); err != nil { // left open: the drop must not wait for it
			t.Fatal(err)
		}
	})
	if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
		conn.Close(t.Context())
		t.Error("the database is there after its test")
	}
}

func TestServerKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	if _, err := connect(t, server.DSN()).Exec(t.Context(), "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	for i, end := range []func(){server.Stop, server.Kill, server.Kill} {
		conn := connect(t, server.DSN())
		if _, err := conn.Exec(t.Context(), "INSERT INTO kept VALUES ($1)", i); err != nil {
			t.Fatal(err)
		}
		end()
		if _, err := pgx.Connect(t.Context(), server.DSN()); err == nil {
			t.Fatal("the server answers after its end")
		}
		server.Start()
		var rows int
		if err := connect(t, server.DSN()).QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&rows); err != nil || rows != i+1 {
			t.Fatalf("after %d ends: %d rows, %v", i+1, rows, err)
		}
	}
}
