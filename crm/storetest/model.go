package storetest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

// model is a workspace in memory: what a store must look like after the same
// changes, said in as few words as possible.
type model struct {
	contacts      map[crm.ContactID]*crm.Contact
	leads         map[crm.ContactID]*crm.Lead
	conversations map[crm.ConversationID]*crm.Conversation
	routings      map[crm.ConversationID]map[int64]crm.Routing // by time
	messages      []*crm.Message                               // in the order they were stored
	statuses      map[statusKey]crm.StatusReport
	amendments    map[amendmentKey]crm.Amendment
	deliveries    map[[32]byte]*crm.Delivery
	notes         map[crm.NoteID]*crm.Note
	mentions      map[crm.NoteID]*crm.Mention // all of one member
	tasks         map[crm.TaskID]*crm.Task
	tags          map[crm.TagID]*crm.Tag
	fields        map[crm.FieldID]*crm.Field
	pipeline      *crm.Pipeline
	views         map[crm.ViewID]*crm.View
	canned        map[crm.CannedReplyID]*crm.CannedReply
	templates     map[templateKey]*crm.Template
	jobs          map[crm.JobID]*crm.Job
	answers       map[string]crm.Answer
	channels      map[crm.ChannelID]*crm.Channel
	facts         []crm.Fact
}

type (
	statusKey struct {
		channel    crm.ChannelID
		providerID string
		status     crm.MessageStatus
	}
	amendmentKey struct {
		channel              crm.ChannelID
		providerID, sourceID string
	}
	templateKey struct {
		channel        crm.ChannelID
		name, language string
	}
)

func newModel() *model {
	return &model{
		contacts: map[crm.ContactID]*crm.Contact{}, leads: map[crm.ContactID]*crm.Lead{}, conversations: map[crm.ConversationID]*crm.Conversation{},
		routings: map[crm.ConversationID]map[int64]crm.Routing{}, statuses: map[statusKey]crm.StatusReport{}, amendments: map[amendmentKey]crm.Amendment{}, deliveries: map[[32]byte]*crm.Delivery{},
		notes: map[crm.NoteID]*crm.Note{}, mentions: map[crm.NoteID]*crm.Mention{}, tasks: map[crm.TaskID]*crm.Task{}, tags: map[crm.TagID]*crm.Tag{},
		fields: map[crm.FieldID]*crm.Field{}, views: map[crm.ViewID]*crm.View{}, canned: map[crm.CannedReplyID]*crm.CannedReply{},
		templates: map[templateKey]*crm.Template{}, jobs: map[crm.JobID]*crm.Job{}, answers: map[string]crm.Answer{},
		channels: map[crm.ChannelID]*crm.Channel{},
	}
}

// write applies changes, or is false and does nothing when a unique key says no.
func (m *model) write(c *crm.Changes) bool {
	if m.conflicts(c) {
		return false
	}
	for _, row := range c.Contacts {
		m.contacts[row.ID] = copied(row)
	}
	for _, row := range c.Leads {
		m.leads[row.ContactID] = copied(row)
	}
	for _, row := range c.Conversations {
		m.conversations[row.ID] = copied(row)
	}
	for _, row := range c.Messages {
		if i := slices.IndexFunc(m.messages, func(known *crm.Message) bool { return known.ID == row.ID }); i >= 0 {
			m.messages[i] = copied(row)
		} else {
			m.messages = append(m.messages, copied(row))
		}
	}
	m.report(c)
	m.know(c)
	m.route(c)
	for _, row := range c.Jobs {
		m.jobs[row.ID] = copied(row)
	}
	for _, row := range c.DoneJobs {
		delete(m.jobs, row.ID)
	}
	for _, row := range c.Settled {
		maps.DeleteFunc(m.jobs, func(_ crm.JobID, job *crm.Job) bool { return job.Subject == row.ID })
	}
	for _, row := range c.Channels {
		m.channels[row.ID] = copied(row)
	}
	for _, fact := range c.Facts {
		fact.Seq = int64(len(m.facts) + 1)
		m.facts = append(m.facts, fact)
	}
	return true
}

