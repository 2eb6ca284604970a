package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

var conversationTests = []test{
	{"comes with its contact", conversationWithContact},
	{"is replaced whole", conversationReplaced},
	{"is one of each channel and contact", conversationUnique},
	{"is loaded by id, by contact and channel, and with its contact", conversationLoad},
	{"is listed newest message first, ties by id", conversationOrder},
	{"pages of any query join to what fits it", conversationPages},
	{"wakes when its snooze has ended", conversationSnoozed},
}

func conversationWithContact(t *testing.T, w *world) {
	cv, ct, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, w.ours.conversation.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the conversation", cv, w.ours.conversation)
	same(t, "its contact", ct, w.ours.contact)
}

func conversationReplaced(t *testing.T, w *world) {
	at := w.clock.Advance(time.Hour)
	want := &crm.Conversation{
		ID: w.ours.conversation.ID, WorkspaceID: w.ours.ws, ChannelID: w.ours.Channel.ID, ContactID: w.ours.contact.ID,
		Status: crm.Snoozed, SnoozedUntil: at.Add(time.Hour), AssigneeID: crm.NewID[crm.Member](w.mint), WaitingSince: at.Add(-time.Second), ProfileAt: at.Add(-time.Minute), RoutedAt: at.Add(-time.Hour), RoutedFor: "least_loaded", Mode: crm.Bot, Unread: 41, LastInbound: at.Add(-time.Minute),
		CreatedAt: w.ours.conversation.CreatedAt, UpdatedAt: at, ContactName: "Sari", ContactHandle: "@sari", Temperature: crm.Hot,
		LastMessage: crm.LastMessage{ID: w.ours.message.ID, At: at, Ingest: 41, Direction: crm.Inbound, Status: crm.Read, Preview: "terima kasih"},
	}
	everyField(t, "a conversation", want, w.ours.conversation, "ID", "WorkspaceID", "ChannelID", "ContactID", "CreatedAt")
	w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{copied(want)}})
	got, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, want.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a conversation with every field changed", got, want)
	if got.LastMessage.Ingest != want.LastMessage.Ingest {
		t.Errorf("its last message has number %d, want %d", got.LastMessage.Ingest, want.LastMessage.Ingest)
	}
	bare := &crm.Conversation{
		ID: want.ID, WorkspaceID: w.ours.ws, ChannelID: want.ChannelID, ContactID: want.ContactID, Status: crm.Open, Mode: crm.Human,
		CreatedAt: at, UpdatedAt: at,
	}
	w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{copied(bare)}})
	if got, _, err = w.store.Inbox().Conversation(t.Context(), w.ours.ws, want.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "a conversation with every field emptied", got, bare)
}

func conversationUnique(t *testing.T, w *world) {
	second := w.ours.Conversation(w.ours.contact)
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{second}})
	wantCode(t, "a second conversation of a channel and contact", err, crm.Conflict)
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	second.ChannelID = channel.ID
	w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{second}})
}

func conversationLoad(t *testing.T, w *world) {
	ours := w.ours
	ct, cv, _ := w.newThread(t, ours, nil)
	for what, need := range map[string]inbox.Need{
		"by id":                        {Conversations: []crm.ConversationID{cv.ID}},
		"by contact and channel":       {Contacts: []crm.ContactID{ct.ID}, Channels: []crm.ChannelID{ours.Channel.ID}},
		"by contact and every channel": {Contacts: []crm.ContactID{ct.ID}, AllChannels: true},
		"by identity and channel":      {Identities: ct.Identities, Channels: []crm.ChannelID{ours.Channel.ID}},
		"by its message's id":          {Messages: []crm.MessageID{cv.LastMessage.ID}},
		"by its message's provider id": {Provided: []inbox.Provided{{ChannelID: ours.Channel.ID, ProviderID: w.message(t, cv.LastMessage.ID).ProviderID}}},
	} {
		need.WorkspaceID = ours.ws
		state := w.load(t, need)
		same(t, "the conversation loaded "+what, state.Conversations, []*crm.Conversation{cv})
		same(t, "the contact of a conversation loaded "+what, state.Contacts, []*crm.Contact{ct})
	}
	twice := w.load(t, inbox.Need{
		WorkspaceID: ours.ws, Conversations: []crm.ConversationID{cv.ID, cv.ID, crm.NewID[crm.Conversation](w.mint)}, Contacts: []crm.ContactID{ct.ID},
		Identities: ct.Identities, AllChannels: true, Messages: []crm.MessageID{cv.LastMessage.ID},
	})
	same(t, "a conversation needed for several reasons", twice.Conversations, []*crm.Conversation{cv})
	same(t, "a contact needed for several reasons", twice.Contacts, []*crm.Contact{ct})
	if alone := w.load(t, inbox.Need{WorkspaceID: ours.ws, Contacts: []crm.ContactID{ct.ID}}); len(alone.Conversations) > 0 {
		t.Errorf("a contact loaded without a channel brings %d conversations, want none", len(alone.Conversations))
	}
}

