package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

var routingTests = []test{
	{"comes back, newest first, and one of the same time is replaced", routingStored},
	{"pages and spans of time join to all there are", routingSpans},
	{"is taken away alone", routingGone},
	{"needs a conversation, and goes with it", routingNeedsConversation},
	{"is another workspace's to nobody", routingForeign},
}

func (w *world) routings(t *testing.T, ws crm.WorkspaceID, q inbox.RoutingQuery) []crm.Routing {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = all
	}
	return must[[]crm.Routing](t)(w.store.Inbox().Routings(t.Context(), ws, q))
}

// decided stores decisions about a conversation, a second apart, and returns them
// newest first.
func (w *world) decided(t *testing.T, c *tenant, cv *crm.Conversation, n int) []crm.Routing {
	t.Helper()
	var stored []crm.Routing
	for i := range n {
		r := crm.Routing{WorkspaceID: c.ws, ConversationID: cv.ID, At: w.clock.Advance(time.Second), Reason: lead.AllAtWork.Code}
		if i%2 > 0 {
			r.AssigneeID, r.Reason = c.Owner.ID, lead.InTurn.Code
		}
		stored = append(stored, r)
	}
	w.write(t, c.ws, &crm.Changes{Routings: slices.Clone(stored)})
	slices.Reverse(stored)
	return stored
}

func routingStored(t *testing.T, w *world) {
	_, cv, _ := w.newThread(t, w.ours, nil)
	want := w.decided(t, w.ours, cv, 3)
	same(t, "what was decided", w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID}), want)
	want[1].AssigneeID, want[1].Reason = crm.NewID[crm.Member](w.mint), lead.InTurn.Code
	w.write(t, w.ours.ws, &crm.Changes{Routings: []crm.Routing{want[1]}})
	same(t, "what was decided anew", w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID}), want)
	_, other, _ := w.newThread(t, w.ours, nil)
	same(t, "what was decided about another", len(w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: other.ID})), 0)
}

func routingSpans(t *testing.T, w *world) {
	_, cv, _ := w.newThread(t, w.ours, nil)
	want := w.decided(t, w.ours, cv, 7)
	var paged []crm.Routing
	for q := (inbox.RoutingQuery{ConversationID: cv.ID, Limit: 3}); ; {
		page := w.routings(t, w.ours.ws, q)
		paged = append(paged, page...)
		if len(page) < q.Limit || len(paged) > len(want) {
			break
		}
		q.Before = page[len(page)-1].At
	}
	same(t, "the pages", paged, want)
	for i, r := range want {
		newer := w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID, From: r.At})
		older := w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID, Before: r.At})
		same(t, "from a time on", newer, want[:i+1])
		same(t, "both sides of a time", slices.Concat(newer, older), want)
	}
}

func routingGone(t *testing.T, w *world) {
	_, cv, _ := w.newThread(t, w.ours, nil)
	_, other, _ := w.newThread(t, w.ours, nil)
	stored := w.decided(t, w.ours, cv, 4)
	twin := stored[1] // of the same time
	twin.ConversationID = other.ID
	w.write(t, w.ours.ws, &crm.Changes{Routings: []crm.Routing{twin}})
	w.write(t, w.ours.ws, &crm.Changes{GoneRoutings: []crm.Routing{stored[1], stored[3]}})
	same(t, "what is left", w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID}), []crm.Routing{stored[0], stored[2]})
	same(t, "what another has", w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: other.ID}), []crm.Routing{twin})
	state := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, RoutingsOf: []crm.ConversationID{cv.ID, other.ID, w.theirs.conversation.ID}})
	slices.SortFunc(state.Routings, func(a, b crm.Routing) int { return b.At.Compare(a.At) })
	same(t, "what is loaded", state.Routings, []crm.Routing{stored[0], twin, stored[2]})
}

func routingNeedsConversation(t *testing.T, w *world) {
	nowhere := crm.Routing{WorkspaceID: w.ours.ws, ConversationID: crm.NewID[crm.Conversation](w.mint), At: w.clock.Now(), Reason: lead.InTurn.Code}
	if err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Routings: []crm.Routing{nowhere}}); err == nil {
		t.Error("something was decided about a conversation that is not there")
	}
	ct := w.ours.Contact()
	cv := w.ours.Conversation(ct)
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{copied(cv)}})
	w.decided(t, w.ours, cv, 2)
	kept := append(w.decided(t, w.ours, w.ours.conversation, 1), w.ours.routing)
	w.write(t, w.ours.ws, &crm.Changes{GoneThreads: []crm.ConversationID{cv.ID}})
	same(t, "of a conversation that is gone", len(w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID})), 0)
	same(t, "of the one that stays", w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: w.ours.conversation.ID}), kept)
}

func routingForeign(t *testing.T, w *world) {
	theirs := append(w.decided(t, w.theirs, w.theirs.conversation, 1), w.theirs.routing)
	wantCode(t, "taking away another workspace's", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{GoneRoutings: theirs[:1]}), crm.Internal)
	disguised := theirs[0]
	disguised.WorkspaceID = w.ours.ws
	w.write(t, w.ours.ws, &crm.Changes{GoneRoutings: []crm.Routing{disguised}}) // which is not there
	same(t, "of a foreign conversation", len(w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: w.theirs.conversation.ID})), 0)
	if err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Routings: []crm.Routing{{
		WorkspaceID: w.theirs.ws, ConversationID: w.theirs.conversation.ID, At: theirs[0].At, Reason: lead.Closed.Code,
	}}}); err == nil {
		t.Error("a decision is written into another workspace")
	}
	same(t, "of a workspace that another wrote to", w.routings(t, w.theirs.ws, inbox.RoutingQuery{ConversationID: w.theirs.conversation.ID}), theirs)
}
