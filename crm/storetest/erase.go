package storetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var eraseTests = []test{
	{"hides the contact from its first moment", eraseHides},
	{"makes way for a message that comes again meanwhile", eraseAgain},
	{"takes away everything, and nothing of anybody else", eraseAll},
	{"goes on wherever it was cut off", eraseResumes},
	{"of the journal takes the bodies that name the contact", eraseJournal},
	{"of the journal takes a body that only names one of its messages", eraseMentioned},
	{"of the journal reaches what is no single workspace's", eraseUnclaimed},
	{"takes what waits for a message that never came", eraseParked},
	{"takes rows out of files of errors, and the file that would bring the contact back", eraseFiles},
	{"takes the record of every merge it was part of", eraseMerged},
	{"comes back with every field", eraseStored},
	{"is claimed by one, and leased", eraseClaimed},
	{"is not another workspace's", eraseForeign},
	{"that somebody else brought further is not gone on with", eraseTaken},
}

// eraser erases in a world.
type eraser struct {
	*world
	service *people.Erasures
	me      access.Principal
}

func newEraser(w *world) *eraser {
	return &eraser{w, people.NewErasures(w.store.Erasures(), w.store.Imports(), w.mint), access.OfMember(w.ours.Owner)}
}

// begin erases a contact as far as its first transaction goes.
func (e *eraser) begin(t *testing.T, id crm.ContactID) *crm.Erasure {
	t.Helper()
	return must[*crm.Erasure](t)(e.service.Erase(t.Context(), e.me, id))
}

// finish works until nothing is left to do.
func (e *eraser) finish(t *testing.T, id crm.ContactID) *crm.Erasure {
	t.Helper()
	if worked, err := e.service.Run(t.Context(), id); err != nil || !worked {
		t.Fatalf("Run() = %v, %v, want work", worked, err)
	}
	erasure := must[*crm.Erasure](t)(e.store.Erasures().Erasure(t.Context(), e.ours.ws, id))
	if !erasure.Ended() || erasure.EndedAt.IsZero() || erasure.Traces != nil || erasure.After != nil {
		t.Fatalf("after all is done the erasure is %+v", erasure)
	}
	return erasure
}

func eraseHides(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	other, thread, _ := w.newThread(t, ours, nil)
	e.begin(t, ours.contact.ID)
	ctx := t.Context()
	_, err := w.store.People().CardByID(ctx, ours.ws, ours.contact.ID)
	wantCode(t, "the contact", err, crm.NotFound)
	_, _, err = w.store.Inbox().Conversation(ctx, ours.ws, ours.conversation.ID)
	wantCode(t, "its conversation", err, crm.NotFound)
	_, err = w.store.Inbox().Message(ctx, ours.ws, ours.message.ID)
	wantCode(t, "its message", err, crm.NotFound)
	if messages := w.thread(t, ours.conversation.ID); len(messages) > 0 {
		t.Errorf("its thread still has %d messages", len(messages))
	}
	quoted := inbox.QuotedQuery{ConversationID: ours.conversation.ID, ChannelID: ours.Channel.ID, ProviderIDs: []string{ours.message.ProviderID}}
	if messages := must[[]*crm.Message](t)(w.store.Inbox().Quoted(ctx, ours.ws, quoted)); len(messages) > 0 {
		t.Errorf("%d messages of its thread can still be quoted", len(messages))
	}
	if found := w.find(t, ours.contact.Identities...); len(found) > 0 {
		t.Errorf("its identities find %d contacts", len(found))
	}
	state := w.load(t, inbox.Need{
		WorkspaceID: ours.ws, Messages: []crm.MessageID{ours.message.ID}, Contacts: []crm.ContactID{ours.contact.ID},
		Provided: []inbox.Provided{{ChannelID: ours.Channel.ID, ProviderID: ours.message.ProviderID}},
	})
	if len(state.Messages)+len(state.Contacts)+len(state.Conversations) > 0 {
		t.Errorf("loaded are %d messages, %d contacts, %d conversations", len(state.Messages), len(state.Contacts), len(state.Conversations))
	}
	if claims := w.claimOurs(t); len(claims) > 0 {
		t.Errorf("%d messages to it are still to be sent", len(claims))
	}
	contacts := must[[]*crm.Contact](t)(w.store.People().Contacts(ctx, ours.ws, people.ContactQuery{Limit: all}))
	conversations := must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(ctx, ours.ws, inbox.ConversationQuery{Limit: all}))
	if len(contacts) != 1 || contacts[0].ID != other.ID || len(conversations) != 1 || conversations[0].ID != thread.ID {
		t.Errorf("lists have %d contacts and %d conversations, want the other's", len(contacts), len(conversations))
	}
	if tasks := w.tasks(t); len(tasks) > 0 {
		t.Errorf("%d tasks are left", len(tasks))
	}
	facts := w.facts(t, 0, all)
	last := facts[len(facts)-1]
	want := crm.Fact{WorkspaceID: ours.ws, Seq: last.Seq, Kind: crm.ContactErased, At: last.At, Actor: e.me.Actor, ContactID: ours.contact.ID}
	same(t, "the fact that tells of it", last, want)
	if again := e.begin(t, ours.contact.ID); again.Stage != crm.EraseJournal {
		t.Errorf("erased again it is at %s", again.Stage)
	}
	_, err = e.service.Erase(ctx, e.me, crm.NewID[crm.Contact](w.mint))
	wantCode(t, "erasing nobody", err, crm.NotFound)
	_, err = e.service.Erase(ctx, e.me, w.theirs.contact.ID)
	wantCode(t, "erasing another workspace's contact", err, crm.NotFound)
}

