package bunstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/zstd"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

func packer(tb testing.TB) crm.Packer {
	tb.Helper()
	p, err := zstd.New()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

var installation = bunstore.Scope{Installation: true}

// column returns the values of a query's only column.
func column[V any](t *testing.T, store *bunstore.Store, query string) (values []V) {
	t.Helper()
	err := store.Look(t.Context(), installation, bunstore.Statement{SQL: query}, func(rows *sql.Rows) error {
		var v V
		err := rows.Scan(&v)
		values = append(values, v)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return values
}

// deliveryAt returns a delivery whose id was made at a time, not yet stored.
func deliveryAt(ws crm.WorkspaceID, at time.Time, body []byte) *crm.Delivery {
	mint := crm.NewMint(func() time.Time { return at }, bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	d := &crm.Delivery{ID: crm.NewID[crm.Delivery](mint), WorkspaceID: ws, Provider: crm.Meta, Verdict: crm.DeliveryApplied, Body: body, ReceivedAt: at, Seen: 1}
	d.Key = crm.DeliveryKey(fmt.Append(body, at), nil)
	return d
}

// TestRollbackOfJournal takes the journal's migration back and does it again,
// with bodies of every kind stored, some of them packed.
func TestRollbackOfJournal(t *testing.T) {
	t.Parallel()
	path, dsn := filepath.Join(t.TempDir(), "store.db"), pgtest.DSN(t)
	for name, open := range map[string]func(crm.Packer) *bunstore.Store{
		"sqlite": func(p crm.Packer) *bunstore.Store {
			return openSQLite(t, path, sqlite.Options{Sealer: sealer(t), Packer: p})
		},
		"postgres": func(p crm.Packer) *bunstore.Store {
			return openPostgres(t, dsn, postgres.Options{Sealer: sealer(t), Packer: p, Connections: 4})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, packing := open(nil), open(packer(t))
			c, mint := settle(t, plain)
			var stored []*crm.Delivery
			keep := func(store *bunstore.Store, body []byte) {
				d := &crm.Delivery{
					ID: crm.NewID[crm.Delivery](mint), WorkspaceID: c.Workspace.ID, Key: crm.DeliveryKey(fmt.Append(body, len(stored)), nil),
					Provider: crm.Meta, Verdict: crm.DeliveryApplied, Body: body, ReceivedAt: mint.Now(), Seen: 1,
				}
				mustWrite(t, store, d.WorkspaceID, &crm.Changes{Deliveries: []*crm.Delivery{d}})
				stored = append(stored, d)
			}
			bodies := [][]byte{{}, {0}, []byte("\x00\xff\xfe{\"a\":1}\r\n"), bytes.Repeat([]byte(`{"object":"whatsapp_business_account"}`), 20), nil}
			for _, body := range bodies {
				keep(plain, body)
				keep(packing, body)
			}
			for range 130 { // more than are unpacked at once
				keep(packing, bodies[3])
			}
			check := func(when string) {
				t.Helper()
				for _, want := range stored {
					got, err := packing.Inbox().Delivery(t.Context(), want.WorkspaceID, want.ID)
					if err != nil || !bytes.Equal(got.Body, want.Body) || (got.Body == nil) != (want.Body == nil) || got.Expired {
						t.Errorf("%s a body of %d bytes is %+v, %v", when, len(want.Body), got, err)
					}
				}
			}
			check("at first")
			since := column[int](t, packing, "select count(name) from migrations where name >= '20261128000000'")[0]
			if err := plain.Rollback(t.Context(), since); !errors.Is(err, crm.Internal) || !strings.Contains(err.Error(), "packer") {
				t.Errorf("Rollback without a packer = %v, want Internal for the want of one", err)
			}
			if err := packing.Migrate(t.Context()); err != nil { // what is newer went
				t.Fatal(err)
			}
			check("after a rollback that failed,")
			if err := packing.Rollback(t.Context(), since); err != nil {
				t.Fatal(err)
			}
			raw := column[[]byte](t, packing, "select body from deliveries order by id")
			for i, d := range stored {
				if !bytes.Equal(raw[i], d.Body) {
					t.Errorf("after the rollback the program before reads %q, want %q", raw[i], d.Body)
				}
			}
			if err := packing.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			check("after the migration")
			if left := column[int](t, packing, "select count(id) from deliveries where body is not null"); left[0] != 0 {
				t.Errorf("the migration left %d bodies where they were", left[0])
			}
		})
	}
}

// TestProgramBefore writes as the program before bodies had their own table,
// which may still run beside this one.
func TestProgramBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		d := deliveryAt(c.Workspace.ID, mint.Now(), nil)
		mustWrite(t, store, d.WorkspaceID, &crm.Changes{Deliveries: []*crm.Delivery{d}})
		set := "update deliveries set body = x'7b7d'"
		if store.Dialect().MigrationTypes().Postgres {
			set = `select set_config('my21staff.scope', 'installation', true); update deliveries set body = '\x7b7d'`
		}
		if err := store.Do(t.Context(), set); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Inbox().Delivery(t.Context(), d.WorkspaceID, d.ID); err != nil || string(got.Body) != "{}" {
			t.Errorf("the body is %+v, %v, want {}", got, err)
		}
	})
}

// TestCorruptBody is an error, and nothing that looks like a body.
func TestCorruptBody(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		d := deliveryAt(c.Workspace.ID, mint.Now(), []byte("{}"))
		mustWrite(t, store, d.WorkspaceID, &crm.Changes{Deliveries: []*crm.Delivery{d}})
		spoil := "update delivery_bodies set body = x'010203'"
		if store.Dialect().MigrationTypes().Postgres {
			spoil = `select set_config('my21staff.scope', 'installation', true); update delivery_bodies set body = '\x010203'`
		}
		if err := store.Do(t.Context(), spoil); err != nil {
			t.Fatal(err)
		}
		got, err := store.Inbox().Delivery(t.Context(), d.WorkspaceID, d.ID)
		var failed *crm.Error
		if !errors.As(err, &failed) || failed.Code != crm.Internal || !strings.Contains(err.Error(), "corrupt") {
			t.Errorf("Delivery() of a corrupt body = %+v, %v, want Internal: corrupt", got, err)
		}
	})
}

