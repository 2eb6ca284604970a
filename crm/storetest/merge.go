package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

var mergeTests = []test{
	{"leaves one contact with all that two had", mergeJoins},
	{"keeps a conversation's place in the queue, and undoing it gives it back", mergeQueued},
	{"that is undone leaves both as they were", mergeUndone},
	{"of a contact that is written anew is undone for the rest", mergeLater},
	{"is refused where it cannot be done", mergeRefused},
	{"is suggested for contacts that turned out to be one person, until one is gone", mergeTwins},
}

// couple is two contacts of one person: with a conversation each on a channel,
// and one of the second's on another.
type couple struct {
	*world
	service    *people.Service
	me         access.Principal
	kept, gone *crm.Contact
	into, from *crm.Conversation // on one channel
	decided    []crm.Routing     // about from, newest first; the oldest when something was about into
	other      *crm.Conversation
}

func newCouple(t *testing.T, w *world) *couple {
	t.Helper()
	c := &couple{world: w, service: people.New(w.store.People(), w.mint), me: access.OfMember(w.ours.Owner), kept: w.ours.contact, into: w.ours.conversation}
	// The reply that waits to be sent has left.
	reply := copied(w.ours.reply)
	reply.Status, reply.ProviderID = crm.Sent, "wamid.left"
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{reply}, DoneJobs: []*crm.Job{w.ours.job}})
	perth := w.newTag(t, "Perth")
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	c.gone, c.from, _ = w.newThread(t, w.ours, func(ct *crm.Contact, cv *crm.Conversation) {
		ct.Name, ct.LeadStatus, ct.Tags, ct.Fields = "Sari Dua", "qualified", []crm.TagID{perth.ID, w.ours.tag.ID}, map[string]string{"kota": "Perth", "budget": "9"}
		ct.OptOut = crm.OptOut{Out: true, At: w.clock.Now(), Reason: "STOP"}
		cv.Unread = 2
	})
	c.other = w.ours.Conversation(c.gone)
	c.other.ChannelID = channel.ID
	elsewhere, rare := w.ours.Inbound(c.other, "nomor lain"), w.ours.Inbound(c.from, "beasiswa penuh")
	note, task, inThread := copied(w.ours.note), copied(w.ours.task), copied(w.ours.note)
	note.ID, note.ContactID, note.Body = crm.NewID[crm.Note](w.mint), c.gone.ID, "calls itself Sari"
	inThread.ID, inThread.ContactID, inThread.ConversationID = crm.NewID[crm.Note](w.mint), c.gone.ID, c.from.ID
	task.ID, task.ContactID = crm.NewID[crm.Task](w.mint), c.gone.ID
	w.write(t, w.ours.ws, &crm.Changes{
		Conversations: []*crm.Conversation{copied(c.other), copied(c.from)}, Messages: []*crm.Message{elsewhere, rare}, Notes: []*crm.Note{note, inThread}, Tasks: []*crm.Task{task},
	})
	covered := crm.Routing{WorkspaceID: w.ours.ws, ConversationID: c.from.ID, At: w.ours.routing.At, Reason: lead.AllAtWork.Code}
	w.write(t, w.ours.ws, &crm.Changes{Routings: []crm.Routing{covered}})
	c.decided = append(w.decided(t, w.ours, c.from, 3), covered)
	w.decided(t, w.ours, c.other, 1)
	w.clock.Advance(time.Minute)
	return c
}

// steady is a snapshot without what a merge and its undoing change for good: the
// feed, and when rows were last changed.
func (c *couple) steady(t *testing.T) snapshot {
	t.Helper()
	s := c.snapshot(t, c.ours)
	s.Facts = nil
	byID(s.Contacts)
	slices.SortFunc(s.Conversations, func(a, b *crm.Conversation) int { return a.ID.Compare(b.ID) })
	s.Messages, s.Routings = nil, nil
	for _, cv := range s.Conversations {
		cv.UpdatedAt = time.Time{}
		s.Routings = append(s.Routings, c.routings(t, c.ours.ws, inbox.RoutingQuery{ConversationID: cv.ID}))
		s.Messages = append(s.Messages, c.thread(t, cv.ID))
	}
	s.Cards = nil
	for i := range s.Mentions {
		s.Mentions[i].Contact.UpdatedAt = time.Time{}
	}
	for _, ct := range s.Contacts {
		card := must[*people.Card](t)(c.store.People().CardByID(t.Context(), c.ours.ws, ct.ID))
		card.Contact.UpdatedAt, ct.UpdatedAt = time.Time{}, time.Time{}
		if card.Lead != nil {
			card.Lead.ScoredAt, card.Lead.DueAt = time.Time{}, time.Time{}
		}
		for _, cv := range card.Conversations {
			cv.UpdatedAt = time.Time{}
		}
		s.Cards = append(s.Cards, card)
	}
	return s
}