func eraseAgain(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	e.begin(t, ours.contact.ID)
	again := ours.Contact()
	again.Identities = ours.contact.Identities
	thread := ours.Conversation(again)
	m := ours.Inbound(thread, "halo, berapa biayanya?")
	m.ProviderID = ours.message.ProviderID
	w.write(t, ours.ws, &crm.Changes{Contacts: []*crm.Contact{again}, Conversations: []*crm.Conversation{thread}, Messages: []*crm.Message{m}})
	e.finish(t, ours.contact.ID)
	if messages := w.thread(t, thread.ID); len(messages) != 1 || messages[0].ID != m.ID {
		t.Errorf("the new thread has %d messages, want the one that came again", len(messages))
	}
	if found := w.find(t, again.Identities...); len(found) != 1 || found[0].ID != again.ID {
		t.Errorf("the identities find %d contacts, want the new one", len(found))
	}
	if _, found := w.search(t, "biayanya", thread.ID); found != 1 {
		t.Errorf("a search finds %d conversations, want the new one", found)
	}
}

// manyMessages is more than two steps delete.
const manyMessages = 1100

func eraseAll(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	var messages []*crm.Message
	for i := range manyMessages {
		messages = append(messages, w.ours.Inbound(ours.conversation, fmt.Sprintf("pesan %d", i)))
	}
	w.write(t, ours.ws, &crm.Changes{Conversations: []*crm.Conversation{copied(ours.conversation)}, Messages: messages, Statuses: []crm.StatusReport{{
		WorkspaceID: ours.ws, ChannelID: ours.Channel.ID, ProviderID: messages[0].ProviderID, MessageID: messages[0].ID, Status: crm.Read, At: w.clock.Now(),
	}}})
	other, _, m := w.newThread(t, ours, func(ct *crm.Contact, _ *crm.Conversation) { ct.Tags = []crm.TagID{ours.tag.ID} })
	before, theirs, days := w.snapshot(t, ours), w.snapshot(t, w.theirs), w.days(t, ours.ws, month())
	e.begin(t, ours.contact.ID)
	erasure := e.finish(t, ours.contact.ID)
	want := crm.ErasedCounts{Conversations: 1, Inbound: manyMessages + 1, Outbound: 1, Notes: 1, Tasks: 1, Reports: 1, Facts: 1}
	if erasure.Erased != want {
		t.Errorf("counted are %+v, want %+v", erasure.Erased, want)
	}
	if wrong := w.days(t, ours.ws, month()).differ(days); wrong != "" || len(days) == 0 {
		t.Errorf("the figures of days are not what they were:\n\t%s", wrong)
	}
	if wrong := w.standing(t, ours.ws).differ(w.scan(t, ours.ws)); wrong != "" {
		t.Errorf("the standing figures are no count of the rows:\n\t%s", wrong)
	}
	theirs.Waiting-- // which counts ours too
	w.unchanged(t, "another workspace", w.theirs, theirs)
	after := w.snapshot(t, ours)
	if len(after.Facts) != len(before.Facts)+1 {
		t.Fatalf("the feed has %d facts, want %d", len(after.Facts), len(before.Facts)+1)
	}
	for i, fact := range before.Facts {
		if fact.ContactID == ours.contact.ID {
			fact.Data = nil
		}
		same(t, "a fact of before", after.Facts[i], fact)
	}
	before.Facts, after.Facts, before.Waiting, after.Waiting = nil, nil, 0, 0
	before.Contacts = slices.DeleteFunc(before.Contacts, func(c *crm.Contact) bool { return c.ID != other.ID })
	before.Conversations = slices.DeleteFunc(before.Conversations, func(c *crm.Conversation) bool { return c.ContactID != other.ID })
	before.Messages = slices.DeleteFunc(before.Messages, func(m []*crm.Message) bool { return m[0].ContactID != other.ID })
	before.Routings = slices.DeleteFunc(before.Routings, func(r []crm.Routing) bool { return len(r) > 0 })
	before.Cards = slices.DeleteFunc(before.Cards, func(c *people.Card) bool { return c.Contact.ID != other.ID })
	before.Mentions, before.Tasks, before.Known.Answers = nil, nil, nil
	same(t, "what is left", after, before)
	for _, word := range []string{"pesan", "biayanya", "tergantung"} {
		if _, found := w.search(t, word, ours.conversation.ID); found > 0 {
			t.Errorf("a search for %q still finds %d conversations", word, found)
		}
	}
	w.message(t, m.ID)
	if worked, err := e.service.Turn(t.Context()); worked || err != nil {
		t.Errorf("there is still work: %v, %v", worked, err)
	}
}

