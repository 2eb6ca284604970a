package bunstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type cannedRow struct {
	bun.BaseModel `bun:"table:canned_replies,alias:canned_replies"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	ID          uid   `bun:"id,pk"`
	Shortcut    text  `bun:"shortcut"`
	Body        text  `bun:"body"`
	CreatedAt   stamp `bun:"created_at"`
	UpdatedAt   stamp `bun:"updated_at"`
}

func cannedOf(c *crm.CannedReply) (cannedRow, error) {
	return cannedRow{
		WorkspaceID: uid(c.WorkspaceID), ID: uid(c.ID), Shortcut: text(c.Shortcut), Body: text(c.Body),
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}, nil
}

func (r *cannedRow) canned() (*crm.CannedReply, error) {
	return &crm.CannedReply{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.CannedReplyID(r.ID), Shortcut: string(r.Shortcut), Body: string(r.Body),
		CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
	}, nil
}

// canned deletes canned replies and replaces others, which may take the shortcuts
// of those.
func (b *batch) canned(ws []crm.WorkspaceID, changes *crm.Changes) {
	for _, id := range changes.DeletedCanned {
		b.do("delete from canned_replies where workspace_id in (?) and id = ?", among(ws), uid(id))
	}
	put(b, rowsOf(b, changes.CannedReplies, cannedOf), replaceByID)
}

// CannedReplies implements people.Store. They are sorted in Go, as tags are.
func (s peopleStore) CannedReplies(ctx context.Context, ws crm.WorkspaceID) ([]*crm.CannedReply, error) {
	q := from[cannedRow](s.Store).and(" where workspace_id = ?", uid(ws))
	replies, err := list(ctx, s.reader("list canned replies", of(ws)), q, (*cannedRow).canned)
	slices.SortFunc(replies, func(a, b *crm.CannedReply) int { return strings.Compare(a.Shortcut, b.Shortcut) })
	return replies, err
}
