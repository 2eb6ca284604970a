package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type noteRow struct {
	bun.BaseModel `bun:"table:notes,alias:notes"`

	WorkspaceID    uid   `bun:"workspace_id,pk"`
	ID             uid   `bun:"id,pk"`
	ContactID      uid   `bun:"contact_id"`
	ConversationID ref   `bun:"conversation_id"`
	AuthorKind     text  `bun:"author_kind"`
	AuthorID       text  `bun:"author_id"`
	Body           text  `bun:"body"`
	CreatedAt      stamp `bun:"created_at"`
}

func noteOf(n *crm.Note) (noteRow, error) {
	return noteRow{
		WorkspaceID: uid(n.WorkspaceID), ID: uid(n.ID), ContactID: uid(n.ContactID), ConversationID: ref(n.ConversationID),
		AuthorKind: text(n.Author.Kind), AuthorID: text(n.Author.ID), Body: text(n.Body), CreatedAt: stamp(n.CreatedAt),
	}, nil
}

func (r *noteRow) note() (*crm.Note, error) {
	return &crm.Note{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.NoteID(r.ID), ContactID: crm.ContactID(r.ContactID),
		ConversationID: crm.ConversationID(r.ConversationID), Author: crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)},
		Body: string(r.Body), CreatedAt: time.Time(r.CreatedAt),
	}, nil
}

// Notes implements people.Store. Ids grow with time, so they are the order.
func (s peopleStore) Notes(ctx context.Context, ws crm.WorkspaceID, contact crm.ContactID, after crm.NoteID, limit int) ([]*crm.Note, error) {
	q := from[noteRow](s.Store).and(" where workspace_id = ? and contact_id = ?", uid(ws), uid(contact))
	if !after.IsZero() {
		q = q.and(" and id < ?", uid(after))
	}
	q = q.and(" order by id desc limit ?", limit)
	return list(ctx, s.reader("list notes", of(ws)), q, (*noteRow).note)
}
