package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/people"
)

// valueTests are about what is easily changed on the way through a database.
var valueTests = []test{
	{"of a text comes back code point for code point", valueTexts},
	{"of a naughty text comes back code point for code point", valueNaughty},
	{"of a text with NUL comes back without it", valueNUL},
	{"of a time comes back to the millisecond", valueTimes},
	{"of an id comes back and sorts by its bytes", valueIDs},
}

// texts are those a store might fold, trim, cut or normalise.
var texts = []string{
	"", " ", " both sides ", "\t\r\n", "'; DROP TABLE contacts; --", `back\slash "quotes" 'single' ?0 $1 :name`, "%_%", "null", "NULL",
	"é", "e\u0301", "İı", "ß", "ﬁ", "\u00a0", "\u200b", "\ufeff", "\ufffd", "\U0010ffff", "👩‍👩‍👧‍👦🏽", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "مرحبا \u202eabc", "\x01\x02\x7f",
	strings.Repeat("長", 4096), strings.Repeat("x", 70_000),
}

func valueTexts(t *testing.T, w *world) {
	w.roundTrip(t, texts)
	w.directoryRoundTrip(t, texts)
}

func valueNaughty(t *testing.T, w *world) {
	encoded, err := os.ReadFile(crmtest.Shared(t, "vectors", "blns", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(encoded, &naughty); err != nil || len(naughty) < 500 {
		t.Fatalf("read %d naughty strings: %v", len(naughty), err)
	}
	w.roundTrip(t, naughty)
	var joined []string // the directory saves row by row: a few at a time
	for some := range slices.Chunk(naughty, 10) {
		joined = append(joined, strings.Join(some, " "))
	}
	w.directoryRoundTrip(t, joined)
}

// roundTrip stores each text in every text field of every noun that changes
// carry, and reads it back.
func (w *world) roundTrip(t *testing.T, texts []string) {
	t.Helper()
	changes, ours := &crm.Changes{}, w.ours
	for i, text := range texts {
		w.spread(changes, i, text)
	}
	w.write(t, ours.ws, changes)
	after := w.snapshot(t, ours)
	same(t, "contacts", byID(after.Contacts)[1:], changes.Contacts)
	slices.SortFunc(after.Conversations, func(a, b *crm.Conversation) int { return a.ID.Compare(b.ID) })
	same(t, "conversations", after.Conversations[1:], changes.Conversations)
	for _, want := range changes.Messages {
		same(t, "a message", w.message(t, want.ID), want)
	}
	slices.SortFunc(after.Tags, tagsByID)
	same(t, "tags", after.Tags[1:], changes.Tags)
	slices.Reverse(after.Tasks)
	same(t, "tasks", after.Tasks[1:], changes.Tasks)
	slices.SortFunc(after.Templates, func(a, b *crm.Template) int { return a.ID.Compare(b.ID) })
	same(t, "templates", after.Templates[1:], changes.Templates)
	slices.Reverse(after.Deliveries)
	same(t, "deliveries", after.Deliveries[1:], bodiless(changes.Deliveries...))
	for i := range changes.Facts {
		changes.Facts[i].Seq = int64(i + 2)
	}
	same(t, "facts", after.Facts[1:], changes.Facts)
	notes := w.notes(t, ours.contact.ID)
	slices.Reverse(notes)
	same(t, "notes", notes[1:], changes.Notes)
	var reported []string
	for i, want := range changes.Jobs {
		reported = append(reported, changes.Statuses[i].ProviderID)
		same(t, "a job", w.loadJob(t, want, "").Job, want)
		same(t, "an answer", w.answers(t, changes.Answers[i].Key), []*crm.Answer{&changes.Answers[i]})
	}
	statuses, amendments := w.reports(t, reported...)
	same(t, "status reports", byReport(statuses), byReport(changes.Statuses))
	slices.SortFunc(changes.Amendments, byAmendment)
	slices.SortFunc(amendments, byAmendment)
	same(t, "amendments", amendments, changes.Amendments)
}

// byReport sorts reports by the message they are about.
func byReport(reports []crm.StatusReport) []crm.StatusReport {
	slices.SortFunc(reports, func(a, b crm.StatusReport) int { return strings.Compare(a.ProviderID, b.ProviderID) })
	return reports
}

func byAmendment(a, b crm.Amendment) int { return strings.Compare(a.ProviderID, b.ProviderID) }

// spread adds a row of every noun to changes with the text in each of its text
// fields. Where a text must be unique or not empty, a number stands before it.
func (w *world) spread(changes *crm.Changes, i int, text string) {
	ours, key := w.ours, fmt.Sprintf("%d %s", i, text)
	failure := &crm.ProviderError{Code: 1, Title: text, Detail: text, Word: text}
	actor := crm.Actor{Kind: crm.ByKey, ID: text}
	ct := ours.Contact()
	ct.Name, ct.ProfileName, ct.Username, ct.LeadStatus = text, text, text, text
	ct.Identities = []crm.Identity{{Kind: crm.ByExternal, Value: key}}
	ct.Fields = map[string]string{text: text, key: text}
	ct.Source = crm.Source{Kind: text, AdID: text, URL: text, Title: text, ClickID: text}
	ct.OptOut.Reason = text
	cv := ours.Conversation(ct)
	cv.ContactName, cv.ContactHandle = text, text
	m := ours.Inbound(cv, text)
	cv.LastMessage.Preview = text
	m.ProviderID, m.ReplyTo, m.Author, m.Error = key, text, actor, failure
	media := ours.Inbound(cv, text)
	media.Content = crm.Media{Type: crm.KindDocument, ID: text, Link: text, URL: text, MIME: text, Caption: text, Filename: text, Error: text, Words: text}
	media.ProviderID = "media " + key
	reply, job := ours.Outbound(cv, text)
	job.LastError = text
	cv.LastMessage.Preview = text
	note, task, template, delivery := copied(ours.note), copied(ours.task), copied(ours.template), copied(ours.delivery)
	note.ID, note.Body, note.Author = crm.NewID[crm.Note](w.mint), text, actor
	task.ID, task.Title, task.Author = crm.NewID[crm.Task](w.mint), text, actor
	template.ID, template.Name, template.Language = crm.NewID[crm.Template](w.mint), key, text
	template.ProviderID, template.Category, template.Status, template.Body = text, text, text, text
	delivery.ID, delivery.Key = crm.NewID[crm.Delivery](w.mint), [32]byte{byte(i), byte(i >> 8), 1}
	delivery.Event, delivery.Signer, delivery.Reason = text, text, text
	status, amendment, answer, fact := ours.status, ours.amendment, ours.answer, ours.fact(m)
	status.Error, status.Pricing = failure, &crm.Pricing{Model: text, Type: text, Category: text}
	status.ProviderID, amendment.ProviderID = "report "+key, "report "+key
	amendment.SourceID, amendment.Content = text, crm.Text{Body: text}
	answer.Key = key
	fact.Data, _ = json.Marshal(map[string]string{"text": text})

	changes.Contacts, changes.Conversations = append(changes.Contacts, ct), append(changes.Conversations, cv)
	changes.Messages, changes.Jobs = append(changes.Messages, m, media, reply), append(changes.Jobs, job)
	changes.Statuses, changes.Amendments = append(changes.Statuses, status), append(changes.Amendments, amendment)
	changes.Deliveries, changes.Answers = append(changes.Deliveries, delivery), append(changes.Answers, answer)
	changes.Notes, changes.Tasks, changes.Templates = append(changes.Notes, note), append(changes.Tasks, task), append(changes.Templates, template)
	changes.Tags = append(changes.Tags, &crm.Tag{ID: crm.NewID[crm.Tag](w.mint), WorkspaceID: ours.ws, Name: key, Color: text, CreatedAt: w.clock.Now()})
	changes.Facts = append(changes.Facts, fact)
}

// directoryRoundTrip is roundTrip for the nouns of the directory.
func (w *world) directoryRoundTrip(t *testing.T, texts []string) {
	t.Helper()
	dir := w.store.Directory()
	for _, text := range texts {
		ws, member, key, channel := copied(w.ours.Workspace), copied(w.ours.Owner), copied(w.ours.key), copied(w.ours.Channel)
		ws.Name, ws.TimeZone, ws.Locale, ws.Region = text, text, text, text
		member.Name, member.Email = text, text
		key.Name, key.Prefix, key.Scopes = text, text, []string{text, "read"}
		channel.DisplayNumber, channel.Name, channel.BaseURL, channel.PausedReason = text, text, text, text
		channel.BusinessAccountID, channel.PhoneNumberID = text, "9"+text
		channel.Credentials = crm.Credentials{Token: crm.Secret(text), VerifyToken: crm.Secret(text), WebhookSecrets: []crm.Secret{crm.Secret(text)}}
		for _, err := range []error{
			dir.SaveWorkspace(t.Context(), ws), dir.SaveMember(t.Context(), member), dir.SaveKey(t.Context(), key), dir.SaveChannel(t.Context(), channel),
		} {
			if err != nil {
				t.Fatalf("save %.40q: %v", text, err)
			}
		}
		same(t, "a workspace", must[*crm.Workspace](t)(dir.Workspace(t.Context(), w.ours.ws)), ws)
		same(t, "a member", must[*crm.Member](t)(dir.Member(t.Context(), w.ours.ws, member.ID)), member)
		same(t, "a key", must[*crm.APIKey](t)(dir.KeyByHash(t.Context(), key.Hash)), key)
		same(t, "the channels", w.channels(t), []*crm.Channel{channel})
	}
}

// valueNUL pins what a store does with what PostgreSQL cannot keep: a message
// is not lost, nor is its sender told to try again for ever.
func valueNUL(t *testing.T, w *world) {
	ct := w.ours.Contact()
	ct.Name, ct.Identities = "Sa\x00ri\x00", []crm.Identity{{Kind: crm.ByExternal, Value: "4\x002"}}
	cv := w.ours.Conversation(ct)
	m := w.ours.Inbound(cv, "\x00ha\x00lo")
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}, Conversations: []*crm.Conversation{copied(cv)}, Messages: []*crm.Message{copied(m)}})
	if got := w.contact(t, ct.ID); got.Name != "Sari" {
		t.Errorf("a contact named with NUL comes back as %q, want it without", got.Name)
	}
	if found := w.find(t, ct.Identities...); len(found) != 1 {
		t.Errorf("an identity looked for with NUL finds %d contacts, want the one", len(found))
	}
	got, _ := w.message(t, m.ID).Content.(crm.Text)
	if strings.ReplaceAll(got.Body, "\x00", "") != "halo" { // JSON can keep it, and may
		t.Errorf("a message with NUL comes back as %q", got.Body)
	}
}