// cutOff is a store of erasures whose every step fails after some: in turn before
// anything is written, and after it was committed.
type cutOff struct {
	people.EraseStore
	left   int
	before bool
}

var errCutOff = errors.New("the program was killed")

func (c *cutOff) Step(ctx context.Context, e *crm.Erasure, traces *people.Traces, limit int) (bool, error) {
	if c.left--; c.left == 0 && c.before {
		return false, errCutOff
	}
	done, err := c.EraseStore.Step(ctx, e, traces, min(limit, 2))
	if c.left == 0 && err == nil {
		err = errCutOff
	}
	return done, err
}

func eraseResumes(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	for i := range 9 {
		m := ours.Inbound(ours.conversation, fmt.Sprintf("pesan %d", i))
		w.write(t, ours.ws, &crm.Changes{Messages: []*crm.Message{m}, Facts: []crm.Fact{ours.fact(m)},
			Deliveries: []*crm.Delivery{w.newDelivery(ours.ws, fmt.Sprintf(`{"from":%q,"n":%d}`, ours.contact.Identity(crm.ByWaID), i), crm.DeliveryApplied)}})
	}
	e.begin(t, ours.contact.ID)
	cuts := 0
	for n := 1; ; n++ {
		cut := &cutOff{EraseStore: w.store.Erasures(), left: 1 + n%3, before: n%2 == 0}
		_, err := people.NewErasures(cut, w.store.Imports(), w.mint).Run(t.Context(), ours.contact.ID)
		if err == nil {
			break
		}
		if !errors.Is(err, errCutOff) {
			t.Fatal(err)
		}
		if cuts++; cuts > 100 {
			t.Fatal("it does not come further")
		}
		w.clock.Advance(time.Minute) // the lease of who was killed ends
	}
	if cuts < 10 {
		t.Errorf("it was cut off %d times, want more", cuts)
	}
	erasure := must[*crm.Erasure](t)(w.store.Erasures().Erasure(t.Context(), ours.ws, ours.contact.ID))
	want := crm.ErasedCounts{Conversations: 1, Inbound: 10, Outbound: 1, Notes: 1, Tasks: 1, Bodies: 9, Facts: 10}
	if !erasure.Ended() || erasure.Erased != want {
		t.Errorf("at the end it is %s with %+v, want %+v", erasure.Stage, erasure.Erased, want)
	}
}

