package crm

import "time"

// Changes is what a service decided: the rows to write in one transaction. A
// row that exists is replaced whole, found by its primary key, because the
// service loaded it (and the store locked it) in the same transaction. The
// store writes Facts last and numbers them without gap.
//
// It is the one way the services write, so a message stored by one service and
// a job promised by another commit together or not at all.
type Changes struct {
	Contacts      []*Contact // with Identities and Tags as the contact's whole set
	Leads         []*Lead    // one of a contact; scored by rules that are not in force any more, the transaction runs anew
	Conversations []*Conversation
	Messages      []*Message     // one with Ingest 0 is new and gets its number
	Statuses      []StatusReport // new reports; one that is stored already is left alone
	Amendments    []Amendment    // likewise
	Deliveries    []*Delivery    // each key once; one that is stored already is counted as seen again and its verdict replaced
	Notes         []*Note
	Mentions      []*Mention
	Tasks         []*Task
	Tags          []*Tag
	DeletedTags   []TagID      // the store takes them off every contact
	Fields        []*Field     // a second one under a key is a Conflict
	Pipelines     []*Pipeline  // one of a workspace
	Rules         []*LeadRules // a new version; one that is there is a Conflict
	Rescores      []*Rescore   // one of a workspace
	Views         []*View
	DeletedViews  []ViewID
	CannedReplies []*CannedReply // a second one under a shortcut is a Conflict
	DeletedCanned []CannedReplyID
	Twins         []Twin // new ones; one that is stored already is left alone
	Merges        []*Merge
	Handovers     []Handover       // a conversation becomes another contact's, with every message
	GoneThreads   []ConversationID // deleted, once nothing in the changes is in them any more
	GoneContacts  []ContactID      // likewise, with all they are found by
	Templates     []*Template      // found by (channel, name, language)
	Jobs          []*Job
	DoneJobs      []*Job     // deleted
	Settled       []*Message // whose provider told of them before their sender recorded it: their send jobs are deleted, but for one that is being recorded
	Answers       []Answer   // a second one under a key is a Conflict, never replaced
	Channels      []*Channel
	Routings      []Routing
	GoneRoutings  []Routing  // deleted, found by conversation and time
	Turns         []Turn     // one of a member; given by rules that are not in force any more, the transaction runs anew
	Queues        []Queue    // one of a workspace; likewise
	Responses     []Response // counted, and kept in no row of their own
	Facts         []Fact
}

// Empty reports whether there is nothing to write.
func (c *Changes) Empty() bool {
	return len(c.Contacts)+len(c.Leads)+len(c.Conversations)+len(c.Messages)+len(c.Statuses)+len(c.Amendments)+
		len(c.Deliveries)+len(c.Notes)+len(c.Mentions)+len(c.Tasks)+len(c.Tags)+len(c.DeletedTags)+len(c.Templates)+
		len(c.Fields)+len(c.Pipelines)+len(c.Rules)+len(c.Rescores)+len(c.Views)+len(c.DeletedViews)+len(c.CannedReplies)+len(c.DeletedCanned)+
		len(c.Twins)+len(c.Merges)+len(c.Handovers)+len(c.GoneThreads)+len(c.GoneContacts)+
		len(c.Jobs)+len(c.DoneJobs)+len(c.Settled)+len(c.Answers)+len(c.Channels)+len(c.Routings)+len(c.GoneRoutings)+len(c.Turns)+len(c.Queues)+len(c.Responses)+len(c.Facts) == 0
}

// Add adds other changes, in their order. A row must not be among both.
func (c *Changes) Add(other Changes) {
	c.Contacts = append(c.Contacts, other.Contacts...)
	c.Leads = append(c.Leads, other.Leads...)
	c.Conversations = append(c.Conversations, other.Conversations...)
	c.Messages = append(c.Messages, other.Messages...)
	c.Statuses = append(c.Statuses, other.Statuses...)
	c.Amendments = append(c.Amendments, other.Amendments...)
	c.Deliveries = append(c.Deliveries, other.Deliveries...)
	c.Notes = append(c.Notes, other.Notes...)
	c.Mentions = append(c.Mentions, other.Mentions...)
	c.Tasks = append(c.Tasks, other.Tasks...)
	c.Tags = append(c.Tags, other.Tags...)
	c.DeletedTags = append(c.DeletedTags, other.DeletedTags...)
	c.Fields = append(c.Fields, other.Fields...)
	c.Pipelines = append(c.Pipelines, other.Pipelines...)
	c.Rules = append(c.Rules, other.Rules...)
	c.Rescores = append(c.Rescores, other.Rescores...)
	c.Views = append(c.Views, other.Views...)
	c.DeletedViews = append(c.DeletedViews, other.DeletedViews...)
	c.CannedReplies = append(c.CannedReplies, other.CannedReplies...)
	c.DeletedCanned = append(c.DeletedCanned, other.DeletedCanned...)
	c.Twins = append(c.Twins, other.Twins...)
	c.Merges = append(c.Merges, other.Merges...)
	c.Handovers = append(c.Handovers, other.Handovers...)
	c.GoneThreads = append(c.GoneThreads, other.GoneThreads...)
	c.GoneContacts = append(c.GoneContacts, other.GoneContacts...)
	c.Templates = append(c.Templates, other.Templates...)
	c.Jobs = append(c.Jobs, other.Jobs...)
	c.DoneJobs = append(c.DoneJobs, other.DoneJobs...)
	c.Settled = append(c.Settled, other.Settled...)
	c.Answers = append(c.Answers, other.Answers...)
	c.Channels = append(c.Channels, other.Channels...)
	c.Turns = append(c.Turns, other.Turns...)
	c.Routings = append(c.Routings, other.Routings...)
	c.GoneRoutings = append(c.GoneRoutings, other.GoneRoutings...)
	c.Queues = append(c.Queues, other.Queues...)
	c.Responses = append(c.Responses, other.Responses...)
	c.Facts = append(c.Facts, other.Facts...)
}

// Answer remembers what was answered to a request that carried an
// Idempotency-Key, so that a repeat gets the same and does nothing.
type Answer struct {
	WorkspaceID WorkspaceID
	Key         string   // the client's, at most 255 characters
	Request     [32]byte // SHA-256 of the request: another body under the same key is a Conflict
	MessageID   MessageID
	At          time.Time
}

// Response is the end of a customer's waiting: the first message of the business
// after one that nobody had answered.
type Response struct {
	WorkspaceID WorkspaceID
	ChannelID   ChannelID
	MemberID    MemberID // who answered; zero: a program, or the business's own phone
	At          time.Time
	Waited      time.Duration
}
