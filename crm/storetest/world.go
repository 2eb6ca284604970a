package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
)

// all is a limit above everything a test stores.
const all = 10_000

// world is what a test starts from: a store with two companies in it.
type world struct {
	store        Store
	clock        *crmtest.Clock
	mint         *crm.Mint
	ours, theirs *tenant
}

// tenant is a company that is stored, with one of each noun.
type tenant struct {
	*crmtest.Company
	ws           crm.WorkspaceID
	contact      *crm.Contact
	lead         *crm.Lead // the contact's
	conversation *crm.Conversation
	routing      crm.Routing  // of the conversation
	message      *crm.Message // inbound
	reply        *crm.Message // waits to be sent
	job          *crm.Job
	tag          *crm.Tag // on the contact
	field        *crm.Field
	pipeline     *crm.Pipeline
	view         *crm.View
	canned       *crm.CannedReply
	note         *crm.Note
	mention      *crm.Mention // of the owner, in the note
	task         *crm.Task
	template     *crm.Template
	delivery     *crm.Delivery
	status       crm.StatusReport // parked
	amendment    crm.Amendment    // parked
	answer       crm.Answer
	key          *crm.APIKey
	session      *crm.Session
}

func newWorld(t *testing.T, store Store) *world {
	t.Helper()
	clock := crmtest.NewClock()
	w := &world{store: store, clock: clock, mint: clock.Mint(1)}
	w.ours = w.settle(t)
	w.theirs = w.settle(t)
	return w
}

