package people

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/lead"
)

// Store is what the lead database asks of a store. Every method sees rows of
// one workspace only.
type Store interface {
	// Update runs fn in one transaction; see inbox.Store, whose contract it
	// shares.
	Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, Tx) error) error

	// Card returns the contact known by the first of the identities that
	// finds one, with what stands beside it, in one round trip. NotFound if
	// none does.
	Card(ctx context.Context, ws crm.WorkspaceID, identities []crm.Identity) (*Card, error)

	// CardByID is Card for a contact's id.
	CardByID(ctx context.Context, ws crm.WorkspaceID, id crm.ContactID) (*Card, error)

	// Contacts returns at most q.Limit contacts that fit, in the order of
	// q.Sort (ties by id), starting after q.After.
	Contacts(ctx context.Context, ws crm.WorkspaceID, q ContactQuery) ([]*crm.Contact, error)

	// Fields returns the workspace's custom fields by (position, id), archived
	// ones too.
	Fields(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Field, error)

	// Pipeline returns the workspace's pipeline, or the default.
	Pipeline(ctx context.Context, ws crm.WorkspaceID) (*crm.Pipeline, error)

	// LeadRules returns the newest rules of scoring that were written, nil if
	// none were.
	LeadRules(ctx context.Context, ws crm.WorkspaceID) (*crm.LeadRules, error)

	// Team returns who is at work in a workspace, what they have and when they
	// last got something, with skills as ids of tags, and where their clock is.
	Team(ctx context.Context, ws crm.WorkspaceID) ([]lead.Teammate, *time.Location, error)

	// Rescore returns the workspace's newest rescore, or NotFound.
	Rescore(ctx context.Context, ws crm.WorkspaceID) (*crm.Rescore, error)

	// ClaimRescore takes the running rescore that has waited longest, of any
	// workspace, and that nobody has a lease of at now, and leases it until
	// now+lease; its Attempt grows by one. It returns nil if there is none.
	// Several processes may claim at once: none is claimed by two.
	ClaimRescore(ctx context.Context, now time.Time, lease time.Duration) (*crm.Rescore, error)

	// CountContacts returns how many contacts the workspace has.
	CountContacts(ctx context.Context, ws crm.WorkspaceID) (int, error)

	// Views returns the views a member sees, its own and everybody's, by name;
	// everybody's for the zero id.
	Views(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) ([]*crm.View, error)

	// CannedReplies returns the workspace's canned replies by shortcut.
	CannedReplies(ctx context.Context, ws crm.WorkspaceID) ([]*crm.CannedReply, error)

	// Tags returns the workspace's tags by name.
	Tags(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Tag, error)

	// Notes returns at most limit notes of a contact, newest first, after the
	// note named.
	Notes(ctx context.Context, ws crm.WorkspaceID, contact crm.ContactID, after crm.NoteID, limit int) ([]*crm.Note, error)

	// Mentions returns at most q.Limit mentions of a member, those of the newest
	// notes first, with their notes and contacts.
	Mentions(ctx context.Context, ws crm.WorkspaceID, q MentionQuery) ([]Mentioned, error)

	// CountUnseen returns how many mentions a member has not seen, limit if there
	// are more.
	CountUnseen(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, limit int) (int, error)

	// Tasks returns at most q.Limit tasks, newest first.
	Tasks(ctx context.Context, ws crm.WorkspaceID, q TaskQuery) ([]*crm.Task, error)
}

// Tx is one transaction of a Store.
type Tx interface {
	// Load returns what is stored of what the need names and locks the
	// contacts it returns; what is not stored is absent.
	Load(ctx context.Context, need Need) (*State, error)
	// Talk returns, for each of the places in conversations, at most limit of
	// the messages before it, newest first by (provider time, ingest).
	Talk(ctx context.Context, ws crm.WorkspaceID, before []Place, limit int) ([][]*crm.Message, error)
	// Write writes the changes; see crm.Changes. What a transaction wrote its
	// later calls find.
	Write(ctx context.Context, changes *crm.Changes) error
}

