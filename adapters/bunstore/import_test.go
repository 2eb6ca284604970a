package bunstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/people"
)

// TestPlansOfImports holds what an import asks for again and again, and what
// every host asks for every second, to their indexes.
func TestPlansOfImports(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		clock := crmtest.NewClock()
		mint := clock.Mint(1)
		imports := store.Imports()
		var last *crm.Import
		for range 2 {
			c := crmtest.NewCompany(mint)
			err := imports.Update(t.Context(), c.Workspace.ID, func(ctx context.Context, tx people.ImportTx) error {
				for i := range 1000 {
					last = &crm.Import{ID: crm.NewID[crm.Import](mint), WorkspaceID: c.Workspace.ID, State: crm.ImportDone, CreatedAt: clock.Now(), StartedAt: clock.Now()}
					if i%100 == 0 {
						last.State = crm.ImportRunning
					}
					if err := tx.SaveImport(ctx, last); err != nil {
						return err
					}
					for n := range 3 {
						if err := tx.SaveChunk(ctx, people.Chunk{WorkspaceID: c.Workspace.ID, Import: last.ID, Of: people.OfFile, N: n}, []byte("a")); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Do(t.Context(), "analyze"); err != nil {
			t.Fatal(err)
		}
		for name, path := range map[string]struct {
			index string
			call  func(context.Context) error
		}{
			"claim": {"imports_due", func(ctx context.Context) error {
				im, err := imports.Claim(ctx, clock.Now().Add(time.Hour), time.Minute, crm.ImportID{})
				return wantRows([]*crm.Import{im}, err)
			}},
			"chunk": {"", func(ctx context.Context) error {
				_, err := imports.Chunk(ctx, people.Chunk{WorkspaceID: last.WorkspaceID, Import: last.ID, Of: people.OfFile, N: 2})
				return err
			}},
			"list": {"", func(ctx context.Context) error {
				return wantRows(imports.Imports(ctx, last.WorkspaceID, last.ID, 50))
			}},
		} {
			ctx, plans := watching(t, store, name, false)
			if err := path.call(ctx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if plans.Len() == 0 || !strings.Contains(plans.String(), path.index) {
				t.Errorf("%s does not use the index %s:\n%s", name, path.index, plans)
			}
		}
	})
}
