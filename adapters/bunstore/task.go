package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

type taskRow struct {
	bun.BaseModel `bun:"table:tasks,alias:tasks"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	ContactID   uid    `bun:"contact_id"`
	AssigneeID  ref    `bun:"assignee_id"`
	Title       text   `bun:"title"`
	DueAt       moment `bun:"due_at"`
	DoneAt      moment `bun:"done_at"`
	AuthorKind  text   `bun:"author_kind"`
	AuthorID    text   `bun:"author_id"`
	CreatedAt   stamp  `bun:"created_at"`
}

func taskOf(t *crm.Task) (taskRow, error) {
	return taskRow{
		WorkspaceID: uid(t.WorkspaceID), ID: uid(t.ID), ContactID: uid(t.ContactID), AssigneeID: ref(t.AssigneeID),
		Title: text(t.Title), DueAt: moment(t.DueAt), DoneAt: moment(t.DoneAt),
		AuthorKind: text(t.Author.Kind), AuthorID: text(t.Author.ID), CreatedAt: stamp(t.CreatedAt),
	}, nil
}

func (r *taskRow) task() (*crm.Task, error) {
	return &crm.Task{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.TaskID(r.ID), ContactID: crm.ContactID(r.ContactID),
		AssigneeID: crm.MemberID(r.AssigneeID), Title: string(r.Title), DueAt: time.Time(r.DueAt), DoneAt: time.Time(r.DoneAt),
		Author: crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)}, CreatedAt: time.Time(r.CreatedAt),
	}, nil
}

// Tasks implements people.Store. Ids grow with time, so they are the order.
func (s peopleStore) Tasks(ctx context.Context, ws crm.WorkspaceID, query people.TaskQuery) ([]*crm.Task, error) {
	q := from[taskRow](s.Store).and(" where workspace_id = ?", uid(ws))
	if !query.ContactID.IsZero() {
		q = q.and(" and contact_id = ?", uid(query.ContactID))
	}
	if !query.AssigneeID.IsZero() {
		q = q.and(" and assignee_id = ?", uid(query.AssigneeID))
	}
	if query.Open {
		q = q.and(" and done_at is null")
	}
	if !query.After.IsZero() {
		q = q.and(" and id < ?", uid(query.After))
	}
	q = q.and(" order by id desc limit ?", query.Limit)
	return list(ctx, s.reader("list tasks", of(ws)), q, (*taskRow).task)
}
