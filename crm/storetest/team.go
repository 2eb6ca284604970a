package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
)

var teamTests = []test{
	{"comes with what each member takes, has and last got", teamLoaded},
	{"of a workspace whose rules assign nothing is not loaded", teamOff},
	{"of one workspace is loaded beside another's", teamTogether},
	{"turns by rules that are not in force any more are not written", teamOutdated},
	{"is decided about by one transaction at a time", teamRace},
	{"has a queue that is claimed when it is due and something waits in it", queueClaimed},
	{"has a queue that one of many claimers gets", queueRaced},
	{"has a queue in the order in which it has waited", queueOrder},
}

// assigning puts rules in force by which conversations are assigned.
func (w *world) assigning(t *testing.T, c *tenant) {
	t.Helper()
	doc := lead.Sales().Document()
	doc.Version, doc.Routing.Enabled = crm.DefaultRules+1, true
	compiled := must[*lead.Rules](t)(lead.New(doc))
	w.write(t, c.ws, &crm.Changes{Rules: []*crm.LeadRules{{
		WorkspaceID: c.ws, Version: doc.Version, Document: compiled.Encode(), Author: crm.Actor{Kind: crm.BySystem}, CreatedAt: w.mint.Now(),
	}}})
}

// team loads a company's team.
func (w *world) team(t *testing.T, c *tenant) *inbox.State {
	t.Helper()
	return w.load(t, inbox.Need{WorkspaceID: c.ws, Leads: true, Team: true})
}

func (w *world) turn(c *tenant, m *crm.Member, number int64) crm.Turn {
	return crm.Turn{WorkspaceID: c.ws, MemberID: m.ID, Number: number, Rules: crm.DefaultRules + 1}
}

func teamLoaded(t *testing.T, w *world) {
	w.assigning(t, w.ours)
	busy, gone, fresh := w.ours.Member(), w.ours.Member(), w.ours.Member()
	busy.Skills, busy.Capacity, busy.Away = []crm.TagID{w.ours.tag.ID}, 7, true
	gone.DisabledAt = w.clock.Now()
	for _, m := range []*crm.Member{busy, gone, fresh} {
		w.saveMember(t, m)
	}
	for i, status := range []crm.ConversationStatus{crm.Open, crm.Pending, crm.Snoozed, crm.Resolved, crm.Open} {
		w.newThread(t, w.ours, func(_ *crm.Contact, cv *crm.Conversation) {
			cv.Status, cv.AssigneeID = status, busy.ID
			if status == crm.Snoozed {
				cv.SnoozedUntil = w.clock.Now().Add(time.Hour)
			}
			if i == 4 {
				cv.AssigneeID = crm.MemberID{}
			}
		})
	}
	due := w.clock.Now().Add(time.Minute)
	w.write(t, w.ours.ws, &crm.Changes{
		Turns:  []crm.Turn{w.turn(w.ours, busy, 9), w.turn(w.ours, w.ours.Owner, 4), w.turn(w.ours, gone, 12)},
		Queues: []crm.Queue{{WorkspaceID: w.ours.ws, DueAt: due, Rules: crm.DefaultRules + 1}},
	})
	w.write(t, w.ours.ws, &crm.Changes{Turns: []crm.Turn{w.turn(w.ours, busy, 13)}})
	state := w.team(t, w.ours)
	slices.SortFunc(state.Team, func(a, b lead.Teammate) int { return a.ID.Compare(b.ID) })
	same(t, "the team", state.Team, []lead.Teammate{
		{ID: w.ours.Owner.ID, Open: 1, Turn: 4},
		{ID: busy.ID, Skills: []string{w.ours.tag.ID.String()}, Open: 2, Capacity: 7, Away: true, Turn: 13},
		{ID: fresh.ID},
	})
	read, zone, err := w.store.People().Team(t.Context(), w.ours.ws)
	if err != nil || zone.String() != w.ours.Workspace.TimeZone {
		t.Errorf("read without a transaction the team's clock is %v, %v", zone, err)
	}
	slices.SortFunc(read, func(a, b lead.Teammate) int { return a.ID.Compare(b.ID) })
	same(t, "the team, read without a transaction", read, state.Team)
	same(t, "the queue", state.Queue, &crm.Queue{WorkspaceID: w.ours.ws, DueAt: due})
	if got := fmt.Sprint(state.Zone); got != w.ours.Workspace.TimeZone {
		t.Errorf("the team's clock is %s, want %s", got, w.ours.Workspace.TimeZone)
	}
}

