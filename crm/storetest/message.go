package storetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

var messageTests = []test{
	{"comes back as it was stored", messageStored},
	{"is replaced whole and keeps its number", messageReplaced},
	{"comes back with content of any kind", messageContent},
	{"is unique by provider id in its channel", messageUnique},
	{"without a provider id is like no other", messageNoProviderID},
	{"is numbered in the order it was stored", messageNumbered},
	{"is listed newest first by provider time, then number", messageOrder},
	{"pages join to the whole thread, ties and all", messagePages},
	{"is found by what others of its conversation quote it by", messageQuoted},
	{"is loaded by id and provider id, with its conversation", messageLoad},
	{"is loaded with its conversation while it has no provider id", messagePending},
}

// message reads one of our messages.
func (w *world) message(t *testing.T, id crm.MessageID) *crm.Message {
	t.Helper()
	return must[*crm.Message](t)(w.store.Inbox().Message(t.Context(), w.ours.ws, id))
}

// thread reads all messages of one of our conversations.
func (w *world) thread(t *testing.T, id crm.ConversationID) []*crm.Message {
	t.Helper()
	return must[[]*crm.Message](t)(w.store.Inbox().Messages(t.Context(), w.ours.ws, inbox.MessageQuery{ConversationID: id, Limit: all}))
}

func messageStored(t *testing.T, w *world) {
	same(t, "an inbound message", w.message(t, w.ours.message.ID), w.ours.message)
	same(t, "an outbound message", w.message(t, w.ours.reply.ID), w.ours.reply)
}

func messageReplaced(t *testing.T, w *world) {
	before := w.message(t, w.ours.reply.ID)
	at := w.clock.Advance(time.Hour)
	want := copied(w.ours.reply)
	want.Author = crm.Actor{Kind: crm.ByKey, ID: "somebody"}
	want.Content = crm.Media{Type: crm.KindImage, ID: "123", Caption: "brosur"}
	want.Status, want.ReplyTo, want.Forwarded = crm.Failed, w.ours.message.ProviderID, true
	want.Error = &crm.ProviderError{Code: 131047, Title: "Re-engagement message", Detail: "more than 24 hours", Subcode: 2494010, Word: "re_engagement"}
	want.EditedAt, want.RevokedAt = at.Add(time.Minute), at.Add(2*time.Minute)
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{copied(want)}})
	same(t, "a message with all changed but its place", w.message(t, want.ID), want)
	want.ProviderID, want.ProviderTime = "wamid.sent", at
	everyField(t, "a message", want, w.ours.reply, "ID", "WorkspaceID", "ConversationID", "ChannelID", "ContactID", "Direction", "Ingest", "CreatedAt")
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{copied(want)}})
	got := w.message(t, want.ID)
	same(t, "a message with every field changed", got, want)
	if got.Ingest != before.Ingest {
		t.Errorf("a replaced message has number %d, want %d as at first", got.Ingest, before.Ingest)
	}
	want.ReplyTo, want.Forwarded, want.Error, want.EditedAt, want.RevokedAt = "", false, nil, time.Time{}, time.Time{}
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{copied(want)}})
	same(t, "a message with fields emptied", w.message(t, want.ID), want)
}

// contents are one of each kind, with what is easily lost: 64-bit numbers,
// digits beyond a float, empty parts.
var contents = []crm.Content{
	crm.Text{}, crm.Text{Body: "halo\nsemua", PreviewURL: true},
	crm.Media{Type: crm.KindImage, ID: "1", Link: "https://example.com/a.jpg", URL: "https://example.com/b", MIME: "image/jpeg", SHA256: "c2hh", Size: math.MaxInt64, Caption: "foto"},
	crm.Media{Type: crm.KindVideo, Size: 1<<53 + 1}, crm.Media{Type: crm.KindAudio, Voice: true, Words: "halo"},
	crm.Media{Type: crm.KindDocument, Filename: "ijazah.pdf"}, crm.Media{Type: crm.KindSticker, Animated: true, Error: "media expired"},
	crm.Location{Latitude: -6.208763000000001, Longitude: 106.845599, Name: "Monas", Address: "Jakarta", URL: "https://example.com"},
	crm.Contacts{Names: []string{"Sari", ""}, Cards: json.RawMessage(`[{"name":{"formatted_name":"Sari"},"phones":[{"phone":"+62 812 0000 0001"}]}]`)},
	crm.Interactive{Type: "button", Header: json.RawMessage(`{"type":"text","text":"Halo"}`), Body: "Pilih", Footer: "-", Action: json.RawMessage(`{"buttons":[]}`)},
	crm.Choice{Source: "button", ID: "yes", Title: "Ya", Description: "setuju"},
	crm.FlowReply{Name: "flow", Body: "Sent", Response: `{"n":12345678901234567890}`},
	crm.Reaction{MessageID: "wamid.example", Emoji: "👍🏽"}, crm.Reaction{MessageID: "wamid.example"},
	crm.Order{CatalogID: "12345678901234567890", Text: "dua", Items: []crm.OrderItem{{ProductID: "a", Quantity: "2", Price: "1250000.10", Currency: "IDR"}}},
	crm.System{Type: "user_changed_number", Body: "changed", WaID: "628120000999", UserID: "ID.1", PreviousUserID: "ID.0", At: time.UnixMilli(1760000000123).UTC()},
	crm.FilledTemplate{Name: "welcome", Language: "id", Category: "utility", Components: json.RawMessage(`[{"type":"body"}]`), Body: "Halo Sari"},
	crm.Unsupported{Type: "poll", Error: &crm.ProviderError{Code: 131051, Title: "unsupported"}, Raw: json.RawMessage(`{"id":12345678901234567890,"deep":[[[{"x":1.50}]]]}`)},
}