// wantBody fails the test unless a delivery has a body, or for "" lost it as if
// retention had taken it.
func (w *world) wantBody(t *testing.T, d *crm.Delivery, want string) {
	t.Helper()
	got := w.delivery(t, d.WorkspaceID, d.ID)
	if string(got.Body) != want || got.Expired != (want == "") {
		t.Errorf("the body of %.60q is %.60q (expired: %v), want %.60q", d.Body, got.Body, got.Expired, want)
	}
	got.Body, got.Expired = d.Body, false
	same(t, "the row of a delivery", got, d)
}

func eraseJournal(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	digits := ours.contact.Identity(crm.ByWaID)
	in64 := base64.StdEncoding.EncodeToString([]byte("\x1d\x18\x0d" + digits + "\x15\x02"))
	gone := []string{
		`{"from":"` + digits + `"}`, `{"phone":"+` + digits + `"}`, `{"to":"+62 812-000.0 (` + digits[9:] + `)"}`, `not JSON ` + digits,
		`{"id":"wamid.` + in64 + `"}`, `{"id":"wamid.x` + base64.StdEncoding.EncodeToString([]byte("x"+digits+"y")) + `"}`,
		`{"id":"wamid.` + base64.StdEncoding.EncodeToString([]byte("xy"+digits)) + `"}`,
	}
	kept := []string{`{"from":"6281200009999"}`, `{"a":1}`, `{"from":"` + digits[:len(digits)-1] + `"}`, `{"from":"` + digits + `7"}`, `{"from":"1` + digits + `"}`}
	for before := range 3 { // of a number that differs in the last bit
		neighbour := digits[:len(digits)-1] + string(digits[len(digits)-1]^1)
		kept = append(kept, `{"id":"wamid.`+base64.StdEncoding.EncodeToString([]byte("xyz"[:before]+neighbour+"\x15\x02"))+`"}`)
	}
	var rows []*crm.Delivery
	for i := range max(len(gone), len(kept)) { // side by side in one block
		for _, bodies := range [][]string{gone, kept} {
			if i < len(bodies) {
				rows = append(rows, w.newDelivery(ours.ws, bodies[i], crm.DeliveryApplied))
			}
		}
	}
	w.write(t, ours.ws, &crm.Changes{Deliveries: rows})
	alone := w.newDelivery(ours.ws, `{"alone":"`+digits+`"}`, crm.DeliveryPartly)
	w.write(t, ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{alone}})
	e.begin(t, ours.contact.ID)
	w.clock.Advance(2 * time.Minute)
	later := w.newDelivery(ours.ws, `{"later":"`+digits+`"}`, crm.DeliveryApplied)
	w.write(t, ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{later}})
	if erased := e.finish(t, ours.contact.ID).Erased; erased.Bodies != len(gone)+1 {
		t.Errorf("%d bodies are gone, want %d", erased.Bodies, len(gone)+1)
	}
	for _, d := range append(rows, alone, later, ours.delivery) {
		if slices.Contains(gone, string(d.Body)) || d == alone {
			w.wantBody(t, d, "")
		} else {
			w.wantBody(t, d, string(d.Body))
		}
	}
}

// statusBody is a report of Meta's that names nobody but a message.
func statusBody(number, message string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` + number +
		`"},"statuses":[{"id":"` + message + `","status":"delivered","timestamp":"1767225600"}]}}]}]}`
}

func eraseMentioned(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	_, _, other := w.newThread(t, ours, nil)
	gone := w.newDelivery(ours.ws, statusBody(ours.Channel.PhoneNumberID, ours.message.ProviderID), crm.DeliveryApplied)
	kept := w.newDelivery(ours.ws, statusBody(ours.Channel.PhoneNumberID, other.ProviderID), crm.DeliveryApplied)
	w.write(t, ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{gone, kept}})
	e.begin(t, ours.contact.ID)
	e.finish(t, ours.contact.ID)
	w.wantBody(t, gone, "")
	w.wantBody(t, kept, string(kept.Body))
}