// report applies what a provider said: the first word of a status or edit
// stands, a delivery seen again is counted.
func (m *model) report(c *crm.Changes) {
	for _, row := range c.Statuses {
		key := statusKey{row.ChannelID, row.ProviderID, row.Status}
		if _, known := m.statuses[key]; !known {
			m.statuses[key] = row
		}
	}
	for _, row := range c.Amendments {
		key := amendmentKey{row.ChannelID, row.ProviderID, row.SourceID}
		if _, known := m.amendments[key]; !known {
			m.amendments[key] = row
		}
	}
	for _, row := range c.Deliveries {
		known, ok := m.deliveries[row.Key]
		if !ok {
			m.deliveries[row.Key] = copied(row)
			continue
		}
		known.Seen += row.Seen
		known.Verdict, known.Reason = row.Verdict, row.Reason
	}
	for _, row := range c.Answers {
		m.answers[row.Key] = row
	}
}

// route applies what was decided about conversations.
func (m *model) route(c *crm.Changes) {
	for _, row := range c.Routings {
		if m.routings[row.ConversationID] == nil {
			m.routings[row.ConversationID] = map[int64]crm.Routing{}
		}
		m.routings[row.ConversationID][row.At.UnixMilli()] = row
	}
	for _, row := range c.GoneRoutings {
		delete(m.routings[row.ConversationID], row.At.UnixMilli())
	}
}

// know applies what the team knows and keeps.
func (m *model) know(c *crm.Changes) {
	for _, row := range c.Notes {
		m.notes[row.ID] = copied(row)
	}
	for _, row := range c.Mentions {
		m.mentions[row.NoteID] = copied(row)
	}
	for _, row := range c.Tasks {
		m.tasks[row.ID] = copied(row)
	}
	for _, row := range c.Tags {
		m.tags[row.ID] = copied(row)
	}
	for _, row := range c.Fields {
		m.fields[row.ID] = copied(row)
	}
	for _, row := range c.Pipelines {
		m.pipeline = copied(row)
	}
	for _, row := range c.Views {
		m.views[row.ID] = copied(row)
	}
	for _, id := range c.DeletedViews {
		delete(m.views, id)
	}
	for _, id := range c.DeletedCanned {
		delete(m.canned, id)
	}
	for _, row := range c.CannedReplies {
		m.canned[row.ID] = copied(row)
	}
	for _, id := range c.DeletedTags {
		delete(m.tags, id)
		for _, ct := range m.contacts {
			ct.Tags = slices.DeleteFunc(slices.Clone(ct.Tags), func(tag crm.TagID) bool { return tag == id })
		}
	}
	for _, row := range c.Templates {
		key := templateKey{row.ChannelID, row.Name, row.Language}
		row = copied(row)
		if known := m.templates[key]; known != nil {
			row.ID = known.ID
		}
		m.templates[key] = row
	}
}

// conflicts reports whether a unique key forbids the changes. Rows of the same
// changes are checked one after another, which suffices for changes of one row
// of a kind.
func (m *model) conflicts(c *crm.Changes) bool {
	for _, row := range c.Contacts {
		for _, other := range m.contacts {
			if other.ID != row.ID && slices.ContainsFunc(row.Identities, other.Has) {
				return true
			}
		}
	}
	for _, row := range c.Conversations {
		for _, other := range m.conversations {
			if other.ID != row.ID && other.ChannelID == row.ChannelID && other.ContactID == row.ContactID {
				return true
			}
		}
	}
	for _, row := range c.Messages {
		for _, other := range m.messages {
			if other.ID != row.ID && row.ProviderID != "" && other.ProviderID == row.ProviderID && other.ChannelID == row.ChannelID {
				return true
			}
		}
	}
	for _, row := range c.Tags {
		for _, other := range m.tags {
			if other.ID != row.ID && strings.EqualFold(other.Name, row.Name) {
				return true
			}
		}
	}
	for _, row := range c.Answers {
		if _, known := m.answers[row.Key]; known {
			return true
		}
	}
	return false
}