// crowd stores conversations that differ in all a query can ask for, with many
// ties of time, some without any message.
func (w *world) crowd(t *testing.T) (conversations []*crm.Conversation, contacts map[crm.ContactID]*crm.Contact, tags []crm.TagID) {
	t.Helper()
	ours, changes := w.ours, &crm.Changes{}
	contacts = map[crm.ContactID]*crm.Contact{ours.contact.ID: ours.contact}
	tags = []crm.TagID{{}, ours.tag.ID, crm.NewID[crm.Tag](w.mint)}
	changes.Tags = []*crm.Tag{{ID: tags[2], WorkspaceID: ours.ws, Name: "Perth", CreatedAt: w.clock.Now()}}
	for i := range 60 {
		ct := ours.Contact()
		ct.Temperature = []crm.Temperature{"", crm.Hot, crm.Cold}[i%3]
		ct.Tags = slices.Clone(tags[1 : 1+i%3])
		cv := ours.Conversation(ct)
		cv.Status = []crm.ConversationStatus{crm.Open, crm.Pending, crm.Snoozed, crm.Resolved}[i%4]
		cv.AssigneeID = []crm.MemberID{{}, ours.Owner.ID}[i/4%2]
		if i%7 > 0 {
			m := ours.Inbound(cv, "halo")
			m.ProviderTime = w.clock.Now().Add(time.Duration(i%5) * time.Millisecond)
			cv.LastMessage.At, cv.Unread = m.ProviderTime, i%2
			changes.Messages = append(changes.Messages, m)
		}
		contacts[ct.ID] = ct
		changes.Contacts, changes.Conversations = append(changes.Contacts, ct), append(changes.Conversations, cv)
	}
	w.write(t, ours.ws, changes)
	conversations = append(slices.Clone(changes.Conversations), ours.conversation)
	slices.SortFunc(conversations, newestFirst)
	return conversations, contacts, tags
}

// newestFirst is the order of the inbox list.
func newestFirst(a, b *crm.Conversation) int {
	return cmp.Or(b.LastMessage.At.Compare(a.LastMessage.At), b.ID.Compare(a.ID))
}

func conversationOrder(t *testing.T, w *world) {
	want, _, _ := w.crowd(t)
	got := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{Limit: all}))
	same(t, "the inbox list", got, want)
	first := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{Limit: 3}))
	same(t, "the first three", first, want[:3])
}

// fits says in Go what a query asks for.
func fits(q inbox.ConversationQuery, cv *crm.Conversation, ct *crm.Contact) bool {
	return (q.Status == "" || cv.Status == q.Status) &&
		(!q.Unassigned || cv.AssigneeID.IsZero()) &&
		(q.Unassigned || q.AssigneeID.IsZero() || cv.AssigneeID == q.AssigneeID) &&
		(q.ChannelID.IsZero() || cv.ChannelID == q.ChannelID) &&
		(q.ContactID.IsZero() || cv.ContactID == q.ContactID) &&
		(q.TagID.IsZero() || slices.Contains(ct.Tags, q.TagID)) &&
		(!q.Unread || cv.Unread > 0) &&
		(q.Temperature == "" || cv.Temperature == q.Temperature)
}