func valueTimes(t *testing.T, w *world) {
	random := rand.New(rand.NewPCG(1, 2))
	var want []*crm.Task
	for i := range 60 {
		at := time.UnixMilli(random.Int64N(4e12)).UTC()
		if i%3 == 0 {
			at = at.In(time.FixedZone("WIB", 7*3600))
		}
		task := copied(w.ours.task)
		task.ID, task.DueAt, task.DoneAt = crm.NewID[crm.Task](w.mint), at, at.Add(time.Millisecond)
		if i%4 == 0 {
			task.DueAt = time.Time{}
		}
		want = append(want, task)
	}
	for _, at := range []time.Time{time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)} {
		task := copied(w.ours.task)
		task.ID, task.DueAt = crm.NewID[crm.Task](w.mint), at
		want = append(want, task)
	}
	w.write(t, w.ours.ws, &crm.Changes{Tasks: want})
	got := w.tasks(t)
	slices.Reverse(got)
	same(t, "the tasks", got[1:], want)
}

func valueIDs(t *testing.T, w *world) {
	var want []*crm.Contact
	for _, id := range []crm.ContactID{
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x80}, {0x7f, 0xff}, {0x00, 0x80}, {15: 0xff}, {15: 1},
	} {
		ct := w.ours.Contact()
		ct.ID, ct.UpdatedAt = id, w.clock.Now().Add(time.Hour)
		want = append(want, ct)
	}
	w.write(t, w.ours.ws, &crm.Changes{Contacts: slices.Clone(want)})
	same(t, "contacts of one time, highest id first",
		must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), w.ours.ws, people.ContactQuery{Limit: len(want)})), want)
	for _, ct := range want {
		same(t, fmt.Sprintf("the contact %v", ct.ID), w.contact(t, ct.ID), ct)
	}
}
