package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
)

// TestUpdateRunsAgain lets two transactions that both saw no message write the
// same one. The one that comes second is run again and finds it.
func TestUpdateRunsAgain(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.DSN(t))
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	ws, ct := c.Workspace.ID, c.Contact()
	cv := c.Conversation(ct)
	write(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}})
	same := inbox.Provided{ChannelID: cv.ChannelID, ProviderID: "wamid.same"}
	var both, done sync.WaitGroup
	both.Add(2)
	runs, numbers := make([]int, 2), make([]int64, 2)
	for i := range runs {
		m := c.Inbound(cv, "halo")
		m.ProviderID = same.ProviderID
		done.Go(func() {
			err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
				runs[i]++
				state, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, Provided: []inbox.Provided{same}})
				if err != nil {
					return err
				}
				if runs[i] == 1 {
					both.Done()
					both.Wait()
				}
				if len(state.Messages) > 0 {
					m.ProviderID = "wamid.other"
				}
				return tx.Write(ctx, &crm.Changes{Messages: []*crm.Message{m}, Facts: []crm.Fact{{WorkspaceID: ws}}})
			})
			if err != nil {
				t.Errorf("one of two that write the same message: %v", err)
			}
			numbers[i] = m.Ingest
		})
	}
	done.Wait()
	slices.Sort(runs)
	if !slices.Equal(runs, []int{1, 2}) {
		t.Errorf("the two functions ran %v times, want one of them twice", runs)
	}
	third := c.Inbound(cv, "halo lagi")
	write(t, store, ws, &crm.Changes{Messages: []*crm.Message{third}})
	slices.Sort(numbers)
	if numbers = append(numbers, third.Ingest); !slices.Equal(numbers, []int64{1, 2, 3}) {
		t.Errorf("the two messages and one after them have the numbers %v, want 1, 2, 3", numbers)
	}
	facts, err := store.Feed().Facts(t.Context(), ws, 0, 10)
	if err != nil || len(facts) != 2 || facts[0].Seq != 1 || facts[1].Seq != 2 {
		t.Errorf("the feed after a repeat is %v, %v, want the numbers 1 and 2", facts, err)
	}
}

// TestWatchAcrossHosts holds two stores on one database to telling each other.
func TestWatchAcrossHosts(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	here, there := open(t, dsn), open(t, dsn)
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	ws := c.Workspace.ID
	woken := make(chan []crm.WorkspaceID, 100)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var watching sync.WaitGroup
	defer watching.Wait()
	defer stop()
	watching.Go(func() {
		if err := there.Feed().Watch(ctx, func(workspaces []crm.WorkspaceID) { woken <- workspaces }); err != nil {
			t.Errorf("Watch() = %v", err)
		}
	})
	// The listener tells "any workspace" when it has begun to listen; a commit
	// from then on must arrive by name.
	for {
		write(t, here, ws, &crm.Changes{Facts: []crm.Fact{{WorkspaceID: ws}}})
		select {
		case workspaces := <-woken:
			if slices.Equal(workspaces, []crm.WorkspaceID{ws}) {
				return
			}
		case <-ctx.Done():
			t.Fatal("the other host was never told")
		}
	}
}

func write(t *testing.T, store *bunstore.Store, ws crm.WorkspaceID, changes *crm.Changes) {
	t.Helper()
	if err := writeTo(t.Context(), store, ws, changes); err != nil {
		t.Fatal(err)
	}
}

func writeTo(ctx context.Context, store *bunstore.Store, ws crm.WorkspaceID, changes *crm.Changes) error {
	return store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, changes)
	})
}

// TestServerGone holds the store to saying so, and to going on by itself when
// the server is back.
func TestServerGone(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	store := open(t, server.DSN())
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	ws := c.Workspace.ID
	write(t, store, ws, &crm.Changes{Facts: []crm.Fact{{WorkspaceID: ws}}})
	for _, end := range []func(){server.Stop, server.Kill} {
		end()
		for store.Ping(t.Context()) == nil { // a killed server's backends notice a little later
		}
		for range 2 {
			if err := store.Ping(t.Context()); !errors.Is(err, crm.Unavailable) {
				t.Errorf("Ping() without a server = %v, want Unavailable", err)
			}
			if _, err := store.Feed().Facts(t.Context(), ws, 0, 10); !errors.Is(err, crm.Unavailable) {
				t.Errorf("a read without a server = %v, want Unavailable", err)
			}
			err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(context.Context, inbox.Tx) error { return nil })
			if !errors.Is(err, crm.Unavailable) {
				t.Errorf("Update() without a server = %v, want Unavailable", err)
			}
		}
		server.Start()
		if err := store.Ping(t.Context()); err != nil {
			t.Errorf("Ping() after the server came back = %v", err)
		}
		write(t, store, ws, &crm.Changes{Facts: []crm.Fact{{WorkspaceID: ws}}})
		if facts, err := store.Feed().Facts(t.Context(), ws, 0, 10); err != nil || len(facts) < 2 {
			t.Errorf("after the server came back the feed has %d facts, %v", len(facts), err)
		}
	}
}

// TestServerStartedAnew asks with a pool full of connections to the server that
// was there before.
func TestServerStartedAnew(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	store := open(t, server.DSN())
	ws := crmtest.NewCompany(crmtest.NewClock().Mint(1)).Workspace.ID
	var together sync.WaitGroup
	for range 6 {
		together.Go(func() {
			for range 20 {
				if _, err := store.Feed().Facts(t.Context(), ws, 0, 10); err != nil {
					t.Error(err)
				}
			}
		})
	}
	together.Wait()
	server.Stop()
	server.Start()
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("Ping() after the server was started anew = %v", err)
	}
}

// TestConnectionsGone writes with a pool full of connections that the server has ended,
// and with one that it ends under a transaction.
func TestConnectionsGone(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	store := open(t, server.DSN())
	ws := crmtest.NewCompany(crmtest.NewClock().Mint(1)).Workspace.ID
	fact := &crm.Changes{Facts: []crm.Fact{{WorkspaceID: ws}}}
	const connections = 4 // of a store of open
	// So often that a connection does not let go of its plans at its next use, by which
	// it would be found out.
	for range 9 {
		var there, together sync.WaitGroup
		there.Add(connections)
		for range connections {
			together.Go(func() {
				err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
					_, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, AllChannels: true})
					there.Done()
					there.Wait()
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		together.Wait()
	}
	endAll(t, server)
	write(t, store, ws, fact)
	runs := 0
	err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
		if _, err := tx.Load(ctx, inbox.Need{WorkspaceID: ws, AllChannels: true}); err != nil {
			return err
		}
		if runs++; runs == 1 {
			endAll(t, server)
		}
		return tx.Write(ctx, fact)
	})
	if err != nil || runs != 2 {
		t.Errorf("a transaction whose connection is ended runs %d times and is %v, want 2 and nil", runs, err)
	}
	if facts, err := store.Feed().Facts(t.Context(), ws, 0, 10); err != nil || len(facts) != 2 {
		t.Errorf("the feed has %d facts, %v, want 2", len(facts), err)
	}
}

// endAll ends all connections to a server.
func endAll(t *testing.T, server *pgtest.Instance) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
}
