package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

type mentionRow struct {
	bun.BaseModel `bun:"table:mentions,alias:mentions"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	NoteID      uid    `bun:"note_id,pk"`
	MemberID    uid    `bun:"member_id,pk"`
	SeenAt      moment `bun:"seen_at"`
}

func mentionOf(m *crm.Mention) (mentionRow, error) {
	return mentionRow{WorkspaceID: uid(m.WorkspaceID), NoteID: uid(m.NoteID), MemberID: uid(m.MemberID), SeenAt: moment(m.SeenAt)}, nil
}

func (r *mentionRow) mention() (*crm.Mention, error) {
	return &crm.Mention{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), NoteID: crm.NoteID(r.NoteID), MemberID: crm.MemberID(r.MemberID), SeenAt: time.Time(r.SeenAt),
	}, nil
}

const replaceMention = "conflict (workspace_id, note_id, member_id) do update"

// mentioned adds the conditions of a query and its order. Ids of notes grow with
// time, so they are the order.
func mentioned(q Query, ws crm.WorkspaceID, query people.MentionQuery) Query {
	q = q.and(" where workspace_id = ? and member_id = ?", uid(ws), uid(query.MemberID))
	if query.Unseen {
		q = q.and(" and seen_at is null")
	}
	if !query.ContactID.IsZero() {
		q = q.and(" and note_id in (select id from notes where workspace_id = ? and contact_id = ?)", uid(ws), uid(query.ContactID))
	}
	if !query.After.IsZero() {
		q = q.and(" and note_id < ?", uid(query.After))
	}
	return q.and(" order by note_id desc limit ?", query.Limit)
}

// Mentions implements people.Store. The notes and contacts of a page are looked up by
// their ids: a select of the mentions inside of theirs would be planned for any
// number of them.
func (s peopleStore) Mentions(ctx context.Context, ws crm.WorkspaceID, query people.MentionQuery) ([]people.Mentioned, error) {
	l := s.reader("list mentions", of(ws))
	found, err := list(ctx, l, mentioned(from[mentionRow](s.Store), ws, query), (*mentionRow).mention)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var noteRows []noteRow
	var contactRows []contactRow
	notesBy, contactsBy := lookupBy(byID), lookupBy(byID)
	for _, m := range found {
		notesBy.add(uid(ws), (*uid)(&m.NoteID))
	}
	if err := l.run(ctx, find(ctx, l, notesBy, "", &noteRows)...); err != nil {
		return nil, err
	}
	notes, contacts := make(map[crm.NoteID]*crm.Note, len(noteRows)), make(map[crm.ContactID]*crm.Contact, len(noteRows))
	for i := range noteRows {
		if notes[crm.NoteID(noteRows[i].ID)], err = noteRows[i].note(); err != nil {
			return nil, crm.Wrap(l.op, err)
		}
		contact := crm.ContactID(noteRows[i].ContactID)
		if _, known := contacts[contact]; !known {
			contacts[contact] = nil
			contactsBy.add(uid(ws), (*uid)(&contact))
		}
	}
	if err := l.run(ctx, find(ctx, l, contactsBy, "", &contactRows)...); err != nil {
		return nil, err
	}
	for i := range contactRows {
		if contacts[crm.ContactID(contactRows[i].ID)], err = contactRows[i].contact(); err != nil {
			return nil, crm.Wrap(l.op, err)
		}
	}
	mentions := make([]people.Mentioned, 0, len(found))
	for _, m := range found {
		if note := notes[m.NoteID]; note != nil && contacts[note.ContactID] != nil { // else it was erased meanwhile
			mentions = append(mentions, people.Mentioned{Mention: *m, Note: note, Contact: contacts[note.ContactID]})
		}
	}
	return mentions, nil
}

// CountUnseen implements people.Store. The limit is low, and so is what is read.
func (s peopleStore) CountUnseen(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, limit int) (int, error) {
	var counted []int
	unseen := mentioned(ask("select 1 from mentions"), ws, people.MentionQuery{MemberID: member, Unseen: true, Limit: limit})
	err := s.reader("count mentions", of(ws)).run(ctx, pick(unseen.bound(), &counted))
	return len(counted), err
}
