package worker_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/worker"
)

// kept is a store in which requests and facts came in the course of a year.
type kept struct {
	t     *testing.T
	store *bunstore.Store
	clock *crmtest.Clock
	ws    crm.WorkspaceID
	mint  *crm.Mint
}

func newKept(t *testing.T, store *bunstore.Store) *kept {
	t.Helper()
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	c := crmtest.NewCompany(mint)
	if err := store.Directory().SaveWorkspace(t.Context(), c.Workspace); err != nil {
		t.Fatal(err)
	}
	return &kept{t, store, clock, c.Workspace.ID, mint}
}

// come stores n requests, each with a fact, at the clock's time.
func (k *kept) come(n int) {
	k.t.Helper()
	changes := &crm.Changes{}
	for range n {
		d := &crm.Delivery{ID: crm.NewID[crm.Delivery](k.mint), WorkspaceID: k.ws, Verdict: crm.DeliveryApplied, Body: []byte("{}"), ReceivedAt: k.clock.Now(), Seen: 1}
		d.Key = sha256.Sum256(binary.BigEndian.AppendUint64(d.ID[:], uint64(n)))
		changes.Deliveries = append(changes.Deliveries, d)
		changes.Facts = append(changes.Facts, crm.Fact{WorkspaceID: k.ws, Kind: crm.MessageReceived, At: k.clock.Now()})
	}
	err := k.store.Inbox().Update(k.t.Context(), []crm.WorkspaceID{k.ws}, func(ctx context.Context, tx inbox.Tx) error { return tx.Write(ctx, changes) })
	if err != nil {
		k.t.Fatal(err)
	}
}

// left returns how many requests and facts there are.
func (k *kept) left() (requests, facts int) {
	k.t.Helper()
	list, err := k.store.Inbox().Deliveries(k.t.Context(), k.ws, inbox.DeliveryQuery{Limit: 10_000})
	if err != nil {
		k.t.Fatal(err)
	}
	first, last, err := k.store.Feed().Bounds(k.t.Context(), k.ws)
	if err != nil {
		k.t.Fatal(err)
	}
	return len(list), int(last - first + 1)
}

// retention returns the worker with the services on the store.
func (k *kept) retention(journalDays, feedDays int) *worker.Retention {
	return &worker.Retention{
		Store: k.store, Journal: inbox.New(k.store.Inbox(), nil, k.mint), Feed: feed.New(k.store.Feed()),
		JournalDays: journalDays, FeedDays: feedDays, Now: k.clock.Now, Log: slog.New(slog.DiscardHandler),
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) (*bunstore.Store, error){
		"sqlite": func(t *testing.T) (*bunstore.Store, error) {
			return sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{})
		},
		"postgres": func(t *testing.T) (*bunstore.Store, error) {
			return postgres.Open(t.Context(), pgtest.DSN(t), postgres.Options{Connections: 4})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			k := newKept(t, store)
			k.come(1100)
			k.clock.Advance(60 * 24 * time.Hour)
			k.come(20)
			k.clock.Advance(40 * 24 * time.Hour)
			k.come(3)
			turn := func(what string, journalDays, feedDays, requests, facts int) {
				t.Helper()
				var hosts sync.WaitGroup
				for range 2 {
					hosts.Go(func() {
						if err := k.retention(journalDays, feedDays).Turn(t.Context()); err != nil {
							t.Errorf("%s: Turn = %v", what, err)
						}
					})
				}
				hosts.Wait()
				if r, f := k.left(); r != requests || f != facts {
					t.Errorf("%s: %d requests and %d facts are left, want %d and %d", what, r, f, requests, facts)
				}
			}
			turn("for ever", 0, 0, 1123, 1123)
			turn("for long enough", 101, 101, 1123, 1123)
			turn("as by default", 90, 30, 23, 3)
			turn("again", 90, 30, 23, 3)
			k.clock.Advance(365 * 24 * time.Hour)
			turn("a year later", 90, 30, 0, 1)
		})
	}
}

// failing is a part of a store that is out of order.
type failing struct{}

var errFailing = errors.New("out of order")

func (failing) PrepareMonths(context.Context, time.Time) error { return errFailing }

func (failing) ExpireJournal(context.Context, time.Time, int) (int, error) { return 0, errFailing }

func TestRetentionGoesOn(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	k := newKept(t, store)
	k.come(5)
	k.clock.Advance(100 * 24 * time.Hour)
	r := k.retention(90, 30)
	r.Store, r.Journal = failing{}, failing{}
	if err := r.Turn(t.Context()); !errors.Is(err, errFailing) {
		t.Errorf("Turn = %v, want what failed", err)
	}
	if requests, facts := k.left(); requests != 5 || facts != 1 {
		t.Errorf("%d requests and %d facts are left, want the five requests that could not be taken, and one fact", requests, facts)
	}
}