func eraseUnclaimed(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	body := `{"shared":"` + ours.contact.Identity(crm.ByWaID) + `"}`
	whole, part := w.newDelivery(crm.WorkspaceID{}, body, crm.DeliveryApplied), w.newDelivery(ours.ws, body, crm.DeliveryApplied)
	part.Body = nil
	other := w.newDelivery(crm.WorkspaceID{}, `{"shared":"somebody else"}`, crm.DeliveryUnknown)
	w.write(t, crm.WorkspaceID{}, &crm.Changes{Deliveries: []*crm.Delivery{whole, other}})
	w.write(t, ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{part}})
	e.begin(t, ours.contact.ID)
	e.finish(t, ours.contact.ID)
	w.wantBody(t, whole, "")
	w.wantBody(t, other, string(other.Body))
	same(t, "the workspace's row", w.delivery(t, ours.ws, part.ID), part)
}

func eraseParked(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	in64 := "wamid." + base64.StdEncoding.EncodeToString([]byte("\x1d\x18\x0d"+ours.contact.Identity(crm.ByWaID)+"\x15\x02"))
	named := `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` + ours.Channel.PhoneNumberID +
		`"},"statuses":[{"id":"wamid.never","status":"sent","timestamp":"1767225600","recipient_id":"` + ours.contact.Identity(crm.ByWaID) + `"}]}}]}]}`
	status := func(id string) crm.StatusReport {
		return crm.StatusReport{WorkspaceID: ours.ws, ChannelID: ours.Channel.ID, ProviderID: id, Status: crm.Sent, At: w.clock.Now()}
	}
	amendment := func(target, source string) crm.Amendment {
		return crm.Amendment{WorkspaceID: ours.ws, ChannelID: ours.Channel.ID, ProviderID: target, SourceID: source, Content: crm.Text{Body: "ralat"}, At: w.clock.Now()}
	}
	w.write(t, ours.ws, &crm.Changes{
		Statuses:   []crm.StatusReport{status(in64), status("wamid.never")},
		Amendments: []crm.Amendment{amendment(in64, "wamid.a"), amendment("wamid.b", in64), amendment("wamid.never", "wamid.c")},
		Deliveries: []*crm.Delivery{w.newDelivery(ours.ws, named, crm.DeliveryApplied)},
	})
	e.begin(t, ours.contact.ID)
	if erased := e.finish(t, ours.contact.ID).Erased; erased.Reports != 5 {
		t.Errorf("%d reports are gone, want 5", erased.Reports)
	}
	statuses, amendments := w.reports(t, in64, "wamid.never", "wamid.b", ours.status.ProviderID)
	same(t, "the reports that are left", statuses, []crm.StatusReport{ours.status})
	same(t, "the amendments that are left", amendments, []crm.Amendment{ours.amendment})
}

func eraseFiles(t *testing.T, w *world) {
	e, ours := newEraser(w), w.ours
	national := "0" + ours.contact.Identity(crm.ByWaID)[2:]
	spelled := national[:4] + " " + national[4:8] + "-" + national[8:]
	done := w.newImport(ours, crm.ImportDone)
	done.DryRun, done.Columns, done.Progress.ErrorParts = false, []string{"Sari", spelled}, 2
	w.saveImport(t, done)
	first := w.saveChunk(t, done, people.OfErrors, 0, "Budi;0812 0000 9999;no\r\n\"Sari; \"\"S\"\"\";"+spelled+";no\r\nAni;'=1;no\r\n")
	second := w.saveChunk(t, done, people.OfErrors, 1, "Eka;0812 0000 8888;no\r\n")
	waiting, running := w.saveImport(t, w.newImport(ours, crm.ImportReady)), w.saveImport(t, w.newImport(ours, crm.ImportRunning))
	cutInTwo := []people.Chunk{
		w.saveChunk(t, waiting, people.OfFile, 0, "Budi;0812 0000 9999\r\nSari;"+spelled[:7]), w.saveChunk(t, waiting, people.OfFile, 1, spelled[7:]+"\r\n"),
	}
	others := w.saveChunk(t, running, people.OfFile, 0, "Budi;0812 0000 9999\r\n")
	e.begin(t, ours.contact.ID)
	erased := e.finish(t, ours.contact.ID).Erased
	if erased.ImportRows != 1 || erased.Imports != 1 {
		t.Errorf("%d rows and %d imports are gone, want 1 and 1", erased.ImportRows, erased.Imports)
	}
	w.wantChunk(t, first, "Budi;0812 0000 9999;no\r\nAni;'=1;no\r\n")
	w.wantChunk(t, second, "Eka;0812 0000 8888;no\r\n")
	for _, chunk := range cutInTwo {
		w.wantNoChunk(t, chunk)
	}
	w.wantChunk(t, others, "Budi;0812 0000 9999\r\n")
	imported := func(id crm.ImportID) *crm.Import {
		return must[*crm.Import](t)(w.store.Imports().Import(t.Context(), ours.ws, id))
	}
	if im := imported(waiting.ID); im.State != crm.ImportCancelled || im.Reason == "" {
		t.Errorf("the import whose file names it is %s: %q", im.State, im.Reason)
	}
	if im := imported(done.ID); !slices.Equal(im.Columns, []string{"", ""}) {
		t.Errorf("the columns that were its row are %q", im.Columns)
	}
	same(t, "an import that does not name it", imported(running.ID), running)
}

