package inbox

import (
	"cmp"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// world is the loaded state with indexes, and what was changed of it. Apply
// works on it fact by fact; what it looks up is as later facts of the same
// batch must see it.
type world struct {
	mint *crm.Mint
	now  time.Time
	ws   crm.WorkspaceID

	numbers *numbers // of the fact that is being applied

	contacts      map[crm.ContactID]*crm.Contact
	byIdentity    map[crm.Identity]*crm.Contact
	conversations map[crm.ConversationID]*crm.Conversation
	byPair        map[pair]*crm.Conversation
	threads       map[crm.ContactID][]*crm.Conversation
	messages      map[crm.MessageID]*crm.Message
	byProvided    map[Provided]*crm.Message
	pending       map[crm.ConversationID][]*crm.Message
	reports       map[Provided][]crm.StatusReport
	amendments    map[Provided][]crm.Amendment
	templates     []*crm.Template
	answers       map[string]*crm.Answer // by their Idempotency-Key
	rules         *lead.Rules
	book          *lead.Book
	team          team
	asking        []*crm.Conversation // for somebody to have them

	touched map[any]bool // rows that are in changes already
	changes crm.Changes
}

type pair struct {
	channel crm.ChannelID
	contact crm.ContactID
}

func newWorld(ws crm.WorkspaceID, s *State, mint *crm.Mint) *world {
	rules := cmp.Or(s.Rules, lead.Education())
	w := &world{
		mint: mint, now: mint.Now(), ws: ws,
		contacts:      make(map[crm.ContactID]*crm.Contact, len(s.Contacts)),
		byIdentity:    make(map[crm.Identity]*crm.Contact, 2*len(s.Contacts)),
		conversations: make(map[crm.ConversationID]*crm.Conversation, len(s.Conversations)),
		byPair:        make(map[pair]*crm.Conversation, len(s.Conversations)),
		threads:       make(map[crm.ContactID][]*crm.Conversation, len(s.Contacts)),
		messages:      make(map[crm.MessageID]*crm.Message, len(s.Messages)),
		byProvided:    make(map[Provided]*crm.Message, len(s.Messages)),
		pending:       make(map[crm.ConversationID][]*crm.Message),
		reports:       make(map[Provided][]crm.StatusReport, len(s.Statuses)),
		amendments:    make(map[Provided][]crm.Amendment, len(s.Amendments)),
		templates:     s.Templates,
		answers:       make(map[string]*crm.Answer, len(s.Answers)),
		touched:       make(map[any]bool),
		rules:         rules,
		book:          lead.NewBook(ws, rules, mint.Now(), s.Leads),
		team:          newTeam(s, rules),
	}
	for _, c := range s.Contacts {
		w.addContact(c)
	}
	for _, c := range s.Conversations {
		w.addConversation(c)
	}
	for _, m := range s.Messages {
		w.addMessage(m)
	}
	for _, a := range s.Answers {
		w.answers[a.Key] = a
	}
	for _, r := range s.Statuses {
		key := Provided{r.ChannelID, r.ProviderID}
		w.reports[key] = append(w.reports[key], r)
	}
	for _, a := range s.Amendments {
		key := Provided{a.ChannelID, a.ProviderID}
		w.amendments[key] = append(w.amendments[key], a)
	}
	return w
}

func (w *world) addContact(c *crm.Contact) {
	w.contacts[c.ID] = c
	for _, id := range c.Identities {
		w.byIdentity[id] = c
	}
}

func (w *world) addConversation(c *crm.Conversation) {
	w.conversations[c.ID] = c
	w.byPair[pair{c.ChannelID, c.ContactID}] = c
	w.threads[c.ContactID] = append(w.threads[c.ContactID], c)
}

func (w *world) addMessage(m *crm.Message) {
	w.messages[m.ID] = m
	switch {
	case m.ProviderID != "":
		w.byProvided[Provided{m.ChannelID, m.ProviderID}] = m
	case m.Direction == crm.Outbound:
		w.pending[m.ConversationID] = append(w.pending[m.ConversationID], m)
	}
}

// The save methods note that a row is to be written, once.

func (w *world) saveContact(c *crm.Contact) {
	if !w.touched[c] {
		w.touched[c] = true
		w.changes.Contacts = append(w.changes.Contacts, c)
	}
	c.UpdatedAt = w.now
}

func (w *world) saveConversation(c *crm.Conversation) {
	if !w.touched[c] {
		w.touched[c] = true
		w.changes.Conversations = append(w.changes.Conversations, c)
	}
	c.UpdatedAt = w.now
}

func (w *world) saveMessage(m *crm.Message) {
	if !w.touched[m] {
		w.touched[m] = true
		w.changes.Messages = append(w.changes.Messages, m)
	}
}

// fact notes what happened, for the feed. Data that is nil has none.
func (w *world) fact(f crm.Fact) {
	f.WorkspaceID = w.ws
	f.At = w.now
	w.changes.Facts = append(w.changes.Facts, f)
}

// identify gives the contact an identity unless another has it; then it notes
// that the two are one person. It reports whether the contact changed.
func (w *world) identify(c *crm.Contact, id crm.Identity) bool {
	switch holder := w.byIdentity[id]; {
	case id.Value == "" || holder == c:
		return false
	case holder != nil:
		w.duplicate(c, holder)
		return false
	}
	w.byIdentity[id] = c
	c.Identities = append(c.Identities, id)
	w.saveContact(c)
	return true
}

// duplicate notes, once a batch, that two contacts are one person, for the feed and
// for who looks for what to merge.
func (w *world) duplicate(a, b *crm.Contact) {
	key := [2]crm.ContactID{a.ID, b.ID}
	slices.SortFunc(key[:], crm.ContactID.Compare)
	if w.touched[key] {
		return
	}
	w.touched[key] = true
	w.changes.Twins = append(w.changes.Twins, crm.NewTwin(w.ws, a.ID, b.ID, w.now))
	w.fact(crm.Fact{
		Kind: crm.ContactDuplicate, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: a.ID,
		Data: data(map[string]string{"other_contact_id": b.ID.String()}),
	})
}

// refresh copies what the list shows of a contact to its loaded conversations.
func (w *world) refresh(c *crm.Contact) {
	for _, cv := range w.threads[c.ID] {
		if cv.ContactName != c.DisplayName() || cv.ContactHandle != c.Handle() {
			cv.ContactName, cv.ContactHandle = c.DisplayName(), c.Handle()
			w.saveConversation(cv)
		}
	}
}