// Need names what a decision has to know, all of one workspace.
type Need struct {
	WorkspaceID crm.WorkspaceID
	Contacts    []crm.ContactID
	Identities  []crm.Identity       // contacts known by any of them
	PartiesTo   []crm.ConversationID // the contacts of these conversations
	TwinsOf     []crm.ContactID      // contacts that turned out to be the same person as one of these
	Leads       bool                 // with the lead of each contact found, and the rules in force
	Version     int                  // of the rules in force, at least: a transaction that writes no lead does not learn of newer ones
	Threads     bool                 // with every conversation of the contacts found (they carry the contact's name)
	Tags        []crm.TagID
	AllTags     bool
	Tasks       []crm.TaskID
	Members     []crm.MemberID
	Everybody   bool         // every member, also who works no more
	Mentions    MentionQuery // the mentions it finds, locked, but for those that another transaction has locked; none for the zero query
	Settings    bool         // the custom fields and the pipeline
	LeadRules   bool         // the newest rules that were written
	Rescore     bool         // the newest rescore, locked
	Statuses    []string     // which of these lead statuses some contact has
	Views       []crm.ViewID
	Canned      bool                 // every canned reply
	MessagesOf  []crm.ConversationID // all their messages, but no more than MaxMerged and one
	RoutingsOf  []crm.ConversationID // all that was decided about them
	Messages    []crm.MessageID
	BesideOf    []crm.ContactID // all their notes and tasks
	Merges      []crm.MergeID
}

// State is what a store found. The rows are the caller's own to change.
type State struct {
	Contacts      []*crm.Contact
	Leads         []*crm.Lead
	Rules         *lead.Rules // see inbox.State
	Conversations []*crm.Conversation
	Tags          []*crm.Tag
	Tasks         []*crm.Task
	Members       []*crm.Member
	Mentions      []*crm.Mention
	Fields        []*crm.Field   // by (position, id)
	Pipeline      *crm.Pipeline  // the default if there is none
	LeadRules     *crm.LeadRules // nil if none were written
	Rescore       *crm.Rescore   // nil if there never was one
	InUse         []string       // of the statuses asked for
	Views         []*crm.View
	Canned        []*crm.CannedReply // in no order
	Messages      []*crm.Message
	Routings      []crm.Routing
	Notes         []*crm.Note
	Merges        []*crm.Merge

	Region string // how numbers are read; the service says so, a store leaves it empty
}

// Place is a place in a conversation: a message of it.
type Place struct {
	ConversationID crm.ConversationID
	At             time.Time // the message's provider time
	Ingest         int64     // its number; 0: behind the newest
}

// Card is a contact with all that the panel beside a conversation shows.
type Card struct {
	Contact       *crm.Contact
	Lead          *crm.Lead   // nil: nobody has scored it
	Rules         *lead.Rules // in force
	Tags          []*crm.Tag
	Notes         []*crm.Note         // the newest CardRows
	Tasks         []*crm.Task         // open ones, the newest CardRows
	Conversations []*crm.Conversation // newest message first, at most CardRows
}

// CardRows bounds each list of a Card.
const CardRows = 20

// ContactQuery selects contacts. Zero fields do not restrict.
type ContactQuery struct {
	TagID      crm.TagID
	LeadStatus string
	Search     string       // part of a name, or digits of a number
	Filter     *filter.Test // nil: everybody passes
	Sort       Sort
	Limit      int
	After      ContactCursor
}

// Sort is an order of contacts.
type Sort string

// The orders; the empty one is ByRecent.
const (
	ByRecent  Sort = "recent"  // last changed first
	ByCreated Sort = "created" // newest first
	ByName    Sort = "name"    // by what they are called, folded
	ByScore   Sort = "score"   // most likely to buy first, as of when each was last scored; see [Aging]
	ByID      Sort = "id"      // which nothing changes; for who goes through all of them
)

// Sorts lists the orders that people ask for.
var Sorts = []Sort{ByRecent, ByCreated, ByName, ByScore}

// ContactCursor is the last row of the page before in the list's order; zero:
// from the beginning.
type ContactCursor struct {
	At    time.Time // when it was changed or made, as the order goes
	Name  string    // by which it was sorted by name: SortName
	Score int
	ID    crm.ContactID
}

// CursorOf returns the cursor behind a contact.
func CursorOf(c *crm.Contact, by Sort) ContactCursor {
	after := ContactCursor{At: c.UpdatedAt, ID: c.ID}
	switch by {
	case ByCreated:
		after.At = c.CreatedAt
	case ByID:
		after.At = time.Time{}
	case ByName:
		after.At, after.Name = time.Time{}, SortName(c)
	case ByScore:
		after.At, after.Score = time.Time{}, c.Score
	}
	return after
}

// SortName is what a contact is sorted by in the order of names.
func SortName(c *crm.Contact) string {
	if names := filter.Names(c); len(names) > 0 {
		return names[0]
	}
	return ""
}

// TaskQuery selects tasks. Zero fields do not restrict.
type TaskQuery struct {
	ContactID  crm.ContactID
	AssigneeID crm.MemberID
	Open       bool
	Limit      int
	After      crm.TaskID
}