func eraseMerged(t *testing.T, w *world) {
	c := newCouple(t, w)
	service := people.New(w.store.People(), w.mint)
	third, _, _ := w.newThread(t, w.ours, nil)
	out, _, err := service.Merge(t.Context(), c.me, c.gone.ID, third.ID) // comes out again
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Unmerge(t.Context(), c.me, out.ID); err != nil {
		t.Fatal(err)
	}
	merge := c.merge(t)
	w.write(t, w.ours.ws, &crm.Changes{Facts: []crm.Fact{{
		WorkspaceID: w.ours.ws, Kind: crm.ContactChanged, At: w.clock.Now(), ContactID: c.gone.ID, Data: []byte(`{"name":"Sari Dua"}`),
	}, {
		WorkspaceID: w.ours.ws, Kind: crm.ContactChanged, At: w.clock.Now(), ContactID: third.ID, Data: []byte(`{"name":"Tiga"}`),
	}}})
	e := newEraser(w)
	e.begin(t, c.kept.ID)
	if erased := e.finish(t, c.kept.ID).Erased; erased.Merges != 2 || erased.Conversations != 2 || erased.Notes != 3 {
		t.Errorf("counted are %+v, want 2 merges, 2 conversations, 3 notes", erased)
	}
	for _, id := range []crm.ConversationID{c.into.ID, c.from.ID, c.other.ID} {
		same(t, "what was decided about a conversation that is gone", len(w.routings(t, w.ours.ws, inbox.RoutingQuery{ConversationID: id})), 0)
	}
	for _, id := range []crm.MergeID{merge.ID, out.ID} {
		if state := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Merges: []crm.MergeID{id}}); len(state.Merges) > 0 {
			t.Errorf("a merge is left: %s", state.Merges[0].Record)
		}
	}
	for _, fact := range w.facts(t, 0, all) {
		if fact.ContactID == third.ID && fact.Kind == crm.ContactChanged && fact.Data == nil {
			t.Error("the feed has lost what it told of a contact that came out again")
		}
		if (fact.ContactID == c.kept.ID || fact.ContactID == c.gone.ID) && fact.Data != nil {
			t.Errorf("the feed still has %s %s", fact.Kind, fact.Data)
		}
	}
	must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, third.ID))
}