// settle makes a company and stores it. The rows of any two companies are
// alike: they are made by the same steps.
func (w *world) settle(t *testing.T) *tenant {
	t.Helper()
	now := w.mint.Now()
	c := &tenant{Company: crmtest.NewCompany(w.mint)}
	c.ws = c.Workspace.ID
	c.people(w.mint, now)
	c.thread(w.mint, now)
	directory := w.store.Directory()
	c.key = &crm.APIKey{
		ID: crm.NewID[crm.APIKey](w.mint), WorkspaceID: c.ws, Name: "website", Prefix: "m21_example1",
		Hash: sha256.Sum256(c.ws[:]), Scopes: []string{"read"}, CreatedAt: now,
	}
	c.session = &crm.Session{
		WorkspaceID: c.ws, MemberID: c.Owner.ID, Hash: sha256.Sum256(c.Owner.ID[:]), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	for _, err := range []error{
		directory.SaveWorkspace(t.Context(), copied(c.Workspace)),
		directory.SaveMember(t.Context(), copied(c.Owner)),
		directory.SaveChannel(t.Context(), copied(c.Channel)),
		directory.SaveKey(t.Context(), copied(c.key)),
		directory.SaveSession(t.Context(), copied(c.session)),
	} {
		if err != nil {
			t.Fatalf("store a company: %v", err)
		}
	}
	w.write(t, c.ws, c.rows())
	for _, m := range []*crm.Message{c.message, c.reply} { // a row that is replaced was loaded, so it has its number
		m.Ingest = must[*crm.Message](t)(w.store.Inbox().Message(t.Context(), c.ws, m.ID)).Ingest
	}
	return c
}

// rows returns the company's rows as changes.
func (c *tenant) rows() *crm.Changes {
	return &crm.Changes{
		Contacts: []*crm.Contact{copied(c.contact)}, Leads: []*crm.Lead{copied(c.lead)}, Conversations: []*crm.Conversation{copied(c.conversation)},
		Messages: []*crm.Message{copied(c.message), copied(c.reply)},
		Statuses: []crm.StatusReport{c.status}, Amendments: []crm.Amendment{c.amendment},
		Deliveries: []*crm.Delivery{copied(c.delivery)}, Notes: []*crm.Note{copied(c.note)}, Mentions: []*crm.Mention{copied(c.mention)}, Tasks: []*crm.Task{copied(c.task)},
		Tags: []*crm.Tag{copied(c.tag)}, Fields: []*crm.Field{copied(c.field)}, Pipelines: []*crm.Pipeline{copied(c.pipeline)}, Views: []*crm.View{copied(c.view)}, CannedReplies: []*crm.CannedReply{copied(c.canned)},
		Templates: []*crm.Template{copied(c.template)}, Jobs: []*crm.Job{copied(c.job)},
		Routings: []crm.Routing{c.routing}, Answers: []crm.Answer{c.answer}, Facts: []crm.Fact{c.fact(c.message)},
	}
}

// people makes the company's contact with what the team knows of it.
func (c *tenant) people(mint *crm.Mint, now time.Time) {
	owner := crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()}
	c.tag = &crm.Tag{ID: crm.NewID[crm.Tag](mint), WorkspaceID: c.ws, Name: "VIP", Color: "#ff8800", CreatedAt: now}
	c.field = &crm.Field{ID: crm.NewID[crm.Field](mint), WorkspaceID: c.ws, Key: "kota", Label: "Kota", Type: crm.TextField, CreatedAt: now}
	c.pipeline = crm.DefaultPipeline(c.ws)
	c.pipeline.UpdatedAt = now
	c.view = &crm.View{
		ID: crm.NewID[crm.View](mint), WorkspaceID: c.ws, Name: "New", Filter: []byte(`{"field":"lead_status","op":"is","value":"new"}`),
		Sort: "recent", CreatedAt: now, UpdatedAt: now,
	}
	c.canned = &crm.CannedReply{ID: crm.NewID[crm.CannedReply](mint), WorkspaceID: c.ws, Shortcut: "hours", Body: "We are open from 9 to 17.", CreatedAt: now, UpdatedAt: now}
	c.contact = c.Contact()
	c.contact.Tags = []crm.TagID{c.tag.ID}
	c.contact.Temperature, c.contact.Score = crm.Warm, 42
	c.lead = &crm.Lead{
		WorkspaceID: c.ws, ContactID: c.contact.ID, Profile: c.contact.ID[:], Rules: 1, Total: 42, Temperature: crm.Warm, ScoredAt: now, DueAt: now.Add(time.Hour),
	}
	c.note = &crm.Note{ID: crm.NewID[crm.Note](mint), WorkspaceID: c.ws, ContactID: c.contact.ID, Author: owner, Body: "wants Perth", CreatedAt: now}
	c.mention = &crm.Mention{WorkspaceID: c.ws, NoteID: c.note.ID, MemberID: c.Owner.ID}
	c.task = &crm.Task{ID: crm.NewID[crm.Task](mint), WorkspaceID: c.ws, ContactID: c.contact.ID, AssigneeID: c.Owner.ID, Title: "send the brochure", Author: owner, CreatedAt: now}
}

// thread makes the company's conversation and what the provider said about it.
func (c *tenant) thread(mint *crm.Mint, now time.Time) {
	c.conversation = c.Conversation(c.contact)
	c.conversation.AssigneeID = c.Owner.ID
	c.routing = crm.Routing{WorkspaceID: c.ws, ConversationID: c.conversation.ID, At: now, AssigneeID: c.Owner.ID, Reason: lead.InTurn.Code}
	c.message = c.Inbound(c.conversation, "halo, berapa biayanya?")
	c.reply, c.job = c.Outbound(c.conversation, "tergantung kotanya")
	c.status = crm.StatusReport{WorkspaceID: c.ws, ChannelID: c.Channel.ID, ProviderID: "wamid.parked", Status: crm.Delivered, At: now}
	c.amendment = crm.Amendment{
		WorkspaceID: c.ws, ChannelID: c.Channel.ID, ProviderID: "wamid.parked", SourceID: "wamid.edit", Content: crm.Text{Body: "halo!"}, At: now,
	}
	c.template = &crm.Template{
		ID: crm.NewID[crm.Template](mint), WorkspaceID: c.ws, ChannelID: c.Channel.ID, ProviderID: "1234567890123456789",
		Name: "welcome", Language: "id", Category: "utility", Status: "approved", Body: "Halo {{1}}",
		Components: []byte(`[{"type":"BODY","text":"Halo {{1}}"}]`), UpdatedAt: now,
	}
	body := fmt.Appendf(nil, `{"for":%q}`, c.ws)
	c.delivery = &crm.Delivery{
		ID: crm.NewID[crm.Delivery](mint), WorkspaceID: c.ws, Key: sha256.Sum256(body), Provider: crm.Kapso,
		Event: "whatsapp.message.received", Signer: "0123456789abcdef", Verdict: crm.DeliveryApplied, Facts: 1, Applied: 1,
		Body: body, ReceivedAt: now, Seen: 1,
	}
	c.answer = crm.Answer{WorkspaceID: c.ws, Key: "order-1", Request: sha256.Sum256(body), MessageID: c.reply.ID, At: now}
}