func conversationPages(t *testing.T, w *world) {
	crowd, contacts, tags := w.crowd(t)
	law(t, "the pages of a query are what fits it, in order", 60, func(status, assigned, channel, contact, tag, temperature int, unread bool, limit int) string {
		q := inbox.ConversationQuery{
			Status:      []crm.ConversationStatus{"", "", crm.Open, crm.Pending, crm.Snoozed, crm.Resolved}[status],
			Unassigned:  assigned == 2,
			AssigneeID:  []crm.MemberID{{}, w.ours.Owner.ID, {}}[assigned],
			ChannelID:   []crm.ChannelID{{}, w.ours.Channel.ID, w.theirs.Channel.ID}[channel/4],
			TagID:       tags[tag],
			Temperature: []crm.Temperature{"", "", crm.Hot, crm.Warm, crm.Cold}[temperature],
			Unread:      unread,
			Limit:       limit,
		}
		if contact < len(crowd)/4 {
			q.ContactID = crowd[contact].ContactID
		}
		var want []*crm.Conversation
		for _, cv := range crowd {
			if fits(q, cv, contacts[cv.ContactID]) {
				want = append(want, cv)
			}
		}
		got, err := pages(limit, func(last *crm.Conversation) ([]*crm.Conversation, error) {
			if last != nil {
				q.After = inbox.ConversationCursor{At: last.LastMessage.At, ID: last.ID}
			}
			return w.store.Inbox().Conversations(t.Context(), w.ours.ws, q)
		})
		return verdict(err, got, want)
	},
		gen.IntRange(0, 5), gen.IntRange(0, 2), gen.IntRange(0, 8), gen.IntRange(0, len(crowd)-1), gen.IntRange(0, 2),
		gen.IntRange(0, 4), gen.Bool(), gen.IntRange(1, 20))
}

// pages reads page after page until one is not full, and returns them joined.
func pages[T any](limit int, page func(last *T) ([]*T, error)) ([]*T, error) {
	var joined []*T
	var last *T
	for {
		rows, err := page(last)
		if err != nil {
			return nil, err
		}
		if len(rows) > limit {
			return nil, fmt.Errorf("a page of %d has %d rows", limit, len(rows))
		}
		joined = append(joined, rows...)
		if len(rows) < limit || len(joined) > all {
			return joined, nil
		}
		last = rows[len(rows)-1]
	}
}

func conversationSnoozed(t *testing.T, w *world) {
	now := w.clock.Now()
	due := map[crm.ConversationID]bool{}
	for i, until := range []time.Time{now.Add(-time.Hour), now, now.Add(time.Millisecond), now} {
		for _, c := range []*tenant{w.ours, w.theirs} {
			_, cv, _ := w.newThread(t, c, func(_ *crm.Contact, cv *crm.Conversation) {
				cv.Status, cv.SnoozedUntil = crm.Snoozed, until
				if i == 3 { // woken already
					cv.Status = crm.Open
				}
			})
			due[cv.ID] = i < 2
		}
	}
	awake := must[[]*crm.Conversation](t)(w.store.Inbox().Snoozed(t.Context(), now, all))
	for _, cv := range awake {
		if !due[cv.ID] || cv.Status != crm.Snoozed || cv.WorkspaceID.IsZero() {
			t.Errorf("Snoozed returns %+v, whose snooze has not ended", cv)
		}
		delete(due, cv.ID)
	}
	for id, missed := range due {
		if missed {
			t.Errorf("Snoozed leaves out %v, whose snooze has ended", id)
		}
	}
	if some := must[[]*crm.Conversation](t)(w.store.Inbox().Snoozed(t.Context(), now, 3)); len(some) != 3 {
		t.Errorf("Snoozed with a limit of 3 returns %d of 4", len(some))
	}
}