func (c *couple) merge(t *testing.T) *crm.Merge {
	t.Helper()
	merge, _, err := c.service.Merge(t.Context(), c.me, c.kept.ID, c.gone.ID)
	if err != nil {
		t.Fatal(err)
	}
	return merge
}

func mergeJoins(t *testing.T, w *world) {
	c := newCouple(t, w)
	before := len(c.thread(t, c.into.ID)) + len(c.thread(t, c.from.ID))
	c.merge(t)
	card := must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, c.kept.ID))
	got := card.Contact
	if len(got.Identities) != len(c.kept.Identities)+len(c.gone.Identities) || got.Name != "Sari Dua" || got.LeadStatus != "qualified" || !got.OptOut.Out ||
		len(got.Tags) != 2 || got.Fields["kota"] != "Perth" || got.Fields["budget"] != "9" {
		t.Errorf("the contact that is left is %+v", got)
	}
	if len(card.Notes) != 3 || len(card.Tasks) != 2 || len(card.Tags) != 2 || len(card.Conversations) != 2 {
		t.Errorf("its card has %d notes, %d tasks, %d tags, %d conversations, want 3, 2, 2, 2", len(card.Notes), len(card.Tasks), len(card.Tags), len(card.Conversations))
	}
	for _, cv := range card.Conversations {
		if cv.ContactName != "Sari Dua" {
			t.Errorf("a conversation shows %q", cv.ContactName)
		}
		for _, m := range c.thread(t, cv.ID) {
			if m.ContactID != c.kept.ID {
				t.Errorf("the message %q is of another contact", m.Content.Preview())
			}
		}
	}
	thread := c.thread(t, c.into.ID)
	if len(thread) != before {
		t.Errorf("the thread of both has %d messages, want %d", len(thread), before)
	}
	decided := slices.Clone(c.decided)
	for i := range decided {
		decided[i].ConversationID = c.into.ID
	}
	decided[len(decided)-1] = w.ours.routing
	same(t, "what was decided about both", w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: c.into.ID}), decided)
	into, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, c.into.ID)
	if err != nil || into.LastMessage.ID != thread[0].ID || into.Unread != c.into.Unread+c.from.Unread {
		t.Errorf("the thread of both shows %+v with %d unread, %v, want its newest message", into.LastMessage, into.Unread, err)
	}
	_, err = w.store.People().CardByID(t.Context(), w.ours.ws, c.gone.ID)
	wantCode(t, "the card of the contact that is gone", err, crm.NotFound)
	_, _, err = w.store.Inbox().Conversation(t.Context(), w.ours.ws, c.from.ID)
	wantCode(t, "the conversation that is gone", err, crm.NotFound)
	for _, id := range c.gone.Identities {
		if found := w.find(t, id); len(found) != 1 || found[0].ID != c.kept.ID {
			t.Errorf("%v finds %d contacts, want the one that is left", id, len(found))
		}
	}
	for search, want := range map[string]crm.ConversationID{"beasiswa": c.into.ID, "nomor lain": c.other.ID} {
		list := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{Search: search, Limit: all}))
		if !slices.ContainsFunc(list, func(cv *crm.Conversation) bool { return cv.ID == want }) {
			t.Errorf("a search for %q does not find the conversation its message is in", search)
		}
	}
	if list := must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), w.ours.ws, people.ContactQuery{Search: "Sari Dua", Limit: all})); len(list) != 1 {
		t.Errorf("a search for the name finds %d contacts, want the one that is left", len(list))
	}
}

