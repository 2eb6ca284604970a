package bunstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/figures"
)

// standing returns a workspace's standing figures, a line each.
func standing(t *testing.T, store *bunstore.Store, ws crm.WorkspaceID) []string {
	t.Helper()
	sums, err := store.Figures().Figures(t.Context(), ws, figures.Query{From: 1, To: 0})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range slices.Concat(sums.Standing, sums.Channels, sums.Members) {
		lines = append(lines, fmt.Sprint(row.ChannelID, " ", row.MemberID, " ", row.Measure, " ", row.Value))
	}
	slices.Sort(lines)
	return lines
}

// crowd stores conversations of every status with contacts of some stages.
func crowd(t *testing.T, store *bunstore.Store, c *crmtest.Company) {
	t.Helper()
	for i, status := range []crm.ConversationStatus{crm.Open, crm.Open, crm.Pending, crm.Snoozed, crm.Resolved} {
		ct := c.Contact()
		ct.LeadStatus = []string{"new", "won"}[i%2]
		ct.Temperature = []crm.Temperature{crm.Hot, crm.Cold, ""}[i%3]
		cv := c.Conversation(ct)
		cv.Status, cv.Temperature = status, ct.Temperature
		in := c.Inbound(cv, "halo")
		if cv.Status != crm.Resolved {
			cv.WaitingSince = cv.LastInbound
		}
		if i == 1 {
			cv.AssigneeID, cv.Unread = c.Owner.ID, 0
		}
		mustWrite(t, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{in}})
	}
	mustWrite(t, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{c.Contact()}}) // one nobody has talked to
}

func TestFiguresOfWhatWasThereBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		crowd(t, store, c)
		want := standing(t, store, c.Workspace.ID)
		if len(want) < 20 {
			t.Fatalf("only %d figures stand: %v", len(want), want)
		}
		for {
			version, err := store.Version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if version < "20261129120000" {
				break
			}
			if err := store.Rollback(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := standing(t, store, c.Workspace.ID); !slices.Equal(got, want) {
			t.Errorf("after the migration the figures are\n%q, want\n%q", got, want)
		}
	})
}

func TestRecount(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		ws, all := c.Workspace.ID, bunstore.Scope{Installation: true}
		crowd(t, store, c)
		want := standing(t, store, ws)
		recount := func(wrong int) {
			t.Helper()
			if got, err := store.Figures().Recount(t.Context(), ws); got != wrong || err != nil {
				t.Errorf("Recount() = %d, %v, want %d", got, err, wrong)
			}
			if got := standing(t, store, ws); !slices.Equal(got, want) {
				t.Errorf("the figures are\n%q, want\n%q", got, want)
			}
		}
		recount(0)
		for statement, wrong := range map[string]int{
			"update figures set value = value + 3 where measure = 'status:pending'": 1,
			"delete from figures where measure in ('waiting', 'unread')":            3,
			"delete from figures where measure like 'contact_%'":                    5,
		} {
			if err := store.DoIn(t.Context(), all, statement); err != nil {
				t.Fatal(err)
			}
			if got := standing(t, store, ws); slices.Equal(got, want) {
				t.Errorf("%s: spoilt nothing", statement)
			}
			recount(wrong)
		}
		// What happened on a day is no business of a recount's.
		mustWrite(t, store, ws, &crm.Changes{Responses: []crm.Response{{WorkspaceID: ws, ChannelID: c.Channel.ID, At: crmtest.Start, Waited: time.Minute}}})
		recount(0)
	})
}
