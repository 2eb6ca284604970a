package record

import (
	"fmt"
	"regexp"
)

// The kinds of work that a host does in the background.
const (
	Import   = "import"   // a file of pupils
	Reimport = "reimport" // the same file once more
	Bulk     = "bulk"     // a change of all pupils of a file
	Rescore  = "rescore"  // of a workspace, by other rules
	Erase    = "erase"    // of one pupil
)

// Work is a line of works.jsonl: a piece of work was asked for, or is over. What
// has no end was given up, as a host that no longer gets on is.
type Work struct {
	At        int64  `json:"at"` // microseconds since 1970
	Workspace int    `json:"w"`
	Round     int    `json:"round"` // a file of pupils and all that is done to them
	Kind      string `json:"kind"`
	Done      bool   `json:"done,omitempty"`

	Rows   int    `json:"rows,omitempty"`   // pupils of the round's file
	Twins  int    `json:"twins,omitempty"`  // rows of it that say what another one says
	Bad    int    `json:"bad,omitempty"`    // rows of it that nobody can import
	Points int    `json:"points,omitempty"` // that the rules give a pupil; to who asked for advice they give PointsOfAdvice
	Pupil  int    `json:"pupil,omitempty"`  // who is erased
	Phone  string `json:"phone,omitempty"`  // of whom
	Text   string `json:"text,omitempty"`   // what that pupil wrote

	State string         `json:"state,omitempty"` // in which it ended
	Told  map[string]int `json:"told,omitempty"`  // how much was done, as the host says
	Sure  bool           `json:"sure,omitempty"`  // the host was asked once: what it says is of all that was done
}

// Advice is the word by which the rules of a rescore know who asked for advice:
// every message of a customer has it. PointsOfAdvice is what they give for it.
const (
	Advice         = "konsultasi"
	PointsOfAdvice = 5
)

// Names in the lead database that works give.
const (
	PupilTag   = "murid"     // of every row of a file
	BulkTag    = "ikut"      // that a bulk change adds
	BulkStatus = "contacted" // that it sets
)

// Pupil is a contact that a file has, and that nobody else is.
type Pupil struct {
	Run       string
	Workspace int
	Round     int
	N         int
}

// Class is the word that all pupils of a file have in their names.
func (p Pupil) Class() string { return fmt.Sprintf("r%sw%dn%d", p.Run, p.Workspace, p.Round) }

// External is the pupil's external id, which [Traces] finds wherever its name, its
// address or its note stands.
func (p Pupil) External() string { return fmt.Sprintf("%s-%05d", p.Class(), p.N) }

// Name is what the pupil is called.
func (p Pupil) Name() string { return fmt.Sprintf("Murid %s %05d", p.Class(), p.N) }

// Email is the pupil's address.
func (p Pupil) Email() string { return fmt.Sprintf("murid.%s.%05d@example.com", p.Class(), p.N) }

// Note is the note that the file has of the pupil.
func (p Pupil) Note() string { return "Catatan " + p.External() }

var (
	pupils = regexp.MustCompile(`(r[0-9a-f]{8}w\d+n\d+)[-. ](\d{5})`)
	phones = regexp.MustCompile(`628120000\d{4}`)
)

// Traces returns the external ids of the pupils of whom a text says something,
// and the numbers in it.
func Traces(text []byte) []string {
	var found []string
	for _, m := range pupils.FindAllSubmatch(text, -1) {
		found = append(found, string(m[1])+"-"+string(m[2]))
	}
	for _, m := range phones.FindAll(text, -1) {
		found = append(found, string(m))
	}
	return found
}
