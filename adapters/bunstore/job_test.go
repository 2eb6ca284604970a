package bunstore_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
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
