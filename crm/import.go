package crm

import "time"

// ImportID names an import.
type ImportID = ID[Import]

// ContactsImported tells, once for each batch of rows, how far an import is: a
// fact for each of a hundred thousand contacts would say no more, and drown
// what else the feed has to say. Its data are the import's id, state and counts.
const ContactsImported FactKind = "contacts.imported"

// ImportState is how far an import has come.
type ImportState string

// The states. One that ended never goes on, but for a dry run, which may be
// started again.
const (
	ImportUploading ImportState = "uploading" // its file arrives
	ImportReady     ImportState = "ready"     // the file is there; nobody said yet what its columns are
	ImportRunning   ImportState = "running"   // a host works on it, or the next one will
	ImportDone      ImportState = "done"
	ImportCancelled ImportState = "cancelled" // what was imported before stays
	ImportFailed    ImportState = "failed"    // Reason says why
)

// Ended reports whether nothing more is going to happen by itself.
func (s ImportState) Ended() bool {
	return s == ImportDone || s == ImportCancelled || s == ImportFailed
}

// ImportPolicy says what a row does to a contact that is there.
type ImportPolicy string

// The policies. Either adds identities, tags and a note; neither takes anything
// away, and neither writes to somebody again who asked not to be written to.
const (
	FillEmpty ImportPolicy = "fill"      // what is stored wins
	Overwrite ImportPolicy = "overwrite" // what the file says wins
)

// Import is a file of contacts on its way into a workspace. The file itself is
// kept beside it in chunks until the import ends.
type Import struct {
	ID          ImportID
	WorkspaceID WorkspaceID
	Author      Actor  // who uploaded it
	Filename    string // as it was called; may be empty
	Size        int64  // bytes of the file
	State       ImportState
	Reason      string // a sentence, when it failed

	Encoding  string   // "utf-8"
	Delimiter string   // one character
	Header    bool     // the first record names the columns
	Columns   []string // those names; nil without a header
	Mapping   []string // what each column is, in csvio's words: a guess until it is started
	Region    string   // where its numbers are read: "ID"

	Policy   ImportPolicy
	DryRun   bool // nothing is stored of it but what it would do
	MakeTags bool // it may add to the workspace's list of tags

	Rows     int // that the file has, counted when it arrived
	Progress ImportProgress

	Attempt     int       // claims since it last came further
	LeasedUntil time.Time // by whoever works on it
	CreatedAt   time.Time
	StartedAt   time.Time
	EndedAt     time.Time
}

// Startable reports whether the import may be started: its file is there, and was
// not imported yet but at most tried out.
func (im *Import) Startable() bool {
	return im.State == ImportReady || im.State == ImportDone && im.DryRun
}

// ImportProgress counts what became of a file's rows. Created, Updated,
// Unchanged and Failed together are Rows.
type ImportProgress struct {
	Records    int `json:"records"`     // read of the file, blank ones too: where to go on
	Rows       int `json:"rows"`        // with anything in them
	Created    int `json:"created"`     // a new contact
	Updated    int `json:"updated"`     // a contact that was there has more, or other, than before
	Unchanged  int `json:"unchanged"`   // a contact that was there says all of it
	Failed     int `json:"failed"`      // in the file of errors
	Tags       int `json:"tags"`        // made because a row names them
	ErrorParts int `json:"error_parts"` // chunks of the file of errors
}

// Add adds what became of a batch.
func (p *ImportProgress) Add(batch ImportProgress) {
	p.Records += batch.Records
	p.Rows += batch.Rows
	p.Created += batch.Created
	p.Updated += batch.Updated
	p.Unchanged += batch.Unchanged
	p.Failed += batch.Failed
	p.Tags += batch.Tags
	p.ErrorParts += batch.ErrorParts
}
