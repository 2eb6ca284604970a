package people

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// EraseStore is what erasures ask of a store. Every method but Claim sees rows of
// one workspace only, and Step also those that are no workspace's.
type EraseStore interface {
	// Update runs fn in one transaction; see inbox.Store, whose contract it
	// shares.
	Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, EraseTx) error) error

	// Erasure returns the erasure of a contact, or NotFound.
	Erasure(ctx context.Context, ws crm.WorkspaceID, contact crm.ContactID) (*crm.Erasure, error)

	// Claim takes the erasure that has waited longest of those that have not
	// ended, of any workspace, and that nobody has a lease of at now, and leases
	// it until now+lease. A claim that names a contact takes its erasure or none.
	// It returns nil if there is none. Several processes may claim at once: none
	// is claimed by two.
	Claim(ctx context.Context, now time.Time, lease time.Duration, only crm.ContactID) (*crm.Erasure, error)

	// Step takes away the next part of what the erasure's stage is about, looking
	// at some limit rows at most, and stores with it the erasure as it then is:
	// further After, and with larger counts. It reports whether the stage is over.
	// A step that is repeated because it was cut off finds less to do. Conflict if
	// what is stored is no longer as e says, since somebody else has come further;
	// e is changed only without an error. The steps of EraseRemains, which are
	// about the database's own files, are no transactions.
	Step(ctx context.Context, e *crm.Erasure, traces *Traces, limit int) (done bool, err error)
}

// EraseTx is one transaction of an EraseStore.
type EraseTx interface {
	ImportTx

	// Hide takes a contact and its conversations away, with all they are found
	// by: its lead, notes, tasks, jobs, and the record of every merge that one of
	// the contacts was part of. It returns the contacts, this one first, that
	// went into it by merges which were not undone, and counts what it took.
	// Messages stay for Step; no reader finds one whose conversation is gone.
	Hide(ctx context.Context, contact crm.ContactID) ([]crm.ContactID, crm.ErasedCounts, error)

	// Erasure returns the erasure of a contact and locks it, or NotFound.
	Erasure(ctx context.Context, contact crm.ContactID) (*crm.Erasure, error)

	// SaveErasure makes an erasure, or replaces it whole.
	SaveErasure(ctx context.Context, e *crm.Erasure) error
}
