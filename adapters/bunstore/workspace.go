package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type workspaceRow struct {
	bun.BaseModel `bun:"table:workspaces,alias:workspaces"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	Name        text  `bun:"name"`
	TimeZone    text  `bun:"time_zone"`
	Locale      text  `bun:"locale"`
	Region      text  `bun:"region"`
	CreatedAt   stamp `bun:"created_at"`
}

func workspaceOf(w *crm.Workspace) (workspaceRow, error) {
	return workspaceRow{
		WorkspaceID: uid(w.ID), Name: text(w.Name), TimeZone: text(w.TimeZone), Locale: text(w.Locale), Region: text(w.Region),
		CreatedAt: stamp(w.CreatedAt),
	}, nil
}

func (r *workspaceRow) workspace() (*crm.Workspace, error) {
	return &crm.Workspace{
		ID: crm.WorkspaceID(r.WorkspaceID), Name: string(r.Name), TimeZone: string(r.TimeZone), Locale: string(r.Locale),
		Region: string(r.Region), CreatedAt: time.Time(r.CreatedAt),
	}, nil
}

type directoryStore struct{ *Store }

// save writes one row of the directory in a transaction of its own, with the facts
// that tell of it.
func (s directoryStore) save(ctx context.Context, op string, ws crm.WorkspaceID, write func(*batch), told ...crm.Fact) error {
	return s.transact(ctx, op, of(ws), func(ctx context.Context, t *tx) error {
		b := t.batch()
		write(b)
		if err := b.run(ctx); err != nil {
			return err
		}
		return t.Write(ctx, &crm.Changes{Facts: told})
	})
}

// SaveWorkspace implements directory.Workspaces.
func (s directoryStore) SaveWorkspace(ctx context.Context, w *crm.Workspace) error {
	row, err := workspaceOf(w)
	if err != nil {
		return err
	}
	err = s.save(ctx, "save a workspace", w.ID, func(b *batch) {
		put(b, []workspaceRow{row}, "conflict (workspace_id) do update")
	})
	if err == nil {
		s.zones.know(&row)
	}
	return err
}

// Workspace implements directory.Workspaces.
func (s directoryStore) Workspace(ctx context.Context, id crm.WorkspaceID) (*crm.Workspace, error) {
	q := from[workspaceRow](s.Store).and(" where workspace_id = ?", uid(id))
	return one(ctx, s.reader("read a workspace", of(id)), q, "workspace", (*workspaceRow).workspace)
}

// Workspaces implements directory.Workspaces.
func (s directoryStore) Workspaces(ctx context.Context) ([]*crm.Workspace, error) {
	q := from[workspaceRow](s.Store).and(" order by workspace_id")
	return list(ctx, s.reader("list workspaces", everywhere), q, (*workspaceRow).workspace)
}
