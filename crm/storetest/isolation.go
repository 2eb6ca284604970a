package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var isolationTests = []test{
	{"a foreign id is not found", isolationNotFound},
	{"a foreign id finds nothing in a list", isolationLists},
	{"a foreign id is absent from what is loaded", isolationLoad},
	{"a workspace's lists hold its own rows only", isolationOwn},
	{"a person known to two workspaces is a contact of each", isolationShared},
	{"a row written under a foreign id is a row of its own", isolationWrite},
	{"nothing foreign can be deleted or touched", isolationDelete},
	{"a row of a workspace that is not named is refused", isolationStranger},
	{"an unknown workspace is empty", isolationUnknown},
	{"reading with an ended context is an error", isolationCancelled},
}

func isolationNotFound(t *testing.T, w *world) {
	ctx, ours, theirs := t.Context(), w.ours.ws, w.theirs
	read, lead, dir := w.store.Inbox(), w.store.People(), w.store.Directory()
	for _, tt := range []struct {
		what          string
		foreign, none func() error
	}{
		{"Conversation",
			func() error { _, _, err := read.Conversation(ctx, ours, theirs.conversation.ID); return err },
			func() error {
				_, _, err := read.Conversation(ctx, ours, crm.NewID[crm.Conversation](w.mint))
				return err
			}},
		{"Message",
			func() error { _, err := read.Message(ctx, ours, theirs.message.ID); return err },
			func() error { _, err := read.Message(ctx, ours, crm.NewID[crm.Message](w.mint)); return err }},
		{"Delivery",
			func() error { _, err := read.Delivery(ctx, ours, theirs.delivery.ID); return err },
			func() error { _, err := read.Delivery(ctx, ours, crm.NewID[crm.Delivery](w.mint)); return err }},
		{"CardByID",
			func() error { _, err := lead.CardByID(ctx, ours, theirs.contact.ID); return err },
			func() error { _, err := lead.CardByID(ctx, ours, crm.NewID[crm.Contact](w.mint)); return err }},
		{"Card",
			func() error { _, err := lead.Card(ctx, ours, w.theirsAlone(t)); return err },
			func() error {
				_, err := lead.Card(ctx, ours, []crm.Identity{{Kind: crm.ByPhone, Value: "+15550100"}})
				return err
			}},
		{"Member",
			func() error { _, err := dir.Member(ctx, ours, theirs.Owner.ID); return err },
			func() error { _, err := dir.Member(ctx, ours, crm.NewID[crm.Member](w.mint)); return err }},
	} {
		foreign, none := tt.foreign(), tt.none()
		wantCode(t, tt.what+" of a foreign id", foreign, crm.NotFound)
		wantCode(t, tt.what+" of an id that is nobody's", none, crm.NotFound)
		if foreign != nil && none != nil && foreign.Error() != none.Error() {
			t.Errorf("%s tells a foreign id from a missing one: %q and %q", tt.what, foreign, none)
		}
	}
}

// theirsAlone stores a contact in the other workspace whose identity ours does
// not have, and returns the identity.
func (w *world) theirsAlone(t *testing.T) []crm.Identity {
	t.Helper()
	alone := []crm.Identity{{Kind: crm.ByExternal, Value: "their customer"}}
	w.newThread(t, w.theirs, func(ct *crm.Contact, _ *crm.Conversation) { ct.Identities = alone })
	return alone
}

func isolationLists(t *testing.T, w *world) {
	ctx, ours, theirs := t.Context(), w.ours.ws, w.theirs
	for what, q := range map[string]inbox.ConversationQuery{
		"channel":  {ChannelID: theirs.Channel.ID},
		"contact":  {ContactID: theirs.contact.ID},
		"assignee": {AssigneeID: theirs.Owner.ID},
		"tag":      {TagID: theirs.tag.ID},
	} {
		q.Limit = all
		if found := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(ctx, ours, q)); len(found) > 0 {
			t.Errorf("Conversations by a foreign %s = %d rows, want none", what, len(found))
		}
	}
	for what, found := range map[string]int{
		"Messages":       len(must[[]*crm.Message](t)(w.store.Inbox().Messages(ctx, ours, inbox.MessageQuery{ConversationID: theirs.conversation.ID, Limit: all}))),
		"Quoted":         len(must[[]*crm.Message](t)(w.store.Inbox().Quoted(ctx, ours, inbox.QuotedQuery{ConversationID: theirs.conversation.ID, ChannelID: theirs.Channel.ID, ProviderIDs: []string{theirs.message.ProviderID}}))),
		"Templates":      len(must[[]*crm.Template](t)(w.store.Inbox().Templates(ctx, ours, theirs.Channel.ID))),
		"Contacts":       len(must[[]*crm.Contact](t)(w.store.People().Contacts(ctx, ours, people.ContactQuery{TagID: theirs.tag.ID, Limit: all}))),
		"Notes":          len(must[[]*crm.Note](t)(w.store.People().Notes(ctx, ours, theirs.contact.ID, crm.NoteID{}, all))),
		"Mentions":       len(must[[]people.Mentioned](t)(w.store.People().Mentions(ctx, ours, people.MentionQuery{MemberID: theirs.Owner.ID, Limit: all}))),
		"Mentions, seen": must[int](t)(w.store.People().CountUnseen(ctx, ours, theirs.Owner.ID, all)),
		"Tasks":          len(must[[]*crm.Task](t)(w.store.People().Tasks(ctx, ours, people.TaskQuery{ContactID: theirs.contact.ID, Limit: all}))),
		"Tasks assigned": len(must[[]*crm.Task](t)(w.store.People().Tasks(ctx, ours, people.TaskQuery{AssigneeID: theirs.Owner.ID, Limit: all}))),
	} {
		if found > 0 {
			t.Errorf("%s by a foreign id = %d rows, want none", what, found)
		}
	}
}

