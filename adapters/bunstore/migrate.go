package bunstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/my21staff/my21staff/crm"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrationRow is a row of the table of applied migrations.
type migrationRow struct {
	bun.BaseModel `bun:"table:migrations,alias:migrations"`

	Name      text  `bun:"name,pk"`
	AppliedAt stamp `bun:"applied_at"`
}

// errDone leaves a migration's transaction without doing it: another process
// did, between our look and our lock.
var errDone = errors.New("already done")

// Migrate applies the migrations that are not applied yet, each in a
// transaction with its entry in the table of migrations and under a lock, so
// that several processes may start at once, and makes room for the journal of
// the months to come. A database that a newer program has migrated is Refused.
func (s *Store) Migrate(ctx context.Context) error {
	err := s.migrate(ctx, "migrate", func(known []migrate.Migration, applied []string) []migrate.Migration {
		return slices.DeleteFunc(known, func(m migrate.Migration) bool { return slices.Contains(applied, m.Name) })
	}, true)
	if err != nil {
		return err
	}
	return s.PrepareMonths(ctx, time.Now())
}

// Rollback takes the newest n applied migrations back. Bodies that were packed
// are given back unpacked, so it needs a packer that knows them.
func (s *Store) Rollback(ctx context.Context, n int) error {
	return s.migrate(ctx, "roll back", func(known []migrate.Migration, applied []string) []migrate.Migration {
		known = slices.DeleteFunc(known, func(m migrate.Migration) bool { return !slices.Contains(applied, m.Name) })
		slices.Reverse(known)
		return known[:min(n, len(known))]
	}, false)
}

// Version returns the name of the newest migration applied, "" for none.
func (s *Store) Version(ctx context.Context) (string, error) {
	applied, err := s.applied(ctx)
	if err != nil || len(applied) == 0 {
		return "", err
	}
	return applied[len(applied)-1], nil
}

// migrate runs the migrations that choose picks.
func (s *Store) migrate(ctx context.Context, op string, choose func([]migrate.Migration, []string) []migrate.Migration, up bool) error {
	known, err := migrations()
	if err != nil {
		return &crm.Error{Op: op, Code: crm.Internal, Err: err}
	}
	applied, err := s.applied(ctx)
	if err != nil {
		return crm.Wrap(op, err)
	}
	if newest := known[len(known)-1].Name; len(applied) > 0 && applied[len(applied)-1] > newest {
		return &crm.Error{Op: op, Code: crm.Refused, Reason: "newer_schema", Msg: fmt.Sprintf(
			"The database was migrated to %s by a newer version of this program; this one knows migrations up to %s.", applied[len(applied)-1], newest)}
	}
	ctx = withScope(ctx, everywhere) // the rows that a migration moves are every workspace's
	runner := migrate.NewMigrator(s.db, migrate.NewMigrations(), migrate.WithTemplateData(s.dialect.MigrationTypes()),
		migrate.BeforeMigration(func(ctx context.Context, tx bun.IConn, m *migrate.Migration) error { return s.enter(ctx, tx, m, up) }),
		migrate.AfterMigration(func(ctx context.Context, tx bun.IConn, m *migrate.Migration) error { return s.record(ctx, tx, m, up) }))
	for _, m := range choose(known, applied) {
		run := m.Up
		if !up {
			run = m.Down
		}
		if err := s.patiently(ctx, func() error { return run(ctx, runner, &m) }); err != nil && !errors.Is(err, errDone) {
			return link{store: s, op: op + " " + m.Name}.failure(ctx, err)
		}
	}
	return nil
}

// migrationTries is how often a migration is tried where another program holds the
// database: that one migrates too, which takes as long as it takes. Each try has
// waited as long as any statement waits.
const migrationTries = 15

// patiently does a migration, which is one transaction, again while the database is
// busy.
func (s *Store) patiently(ctx context.Context, do func() error) (err error) {
	leave, err := s.held.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	defer s.held.empty()
	for try := 1; try <= migrationTries; try++ {
		if err = do(); s.dialect.Fault(err) != Busy || !pause(ctx, try) {
			break
		}
	}
	return err
}

// migrations returns the migrations of this program, oldest first.
func migrations() ([]migrate.Migration, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	all := migrate.NewMigrations()
	if err := all.Discover(files); err != nil {
		return nil, err
	}
	return all.Sorted(), nil
}

// enter takes the lock and looks again whether there is anything to do.
func (s *Store) enter(ctx context.Context, tx bun.IConn, m *migrate.Migration, up bool) error {
	if lock := s.dialect.MigrationLock(); lock != "" {
		if _, err := tx.ExecContext(ctx, lock); err != nil {
			return err
		}
	}
	var there bool
	q := s.db.QueryGen().FormatQuery("select count(name) > 0 from migrations where name = ?", text(m.Name))
	if err := tx.QueryRowContext(ctx, q).Scan(&there); err != nil {
		return err
	}
	if there == up {
		return errDone
	}
	switch {
	case up:
		return nil
	case m.Name == journalMigration:
		return s.unpackBodies(ctx, tx)
	case m.Name == blocksMigration:
		return s.separateBodies(ctx, tx)
	}
	return nil
}

// record keeps the table of migrations in step.
func (s *Store) record(ctx context.Context, tx bun.IConn, m *migrate.Migration, up bool) error {
	q := s.db.QueryGen().FormatQuery("delete from migrations where name = ?", text(m.Name))
	if up {
		q = s.db.QueryGen().FormatQuery("insert into migrations (name, applied_at) values (?, ?)", text(m.Name), stamp(time.Now()))
	}
	if _, err := tx.ExecContext(ctx, q); err != nil {
		return err
	}
	switch {
	case up && m.Name == leadsMigration:
		return s.indexFields(ctx, tx)
	case up && m.Name == figuresMigration:
		return s.countStanding(ctx, tx)
	case up && m.Name == partsMigration:
		return s.indexNames(ctx, tx, true)
	case m.Name == wholesMigration && s.dialect.MigrationTypes().Postgres:
		return s.indexNames(ctx, tx, up)
	}
	return nil
}

// applied returns the names of the applied migrations in order, and makes the
// table that holds them if there is none.
func (s *Store) applied(ctx context.Context) ([]string, error) {
	var rows []migrationRow
	err := s.transact(ctx, "read the table of migrations", Scope{}, func(ctx context.Context, t *tx) error {
		rows = nil
		var steps []step
		if lock := s.dialect.MigrationLock(); lock != "" {
			steps = append(steps, step{Statement: Statement{SQL: lock}})
		}
		steps = append(steps, step{Statement: Statement{SQL: "create table if not exists migrations (name text not null primary key, applied_at bigint not null)"}})
		if err := t.run(ctx, steps...); err != nil {
			return err
		}
		return t.run(ctx, load(ctx, t.link, from[migrationRow](s).and(" order by name").bound(), &rows))
	})
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = string(rows[i].Name)
	}
	return names, err
}
