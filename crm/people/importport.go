package people

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// ImportStore is what imports ask of a store. Every method but Claim and Expire
// sees rows of one workspace only.
type ImportStore interface {
	// Update runs fn in one transaction; see inbox.Store, whose contract it
	// shares.
	Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, ImportTx) error) error

	// Import returns an import, or NotFound.
	Import(ctx context.Context, ws crm.WorkspaceID, id crm.ImportID) (*crm.Import, error)

	// Imports returns at most limit imports, newest first, after the one named
	// (zero: from the newest).
	Imports(ctx context.Context, ws crm.WorkspaceID, after crm.ImportID, limit int) ([]*crm.Import, error)

	// Chunk returns a chunk as it was saved, or NotFound.
	Chunk(ctx context.Context, chunk Chunk) ([]byte, error)

	// Claim takes the running import that has waited longest, of any
	// workspace, and that nobody has a lease of at now, and leases it until
	// now+lease; its Attempt grows by one. A claim that names an import takes
	// that one or none. It returns nil if there is none. Several processes may
	// claim at once: none is claimed by two.
	Claim(ctx context.Context, now time.Time, lease time.Duration, only crm.ImportID) (*crm.Import, error)

	// Expire takes away imports with their chunks, of any workspace, at most
	// limit of them: those that were never started and were made before
	// unfinished, and those that ended and were made before ended. It returns
	// how many it took.
	Expire(ctx context.Context, unfinished, ended time.Time, limit int) (int, error)
}

// ImportTx is one transaction of an ImportStore.
type ImportTx interface {
	Tx

	// Import returns an import and locks it, or NotFound.
	Import(ctx context.Context, id crm.ImportID) (*crm.Import, error)
	// SaveImport makes an import, or replaces it whole.
	SaveImport(ctx context.Context, im *crm.Import) error
	// SaveChunk stores a chunk of an import that is there, or replaces it.
	SaveChunk(ctx context.Context, chunk Chunk, body []byte) error
	// DropFile takes away the chunks of an import's file, not of its errors.
	DropFile(ctx context.Context, id crm.ImportID) error
	// SameNotes returns those of the notes that a contact has already with the
	// same words.
	SameNotes(ctx context.Context, notes []NoteText) ([]NoteText, error)
}

// Chunk names a piece of an import's file, or of its file of errors.
type Chunk struct {
	WorkspaceID crm.WorkspaceID
	Import      crm.ImportID
	Of          ChunkKind
	N           int // from 0
}

// ChunkKind says what a chunk is of.
type ChunkKind string

// The kinds of chunk.
const (
	OfFile   ChunkKind = "file"   // as it was uploaded
	OfErrors ChunkKind = "errors" // CSV in UTF-8, without the header
)

// NoteText is a note as far as two of them are the same.
type NoteText struct {
	ContactID crm.ContactID
	Body      string
}
