package storetest

import (
	"slices"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

// snapshot is all that can be read of a workspace through the ports. Two equal
// snapshots with a call between them mean that the call left nothing behind.
type snapshot struct {
	Contacts      []*crm.Contact
	Conversations []*crm.Conversation
	Messages      [][]*crm.Message // by conversation
	Routings      [][]crm.Routing  // likewise
	Cards         []*people.Card   // by contact
	Tags          []*crm.Tag
	Fields        []*crm.Field
	Pipeline      *crm.Pipeline
	Rules         *crm.LeadRules
	Views         []*crm.View // everybody's and the owner's
	Canned        []*crm.CannedReply
	Mentions      []people.Mentioned // of the owner
	Tasks         []*crm.Task
	Templates     []*crm.Template
	Deliveries    []*crm.Delivery
	Facts         []crm.Fact
	Members       []*crm.Member
	Channels      []*crm.Channel
	Keys          []*crm.APIKey
	Known         *inbox.State // what is only loaded: parked reports, the answer
	Waiting       int          // jobs, of every workspace
}

// snapshot reads a tenant's workspace.
func (w *world) snapshot(t *testing.T, c *tenant) snapshot {
	t.Helper()
	var s snapshot
	ctx, read, ws := t.Context(), w.store.Inbox(), c.ws
	s.Contacts = must[[]*crm.Contact](t)(w.store.People().Contacts(ctx, ws, people.ContactQuery{Limit: all}))
	s.Conversations = must[[]*crm.Conversation](t)(read.Conversations(ctx, ws, inbox.ConversationQuery{Limit: all}))
	for _, cv := range s.Conversations {
		s.Messages = append(s.Messages, must[[]*crm.Message](t)(read.Messages(ctx, ws, inbox.MessageQuery{ConversationID: cv.ID, Limit: all})))
		s.Routings = append(s.Routings, w.routings(t, ws, inbox.RoutingQuery{ConversationID: cv.ID}))
	}
	for _, ct := range s.Contacts {
		s.Cards = append(s.Cards, must[*people.Card](t)(w.store.People().CardByID(ctx, ws, ct.ID)))
	}
	s.Tags = must[[]*crm.Tag](t)(w.store.People().Tags(ctx, ws))
	s.Fields = must[[]*crm.Field](t)(w.store.People().Fields(ctx, ws))
	s.Pipeline = must[*crm.Pipeline](t)(w.store.People().Pipeline(ctx, ws))
	s.Rules = must[*crm.LeadRules](t)(w.store.People().LeadRules(ctx, ws))
	s.Views = must[[]*crm.View](t)(w.store.People().Views(ctx, ws, c.Owner.ID))
	s.Canned = must[[]*crm.CannedReply](t)(w.store.People().CannedReplies(ctx, ws))
	s.Mentions = must[[]people.Mentioned](t)(w.store.People().Mentions(ctx, ws, people.MentionQuery{MemberID: c.Owner.ID, Limit: all}))
	s.Tasks = must[[]*crm.Task](t)(w.store.People().Tasks(ctx, ws, people.TaskQuery{Limit: all}))
	s.Templates = must[[]*crm.Template](t)(read.Templates(ctx, ws, crm.ChannelID{}))
	s.Deliveries = must[[]*crm.Delivery](t)(read.Deliveries(ctx, ws, inbox.DeliveryQuery{Limit: all}))
	s.Facts = must[[]crm.Fact](t)(w.store.Feed().Facts(ctx, ws, 0, all))
	s.Members = must[[]*crm.Member](t)(w.store.Directory().Members(ctx, ws))
	s.Channels = must[[]*crm.Channel](t)(w.store.Directory().Channels(ctx, ws))
	s.Keys = must[[]*crm.APIKey](t)(w.store.Directory().Keys(ctx, ws))
	s.Known = w.load(t, inbox.Need{
		WorkspaceID: ws, Answers: []string{c.answer.Key}, Provided: []inbox.Provided{{ChannelID: c.Channel.ID, ProviderID: c.status.ProviderID}},
	})
	slices.SortFunc(s.Known.Statuses, byStatus)
	waiting, _, err := w.store.Outbox().Depth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s.Waiting = waiting
	return s
}

func byStatus(a, b crm.StatusReport) int { return slices.Compare([]byte(a.Status), []byte(b.Status)) }

// unchanged fails the test if a workspace is not as it was.
func (w *world) unchanged(t *testing.T, what string, c *tenant, before snapshot) {
	t.Helper()
	same(t, what, w.snapshot(t, c), before)
}

// counts is a snapshot's size, cheap to take.
type counts struct{ contacts, conversations, facts int }

func (w *world) snapshotShort(t *testing.T, c *tenant) counts {
	t.Helper()
	return counts{
		contacts:      len(must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), c.ws, people.ContactQuery{Limit: all}))),
		conversations: len(must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), c.ws, inbox.ConversationQuery{Limit: all}))),
		facts:         len(must[[]crm.Fact](t)(w.store.Feed().Facts(t.Context(), c.ws, 0, all))),
	}
}
