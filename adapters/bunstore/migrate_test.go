package bunstore_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
)

// The statements that list a database's schema, one line a thing.
const (
	sqliteSchema   = "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_master where tbl_name <> 'migrations'"
	postgresSchema = `
		select 'column ' || table_name || ' ' || ordinal_position || ' ' || column_name || ' ' || data_type || ' ' || is_nullable
		from information_schema.columns where table_schema = current_schema() and table_name <> 'migrations'
		union all select 'index ' || indexdef from pg_indexes where schemaname = current_schema() and tablename <> 'migrations'
		union all select 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
		from pg_constraint where connamespace = current_schema()::regnamespace and conrelid <> 'migrations'::regclass
		union all select 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '')
		from pg_policies where schemaname = current_schema()
		union all select 'secured ' || relname || ' ' || relrowsecurity || ' ' || relforcerowsecurity
		from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' and relname <> 'migrations'`
)

// schemaOf returns a store's schema, sorted.
func schemaOf(t *testing.T, store *bunstore.Store) []string {
	t.Helper()
	list := sqliteSchema
	if store.Dialect().MigrationTypes().Postgres {
		list = postgresSchema
	}
	var schema []string
	err := store.Look(t.Context(), bunstore.Scope{}, bunstore.Statement{SQL: list}, func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		schema = append(schema, line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(schema)
	return schema
}

func TestMigrateDownAndUp(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		mustWrite(t, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{c.Contact()}})
		before := schemaOf(t, store)
		if len(before) < 50 {
			t.Fatalf("the schema has %d things, want more", len(before))
		}
		version, err := store.Version(t.Context())
		if err != nil || version == "" {
			t.Errorf("Version() = %q, %v, want the newest migration", version, err)
		}
		if err := store.Rollback(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		if left := schemaOf(t, store); len(left) > 0 {
			t.Errorf("down left behind:\n%s", strings.Join(left, "\n"))
		}
		if version, err := store.Version(t.Context()); err != nil || version != "" {
			t.Errorf("Version() after all was taken back = %q, %v, want none", version, err)
		}
		for range 2 { // again does nothing
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if after := schemaOf(t, store); !slices.Equal(before, after) {
			t.Errorf("down and up made another schema:\n%s\nwant:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
		}
		mustWrite(t, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{c.Contact()}})
	})
}

func TestMigrateRefusesNewerSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		if err := store.Do(t.Context(), "insert into migrations (name, applied_at) values ('29991231000000', 0)"); err != nil {
			t.Fatal(err)
		}
		err := store.Migrate(t.Context())
		if !errors.Is(err, crm.Refused) || !strings.Contains(err.Error(), "29991231000000") {
			t.Errorf("Migrate() of a newer schema = %v, want Refused with its name", err)
		}
		if err := store.Rollback(t.Context(), 1); !errors.Is(err, crm.Refused) {
			t.Errorf("Rollback() of a newer schema = %v, want Refused", err)
		}
	})
}

// TestMigrateTogether starts several programs on one empty database.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	path, dsn := filepath.Join(t.TempDir(), "store.db"), pgtest.DSN(t)
	for name, open := range map[string]func() (*bunstore.Store, error){
		"sqlite": func() (*bunstore.Store, error) { return sqlite.Open(t.Context(), path, sqlite.Options{}) },
		"postgres": func() (*bunstore.Store, error) {
			return postgres.Open(t.Context(), dsn, postgres.Options{Connections: 2})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var together sync.WaitGroup
			for range 4 {
				together.Go(func() {
					store, err := open()
					if err != nil {
						t.Errorf("one of four that start at once: %v", err)
						return
					}
					defer store.Close()
					if _, err := store.Directory().Workspaces(t.Context()); err != nil {
						t.Errorf("Workspaces() after the start: %v", err)
					}
				})
			}
			together.Wait()
		})
	}
}