func isolationLoad(t *testing.T, w *world) {
	ours, theirs := w.ours.ws, w.theirs
	foreign := w.theirsAlone(t)
	answer := theirs.answer
	answer.Key = "theirs alone"
	status := theirs.status
	status.ProviderID = "wamid.theirs"
	w.write(t, theirs.ws, &crm.Changes{Answers: []crm.Answer{answer}, Statuses: []crm.StatusReport{status}})
	state := w.load(t, inbox.Need{
		WorkspaceID: ours, Channels: []crm.ChannelID{theirs.Channel.ID}, Identities: foreign, Contacts: []crm.ContactID{theirs.contact.ID},
		Conversations: []crm.ConversationID{theirs.conversation.ID}, Pending: true,
		Provided: []inbox.Provided{
			{ChannelID: theirs.Channel.ID, ProviderID: theirs.message.ProviderID}, {ChannelID: theirs.Channel.ID, ProviderID: status.ProviderID},
		},
		Messages: []crm.MessageID{theirs.message.ID}, Members: []crm.MemberID{theirs.Owner.ID},
		Deliveries: [][32]byte{theirs.delivery.Key}, Answers: []string{answer.Key}, TemplateNames: []string{theirs.template.Name},
	})
	same(t, "what the inbox loads of foreign ids", state, &inbox.State{})
	known := w.loadPeople(t, people.Need{
		WorkspaceID: ours, Contacts: []crm.ContactID{theirs.contact.ID}, Identities: foreign, Threads: true,
		Tags: []crm.TagID{theirs.tag.ID}, Tasks: []crm.TaskID{theirs.task.ID}, Members: []crm.MemberID{theirs.Owner.ID},
		Mentions: people.MentionQuery{MemberID: theirs.Owner.ID, Limit: all},
	})
	same(t, "what the lead database loads of foreign ids", known, &people.State{})
	job := copied(theirs.job)
	job.WorkspaceID = ours
	if got := w.loadJob(t, job, ""); got.Job != nil || got.Message != nil || got.Contact != nil {
		t.Errorf("a foreign job is loaded: %+v", got)
	}
}

func isolationOwn(t *testing.T, w *world) {
	one, other := w.snapshot(t, w.ours), w.snapshot(t, w.theirs)
	for what, count := range map[string][2]int{
		"contacts":      {len(one.Contacts), len(other.Contacts)},
		"conversations": {len(one.Conversations), len(other.Conversations)},
		"tags":          {len(one.Tags), len(other.Tags)},
		"tasks":         {len(one.Tasks), len(other.Tasks)},
		"templates":     {len(one.Templates), len(other.Templates)},
		"deliveries":    {len(one.Deliveries), len(other.Deliveries)},
		"facts":         {len(one.Facts), len(other.Facts)},
		"members":       {len(one.Members), len(other.Members)},
		"channels":      {len(one.Channels), len(other.Channels)},
		"keys":          {len(one.Keys), len(other.Keys)},
		"reports":       {len(one.Known.Statuses), len(other.Known.Statuses)},
	} {
		if count != [2]int{1, 1} {
			t.Errorf("the two workspaces list %d and %d %s, want one each", count[0], count[1], what)
		}
	}
	same(t, "our contact", one.Contacts[0], w.ours.contact)
	same(t, "their contact", other.Contacts[0], w.theirs.contact)
	same(t, "our channel", one.Channels[0], w.ours.Channel)
}

func isolationShared(t *testing.T, w *world) {
	if w.ours.contact.Identities[0] != w.theirs.contact.Identities[0] {
		t.Fatal("the two companies' contacts are not the same person, so this test shows nothing")
	}
	for _, c := range []*tenant{w.ours, w.theirs} {
		card, err := w.store.People().Card(t.Context(), c.ws, c.contact.Identities)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the person's card", card.Contact, c.contact)
		known := w.load(t, inbox.Need{WorkspaceID: c.ws, Identities: c.contact.Identities, AllChannels: true})
		same(t, "the contact of the person", known.Contacts, []*crm.Contact{c.contact})
		same(t, "the conversation with the person", known.Conversations, []*crm.Conversation{c.conversation})
		same(t, "the channel", known.Channels, []*crm.Channel{c.Channel})
	}
}

