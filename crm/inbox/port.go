package inbox

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// Store is what the inbox asks of a store. Every method sees rows of the named
// workspaces only; a row of another workspace is as if it did not exist.
type Store interface {
	Threads
	Queues
	Journal

	// Update runs fn in one transaction over the named workspaces and commits
	// what it wrote. If fn or the commit fails, nothing is written and the
	// error is returned. fn may be run again when the database reports that
	// another transaction came between (a unique key, a serialisation
	// failure, a deadlock): it must not keep what it saw of an earlier run. A
	// conflict that stays after the store's tries is crm.Conflict; a database
	// that cannot be reached is crm.Unavailable. If the connection broke, or
	// ctx ended, while the commit was under way, it may have been done: that is
	// crm.Uncertain.
	Update(ctx context.Context, workspaces []crm.WorkspaceID, fn func(context.Context, Tx) error) error

	// Templates returns a channel's templates by name and language, those of
	// every channel for the zero id.
	Templates(ctx context.Context, ws crm.WorkspaceID, channel crm.ChannelID) ([]*crm.Template, error)
}

// Threads reads conversations and messages.
type Threads interface {
	// Conversation returns one conversation with its contact. NotFound if it
	// is not the workspace's.
	Conversation(ctx context.Context, ws crm.WorkspaceID, id crm.ConversationID) (*crm.Conversation, *crm.Contact, error)

	// Conversations returns at most q.Limit conversations that fit the query,
	// newest last message first, starting after q.After.
	Conversations(ctx context.Context, ws crm.WorkspaceID, q ConversationQuery) ([]*crm.Conversation, error)

	// Message returns one message, or NotFound.
	Message(ctx context.Context, ws crm.WorkspaceID, id crm.MessageID) (*crm.Message, error)

	// Messages returns at most q.Limit messages of a conversation, newest
	// first by (provider time, ingest), starting after q.After. A conversation
	// that is not the workspace's has no messages.
	Messages(ctx context.Context, ws crm.WorkspaceID, q MessageQuery) ([]*crm.Message, error)

	// Quoted returns the messages of a conversation that have one of the
	// provider's ids asked for, each once and in any order. What is not there, or
	// is another conversation's, is left out; the empty id is nobody's. A
	// conversation that is not the workspace's has no messages.
	Quoted(ctx context.Context, ws crm.WorkspaceID, q QuotedQuery) ([]*crm.Message, error)

	// Routings returns at most q.Limit of what the rules of assignment decided
	// about a conversation, newest first.
	Routings(ctx context.Context, ws crm.WorkspaceID, q RoutingQuery) ([]crm.Routing, error)

	// Snoozed returns at most limit conversations of any workspace whose
	// snooze ended at or before now.
	Snoozed(ctx context.Context, now time.Time, limit int) ([]*crm.Conversation, error)
}

// Queues are what waits in workspaces for a member to have it.
type Queues interface {
	// ClaimQueue takes the queue that has been due longest at now, of any
	// workspace, and makes it due at until: so nobody else takes it before, and
	// who dies leaves it to others. A queue in which nothing waits is not due any
	// more. It returns the zero id if none was due. Several processes may claim at
	// once: no queue is claimed by two.
	ClaimQueue(ctx context.Context, now, until time.Time) (crm.WorkspaceID, error)

	// Queued returns at most limit conversations that wait for a reason that may
	// pass (see lead.Reason), those first that have waited longest.
	Queued(ctx context.Context, ws crm.WorkspaceID, limit int) ([]crm.ConversationID, error)
}

