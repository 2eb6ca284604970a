package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

var modelTests = []test{
	{"is what a model in memory is after the same changes", modelAgrees},
}

// modelAgrees writes random changes to the store and to a model, some of which
// meet a unique key and some are rolled back, and compares all that can be
// read. A failure is told of the first changes that suffice for it.
func modelAgrees(t *testing.T, w *world) {
	law(t, "the store is as the model", 12, func(choices []uint32) string {
		said := w.follow(t, choices)
		for fewer := len(choices) / 2; said != "" && fewer > 0; fewer /= 2 {
			first := choices[:len(choices)-fewer]
			if again := w.follow(t, first); again != "" {
				choices, said = first, fmt.Sprintf("after %d changes: %s", len(first), again)
			}
		}
		return said
	}, gen.SliceOfN(60, gen.UInt32()))
}

var errRollback = errors.New("rolled back")

// follow makes a new company, changes it by the choices, and says where the
// store differs from the model; it returns "" when it does not.
func (w *world) follow(t *testing.T, choices []uint32) string {
	t.Helper()
	c, m := w.settle(t), newModel()
	m.channels[c.Channel.ID] = c.Channel
	m.write(c.rows())
	for i, choice := range choices {
		w.clock.Advance(time.Duration(choice%3) * time.Millisecond)
		rollback := choice%11 == 0
		changes := operation{w, t, c, m, choice}.changes()
		want := error(nil)
		switch {
		case m.conflicts(changes):
			want = crm.Conflict
		case rollback:
			want = errRollback
		default:
			m.write(changes)
		}
		err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{c.ws}, func(ctx context.Context, tx inbox.Tx) error {
			err := tx.Write(ctx, changes)
			if err == nil && rollback {
				err = errRollback
			}
			return err
		})
		if !errors.Is(err, want) {
			return fmt.Sprintf("change %d (%d): Update = %v, want %v", i, choice, err, want)
		}
	}
	return w.compare(t, c, m)
}

// compare says where the store differs from the model.
func (w *world) compare(t *testing.T, c *tenant, m *model) string {
	t.Helper()
	got, want := w.snapshot(t, c), m.view()
	slices.SortFunc(got.Tags, tagsByID)
	for _, card := range got.Cards {
		slices.SortFunc(card.Tags, tagsByID)
	}
	// Not the model's: who may act, and the jobs of other workspaces.
	want.Members, want.Keys, want.Known, want.Waiting = got.Members, got.Keys, got.Known, got.Waiting
	found := differences(got, want)
	found = append(found, differences(w.known(t, c), m.known(c))...)
	if wrong := w.standing(t, c.ws).differ(w.scan(t, c.ws)); wrong != "" {
		found = append(found, wrong)
	}
	return strings.Join(found, "\n\t")
}

// known is what only loading finds, under the keys that operations draw from.
type known struct {
	Statuses   []crm.StatusReport
	Amendments []crm.Amendment
	Answers    []*crm.Answer
	Jobs       []*crm.Job
}

func (w *world) known(t *testing.T, c *tenant) known {
	t.Helper()
	var k known
	need := inbox.Need{WorkspaceID: c.ws}
	for i := range pool {
		need.Provided = append(need.Provided, inbox.Provided{ChannelID: c.Channel.ID, ProviderID: providerID(uint32(i))})
		need.Answers = append(need.Answers, answerKey(uint32(i)))
	}
	state := w.load(t, need)
	k.Statuses, k.Amendments, k.Answers = state.Statuses, state.Amendments, state.Answers
	for i := range k.Statuses {
		k.Statuses[i].MessageID = crm.MessageID{} // linked to its message when both are there
	}
	k.sort()
	return k
}

// known is the model's side of it.
func (m *model) known(c *tenant) known {
	var k known
	for i := range pool {
		id := providerID(uint32(i))
		for key, row := range m.statuses {
			if key.providerID == id {
				k.Statuses = append(k.Statuses, row)
			}
		}
		for key, row := range m.amendments {
			if key.providerID == id {
				k.Amendments = append(k.Amendments, row)
			}
		}
		if row, ok := m.answers[answerKey(uint32(i))]; ok {
			k.Answers = append(k.Answers, &row)
		}
	}
	k.sort()
	return k
}

func (k *known) sort() {
	slices.SortFunc(k.Statuses, func(a, b crm.StatusReport) int {
		return cmp.Or(strings.Compare(a.ProviderID, b.ProviderID), byStatus(a, b))
	})
	slices.SortFunc(k.Amendments, func(a, b crm.Amendment) int {
		return cmp.Or(strings.Compare(a.ProviderID, b.ProviderID), strings.Compare(a.SourceID, b.SourceID))
	})
	slices.SortFunc(k.Answers, func(a, b *crm.Answer) int { return strings.Compare(a.Key, b.Key) })
}

// pool is how many keys of a kind operations draw from: few, so that they meet.
const pool = 6

func providerID(n uint32) string { return fmt.Sprintf("wamid.pool%d", n%pool) }
func answerKey(n uint32) string  { return fmt.Sprintf("pool-%d", n%pool) }

