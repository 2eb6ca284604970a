package crm

import "time"

// FactKind names what happened.
type FactKind string

// The kinds of fact. Clients resume by number and must ignore kinds they do
// not know.
const (
	MessageReceived     FactKind = "message.received"
	MessageCreated      FactKind = "message.created" // outbound, from here or elsewhere
	MessageStatusRaised FactKind = "message.status"
	MessageAmended      FactKind = "message.amended"
	ConversationCreated FactKind = "conversation.created"
	ConversationChanged FactKind = "conversation.changed" // status, assignee, mode, snooze, unread
	ContactCreated      FactKind = "contact.created"
	ContactChanged      FactKind = "contact.changed"
	ContactDuplicate    FactKind = "contact.duplicate" // two contacts turned out to be one person
	ContactMerged       FactKind = "contact.merged"    // another contact went into this one
	ContactParted       FactKind = "contact.parted"    // and came out again
	NoteCreated         FactKind = "note.created"
	MentionSeen         FactKind = "mention.seen" // a member has seen where notes name it
	TaskChanged         FactKind = "task.changed"
	TagChanged          FactKind = "tag.changed"
	FieldChanged        FactKind = "field.changed"      // a custom field was defined or changed
	PipelineChanged     FactKind = "pipeline.changed"   // the workspace's stages
	LeadRulesChanged    FactKind = "lead_rules.changed" // how the workspace scores
	CannedReplyChanged  FactKind = "canned_reply.changed"
	TemplateChanged     FactKind = "template.changed"
	ChannelChanged      FactKind = "channel.changed" // paused, resumed, quality, account events
	ProviderEvent       FactKind = "provider.event"  // anything the provider said that we only pass on
)

// Fact is one thing that happened in a workspace: an entry of the feed that
// streams, outgoing webhooks and the audit log carry. Facts of a workspace are
// numbered from 1 without gap, in the order their transactions committed.
type Fact struct {
	WorkspaceID    WorkspaceID    `json:"-"`
	Seq            int64          `json:"seq"` // given by the store, last thing in the transaction
	Kind           FactKind       `json:"kind"`
	At             time.Time      `json:"at"`
	Actor          Actor          `json:"actor"`
	ConversationID ConversationID `json:"conversation_id,omitzero"`
	ContactID      ContactID      `json:"contact_id,omitzero"`
	MessageID      MessageID      `json:"message_id,omitzero"`
	Data           []byte         `json:"-"` // a JSON object with what changed; nil for none
}