// fact returns the feed's entry of a message.
func (c *tenant) fact(m *crm.Message) crm.Fact {
	return crm.Fact{
		WorkspaceID: c.ws, Kind: crm.MessageReceived, At: m.CreatedAt, Actor: m.Author,
		ConversationID: m.ConversationID, ContactID: m.ContactID, MessageID: m.ID, Data: []byte(`{"type":"text"}`),
	}
}

// newThread stores a new contact with a conversation in which it wrote once,
// after change (which may be nil) has changed them.
func (w *world) newThread(t *testing.T, c *tenant, change func(*crm.Contact, *crm.Conversation)) (*crm.Contact, *crm.Conversation, *crm.Message) {
	t.Helper()
	ct := c.Contact()
	cv := c.Conversation(ct)
	m := c.Inbound(cv, "halo")
	if change != nil {
		change(ct, cv)
	}
	w.write(t, c.ws, &crm.Changes{
		Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Facts: []crm.Fact{c.fact(m)},
	})
	return ct, cv, m
}

// write stores changes of one workspace.
func (w *world) write(t *testing.T, ws crm.WorkspaceID, changes *crm.Changes) {
	t.Helper()
	if err := w.tryWrite(t.Context(), ws, changes); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func (w *world) tryWrite(ctx context.Context, ws crm.WorkspaceID, changes *crm.Changes) error {
	return w.store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, changes)
	})
}

// load returns what the inbox's side of the store has of a need.
func (w *world) load(t *testing.T, need inbox.Need) *inbox.State {
	t.Helper()
	var state *inbox.State
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{need.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) (err error) {
		state, err = tx.Load(ctx, need)
		return err
	})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return state
}

// loadPeople returns what the lead database's side of the store has of a need.
func (w *world) loadPeople(t *testing.T, need people.Need) *people.State {
	t.Helper()
	var state *people.State
	err := w.store.People().Update(t.Context(), need.WorkspaceID, func(ctx context.Context, tx people.Tx) (err error) {
		state, err = tx.Load(ctx, need)
		return err
	})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return state
}

// loadJob returns what the outbox's side of the store has of a job.
func (w *world) loadJob(t *testing.T, job *crm.Job, providerID string) *outbox.State {
	t.Helper()
	var states []*outbox.State
	err := w.store.Outbox().Update(t.Context(), job.WorkspaceID, func(ctx context.Context, tx outbox.Tx) (err error) {
		states, err = tx.Load(ctx, outbox.Ask{Job: job, ProviderID: providerID})
		return err
	})
	if err != nil {
		t.Fatalf("load a job: %v", err)
	}
	return states[0]
}

// wantCode fails the test unless err is of the class.
func wantCode(t *testing.T, what string, err error, code crm.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// must fails the test if a call failed, and returns its result.
func must[T any](t *testing.T) func(T, error) T {
	return func(result T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

// copied returns a row of its own, so that a store that changes what it is
// given does not change what a test expects.
func copied[T any](row *T) *T {
	c := *row
	return &c
}
