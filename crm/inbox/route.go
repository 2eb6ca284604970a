package inbox

import (
	"context"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// How conversations come to members by the rules of assignment: each message of a
// customer asks for somebody, in the transaction that takes it in. What nobody may
// have then waits in the workspace's queue, and [Service.Assign] looks again.

// When a queue is looked at again. Working hours may be changed meanwhile, so it
// is not left alone all night.
const (
	queueSoon = time.Minute
	queueLate = 15 * time.Minute
	queueRows = 100 // conversations of one transaction
)

// team is whom conversations can be given to. Each decision changes it for the
// next: many may be taken in one transaction.
type team struct {
	members []lead.Teammate
	hours   lead.Hours
	last    int64        // the last turn that was given
	given   map[int]bool // members who got one in this transaction, by their place
	due     time.Time    // when the queue is looked at again; zero: nobody needs that
	queue   *crm.Queue   // as it is stored
}

func newTeam(s *State, rules *lead.Rules) team {
	t := team{members: s.Team, hours: rules.Hours(s.Zone), given: make(map[int]bool), queue: s.Queue}
	for _, m := range s.Team {
		t.last = max(t.last, m.Turn)
	}
	return t
}

// busier notes that a member has one conversation more.
func (t *team) busier(id crm.MemberID) {
	for i := range t.members {
		if t.members[i].ID == id {
			t.members[i].Open++
		}
	}
}

// give notes that a member was given a conversation.
func (t *team) give(id crm.MemberID) {
	for i := range t.members {
		if t.members[i].ID == id {
			t.last++
			t.members[i].Turn, t.members[i].Open = t.last, t.members[i].Open+1
			t.given[i] = true
		}
	}
}

// ask notes that a conversation needs somebody to have it.
func (w *world) ask(cv *crm.Conversation) {
	if w.rules.Routing().Enabled && w.needsSomebody(cv) && !slices.Contains(w.asking, cv) {
		w.asking = append(w.asking, cv)
	}
}

// needsSomebody reports whether a conversation is one for the team now.
func (w *world) needsSomebody(cv *crm.Conversation) bool {
	c := w.contacts[cv.ContactID]
	return c != nil && c.BlockedAt.IsZero() && cv.Mode == crm.Human && (cv.Status == crm.Open || cv.Status == crm.Pending)
}

// assign decides whose the conversations are that ask, in the order in which they
// do.
func (w *world) assign() {
	for _, cv := range w.asking {
		w.route(cv)
	}
	for i, m := range w.team.members {
		if w.team.given[i] {
			w.changes.Turns = append(w.changes.Turns, crm.Turn{WorkspaceID: w.ws, MemberID: m.ID, Number: m.Turn, Rules: w.rules.Version()})
		}
	}
	if due := w.team.due; !due.IsZero() {
		if q := w.team.queue; q != nil && !q.DueAt.IsZero() && q.DueAt.Before(due) {
			due = q.DueAt
		}
		w.changes.Queues = append(w.changes.Queues, crm.Queue{WorkspaceID: w.ws, DueAt: due, Rules: w.rules.Version()})
	}
}

// route decides whose a conversation is and says so, if that is news.
func (w *world) route(cv *crm.Conversation) {
	c := w.contacts[cv.ContactID]
	d := lead.Route(w.rules, lead.Score{Total: c.Score}, w.thread(cv, c), w.team.members, w.team.hours, w.now)
	if d.Assignee == cv.AssigneeID && !cv.AssigneeID.IsZero() { // somebody has it
		if lead.ReasonOf(cv.RoutedFor).Waits() {
			cv.Assign(cv.AssigneeID)
			w.saveConversation(cv)
		}
		return
	}
	if d.Why.Waits() {
		w.look(d.Why)
	}
	if !d.Moved && d.Why.Code == cv.RoutedFor {
		return
	}
	since := w.now
	if d.Why.Waits() && lead.ReasonOf(cv.RoutedFor).Waits() { // it keeps its place
		since = cv.RoutedAt
	}
	news := map[string]any{"reason": d.Why.Code}
	if d.Queue != "" {
		news["queue"] = d.Queue
	}
	if d.Moved {
		news["assignee_id"] = d.Assignee
		w.team.give(d.Assignee)
	}
	cv.Assign(d.Assignee)
	cv.RoutedAt, cv.RoutedFor = since, d.Why.Code
	w.saveConversation(cv)
	w.changes.Routings = append(w.changes.Routings, crm.Routing{
		WorkspaceID: w.ws, ConversationID: cv.ID, At: w.now, AssigneeID: d.Assignee, Reason: d.Why.Code,
	})
	w.fact(crm.Fact{
		Kind: crm.ConversationChanged, Actor: crm.Actor{Kind: crm.BySystem},
		ConversationID: cv.ID, ContactID: cv.ContactID, Data: data(news),
	})
}

// thread returns what routing has to know of a conversation. Who had the contact
// last is who has the newest other conversation with it.
func (w *world) thread(cv *crm.Conversation, c *crm.Contact) lead.Thread {
	t := lead.Thread{Assignee: cv.AssigneeID, Temperature: c.Temperature}
	var newest time.Time
	for _, other := range w.threads[c.ID] {
		if at := other.LastMessage.At; other != cv && !other.AssigneeID.IsZero() && (t.Owner.IsZero() || at.After(newest)) {
			t.Owner, newest = other.AssigneeID, at
		}
	}
	for _, tag := range c.Tags {
		t.Tags = append(t.Tags, tag.String())
	}
	return t
}

// look sees to it that the queue is looked at again when the reason for which
// something waits in it may have passed.
func (w *world) look(why lead.Reason) {
	again := w.now.Add(queueSoon)
	if why.Code == lead.Closed.Code {
		again = w.now.Add(queueLate)
		if opens := w.team.hours.Next(w.now); !opens.IsZero() && opens.Before(again) {
			again = opens
		}
	}
	if w.team.due.IsZero() || again.Before(w.team.due) {
		w.team.due = again
	}
}

// Assign looks for members to give the conversations to that wait longest in one
// workspace's queue, of those whose time has come, and reports whether there was
// one. Several hosts may call it at once, and it may be called again at any time:
// who has a conversation by then keeps it.
func (s *Service) Assign(ctx context.Context) (bool, error) {
	const op = "assign what waits"
	ws, err := s.store.ClaimQueue(ctx, s.mint.Now(), s.mint.Now().Add(queueSoon))
	if err != nil || ws.IsZero() {
		return false, crm.Wrap(op, err)
	}
	for {
		waiting, err := s.store.Queued(ctx, ws, queueRows)
		if err != nil || len(waiting) == 0 {
			return true, crm.Wrap(op, err)
		}
		left, err := s.assignSome(ctx, ws, waiting)
		if err != nil || left > 0 || len(waiting) < queueRows {
			return true, crm.Wrap(op, err)
		}
	}
}

// assignSome decides about conversations that waited, in their order, and returns
// how many still do.
func (s *Service) assignSome(ctx context.Context, ws crm.WorkspaceID, waiting []crm.ConversationID) (left int, err error) {
	need := Need{WorkspaceID: ws, Conversations: waiting, Threads: true, Leads: true, Team: true}
	err = s.store.Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		state.Queue = nil // which was claimed, and is due when we say now
		w := newWorld(ws, state, s.mint)
		for _, id := range waiting {
			if cv := w.conversations[id]; cv != nil && lead.ReasonOf(cv.RoutedFor).Waits() {
				w.again(cv)
			}
		}
		changes := w.closed()
		if len(changes.Queues) == 0 { // written all the same: so these are the rules in force
			changes.Queues = []crm.Queue{{WorkspaceID: ws, DueAt: w.now.Add(queueSoon), Rules: w.rules.Version()}}
		}
		left = 0
		for _, id := range waiting {
			if cv := w.conversations[id]; cv != nil && lead.ReasonOf(cv.RoutedFor).Waits() {
				left++
			}
		}
		return tx.Write(ctx, &changes)
	})
	return left, err
}

// again has a conversation that waits ask once more, or wait no longer: the rules
// assign nothing now, or the team is done with it until the customer writes.
func (w *world) again(cv *crm.Conversation) {
	if w.rules.Routing().Enabled && w.needsSomebody(cv) {
		w.ask(cv)
		return
	}
	cv.Assign(cv.AssigneeID)
	w.saveConversation(cv)
}