func mergeUndone(t *testing.T, w *world) {
	c := newCouple(t, w)
	w.scoreAgain(t, c.service, c.me) // to undo a merge scores both by what is stored of them
	before := c.steady(t)
	merge := c.merge(t)
	w.clock.Advance(time.Minute)
	if _, err := c.service.Unmerge(t.Context(), c.me, merge.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "the workspace after a merge was undone", c.steady(t), before)
	for search, want := range map[string]crm.ConversationID{"beasiswa": c.from.ID, "nomor lain": c.other.ID} {
		list := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), w.ours.ws, inbox.ConversationQuery{Search: search, Limit: all}))
		if len(list) != 1 || list[0].ID != want {
			t.Errorf("after a merge was undone a search for %q does not find the conversation its message is in", search)
		}
	}
	_, err := c.service.Unmerge(t.Context(), c.me, merge.ID)
	wantCode(t, "undoing a merge again", err, crm.Conflict)
	c.merge(t) // it can be done again
}

// mergeQueued merges conversations that wait for a member, or that one has by the
// rules of assignment.
func mergeQueued(t *testing.T, w *world) {
	c := newCouple(t, w)
	w.assigning(t, w.ours)
	early, late := w.clock.Now().Add(-time.Hour), w.clock.Now().Add(-time.Minute)
	type place struct {
		has crm.MemberID
		why lead.Reason
		at  time.Time
	}
	nobody, owner := crm.MemberID{}, w.ours.Owner.ID
	none, given := place{}, place{owner, lead.InTurn, late}
	first, second := place{nobody, lead.Closed, early}, place{nobody, lead.AllAtWork, late}
	for _, tt := range []struct {
		what             string
		into, from, want place
	}{
		{"one that waits and one that does not", first, none, first},
		{"one that does not wait and one that does", none, first, first},
		{"two that wait", second, first, first},
		{"two that wait, the other way round", first, second, first},
		{"one that waits and one that somebody has", first, given, given},
		{"one that somebody has and one that waits", given, first, given},
	} {
		for cv, p := range map[*crm.Conversation]place{c.into: tt.into, c.from: tt.from} {
			row, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, cv.ID)
			if err != nil {
				t.Fatal(err)
			}
			row.AssigneeID, row.RoutedFor, row.RoutedAt = p.has, p.why.Code, p.at
			w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{row}, Queues: []crm.Queue{{WorkspaceID: w.ours.ws, Rules: crm.DefaultRules + 1}}})
		}
		is := func(what string, id crm.ConversationID, want place) {
			t.Helper()
			cv, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, id)
			if err != nil || cv.AssigneeID != want.has || cv.RoutedFor != want.why.Code || !cv.RoutedAt.Equal(want.at) {
				t.Errorf("%s: %s is %q's for %q since %v, %v, want %q's for %q since %v", tt.what, what, cv.AssigneeID, cv.RoutedFor, cv.RoutedAt, err, want.has, want.why.Code, want.at)
			}
		}
		merge := c.merge(t)
		is("what they become", c.into.ID, tt.want)
		if _, err := c.service.Unmerge(t.Context(), c.me, merge.ID); err != nil {
			t.Fatal(err)
		}
		is("the kept one", c.into.ID, tt.into)
		is("the other", c.from.ID, tt.from)
		claimed := must[crm.WorkspaceID](t)(w.store.Inbox().ClaimQueue(t.Context(), w.mint.Now(), w.mint.Now().Add(time.Hour)))
		if claimed != w.ours.ws {
			t.Errorf("%s: after undoing nobody looks at what waits", tt.what)
		}
	}
}

// scoreAgain scores a workspace's contacts by what is stored of them.
func (w *world) scoreAgain(t *testing.T, service *people.Service, who access.Principal) {
	t.Helper()
	_, err := service.StartRescore(t.Context(), who)
	for worked := true; worked && err == nil; {
		worked, err = service.RescoreTurn(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mergeLater(t *testing.T, w *world) {
	c := newCouple(t, w)
	merge := c.merge(t)
	w.clock.Advance(time.Minute)
	edit := people.Edit{Name: new("Sari Tiga"), Fields: map[string]*string{"budget": new("10")}}
	if _, err := c.service.Edit(t.Context(), c.me, c.kept.ID, edit, "ID"); err != nil {
		t.Fatal(err)
	}
	into, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, c.into.ID)
	if err != nil {
		t.Fatal(err)
	}
	late := w.ours.Inbound(into, "sesudah")
	w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{into}, Messages: []*crm.Message{late}})
	back, err := c.service.Unmerge(t.Context(), c.me, merge.ID)
	if err != nil || back.Name != "Sari Dua" {
		t.Fatalf("undoing a merge gives back %+v, %v", back, err)
	}
	kept := w.contact(t, c.kept.ID)
	if kept.Name != "Sari Tiga" || kept.Fields["budget"] != "10" || kept.Fields["kota"] != "" || kept.LeadStatus != c.kept.LeadStatus || kept.OptOut.Out {
		t.Errorf("the contact that was kept is now %+v, want what was changed since and nothing else of the other's", kept)
	}
	if thread := c.thread(t, c.into.ID); thread[0].ID != late.ID || len(c.thread(t, c.from.ID)) != 2 {
		t.Error("a message that came after the merge is not where it came")
	}
}