func isolationWrite(t *testing.T, w *world) {
	before := w.snapshot(t, w.theirs)
	changes := w.everything(w.ours)
	ct, cv, m := changes.Contacts[0], changes.Conversations[0], changes.Messages[0]
	ct.ID, cv.ID, m.ID = w.theirs.contact.ID, w.theirs.conversation.ID, w.theirs.message.ID
	cv.ContactID, m.ContactID, m.ConversationID = ct.ID, ct.ID, cv.ID
	changes.Messages[1].ConversationID, changes.Messages[1].ContactID = cv.ID, ct.ID
	changes.Notes[0].ID, changes.Tasks[0].ID, changes.Tags[0].ID = w.theirs.note.ID, w.theirs.task.ID, w.theirs.tag.ID
	changes.Notes[0].ContactID, changes.Tasks[0].ContactID, ct.Tags = ct.ID, ct.ID, []crm.TagID{w.theirs.tag.ID}
	changes.Leads[0].ContactID, changes.Mentions[0].NoteID = ct.ID, w.theirs.note.ID
	changes.Deliveries[1].ID, changes.Jobs[0].ID = w.theirs.delivery.ID, w.theirs.job.ID
	w.write(t, w.ours.ws, changes)
	after := w.snapshot(t, w.theirs)
	before.Waiting = after.Waiting
	same(t, "the workspace whose ids were used", after, before)
	got, contact, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, cv.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "our conversation under their id", got, cv)
	same(t, "our contact under their id", contact, ct)
}

func isolationDelete(t *testing.T, w *world) {
	before := w.snapshot(t, w.theirs)
	done := copied(w.theirs.job)
	done.WorkspaceID = w.ours.ws
	settled := &crm.Message{WorkspaceID: w.ours.ws, ID: w.theirs.reply.ID, ConversationID: w.theirs.conversation.ID}
	w.write(t, w.ours.ws, &crm.Changes{DeletedTags: []crm.TagID{w.theirs.tag.ID}, DeletedViews: []crm.ViewID{w.theirs.view.ID}, DeletedCanned: []crm.CannedReplyID{w.theirs.canned.ID},
		DoneJobs: []*crm.Job{done}, Settled: []*crm.Message{settled}})
	// Whether touching a key that is not there is an error is the store's choice.
	_ = w.store.Directory().TouchKey(t.Context(), w.ours.ws, w.theirs.key.ID, w.clock.Advance(time.Hour))
	if took, err := w.store.Directory().TakeSession(t.Context(), w.ours.ws, w.theirs.session.Hash); err != nil || took {
		t.Errorf("TakeSession of a foreign session = %v, %v, want false", took, err)
	}
	w.unchanged(t, "the workspace whose ids were used", w.theirs, before)
	if _, err := w.store.Directory().SessionByHash(t.Context(), w.theirs.session.Hash, w.theirs.session.CreatedAt); err != nil {
		t.Errorf("their session after we tried to take it: %v", err)
	}
}

// isolationStranger goes through every list of crm.Changes whose rows name their
// workspace, those added later too.
func isolationStranger(t *testing.T, w *world) {
	lists := reflect.TypeFor[crm.Changes]()
	tried := 0
	for i := range lists.NumField() {
		row := lists.Field(i).Type.Elem()
		pointer := row.Kind() == reflect.Pointer
		if pointer {
			row = row.Elem()
		}
		if row.Kind() != reflect.Struct {
			continue // an id
		}
		foreign := reflect.New(row)
		ws := foreign.Elem().FieldByName("WorkspaceID")
		if !ws.IsValid() {
			continue
		}
		ws.Set(reflect.ValueOf(w.theirs.ws))
		if !pointer {
			foreign = foreign.Elem()
		}
		var changes crm.Changes
		list := reflect.ValueOf(&changes).Elem().Field(i)
		list.Set(reflect.Append(list, foreign))
		err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error { return tx.Write(ctx, &changes) })
		wantCode(t, lists.Field(i).Name+" of a workspace that the transaction does not name", err, crm.Internal)
		tried++
	}
	if tried < 20 {
		t.Errorf("%d kinds of rows were tried", tried)
	}
}

func isolationUnknown(t *testing.T, w *world) {
	nobody := &tenant{Company: w.ours.Company, ws: crm.NewID[crm.Workspace](w.mint)}
	got := w.snapshot(t, nobody)
	same(t, "an unknown workspace", got, snapshot{Pipeline: crm.DefaultPipeline(nobody.ws), Known: &inbox.State{}, Waiting: 2})
	_, err := w.store.Directory().Workspace(t.Context(), nobody.ws)
	wantCode(t, "Workspace of an unknown id", err, crm.NotFound)
}

func isolationCancelled(t *testing.T, w *world) {
	w.everyRead(t, contextEnded(t), func(what string, err error) {
		if err == nil {
			t.Errorf("%s with an ended context is no error", what)
		}
	})
	if claims, _, err := w.store.Outbox().Claim(t.Context(), w.claiming(all)); err != nil || len(claims) != 2 {
		t.Errorf("after a Claim with an ended context: %d claims, %v, want the two jobs", len(claims), err)
	}
}
