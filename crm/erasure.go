package crm

import (
	"bytes"
	"time"
)

// ContactErased tells that a contact is gone for good. It carries the id and
// nothing else, so that who keeps a copy knows what to delete.
const ContactErased FactKind = "contact.erased"

// Erasure is a contact whose personal data are taken away, everywhere. From its
// first moment nobody sees the contact any more; what is stored of it then goes
// part by part, stage after stage, and what is left in the end is this row: that
// somebody was erased, by whom, and how much there was.
type Erasure struct {
	WorkspaceID WorkspaceID
	ContactID   ContactID
	Actor       Actor // who wanted it
	BegunAt     time.Time
	Stage       ErasureStage
	After       []byte // where the stage goes on, as the store writes it; nil: at its beginning
	Traces      []byte // what the contact is recognised by, as package people writes it; nil once nothing is looked for
	Erased      ErasedCounts

	LeasedUntil time.Time // by whoever works on it
	EndedAt     time.Time // zero until everything is gone
}

// ErasureStage is what of a contact is being taken away.
type ErasureStage string

// The stages. What was said to and by the contact comes after the journal,
// because a request that is about one of its messages is found by the message.
const (
	EraseJournal    ErasureStage = "journal"    // bodies of the workspace's webhook requests
	EraseUnclaimed  ErasureStage = "unclaimed"  // and of those that are no single workspace's
	EraseImports    ErasureStage = "imports"    // rows of files that were imported
	EraseMessages   ErasureStage = "messages"   // and what providers reported about them
	EraseReports    ErasureStage = "reports"    // what is kept of messages that never came
	EraseAmendments ErasureStage = "amendments" // likewise
	EraseFacts      ErasureStage = "facts"      // what the feed carries beside ids
	EraseRemains    ErasureStage = "remains"    // what the database keeps of rows that are gone
	EraseDone       ErasureStage = "done"
)

// ErasureStages lists the stages in their order.
var ErasureStages = []ErasureStage{
	EraseJournal, EraseUnclaimed, EraseImports, EraseMessages, EraseReports, EraseAmendments, EraseFacts, EraseRemains, EraseDone,
}

// Ended reports whether everything is gone.
func (e *Erasure) Ended() bool { return e.Stage == EraseDone }

// At reports whether two erasures stand at the same place.
func (e *Erasure) At(o *Erasure) bool { return e.Stage == o.Stage && bytes.Equal(e.After, o.After) }

// ErasedCounts is how much there was of a contact: the statistics that are kept.
type ErasedCounts struct {
	Conversations int `json:"conversations"`
	Inbound       int `json:"inbound"`  // messages
	Outbound      int `json:"outbound"` // messages
	Notes         int `json:"notes"`
	Tasks         int `json:"tasks"`
	Merges        int `json:"merges"`      // whose record named it
	Bodies        int `json:"bodies"`      // of webhook requests
	ImportRows    int `json:"import_rows"` // of files of errors
	Imports       int `json:"imports"`     // cancelled because their file names it
	Reports       int `json:"reports"`     // statuses and amendments
	Facts         int `json:"facts"`       // whose data went; they keep kind, time and number
}

// Add adds other counts.
func (c *ErasedCounts) Add(o ErasedCounts) {
	c.Conversations += o.Conversations
	c.Inbound += o.Inbound
	c.Outbound += o.Outbound
	c.Notes += o.Notes
	c.Tasks += o.Tasks
	c.Merges += o.Merges
	c.Bodies += o.Bodies
	c.ImportRows += o.ImportRows
	c.Imports += o.Imports
	c.Reports += o.Reports
	c.Facts += o.Facts
}
