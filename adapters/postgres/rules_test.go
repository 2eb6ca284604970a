package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
)

// TestRulesAreReadBehindLocks: a transaction that clashed over its rules scores, when
// it runs anew, by those that are in force once it has its rows, and not by those of
// the time when it began to wait for them.
func TestRulesAreReadBehindLocks(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := open(t, dsn)
	mint := crmtest.NewClock().Mint(1)
	c := crmtest.NewCompany(mint)
	ws, ct := c.Workspace.ID, c.Contact()
	write(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{ct}})
	need := inbox.Need{WorkspaceID: ws, Contacts: []crm.ContactID{ct.ID}, Leads: true}

	var others sync.WaitGroup
	tries := 0
	err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
		if tries++; tries == 2 {
			third, held := rulesOf(t, c, mint, 3), make(chan struct{})
			others.Go(func() {
				holdUntilWaitedFor(t, dsn, store, need, held, func(ctx context.Context) error { return writeTo(ctx, store, ws, third) })
			})
			<-held
		}
		state, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		if tries == 1 {
			write(t, store, ws, rulesOf(t, c, mint, 2))
		}
		l := &crm.Lead{WorkspaceID: ws, ContactID: ct.ID, Profile: []byte{1}, Rules: state.Rules.Version(), Temperature: crm.Cold, ScoredAt: mint.Now()}
		return tx.Write(ctx, &crm.Changes{Leads: []*crm.Lead{l}})
	})
	others.Wait()
	if err != nil || tries != 2 {
		t.Errorf("a lead was written at try %d, %v, want the second", tries, err)
	}
}

// holdUntilWaitedFor takes the rows of a need and keeps them until somebody waits for
// them and then has run. It says when they are held.
func holdUntilWaitedFor(t *testing.T, dsn string, store *bunstore.Store, need inbox.Need, held chan<- struct{}, then func(context.Context) error) {
	err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{need.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error {
		_, err := tx.Load(ctx, need)
		close(held)
		if err == nil {
			err = waited(ctx, dsn)
		}
		if err == nil {
			err = then(ctx)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// waited returns when somebody waits for a lock in a database, which nothing but its
// own view tells of.
func waited(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for waiting := false; !waiting; time.Sleep(time.Millisecond) {
		const ask = "select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
		if err := conn.QueryRow(ctx, ask).Scan(&waiting); err != nil {
			return err
		}
	}
	return nil
}

// rulesOf returns changes that put a version of the rules in force.
func rulesOf(t *testing.T, c *crmtest.Company, mint *crm.Mint, version int) *crm.Changes {
	t.Helper()
	doc := lead.Sales().Document()
	doc.Version = version
	compiled, err := lead.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &crm.Changes{Rules: []*crm.LeadRules{{
		WorkspaceID: c.Workspace.ID, Version: version, Document: compiled.Encode(), Author: crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()}, CreatedAt: mint.Now(),
	}}}
}
