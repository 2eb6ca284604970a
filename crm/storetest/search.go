package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var searchTests = []test{
	{"finds conversations by name, words and digits", searchConversations},
	{"takes a question for what it is, not for a query", searchHostile},
	{"follows a message that changes", searchChanged},
	{"combines with the other filters and pages", searchCombined},
	{"finds contacts by part of a name and digits", searchContacts},
}

// searchable stores a thread whose contact and message the tests search for.
func (w *world) searchable(t *testing.T, c *tenant) (*crm.Contact, *crm.Conversation, *crm.Message) {
	t.Helper()
	ct := c.Contact()
	ct.Name, ct.Identities = "Siti Rahmawati", []crm.Identity{{Kind: crm.ByPhone, Value: "+6281200007788"}, {Kind: crm.ByWaID, Value: "6281200007788"}}
	cv := c.Conversation(ct)
	m := c.Inbound(cv, "Selamat pagi, apakah beasiswa ke München masih dibuka?")
	w.write(t, c.ws, &crm.Changes{
		Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Facts: []crm.Fact{c.fact(m)},
	})
	return ct, cv, m
}

// search returns whether a text finds a conversation, and how many it finds.
func (w *world) search(t *testing.T, text string, id crm.ConversationID) (found bool, all int) {
	t.Helper()
	rows := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{Search: text, Limit: 100}))
	for _, row := range rows {
		found = found || row.ID == id
	}
	return found, len(rows)
}

func searchConversations(t *testing.T, w *world) {
	_, cv, _ := w.searchable(t, w.ours)
	w.searchable(t, w.theirs)
	for text, want := range map[string]bool{
		"siti": true, "Rahmawati": true, "RAHMA": true, "siti rahmawati": true,
		"beasiswa": true, "BEASISWA": true, "beasis": true, "pagi beasiswa": true, "beasiswa pagi": true, "münchen": true,
		"6281200007788": true, "7788": true, "+62 812-0000-7788": true, "81200007788": true, "0812 0000 7788": true,
		"beasiswa sydney": false, "sydney": false, "99887766": false, "siti nurbaya": false,
	} {
		if found, rows := w.search(t, text, cv.ID); found != want || want && rows != 1 {
			t.Errorf("a search for %q finds the conversation: %v, among %d, want %v", text, found, rows, want)
		}
	}
}

// searchHostile holds a search to text: nothing in it is an operator, a
// wildcard or an error, whatever the database would make of it.
func searchHostile(t *testing.T, w *world) {
	_, cv, _ := w.searchable(t, w.ours)
	for text, want := range map[string]bool{
		`beasiswa "`: true, `beasis*`: true, `beasiswa:*`: true, `%beasiswa_`: true, `'beasiswa'`: true, `beasiswa -pagi`: true,
		`NOT sydney`: false, `beasiswa OR sydney`: false, `sydney | beasiswa`: false, `!sydney`: false, `beasiswa & !sydney`: false,
		`body:beasiswa`: false, `NEAR(pagi sydney)`: false, `syd%y`: false, `b_asiswax`: false, `';-- sydney`: false,
	} {
		if found, _ := w.search(t, text, cv.ID); found != want {
			t.Errorf("a search for %q finds the conversation: %v, want %v", text, found, want)
		}
	}
	for _, text := range []string{`"`, `'`, `\`, `%`, `_`, `(`, `*`, "\x00", "\xff", "👍", "-", "+", "  ", strings.Repeat("a ", 2000), strings.Repeat("9", 5000)} {
		w.search(t, text, cv.ID) // what is no word finds what it may, and is no error
	}
}

func searchChanged(t *testing.T, w *world) {
	_, cv, m := w.searchable(t, w.ours)
	m = w.message(t, m.ID)
	m.Content, m.EditedAt = crm.Text{Body: "Apakah kuliah di Sydney masih dibuka?"}, w.clock.Now()
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{m}})
	for text, want := range map[string]bool{"beasiswa": false, "sydney": true} {
		if found, _ := w.search(t, text, cv.ID); found != want {
			t.Errorf("after the message was edited %q finds it: %v, want %v", text, found, want)
		}
	}
	m = w.message(t, m.ID)
	m.Content, m.EditedAt = crm.Media{Type: crm.KindDocument, Filename: "ijazah.pdf", Caption: "ijazah saya"}, time.Time{} // the file of a placeholder
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{m}})
	for text, want := range map[string]bool{"ijazah": true, "sydney": false} {
		if found, _ := w.search(t, text, cv.ID); found != want {
			t.Errorf("after the message got its file %q finds it: %v, want %v", text, found, want)
		}
	}
}

func searchCombined(t *testing.T, w *world) {
	var want []*crm.Conversation
	for i := range 9 {
		w.clock.Advance(time.Second)
		_, cv, _ := w.newThread(t, w.ours, func(ct *crm.Contact, cv *crm.Conversation) {
			if i%3 > 0 {
				ct.Name, cv.ContactName = "Siti", "Siti"
			}
			if i%2 > 0 {
				cv.Status = crm.Resolved
			}
		})
		if i%3 > 0 && i%2 > 0 {
			want = append([]*crm.Conversation{cv}, want...)
		}
	}
	q := inbox.ConversationQuery{Search: "siti", Status: crm.Resolved, ChannelID: w.ours.Channel.ID, Unread: true, Limit: 1}
	got, err := pages(q.Limit, func(last *crm.Conversation) ([]*crm.Conversation, error) {
		if last != nil {
			q.After = inbox.ConversationCursor{At: last.LastMessage.At, ID: last.ID}
		}
		return w.store.Inbox().Conversations(t.Context(), w.ours.ws, q)
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the pages of a search", got, want)
}

func searchContacts(t *testing.T, w *world) {
	ct, _, _ := w.searchable(t, w.ours)
	w.newThread(t, w.ours, func(ct *crm.Contact, cv *crm.Conversation) { // has every three letters of "abcabd" and not the whole
		ct.Name, cv.ContactName = "Cabd Bcabc", "Cabd Bcabc"
	})
	if _, rows := w.search(t, "abcabd", crm.ConversationID{}); rows > 0 {
		t.Errorf("a search for part of a name finds %d conversations of contacts that have its letters only", rows)
	}
	w.searchable(t, w.theirs)
	for text, want := range map[string]bool{
		"siti": true, "RAHMA": true, "ti Rah": true, "7788": true, "+62 812-0000-7788": true, "beasiswa": false, "%": false, "S_ti": false, "9988": false, "abcabd": false,
	} {
		rows := must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), w.ours.ws, people.ContactQuery{Search: text, Limit: 100}))
		found := len(rows) == 1 && rows[0].ID == ct.ID
		if found != want || !want && len(rows) > 0 {
			t.Errorf("a search for %q finds %d contacts, want only Siti: %v", text, len(rows), want)
		}
	}
}
