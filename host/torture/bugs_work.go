//go:build torture

package torture

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// works are mistakes about what runs in the background, and about what is counted
// beside everything.
var works = []*Bug{
	{
		Name: "erase-keeps-messages", Verdict: trace, Needs: needsWork,
		About:    "An erasure passes over the messages: nobody finds them, and they are there.",
		erasures: skipStage(crm.EraseMessages),
	},
	{
		Name: "erase-keeps-bodies", Verdict: trace, Needs: needsWork,
		About:    "An erasure passes over the webhook journal: the API shows the bodies that name the contact.",
		erasures: skipStage(crm.EraseJournal),
	},
	{
		Name: "erase-keeps-remains", Verdict: trace, Needs: needsWork, On: onSQLite,
		About:    "An erasure leaves in the database's file what stood in rows that are gone.",
		erasures: skipStage(crm.EraseRemains),
	},
	{
		Name: "rescore-ends-early", Verdict: stale, Needs: needsWork,
		About:  "A rescore reads half of what it asks for and takes it for the last page: the rest keeps the score of the rules before.",
		people: func(_ *Harness, s people.Store) people.Store { return halfStore{s} },
	},
	{
		Name: "import-doubles-row", Verdict: dup, Needs: needsWork,
		About: "An import makes a second contact of the last new row of every batch, which nothing identifies.",
		imports: func(_ *Harness, s people.ImportStore) people.ImportStore {
			return doublingStore{s, func(tx people.ImportTx) people.ImportTx { return doublingTx{tx} }}
		},
	},
	{
		Name: "import-repeats-notes", Verdict: dup, Needs: needsWork,
		About: "A file that is imported again writes its notes again.",
		imports: func(_ *Harness, s people.ImportStore) people.ImportStore {
			return doublingStore{s, func(tx people.ImportTx) people.ImportTx { return notingTx{tx} }}
		},
	},
	{
		Name: "bulk-leaves-out", Verdict: lost, Needs: needsWork,
		About: "A bulk change leaves out the last of a page of contacts.",
		bulks: func(_ *Harness, s people.BulkStore) people.BulkStore { return skippingStore{s} },
	},
	{
		Name: "figures-drift", Verdict: count, Needs: needsWork,
		About: "A figure that falls rises instead.",
		sql: func(sql string) string {
			return strings.Replace(sql, "value = figures.value + excluded.value", "value = figures.value + abs(excluded.value)", 1)
		},
	},
}

// skipStage returns a bug that takes a stage of an erasure for done.
func skipStage(stage crm.ErasureStage) func(*Harness, people.EraseStore) people.EraseStore {
	return func(_ *Harness, s people.EraseStore) people.EraseStore { return hastyStore{s, stage} }
}

type hastyStore struct {
	people.EraseStore
	stage crm.ErasureStage
}

// Step implements people.EraseStore.
func (s hastyStore) Step(ctx context.Context, e *crm.Erasure, traces *people.Traces, limit int) (bool, error) {
	if e.Stage == s.stage {
		return true, nil
	}
	return s.EraseStore.Step(ctx, e, traces, limit)
}

type halfStore struct{ people.Store }

// Contacts implements people.Store.
func (s halfStore) Contacts(ctx context.Context, ws crm.WorkspaceID, q people.ContactQuery) ([]*crm.Contact, error) {
	found, err := s.Store.Contacts(ctx, ws, q)
	if q.Sort == people.ByID && q.Filter == nil {
		found = found[:len(found)/2]
	}
	return found, err
}

type skippingStore struct{ people.BulkStore }

// Contacts implements people.BulkStore.
func (s skippingStore) Contacts(ctx context.Context, ws crm.WorkspaceID, q people.ContactQuery) ([]*crm.Contact, error) {
	found, err := s.BulkStore.Contacts(ctx, ws, q)
	return found[:max(0, len(found)-1)], err
}

type doublingStore struct {
	people.ImportStore
	wrong func(people.ImportTx) people.ImportTx
}

// Update implements people.ImportStore.
func (s doublingStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.ImportTx) error) error {
	return s.ImportStore.Update(ctx, ws, func(ctx context.Context, tx people.ImportTx) error { return fn(ctx, s.wrong(tx)) })
}

type doublingTx struct{ people.ImportTx }

// Write implements people.Tx.
func (t doublingTx) Write(ctx context.Context, changes *crm.Changes) error {
	for _, c := range slices.Backward(changes.Contacts) {
		if c.CreatedAt.Equal(c.UpdatedAt) {
			again := *c
			_, _ = rand.Read(again.ID[:]) // never fails
			again.Identities = nil
			changes.Contacts = append(changes.Contacts, &again)
			break
		}
	}
	return t.ImportTx.Write(ctx, changes)
}

type notingTx struct{ people.ImportTx }

// SameNotes implements people.ImportTx.
func (notingTx) SameNotes(context.Context, []people.NoteText) ([]people.NoteText, error) {
	return nil, nil
}
