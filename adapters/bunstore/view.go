package bunstore

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type viewRow struct {
	bun.BaseModel `bun:"table:views,alias:views"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	ID          uid   `bun:"id,pk"`
	Name        text  `bun:"name"`
	OwnerID     uid   `bun:"owner_id"` // zero for everybody's
	Filter      text  `bun:"filter"`
	Sort        text  `bun:"sort"`
	CreatedAt   stamp `bun:"created_at"`
	UpdatedAt   stamp `bun:"updated_at"`
}

func viewOf(v *crm.View) (viewRow, error) {
	return viewRow{
		WorkspaceID: uid(v.WorkspaceID), ID: uid(v.ID), Name: text(v.Name), OwnerID: uid(v.OwnerID),
		Filter: text(v.Filter), Sort: text(v.Sort), CreatedAt: stamp(v.CreatedAt), UpdatedAt: stamp(v.UpdatedAt),
	}, nil
}

func (r *viewRow) view() (*crm.View, error) {
	return &crm.View{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.ViewID(r.ID), Name: string(r.Name), OwnerID: crm.MemberID(r.OwnerID),
		Filter: []byte(r.Filter), Sort: string(r.Sort), CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
	}, nil
}

// views replaces views and deletes others.
func (b *batch) views(ws []crm.WorkspaceID, changes *crm.Changes) {
	put(b, rowsOf(b, changes.Views, viewOf), replaceByID)
	for _, id := range changes.DeletedViews {
		b.do("delete from views where workspace_id in (?) and id = ?", among(ws), uid(id))
	}
}

// Views implements people.Store. They are sorted in Go, as tags are.
func (s peopleStore) Views(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) ([]*crm.View, error) {
	q := from[viewRow](s.Store).and(" where workspace_id = ? and owner_id in (?, ?)", uid(ws), uid{}, uid(member))
	views, err := list(ctx, s.reader("list views", of(ws)), q, (*viewRow).view)
	slices.SortFunc(views, func(a, b *crm.View) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), a.ID.Compare(b.ID))
	})
	return views, err
}