func teamOff(t *testing.T, w *world) {
	w.assigning(t, w.theirs)
	if state := w.team(t, w.ours); len(state.Team) != 0 || state.Queue != nil {
		t.Errorf("who assigns nothing has loaded the team %v", state.Team)
	}
	if state := w.load(t, inbox.Need{WorkspaceID: w.theirs.ws, Leads: true}); len(state.Team) != 0 {
		t.Errorf("who did not ask for it has loaded the team %v", state.Team)
	}
}

func teamTogether(t *testing.T, w *world) {
	w.assigning(t, w.ours)
	w.assigning(t, w.theirs)
	w.write(t, w.ours.ws, &crm.Changes{Turns: []crm.Turn{w.turn(w.ours, w.ours.Owner, 3)}})
	foreign := w.turn(w.theirs, w.theirs.Owner, 8)
	wantCode(t, "a turn of a workspace that the transaction does not name", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Turns: []crm.Turn{foreign}}), crm.Internal)
	queue := crm.Queue{WorkspaceID: w.theirs.ws, DueAt: w.clock.Now(), Rules: crm.DefaultRules + 1}
	wantCode(t, "a queue of a workspace that the transaction does not name", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Queues: []crm.Queue{queue}}), crm.Internal)
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws, w.theirs.ws}, func(ctx context.Context, tx inbox.Tx) error {
		states, err := tx.LoadAll(ctx, []inbox.Need{{WorkspaceID: w.ours.ws, Leads: true, Team: true}, {WorkspaceID: w.theirs.ws, Leads: true, Team: true}})
		if err != nil {
			return err
		}
		same(t, "our team", states[0].Team, []lead.Teammate{{ID: w.ours.Owner.ID, Open: 1, Turn: 3}})
		same(t, "their team", states[1].Team, []lead.Teammate{{ID: w.theirs.Owner.ID, Open: 1}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func teamOutdated(t *testing.T, w *world) {
	w.assigning(t, w.ours)
	old := w.turn(w.ours, w.ours.Owner, 5)
	old.Rules = crm.DefaultRules
	wantCode(t, "a turn by rules of old", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Turns: []crm.Turn{old}}), crm.Conflict)
	queue := crm.Queue{WorkspaceID: w.ours.ws, DueAt: w.clock.Now(), Rules: crm.DefaultRules}
	wantCode(t, "a queue by rules of old", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Queues: []crm.Queue{queue}}), crm.Conflict)
	if state := w.team(t, w.ours); state.Team[0].Turn != 0 || state.Queue != nil {
		t.Errorf("and it left %v, %v behind", state.Team, state.Queue)
	}
}

// teamRace lets transactions give turns: each must see all that were given before.
func teamRace(t *testing.T, w *world) {
	w.assigning(t, w.ours)
	const rounds = 12
	var mu sync.Mutex
	given := map[int64]int{}
	race(t, func(int) error {
		for range rounds {
			var number int64
			err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
				state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Leads: true, Team: true})
				if err != nil {
					return err
				}
				if len(state.Team) != 1 {
					return errors.New("there is no team")
				}
				number = state.Team[0].Turn + 1
				return tx.Write(ctx, &crm.Changes{Turns: []crm.Turn{w.turn(w.ours, w.ours.Owner, number)}})
			})
			if err != nil {
				return err
			}
			mu.Lock()
			given[number]++
			mu.Unlock()
		}
		return nil
	})
	for n := int64(1); n <= racers*rounds; n++ {
		if given[n] != 1 {
			t.Errorf("turn %d was given %d times", n, given[n])
		}
	}
}

// waiting stores a conversation that waits for a reason since a time.
func (w *world) waiting(t *testing.T, c *tenant, why lead.Reason, since time.Time) crm.ConversationID {
	t.Helper()
	_, cv, _ := w.newThread(t, c, func(_ *crm.Contact, cv *crm.Conversation) { cv.RoutedFor, cv.RoutedAt = why.Code, since })
	return cv.ID
}