// saveErasure stores an erasure of a contact that need not be there.
func (w *world) saveErasure(t *testing.T, e *crm.Erasure) *crm.Erasure {
	t.Helper()
	err := w.store.Erasures().Update(t.Context(), e.WorkspaceID, func(ctx context.Context, tx people.EraseTx) error {
		return tx.SaveErasure(ctx, copied(e))
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (w *world) newErasure(c *tenant) *crm.Erasure {
	return &crm.Erasure{
		WorkspaceID: c.ws, ContactID: crm.NewID[crm.Contact](w.mint), Actor: crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()},
		BegunAt: w.clock.Advance(time.Second), Stage: crm.EraseFacts,
	}
}

func eraseStored(t *testing.T, w *world) {
	full := w.newErasure(w.ours)
	full.After, full.Traces, full.LeasedUntil, full.EndedAt = []byte("\x00after"), []byte("\xfftraces"), w.clock.Now(), w.clock.Now().Add(time.Hour)
	full.Erased = crm.ErasedCounts{Conversations: 1, Inbound: 2, Outbound: 3, Notes: 4, Tasks: 5, Merges: 6, Bodies: 7, ImportRows: 8, Imports: 9, Reports: 10, Facts: 11}
	everyField(t, "an erasure", full, nil)
	for _, want := range []*crm.Erasure{full, w.newErasure(w.ours)} {
		w.saveErasure(t, want)
		same(t, "an erasure", must[*crm.Erasure](t)(w.store.Erasures().Erasure(t.Context(), w.ours.ws, want.ContactID)), want)
		err := w.store.Erasures().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx people.EraseTx) error {
			got, err := tx.Erasure(ctx, want.ContactID)
			same(t, "an erasure in a transaction", got, want)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func eraseClaimed(t *testing.T, w *world) {
	ended := w.newErasure(w.ours)
	ended.Stage, ended.EndedAt = crm.EraseDone, w.clock.Now()
	w.saveErasure(t, ended)
	first, second := w.saveErasure(t, w.newErasure(w.theirs)), w.saveErasure(t, w.newErasure(w.ours))
	claim := func(only crm.ContactID) *crm.Erasure {
		t.Helper()
		return must[*crm.Erasure](t)(w.store.Erasures().Claim(t.Context(), w.clock.Now(), time.Minute, only))
	}
	want := func(what string, got, want *crm.Erasure) {
		t.Helper()
		if (got == nil) != (want == nil) || got != nil && got.ContactID != want.ContactID {
			t.Errorf("%s: claimed is %+v, want %+v", what, got, want)
		}
	}
	want("one that ended", claim(ended.ContactID), nil)
	want("one that is named", claim(second.ContactID), second)
	want("the other", claim(crm.ContactID{}), first)
	want("when all are leased", claim(crm.ContactID{}), nil)
	w.clock.Advance(2 * time.Minute)
	claimed := claim(crm.ContactID{})
	if claimed == nil || !claimed.LeasedUntil.Equal(w.clock.Now().Add(time.Minute)) {
		t.Errorf("after its lease is over claimed is %+v", claimed)
	}
}

func eraseForeign(t *testing.T, w *world) {
	e := newEraser(w)
	e.begin(t, w.ours.contact.ID)
	_, err := w.store.Erasures().Erasure(t.Context(), w.theirs.ws, w.ours.contact.ID)
	wantCode(t, "another workspace's erasure", err, crm.NotFound)
	err = w.store.Erasures().Update(t.Context(), w.theirs.ws, func(ctx context.Context, tx people.EraseTx) error {
		if _, err := tx.Erasure(ctx, w.ours.contact.ID); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("another workspace's erasure in a transaction: %v", err)
		}
		return tx.SaveErasure(ctx, w.newErasure(w.ours))
	})
	wantCode(t, "an erasure saved in another workspace", err, crm.Internal)
	before := w.snapshot(t, w.theirs)
	err = w.store.Erasures().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx people.EraseTx) error {
		_, counts, err := tx.Hide(ctx, w.theirs.contact.ID)
		if counts != (crm.ErasedCounts{}) {
			t.Errorf("hiding another workspace's contact took %+v", counts)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	w.unchanged(t, "another workspace", w.theirs, before)
}

func eraseTaken(t *testing.T, w *world) {
	e := newEraser(w)
	begun := e.begin(t, w.ours.contact.ID)
	traces, err := people.ReadTraces(begun.Traces)
	if err != nil {
		t.Fatal(err)
	}
	further := copied(begun)
	further.Stage = crm.EraseFacts
	w.saveErasure(t, further)
	for _, stage := range crm.ErasureStages[:len(crm.ErasureStages)-1] {
		if stage == crm.EraseImports || stage == crm.EraseFacts {
			continue
		}
		mine := copied(begun)
		mine.Stage = stage
		before := copied(mine)
		_, err := w.store.Erasures().Step(t.Context(), mine, traces, 10)
		wantCode(t, "a step of "+string(stage), err, crm.Conflict)
		if !bytes.Equal(mine.After, before.After) || mine.Erased != before.Erased {
			t.Errorf("a step of %s that failed changed the erasure", stage)
		}
	}
}