// operation turns a number into changes of one row or two.
type operation struct {
	*world
	t      *testing.T
	c      *tenant
	m      *model
	choice uint32
}

// pick draws a number below n from the digit of the choice that begins at
// shift.
func (o operation) pick(shift, n int) int { return int(o.choice>>shift) % n }

// changes returns what the choice says, with up to two facts.
func (o operation) changes() *crm.Changes {
	operations := []func(*crm.Changes){
		o.newContact, o.changeContact, o.newConversation, o.changeConversation, o.newMessage, o.changeMessage, o.report,
		o.deliver, o.note, o.task, o.newTag, o.changeTag, o.template, o.job, o.answer, o.channel, o.route,
	}
	changes := &crm.Changes{}
	operations[o.pick(0, len(operations))](changes)
	for range o.pick(28, 3) {
		changes.Facts = append(changes.Facts, o.c.fact(o.c.message))
	}
	return changes
}

// one returns a row of a map of the model, the same for the same choice.
func one[K comparable, R any](o operation, shift int, of map[K]*R, order func(a, b *R) int) *R {
	sorted := rows(of, order)
	return copied(sorted[o.pick(shift, len(sorted))])
}

func (o operation) aContact(shift int) *crm.Contact {
	return one(o, shift, o.m.contacts, func(a, b *crm.Contact) int { return a.ID.Compare(b.ID) })
}

func (o operation) aConversation(shift int) *crm.Conversation {
	return one(o, shift, o.m.conversations, func(a, b *crm.Conversation) int { return a.ID.Compare(b.ID) })
}

// describe changes a contact.
func (o operation) describe(ct *crm.Contact) {
	ct.Identities = nil
	for i := range pool {
		if o.pick(8+i, 4) == 0 {
			ct.Identities = append(ct.Identities, crm.Identity{Kind: crm.ByExternal, Value: fmt.Sprint("pool ", i)})
		}
	}
	ct.Tags = nil
	for i, tag := range rows(o.m.tags, tagsByID) {
		if o.pick(16+i%8, 2) == 0 {
			ct.Tags = append(ct.Tags, tag.ID)
		}
	}
	ct.Name, ct.UpdatedAt = fmt.Sprint("Name ", o.pick(6, 100)), o.clock.Now()
}

func (o operation) newContact(c *crm.Changes) {
	ct := o.c.Contact()
	o.describe(ct)
	c.Contacts = append(c.Contacts, ct)
}

func (o operation) changeContact(c *crm.Changes) {
	ct := o.aContact(4)
	o.describe(ct)
	c.Contacts = append(c.Contacts, ct)
}

func (o operation) newConversation(c *crm.Changes) {
	c.Conversations = append(c.Conversations, o.c.Conversation(o.aContact(4)))
}

func (o operation) changeConversation(c *crm.Changes) {
	cv := o.aConversation(4)
	cv.Status = []crm.ConversationStatus{crm.Open, crm.Pending, crm.Snoozed, crm.Resolved}[o.pick(10, 4)]
	cv.Unread, cv.AssigneeID = o.pick(12, 5), []crm.MemberID{{}, o.c.Owner.ID}[o.pick(14, 2)]
	cv.UpdatedAt = o.clock.Now()
	c.Conversations = append(c.Conversations, cv)
}

func (o operation) newMessage(c *crm.Changes) {
	cv := o.aConversation(4)
	m := o.c.Inbound(cv, fmt.Sprint("text ", o.pick(6, 100)))
	m.ProviderID = []string{"", providerID(o.choice >> 12)}[o.pick(20, 2)]
	m.ProviderTime = m.ProviderTime.Add(-time.Duration(o.pick(21, 4)) * time.Millisecond)
	c.Messages, c.Conversations = append(c.Messages, m), append(c.Conversations, cv)
}

func (o operation) changeMessage(c *crm.Changes) {
	m := copied(o.m.messages[o.pick(4, len(o.m.messages))])
	m.Ingest = must[*crm.Message](o.t)(o.store.Inbox().Message(o.t.Context(), o.c.ws, m.ID)).Ingest // as whoever loads it has it
	m.Content, m.EditedAt = crm.Text{Body: fmt.Sprint("edited ", o.pick(6, 100))}, o.clock.Now()
	if o.pick(20, 2) == 0 {
		m.ProviderID = providerID(o.choice >> 12)
	}
	c.Messages = append(c.Messages, m)
}

func (o operation) report(c *crm.Changes) {
	status, amendment := o.c.status, o.c.amendment
	status.ProviderID, amendment.ProviderID = providerID(o.choice>>4), providerID(o.choice>>8)
	status.Status, status.At = []crm.MessageStatus{crm.Sent, crm.Delivered, crm.Read}[o.pick(12, 3)], o.clock.Now()
	amendment.SourceID, amendment.At = fmt.Sprint("edit ", o.pick(14, 3)), o.clock.Now()
	c.Statuses, c.Amendments = append(c.Statuses, status), append(c.Amendments, amendment)
}

