package bunstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

// TestOneJobOfALaneIsDue holds claims to looking at one job of a conversation,
// however many wait behind it and whatever it waits for.
func TestOneJobOfALaneIsDue(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		ct := c.Contact()
		cv := c.Conversation(ct)
		changes := &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}}
		for range 3 {
			m, job := c.Outbound(cv, "halo")
			changes.Messages, changes.Jobs = append(changes.Messages, m), append(changes.Jobs, job)
		}
		jobs := changes.Jobs
		mustWrite(t, store, c.Workspace.ID, changes)
		late := &crm.Changes{}
		m, job := c.Outbound(cv, "lagi") // of a later transaction
		late.Messages, late.Jobs, jobs = []*crm.Message{m}, []*crm.Job{job}, append(jobs, job)
		mustWrite(t, store, c.Workspace.ID, late)
		now := jobs[0].RunAt.Add(time.Second)
		due := func() (n int) {
			t.Helper()
			err := store.Look(t.Context(), bunstore.Scope{Workspaces: []crm.WorkspaceID{c.Workspace.ID}},
				bunstore.Statement{SQL: fmt.Sprintf("select count(*) from jobs where due_at <= %d", now.UnixMilli())},
				func(rows *sql.Rows) error { return rows.Scan(&n) })
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := due(); n != 1 {
			t.Errorf("%d jobs of a lane are due, want the first", n)
		}
		claiming := outbox.Claiming{Now: now, Lease: time.Minute, Limit: 10}
		claiming.Turn = func(*crm.Job) time.Time { return now.Add(time.Hour) }
		if claims, putOff, err := store.Outbox().Claim(t.Context(), claiming); err != nil || len(claims) != 0 || putOff != 1 || due() != 0 {
			t.Errorf("while the first waits for its turn %d are claimed, %d put off, %v, and %d due", len(claims), putOff, err, due())
		}
		for _, job := range jobs {
			mustWrite(t, store, c.Workspace.ID, &crm.Changes{DoneJobs: []*crm.Job{job}})
			want := 1
			if job == jobs[len(jobs)-1] {
				want = 0
			}
			if n := due(); n != want {
				t.Errorf("%d are due when one is done, want %d", n, want)
			}
		}
	})
}

// TestSettledJobThatIsHeld settles a message while its sender records what the provider
// answered: it holds the job and waits for the conversation, and who settles holds the
// conversation. So neither waits for the other, and the sender takes the job away.
func TestSettledJobThatIsHeld(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	c, _ := settle(t, store)
	ct := c.Contact()
	cv := c.Conversation(ct)
	m, job := c.Outbound(cv, "halo")
	mustWrite(t, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Jobs: []*crm.Job{job}})
	claims, _, err := store.Outbox().Claim(t.Context(), outbox.Claiming{Now: job.RunAt, Lease: time.Hour, Limit: 1})
	if err != nil || len(claims) != 1 {
		t.Fatalf("%d jobs are claimed, %v", len(claims), err)
	}
	left := func(do func()) (found bool) {
		t.Helper()
		err := store.Outbox().Update(t.Context(), c.Workspace.ID, func(ctx context.Context, tx outbox.Tx) error {
			states, err := tx.Load(ctx, outbox.Ask{Job: job})
			if err != nil {
				return err
			}
			found = states[0].Job != nil
			do()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	told := func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := store.Inbox().Update(ctx, []crm.WorkspaceID{c.Workspace.ID}, func(ctx context.Context, tx inbox.Tx) error {
			return tx.Write(ctx, &crm.Changes{Settled: []*crm.Message{m}})
		})
		if err != nil {
			t.Errorf("to settle what somebody holds is %v", err)
		}
	}
	left(told)
	if !left(func() {}) {
		t.Error("a job that somebody held was taken away")
	}
	told()
	if left(func() {}) {
		t.Error("a job that nobody holds stays when its message is settled")
	}
}