func mergeRefused(t *testing.T, w *world) {
	c := newCouple(t, w)
	before := w.snapshot(t, w.ours)
	none := crm.NewID[crm.Contact](w.mint)
	for _, tt := range []struct {
		what       string
		kept, gone crm.ContactID
		code       crm.Code
	}{
		{"with itself", c.kept.ID, c.kept.ID, crm.Invalid}, {"with nobody", c.kept.ID, none, crm.NotFound}, {"into nobody", none, c.gone.ID, crm.NotFound},
		{"with a stranger", c.kept.ID, w.theirs.contact.ID, crm.NotFound},
	} {
		_, _, err := c.service.Merge(t.Context(), c.me, tt.kept, tt.gone)
		wantCode(t, "a merge "+tt.what, err, tt.code)
	}
	_, err := c.service.Unmerge(t.Context(), c.me, crm.NewID[crm.Merge](w.mint))
	wantCode(t, "undoing no merge", err, crm.NotFound)
	w.unchanged(t, "the workspace after refusals", w.ours, before)
	waiting, job := w.ours.Outbound(c.from, "sebentar")
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{waiting}, Jobs: []*crm.Job{job}})
	_, _, err = c.service.Merge(t.Context(), c.me, c.kept.ID, c.gone.ID)
	wantCode(t, "a merge while a message waits to be sent", err, crm.Refused)
	stranger := access.OfMember(w.theirs.Owner)
	_, _, err = c.service.Merge(t.Context(), stranger, c.kept.ID, c.gone.ID)
	wantCode(t, "a stranger's merge", err, crm.NotFound)
}

func mergeTwins(t *testing.T, w *world) {
	c := newCouple(t, w)
	third, _, _ := w.newThread(t, w.ours, nil)
	fourth, _, _ := w.newThread(t, w.ours, nil)
	at := w.clock.Now()
	pair := crm.NewTwin(w.ours.ws, c.kept.ID, c.gone.ID, at)
	if pair != crm.NewTwin(w.ours.ws, c.gone.ID, c.kept.ID, at) {
		t.Error("who is named first makes another pair")
	}
	for range 2 { // it is told again with every message
		w.write(t, w.ours.ws, &crm.Changes{Twins: []crm.Twin{pair}})
	}
	w.write(t, w.ours.ws, &crm.Changes{Twins: []crm.Twin{crm.NewTwin(w.ours.ws, third.ID, c.gone.ID, at), crm.NewTwin(w.ours.ws, third.ID, fourth.ID, at)}})
	suggested := func(of crm.ContactID, want ...crm.ContactID) {
		t.Helper()
		var got []crm.ContactID
		for _, twin := range must[[]*crm.Contact](t)(c.service.Duplicates(t.Context(), c.me, of)) {
			got = append(got, twin.ID)
		}
		slices.SortFunc(got, crm.ContactID.Compare)
		slices.SortFunc(want, crm.ContactID.Compare)
		same(t, "who is suggested", got, want)
	}
	suggested(c.kept.ID, c.gone.ID)
	suggested(c.gone.ID, c.kept.ID, third.ID)
	suggested(third.ID, c.gone.ID, fourth.ID)
	nobody := crm.NewTwin(w.ours.ws, c.kept.ID, w.theirs.contact.ID, at)
	if err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Twins: []crm.Twin{nobody}}); err == nil {
		t.Error("a contact of another workspace is one person with one of ours")
	}
	foreign := crm.NewTwin(w.theirs.ws, w.theirs.contact.ID, w.theirs.contact.ID, at)
	wantCode(t, "a pair of another workspace", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Twins: []crm.Twin{foreign}}), crm.Internal)
	newEraser(w).begin(t, third.ID)
	suggested(c.gone.ID, c.kept.ID)
	suggested(fourth.ID)
	c.merge(t)
	suggested(c.kept.ID)
}