func messageContent(t *testing.T, w *world) {
	changes := &crm.Changes{}
	for _, content := range contents {
		m := w.ours.Inbound(w.ours.conversation, "")
		m.Content = content
		changes.Messages = append(changes.Messages, copied(m))
		changes.Facts = append(changes.Facts, w.ours.fact(m))
	}
	w.write(t, w.ours.ws, changes)
	for i, content := range contents {
		got := w.message(t, changes.Messages[i].ID)
		same(t, fmt.Sprintf("content of kind %s", content.Kind()), got.Content, content)
	}
}

func messageUnique(t *testing.T, w *world) {
	repeat := w.ours.Inbound(w.ours.conversation, "halo")
	repeat.ProviderID = w.ours.message.ProviderID
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Messages: []*crm.Message{repeat}})
	wantCode(t, "a second message under a provider id", err, crm.Conflict)
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	thread := w.ours.Conversation(w.ours.contact)
	thread.ChannelID = channel.ID
	repeat.ChannelID, repeat.ConversationID = channel.ID, thread.ID
	w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{thread}, Messages: []*crm.Message{repeat}})
}

func messageNoProviderID(t *testing.T, w *world) {
	one, _ := w.ours.Outbound(w.ours.conversation, "satu")
	two, _ := w.ours.Outbound(w.ours.conversation, "dua")
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{one, two}})
	state := w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Provided: []inbox.Provided{{ChannelID: w.ours.Channel.ID}}})
	if len(state.Messages) > 0 {
		t.Errorf("an empty provider id finds %d messages, want none", len(state.Messages))
	}
}

func messageNumbered(t *testing.T, w *world) {
	last := w.message(t, w.ours.reply.ID).Ingest
	for range 3 {
		changes := &crm.Changes{}
		for range 4 {
			m := w.ours.Inbound(w.ours.conversation, "halo")
			changes.Messages, changes.Facts = append(changes.Messages, m), append(changes.Facts, w.ours.fact(m))
		}
		w.write(t, w.ours.ws, changes)
		for i, m := range changes.Messages {
			number := w.message(t, m.ID).Ingest
			if number <= last {
				t.Errorf("message %d of a write has number %d after %d, want a higher one", i, number, last)
			}
			last = number
		}
	}
}

// talk stores messages in our conversation whose provider times have ties and
// do not follow the order of storing, and returns the whole thread in its order.
func (w *world) talk(t *testing.T) []*crm.Message {
	t.Helper()
	want := []*crm.Message{w.message(t, w.ours.message.ID), w.message(t, w.ours.reply.ID)}
	for i := range 24 {
		m := w.ours.Inbound(w.ours.conversation, fmt.Sprint(i))
		twin := w.ours.Inbound(w.ours.conversation, fmt.Sprint(i, " again"))
		m.ProviderTime = w.clock.Now().Add(time.Duration(i*7%5) * time.Millisecond)
		twin.ProviderTime = m.ProviderTime
		w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{m, twin}, Facts: []crm.Fact{w.ours.fact(m), w.ours.fact(twin)}})
		want = append(want, w.message(t, m.ID), w.message(t, twin.ID))
	}
	slices.SortFunc(want, func(a, b *crm.Message) int {
		return cmp.Or(b.ProviderTime.Compare(a.ProviderTime), cmp.Compare(b.Ingest, a.Ingest))
	})
	w.newThread(t, w.ours, nil) // another conversation, whose messages are not of this one
	return want
}

func messageOrder(t *testing.T, w *world) {
	want := w.talk(t)
	same(t, "the thread", w.thread(t, w.ours.conversation.ID), want)
}