// Journal is the webhook requests that are kept.
type Journal interface {
	// Deliveries returns at most q.Limit journal rows without their bodies,
	// newest first, starting after q.After.
	Deliveries(ctx context.Context, ws crm.WorkspaceID, q DeliveryQuery) ([]*crm.Delivery, error)

	// Delivery returns one journal row with its body, or NotFound. The zero
	// workspace's rows are the operator's. A row whose body retention took is
	// Expired.
	Delivery(ctx context.Context, ws crm.WorkspaceID, id crm.DeliveryID) (*crm.Delivery, error)

	// ExpireBodies takes away bodies that were received before a time, of any
	// workspace, at most limit of them and not all at once in one transaction.
	// It returns how many it took, 0 when there are no more. A store may keep
	// bodies by month, and then takes only months that are over by that time,
	// each counting as one. It may be called by several processes at once.
	ExpireBodies(ctx context.Context, before time.Time, limit int) (int, error)

	// ExpireDeliveries takes away journal rows likewise, whether or not their
	// bodies are still there: without its row a body cannot be read.
	ExpireDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// Tx is one transaction of a Store.
type Tx interface {
	// Load returns what is stored of what the need names and locks the
	// contacts and conversations it returns against other transactions, in
	// the order of their ids. What is not stored is absent from the state, not
	// an error.
	Load(ctx context.Context, need Need) (*State, error)

	// LoadAll is Load for several workspaces at once, each named once, in the
	// order of their ids; the states are in the same order.
	LoadAll(ctx context.Context, needs []Need) ([]*State, error)

	// Write writes the changes; see crm.Changes. A unique key that another
	// transaction took is crm.Conflict, and Update runs its function again;
	// likewise a lead that was not scored by the rules in force, which the next
	// Load has.
	Write(ctx context.Context, changes *crm.Changes) error
}

// Need names what a decision has to know. All of it is of one workspace. Every
// conversation that is found comes with its contact, and every message found
// with its conversation.
type Need struct {
	WorkspaceID   crm.WorkspaceID
	Channels      []crm.ChannelID      // the channels, and with each contact found its conversation on each of them
	AllChannels   bool                 // every channel of the workspace, likewise
	Threads       bool                 // with each contact found all its conversations
	Identities    []crm.Identity       // contacts known by any of them
	Contacts      []crm.ContactID      // contacts by id
	Conversations []crm.ConversationID // conversations by id
	Leads         bool                 // with each contact found its lead, and the rules in force
	Team          bool                 // who is in the team and the queue, if the rules in force assign: it needs Leads, and holds them against other transactions that load them
	Pending       bool                 // with the conversations found, their outbound messages that have no provider id yet
	Provided      []Provided           // messages, status reports and amendments under these provider ids
	Inbound       []Provided           // messages and amendments under these, of what came in: nobody reports on that
	Messages      []crm.MessageID      // messages by our id
	Members       []crm.MemberID       // to assign to
	Deliveries    [][32]byte           // journal rows under these keys, without their bodies
	Answers       []string             // what was answered under these Idempotency-Keys
	TemplateNames []string             // the templates of these names on the channels named, on every channel if none is
}

// Provided is a provider's message id on a channel.
type Provided struct {
	ChannelID  crm.ChannelID
	ProviderID string
}

// State is what a store found. The rows are the caller's own to change.
type State struct {
	Contacts      []*crm.Contact
	Leads         []*crm.Lead
	Rules         *lead.Rules // as far as the store knows: Write finds out when they are not in force any more; nil: the default
	Channels      []*crm.Channel
	Conversations []*crm.Conversation
	Messages      []*crm.Message
	Statuses      []crm.StatusReport
	Amendments    []crm.Amendment
	Members       []*crm.Member
	Team          []lead.Teammate // with their skills as ids of tags
	Zone          *time.Location  // of the team's clock
	Queue         *crm.Queue      // nil: nothing has waited yet
	Templates     []*crm.Template
	Deliveries    []*crm.Delivery
	Answers       []*crm.Answer
}

// Channels finds the channel a provider's number belongs to, in the whole
// installation.
type Channels interface {
	// Channel returns the channel with its credentials, or NotFound. It may
	// answer from memory up to a few seconds old.
	Channel(ctx context.Context, provider crm.Provider, phoneNumberID string) (*crm.Channel, error)

	// Secrets returns every active webhook secret of a provider's channels,
	// each once.
	Secrets(ctx context.Context, provider crm.Provider) ([]crm.Secret, error)

	// VerifyTokens returns the handshake tokens of a provider's channels, each
	// once.
	VerifyTokens(ctx context.Context, provider crm.Provider) ([]crm.Secret, error)

	// Account returns the channels of a business account, for events that name
	// no number.
	Account(ctx context.Context, provider crm.Provider, accountID string) ([]*crm.Channel, error)
}

// ConversationQuery selects conversations. Zero fields do not restrict.
type ConversationQuery struct {
	Status      crm.ConversationStatus
	AssigneeID  crm.MemberID
	Unassigned  bool // nobody's; excludes AssigneeID
	ChannelID   crm.ChannelID
	ContactID   crm.ContactID
	TagID       crm.TagID
	Unread      bool
	Temperature crm.Temperature
	Search      string // words in the contact's name or messages, or digits of its number
	Limit       int
	After       ConversationCursor
}

// ConversationCursor is the last row of the page before; zero: from the newest.
type ConversationCursor struct {
	At time.Time
	ID crm.ConversationID
}

// MessageQuery selects messages of one conversation.
type MessageQuery struct {
	ConversationID crm.ConversationID
	Limit          int
	After          MessageCursor
}

// MessageCursor is the last row of the page before; zero: from the newest.
type MessageCursor struct {
	At     time.Time
	Ingest int64
}

// QuotedQuery selects messages of one conversation by what others call them that
// answer or react to them.
type QuotedQuery struct {
	ConversationID crm.ConversationID
	ChannelID      crm.ChannelID // the conversation's, in which the ids are unique
	ProviderIDs    []string      // at most crm.MaxPageRows for the service
}

// RoutingQuery selects what was decided about one conversation. Zero times do not
// restrict.
type RoutingQuery struct {
	ConversationID crm.ConversationID
	From, Before   time.Time
	Limit          int
}

// DeliveryQuery selects journal rows.
type DeliveryQuery struct {
	Verdict crm.Verdict // empty: all
	Limit   int
	After   crm.DeliveryID // the last row of the page before
}
