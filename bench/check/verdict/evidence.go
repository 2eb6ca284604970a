package verdict

import (
	"fmt"

	"github.com/my21staff/my21staff/bench/record"
)

// Evidence is all that is known of a run.
type Evidence struct {
	Plan        *record.Plan
	Journal     []record.Line
	Calls       []record.Call
	Transcripts []record.Transcript
	Works       []record.Work
	Store       Store
	API         []Shown // by workspace; empty: the API was not asked
	Now         int64   // milliseconds; when the store was read
}

// Store is what the database holds. Ids are UUIDs as text, times milliseconds.
type Store struct {
	Messages      []Message
	Statuses      []StatusRow
	Conversations []Conversation
	Facts         []Fact
	Deliveries    []Delivery
	Jobs          []Job
	Contacts      []Contact
	Erasures      []Erasure
	Figures       []Figure            // nil: nobody looked
	Traces        map[string][]string // see record.Traces: where each stands, in words
}

// Message is a row of messages.
type Message struct {
	Workspace, ID, Conversation, Channel, Contact string
	Inbound                                       bool
	ProviderID                                    string
	Status                                        string
	Text                                          string
	Time, Ingest                                  int64
}

// StatusRow is a row of statuses.
type StatusRow struct{ Workspace, Channel, ProviderID, Status string }

// Conversation is a row of conversations.
type Conversation struct {
	Workspace, ID, Channel, Contact string
	LastMessage                     string
	Unread                          int64
	Status, Assignee                string
	Waiting                         bool // for an answer
}

// Contact is a row of contacts, with what stands beside it.
type Contact struct {
	Workspace, ID, Name string
	Stage, Temperature  string
	Score               int64
	Tags                []string // their names
	Notes               int64    // how many
}

// Erasure is a row of erasures.
type Erasure struct {
	Workspace, Contact string
	Inbound, Outbound  int64 // messages that are gone
}

// Figure is a row of figures: how many of a measure, of a day or as things
// stand.
type Figure struct {
	Workspace, Channel, Member, Measure string
	Standing                            bool
	Value                               int64
}

// Fact is a row of the feed.
type Fact struct {
	Workspace string
	Seq       int64
	Kind      string
	MessageID string
}

// Delivery is a row of the webhook journal.
type Delivery struct {
	Workspace, ID string
	Key           string // hexadecimal
	Seen          int64
	Size          int64 // of the body; 0: it has none
}

// Job is a send that waits or is under way.
type Job struct {
	Workspace, Message string
	Lane               string // those of one lane leave one after the other
	LockedUntil, DueAt int64  // Unix milliseconds
	Attempt            int
	Error              string // of the last attempt
}

func (j *Job) String() string {
	return fmt.Sprintf("due at %d, leased until %d, attempt %d, %q", j.DueAt, j.LockedUntil, j.Attempt, j.Error)
}

// Workable reports whether a job could be worked on: it is in nobody's hands,
// and neither is one of its lane.
func Workable(jobs []Job, now int64) bool {
	held := map[string]bool{}
	for _, j := range jobs {
		held[j.Lane] = held[j.Lane] || j.LockedUntil >= now
	}
	for _, j := range jobs {
		if !held[j.Lane] {
			return true
		}
	}
	return false
}

// Shown is what the API shows to a workspace.
type Shown struct {
	Conversations []string // ids, in the order of the list
	Messages      map[string][]ShownMessage
	Bodies        map[string]string // delivery id -> SHA-256 of the body; "": it has none
	Foreign       []string          // what it showed of another workspace, in words
	Traces        map[string]string // see record.Traces: where it showed each
}

// ShownMessage is a message in the API's list, newest first.
type ShownMessage struct {
	ID, Text string
	Time     int64 // milliseconds
}