func messagePages(t *testing.T, w *world) {
	want := w.talk(t)
	for limit := 1; limit <= 9; limit += 2 {
		q := inbox.MessageQuery{ConversationID: w.ours.conversation.ID, Limit: limit}
		got, err := pages(limit, func(last *crm.Message) ([]*crm.Message, error) {
			if last != nil {
				q.After = inbox.MessageCursor{At: last.ProviderTime, Ingest: last.Ingest}
			}
			return w.store.Inbox().Messages(t.Context(), w.ours.ws, q)
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("the thread in pages of %d", limit), got, want)
	}
}

func messageQuoted(t *testing.T, w *world) {
	ours := w.ours
	waiting, _ := ours.Outbound(ours.conversation, "belum ada nomornya")
	w.write(t, ours.ws, &crm.Changes{Messages: []*crm.Message{waiting}})
	want := slices.DeleteFunc(w.talk(t), func(m *crm.Message) bool { return m.ProviderID == "" })
	_, other, elsewhere := w.newThread(t, ours, nil) // on the same channel
	q := inbox.QuotedQuery{ConversationID: ours.conversation.ID, ChannelID: ours.Channel.ID, ProviderIDs: []string{"", "wamid.none", want[0].ProviderID, elsewhere.ProviderID}}
	for _, m := range want {
		q.ProviderIDs = append(q.ProviderIDs, m.ProviderID) // the first of them again
	}
	quoted := func(ws crm.WorkspaceID, q inbox.QuotedQuery) []*crm.Message {
		found := must[[]*crm.Message](t)(w.store.Inbox().Quoted(t.Context(), ws, q))
		slices.SortFunc(found, func(a, b *crm.Message) int {
			return -cmp.Or(a.ProviderTime.Compare(b.ProviderTime), cmp.Compare(a.Ingest, b.Ingest))
		})
		return found
	}
	same(t, "the messages of the ids", quoted(ours.ws, q), want)
	for what, change := range map[string]func(q *inbox.QuotedQuery){
		"of no ids":               func(q *inbox.QuotedQuery) { q.ProviderIDs = nil },
		"of another conversation": func(q *inbox.QuotedQuery) { q.ConversationID, q.ProviderIDs = other.ID, []string{want[0].ProviderID} },
		"of another channel":      func(q *inbox.QuotedQuery) { q.ChannelID = crm.NewID[crm.Channel](w.mint) },
		"of a conversation not ours": func(q *inbox.QuotedQuery) {
			q.ConversationID, q.ChannelID = w.theirs.conversation.ID, w.theirs.Channel.ID
		},
	} {
		none := q
		change(&none)
		if found := quoted(ours.ws, none); len(found) > 0 {
			t.Errorf("messages %s: %d are found, want none", what, len(found))
		}
	}
	if found := quoted(w.theirs.ws, q); len(found) > 0 {
		t.Errorf("another workspace finds %d of our messages", len(found))
	}
}

func messageLoad(t *testing.T, w *world) {
	ours := w.ours
	for what, need := range map[string]inbox.Need{
		"by id":               {Messages: []crm.MessageID{ours.message.ID, crm.NewID[crm.Message](w.mint)}},
		"by provider id":      {Provided: []inbox.Provided{{ChannelID: ours.Channel.ID, ProviderID: ours.message.ProviderID}, {ChannelID: ours.Channel.ID, ProviderID: "wamid.none"}}},
		"as one that came in": {Inbound: []inbox.Provided{{ChannelID: ours.Channel.ID, ProviderID: ours.message.ProviderID}}},
		"by both": {Messages: []crm.MessageID{ours.message.ID, ours.message.ID},
			Provided: []inbox.Provided{{ChannelID: ours.Channel.ID, ProviderID: ours.message.ProviderID}}},
	} {
		need.WorkspaceID = ours.ws
		state := w.load(t, need)
		same(t, "a message loaded "+what, state.Messages, []*crm.Message{ours.message})
		same(t, "the conversation of a message loaded "+what, state.Conversations, []*crm.Conversation{ours.conversation})
		same(t, "the contact of a message loaded "+what, state.Contacts, []*crm.Contact{ours.contact})
	}
	elsewhere := w.load(t, inbox.Need{WorkspaceID: ours.ws, Provided: []inbox.Provided{{ChannelID: crm.NewID[crm.Channel](w.mint), ProviderID: ours.message.ProviderID}}})
	same(t, "a provider id on another channel", elsewhere, &inbox.State{})
	came := w.load(t, inbox.Need{WorkspaceID: ours.ws, Inbound: []inbox.Provided{
		{ChannelID: ours.Channel.ID, ProviderID: ours.status.ProviderID}, {ChannelID: ours.Channel.ID, ProviderID: ours.amendment.ProviderID}}})
	same(t, "what is heard of what came in", came.Amendments, []crm.Amendment{ours.amendment})
	same(t, "reports on what came in", came.Statuses, []crm.StatusReport(nil))
}

func messagePending(t *testing.T, w *world) {
	answered, _ := w.ours.Outbound(w.ours.conversation, "dijawab")
	answered.ProviderID, answered.Status = "wamid.answered", crm.Sent
	received := w.ours.Inbound(w.ours.conversation, "tanpa nomor") // an inbound one is never pending
	received.ProviderID = ""
	_, other, _ := w.newThread(t, w.ours, nil)
	elsewhere, _ := w.ours.Outbound(other, "di tempat lain")
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{answered, received, elsewhere}})
	need := inbox.Need{WorkspaceID: w.ours.ws, Conversations: []crm.ConversationID{w.ours.conversation.ID}}
	if state := w.load(t, need); len(state.Messages) > 0 {
		t.Errorf("a conversation loaded alone brings %d messages, want none", len(state.Messages))
	}
	need.Pending = true
	same(t, "the pending messages", w.load(t, need).Messages, []*crm.Message{w.ours.reply})
}