func (o operation) deliver(c *crm.Changes) {
	d := copied(o.c.delivery)
	d.ID, d.Key = crm.NewID[crm.Delivery](o.mint), [32]byte{1, byte(o.pick(4, pool))}
	d.Verdict = []crm.Verdict{crm.DeliveryApplied, crm.DeliveryPartly}[o.pick(8, 2)]
	d.Seen = 1 + o.pick(13, 2)
	c.Deliveries = append(c.Deliveries, d)
}

func (o operation) note(c *crm.Changes) {
	n := copied(o.c.note)
	n.ID, n.ContactID, n.Body, n.CreatedAt = crm.NewID[crm.Note](o.mint), o.aContact(4).ID, fmt.Sprint(o.choice), o.clock.Now()
	c.Notes = append(c.Notes, n)
	mention := &crm.Mention{WorkspaceID: o.c.ws, NoteID: n.ID, MemberID: o.c.Owner.ID}
	if o.pick(12, 2) == 0 {
		mention = one(o, 12, o.m.mentions, func(a, b *crm.Mention) int { return a.NoteID.Compare(b.NoteID) })
		mention.SeenAt = o.clock.Now()
	}
	c.Mentions = append(c.Mentions, mention)
}

func (o operation) task(c *crm.Changes) {
	task := one(o, 4, o.m.tasks, func(a, b *crm.Task) int { return a.ID.Compare(b.ID) })
	if o.pick(10, 2) == 0 {
		task.ID, task.CreatedAt = crm.NewID[crm.Task](o.mint), o.clock.Now()
	}
	task.ContactID, task.Title = o.aContact(11).ID, fmt.Sprint(o.choice)
	task.DoneAt = []time.Time{{}, o.clock.Now()}[o.pick(16, 2)]
	c.Tasks = append(c.Tasks, task)
}

func (o operation) newTag(c *crm.Changes) {
	name := []string{"aa", "bb", "cc", "dd", "AA", "Bb"}[o.pick(4, 6)]
	c.Tags = append(c.Tags, &crm.Tag{ID: crm.NewID[crm.Tag](o.mint), WorkspaceID: o.c.ws, Name: name, CreatedAt: o.clock.Now()})
}

// changeTag renames a tag or deletes it.
func (o operation) changeTag(c *crm.Changes) {
	if len(o.m.tags) == 0 {
		o.newTag(c)
		return
	}
	tag := one(o, 4, o.m.tags, tagsByID)
	if o.pick(10, 2) == 0 {
		c.DeletedTags = append(c.DeletedTags, tag.ID)
		return
	}
	tag.Name = []string{"aa", "bb", "cc", "dd", "DD"}[o.pick(11, 5)]
	c.Tags = append(c.Tags, tag)
}

func (o operation) template(c *crm.Changes) {
	template := copied(o.c.template)
	template.ID = crm.NewID[crm.Template](o.mint)
	template.Name, template.Language = []string{"welcome", "news"}[o.pick(4, 2)], []string{"en", "id"}[o.pick(5, 2)]
	template.Status, template.UpdatedAt = []string{"approved", "paused"}[o.pick(6, 2)], o.clock.Now()
	c.Templates = append(c.Templates, template)
}

// job promises to send something or settles what was promised.
func (o operation) job(c *crm.Changes) {
	if len(o.m.jobs) > 0 && o.pick(4, 2) == 0 {
		job := one(o, 5, o.m.jobs, func(a, b *crm.Job) int { return a.ID.Compare(b.ID) })
		if o.pick(6, 2) == 0 {
			c.DoneJobs = append(c.DoneJobs, job)
			return
		}
		c.Settled = append(c.Settled, &crm.Message{WorkspaceID: job.WorkspaceID, ID: job.Subject, ConversationID: job.Lane})
		return
	}
	cv := o.aConversation(5)
	m, job := o.c.Outbound(cv, "kirim")
	c.Messages, c.Jobs, c.Conversations = append(c.Messages, m), append(c.Jobs, job), append(c.Conversations, cv)
}

// route decides about a conversation, or takes what was decided away.
func (o operation) route(c *crm.Changes) {
	cv := o.aConversation(5)
	r := crm.Routing{WorkspaceID: o.c.ws, ConversationID: cv.ID, At: o.clock.Now(), Reason: fmt.Sprint("reason ", o.pick(8, 100))}
	if decided := slices.SortedFunc(maps.Values(o.m.routings[cv.ID]), func(a, b crm.Routing) int { return a.At.Compare(b.At) }); len(decided) > 0 && o.pick(16, 2) == 0 {
		r.At = decided[o.pick(18, len(decided))].At
		if o.pick(24, 2) == 0 {
			c.GoneRoutings = append(c.GoneRoutings, r)
			return
		}
	}
	c.Routings = append(c.Routings, r)
}

func (o operation) answer(c *crm.Changes) {
	answer := o.c.answer
	answer.Key, answer.At = answerKey(o.choice>>4), o.clock.Now()
	c.Answers = append(c.Answers, answer)
}

func (o operation) channel(c *crm.Changes) {
	channel := copied(o.m.channels[o.c.Channel.ID])
	channel.PausedReason = []string{"", "billing"}[o.pick(4, 2)]
	c.Channels = append(c.Channels, channel)
}