// view returns the model as a snapshot of a store: lists in their order but for
// tags, what is only loaded left out.
func (m *model) view() snapshot {
	s := snapshot{Waiting: len(m.jobs), Facts: m.facts}
	s.Contacts = rows(m.contacts, func(a, b *crm.Contact) int { return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), b.ID.Compare(a.ID)) })
	s.Conversations = rows(m.conversations, newestFirst)
	s.Messages, s.Routings = make([][]*crm.Message, len(s.Conversations)), make([][]crm.Routing, len(s.Conversations))
	for i, cv := range s.Conversations {
		s.Messages[i] = m.thread(cv.ID)
		s.Routings[i] = slices.SortedFunc(maps.Values(m.routings[cv.ID]), func(a, b crm.Routing) int { return b.At.Compare(a.At) })
	}
	for _, ct := range s.Contacts {
		s.Cards = append(s.Cards, m.card(ct))
	}
	s.Tags = rows(m.tags, tagsByID)
	s.Fields = rows(m.fields, func(a, b *crm.Field) int { return cmp.Or(cmp.Compare(a.Position, b.Position), a.ID.Compare(b.ID)) })
	s.Pipeline = m.pipeline
	s.Views = rows(m.views, func(a, b *crm.View) int { return cmp.Or(strings.Compare(a.Name, b.Name), a.ID.Compare(b.ID)) })
	s.Canned = rows(m.canned, func(a, b *crm.CannedReply) int { return strings.Compare(a.Shortcut, b.Shortcut) })
	for _, mention := range rows(m.mentions, func(a, b *crm.Mention) int { return b.NoteID.Compare(a.NoteID) }) {
		note := m.notes[mention.NoteID]
		s.Mentions = append(s.Mentions, people.Mentioned{Mention: *mention, Note: note, Contact: m.contacts[note.ContactID]})
	}
	s.Tasks = rows(m.tasks, func(a, b *crm.Task) int { return b.ID.Compare(a.ID) })
	s.Templates = rows(m.templates, func(a, b *crm.Template) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Language, b.Language))
	})
	s.Deliveries = bodiless(rows(m.deliveries, func(a, b *crm.Delivery) int { return b.ID.Compare(a.ID) })...)
	s.Channels = rows(m.channels, func(a, b *crm.Channel) int { return a.ID.Compare(b.ID) })
	return s
}

// thread returns a conversation's messages, newest first.
func (m *model) thread(id crm.ConversationID) []*crm.Message {
	var thread []*crm.Message
	for _, message := range slices.Backward(m.messages) {
		if message.ConversationID == id {
			thread = append(thread, message)
		}
	}
	slices.SortStableFunc(thread, func(a, b *crm.Message) int { return b.ProviderTime.Compare(a.ProviderTime) })
	return thread
}

// card returns what stands beside a contact.
func (m *model) card(ct *crm.Contact) *people.Card {
	card := &people.Card{Contact: ct, Lead: m.leads[ct.ID], Rules: lead.Education()}
	for _, tag := range rows(m.tags, tagsByID) {
		if slices.Contains(ct.Tags, tag.ID) {
			card.Tags = append(card.Tags, tag)
		}
	}
	for _, note := range rows(m.notes, func(a, b *crm.Note) int { return b.ID.Compare(a.ID) }) {
		if note.ContactID == ct.ID {
			card.Notes = append(card.Notes, note)
		}
	}
	for _, task := range rows(m.tasks, func(a, b *crm.Task) int { return b.ID.Compare(a.ID) }) {
		if task.ContactID == ct.ID && task.DoneAt.IsZero() {
			card.Tasks = append(card.Tasks, task)
		}
	}
	for _, cv := range rows(m.conversations, newestFirst) {
		if cv.ContactID == ct.ID {
			card.Conversations = append(card.Conversations, cv)
		}
	}
	card.Notes, card.Tasks = card.Notes[:min(len(card.Notes), people.CardRows)], card.Tasks[:min(len(card.Tasks), people.CardRows)]
	return card
}

// tagsByID is an order of tags that no store's idea of a name changes.
func tagsByID(a, b *crm.Tag) int { return a.ID.Compare(b.ID) }

// rows returns a map's rows in order.
func rows[K comparable, R any](of map[K]*R, order func(a, b *R) int) []*R {
	return slices.SortedFunc(maps.Values(of), order)
}