func (w *world) due(t *testing.T, c *tenant, due time.Time) {
	t.Helper()
	w.write(t, c.ws, &crm.Changes{Queues: []crm.Queue{{WorkspaceID: c.ws, DueAt: due, Rules: crm.DefaultRules + 1}}})
}

func queueClaimed(t *testing.T, w *world) {
	now := w.clock.Now()
	until := now.Add(time.Minute)
	claim := func(at time.Time, want crm.WorkspaceID) {
		t.Helper()
		if got := must[crm.WorkspaceID](t)(w.store.Inbox().ClaimQueue(t.Context(), at, until)); got != want {
			t.Errorf("at %v the queue of %v is claimed, want %v", at.Sub(now), got, want)
		}
	}
	claim(now, crm.WorkspaceID{})
	for _, c := range []*tenant{w.ours, w.theirs} {
		w.assigning(t, c)
		w.waiting(t, c, lead.AllAtWork, now)
	}
	w.due(t, w.ours, now)
	w.due(t, w.theirs, now.Add(-time.Second))
	claim(now.Add(-time.Minute), crm.WorkspaceID{})
	claim(now, w.theirs.ws)
	claim(now, w.ours.ws)
	claim(until.Add(-time.Millisecond), crm.WorkspaceID{})
	same(t, "a claimed queue", w.team(t, w.ours).Queue, &crm.Queue{WorkspaceID: w.ours.ws, DueAt: until})
	// Who dies leaves it to others; and one that is empty is not due any more.
	for _, cv := range must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{Limit: all})) {
		cv.Assign(cv.AssigneeID)
		w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{cv}})
	}
	now = until
	until = now.Add(time.Minute)
	var got []crm.WorkspaceID
	for range 2 {
		got = append(got, must[crm.WorkspaceID](t)(w.store.Inbox().ClaimQueue(t.Context(), now, until)))
	}
	if !slices.Contains(got, w.ours.ws) || !slices.Contains(got, w.theirs.ws) {
		t.Errorf("when their leases are over %v are claimed", got)
	}
	almost := until.Add(-time.Millisecond)
	claim(almost, crm.WorkspaceID{})
	w.due(t, w.ours, now) // something came to wait, and is gone again
	claim(almost, w.ours.ws)
	claim(almost, crm.WorkspaceID{})
}

func queueRaced(t *testing.T, w *world) {
	w.assigning(t, w.ours)
	now := w.clock.Now()
	w.waiting(t, w.ours, lead.Closed, now)
	w.due(t, w.ours, now)
	var mu sync.Mutex
	claims := 0
	race(t, func(int) error {
		ws, err := w.store.Inbox().ClaimQueue(t.Context(), now, now.Add(time.Hour))
		mu.Lock()
		defer mu.Unlock()
		if ws == w.ours.ws {
			claims++
		}
		return err
	})
	if claims != 1 {
		t.Errorf("the queue was claimed by %d of %d", claims, racers)
	}
}

func queueOrder(t *testing.T, w *world) {
	now := w.clock.Now()
	second := w.waiting(t, w.ours, lead.Closed, now)
	first := w.waiting(t, w.ours, lead.AllAtWork, now.Add(-time.Minute))
	third := w.waiting(t, w.ours, lead.NobodyIn, now.Add(time.Millisecond))
	for _, why := range []lead.Reason{lead.InTurn, lead.Freest, lead.Skilled, lead.Returned, lead.TooCold, lead.Kept, lead.Disabled} {
		w.waiting(t, w.ours, why, now.Add(-time.Hour))
	}
	w.waiting(t, w.theirs, lead.Closed, now.Add(-time.Hour))
	queued := func(limit int) []crm.ConversationID {
		return must[[]crm.ConversationID](t)(w.store.Inbox().Queued(t.Context(), w.ours.ws, limit))
	}
	same(t, "what waits", queued(all), []crm.ConversationID{first, second, third})
	same(t, "the two that have waited longest", queued(2), []crm.ConversationID{first, second})
}