// partsOf says where the bodies are: "part: how many".
func partsOf(t *testing.T, store *bunstore.Store) []string {
	t.Helper()
	return column[string](t, store, `
		select c.relname || ': ' || (select count(b.id) from delivery_bodies b where b.tableoid = c.oid)
		from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'delivery_bodies'::regclass order by 1`)
}

func TestMonths(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := openPostgres(t, dsn, postgres.Options{Sealer: sealer(t), Packer: packer(t), Connections: 4})
	c, _ := settle(t, store)
	day := func(text string) time.Time {
		at, err := time.Parse("2006-01-02T15:04:05.000", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	var stored []*crm.Delivery
	for _, at := range []string{
		"1999-12-31T23:59:59.999", "2031-01-31T23:59:59.999", "2031-02-01T00:00:00.000", "2031-02-28T23:59:59.999", "2031-03-01T00:00:00.000",
		"2031-04-30T23:59:59.999", "2031-05-01T00:00:00.000",
	} {
		stored = append(stored, deliveryAt(c.Workspace.ID, day(at), []byte(at)))
	}
	mustWrite(t, store, c.Workspace.ID, &crm.Changes{Deliveries: stored})
	dropMonths(t, store) // those of now, which Open made
	parts := func(when string, want ...string) {
		t.Helper()
		if got := partsOf(t, store); !slices.Equal(got, want) {
			t.Errorf("%s the parts are %q, want %q", when, got, want)
		}
	}
	parts("before there is a month", "delivery_bodies_default: 7")
	// Several processes at once, over what came before its month was made.
	other := openPostgres(t, dsn, postgres.Options{Sealer: sealer(t), KeepSchema: true, Connections: 2})
	var together sync.WaitGroup
	for i := range 6 {
		together.Go(func() {
			if err := []*bunstore.Store{store, other}[i%2].PrepareMonths(t.Context(), day("2031-02-14T12:00:00.000")); err != nil {
				t.Errorf("PrepareMonths of several at once: %v", err)
			}
		})
	}
	together.Wait()
	parts("after three months were made", "delivery_bodies_2031_02: 2", "delivery_bodies_2031_03: 1", "delivery_bodies_2031_04: 1", "delivery_bodies_default: 3")
	march := deliveryAt(c.Workspace.ID, day("2031-03-15T00:00:00.000"), []byte("straight into its month"))
	mustWrite(t, store, c.Workspace.ID, &crm.Changes{Deliveries: []*crm.Delivery{march}})
	parts("after another delivery", "delivery_bodies_2031_02: 2", "delivery_bodies_2031_03: 2", "delivery_bodies_2031_04: 1", "delivery_bodies_default: 3")
	for _, d := range append(stored, march) {
		if got, err := store.Inbox().Delivery(t.Context(), d.WorkspaceID, d.ID); err != nil || !bytes.Equal(got.Body, d.Body) {
			t.Errorf("Delivery() = %+v, %v, want the body %s", got, err, d.Body)
		}
	}
	// A month that is not over stays, a day before its end as well.
	take := func(before string, want int) {
		t.Helper()
		if n, err := store.Inbox().ExpireBodies(t.Context(), day(before), 100); err != nil || n != want {
			t.Errorf("ExpireBodies(%s) = %d, %v, want %d", before, n, err, want)
		}
	}
	take("2031-02-28T23:59:59.999", 2) // of the default part, row by row
	parts("after February is nearly over", "delivery_bodies_2031_02: 2", "delivery_bodies_2031_03: 2", "delivery_bodies_2031_04: 1", "delivery_bodies_default: 1")
	take("2031-03-01T00:00:00.000", 1)
	parts("after February was taken", "delivery_bodies_2031_03: 2", "delivery_bodies_2031_04: 1", "delivery_bodies_default: 1")
	if got, err := store.Inbox().Delivery(t.Context(), c.Workspace.ID, stored[2].ID); err != nil || got.Body != nil || !got.Expired {
		t.Errorf("a delivery of February is %+v, %v, want one whose body was taken", got, err)
	}
}

// dropMonths takes all months away.
func dropMonths(t *testing.T, store *bunstore.Store) {
	t.Helper()
	for _, name := range column[string](t, store, store.Dialect().Months().List()) {
		if name != store.Dialect().Months().Rest() {
			if err := store.Do(t.Context(), "drop table "+name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMonthsWait holds the making of a month to giving up soon on those who use
// the journal, because others would queue behind it.
func TestMonthsWait(t *testing.T) {
	t.Parallel()
	store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 4})
	c, _ := settle(t, store)
	now := time.Date(2031, 2, 1, 0, 0, 0, 0, time.UTC)
	d := deliveryAt(c.Workspace.ID, now, []byte("{}"))
	err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{d.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error {
		if err := tx.Write(ctx, &crm.Changes{Deliveries: []*crm.Delivery{d}}); err != nil {
			return err
		}
		if err := store.PrepareMonths(t.Context(), now); !errors.Is(err, crm.Unavailable) {
			t.Errorf("PrepareMonths while a body is being written = %v, want Unavailable", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PrepareMonths(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if parts := partsOf(t, store); !slices.Contains(parts, "delivery_bodies_2031_02: 1") {
		t.Errorf("the parts are %q, want the body in its month", parts)
	}
}
