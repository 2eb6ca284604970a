package bunstore

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type mergeRow struct {
	bun.BaseModel `bun:"table:merges,alias:merges"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	KeptID      uid    `bun:"kept_id"`
	GoneID      uid    `bun:"gone_id"`
	Record      text   `bun:"record"` // JSON
	ActorKind   text   `bun:"actor_kind"`
	ActorID     text   `bun:"actor_id"`
	At          stamp  `bun:"at"`
	UndoneAt    moment `bun:"undone_at"`
}

func mergeOf(m *crm.Merge) (mergeRow, error) {
	return mergeRow{
		WorkspaceID: uid(m.WorkspaceID), ID: uid(m.ID), KeptID: uid(m.KeptID), GoneID: uid(m.GoneID), Record: text(m.Record),
		ActorKind: text(m.Actor.Kind), ActorID: text(m.Actor.ID), At: stamp(m.At), UndoneAt: moment(m.UndoneAt),
	}, nil
}

func (r *mergeRow) merge() (*crm.Merge, error) {
	return &crm.Merge{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.MergeID(r.ID), KeptID: crm.ContactID(r.KeptID), GoneID: crm.ContactID(r.GoneID),
		Record: []byte(r.Record), Actor: crm.Actor{Kind: crm.ActorKind(r.ActorKind), ID: string(r.ActorID)},
		At: time.Time(r.At), UndoneAt: time.Time(r.UndoneAt),
	}, nil
}

// forget takes away what contacts that go are found by, before others take it
// over, and whose twins they are.
func (b *batch) forget(workspaces []crm.WorkspaceID, gone []crm.ContactID) {
	for _, id := range gone {
		b.do("delete from twins where workspace_id in (?) and contact_id = ?", among(workspaces), uid(id))
		b.do("delete from twins where workspace_id in (?) and other_id = ?", among(workspaces), uid(id))
		for _, table := range []string{"identities", "contact_tags", "contact_fields"} {
			b.do("delete from "+table+" where workspace_id in (?) and contact_id = ?", among(workspaces), uid(id))
		}
		var docs []Document
		for _, ws := range workspaces {
			docs = append(docs, Document{WorkspaceID: ws, Subject: id, Known: true})
			delete(b.t.contacts, key{uid(ws), uid(id)})
		}
		b.index(docs)
	}
}

// part hands conversations over, with their messages, and deletes conversations and
// contacts. The rest of the changes is written: nothing points to them any more.
func (b *batch) part(workspaces []crm.WorkspaceID, changes *crm.Changes) {
	for _, h := range changes.Handovers {
		b.do("update conversations set contact_id = ? where workspace_id in (?) and id = ?", uid(h.ContactID), among(workspaces), uid(h.ConversationID))
		b.do("update messages set contact_id = ? where workspace_id in (?) and conversation_id = ?", uid(h.ContactID), among(workspaces), uid(h.ConversationID))
	}
	decided := lookupBy(byDecision)
	for _, r := range changes.GoneRoutings {
		decided.add(uid(r.WorkspaceID), (*uid)(&r.ConversationID), (*stamp)(&r.At))
	}
	b.named("delete from routings", decided, "")
	for _, id := range changes.GoneThreads {
		b.do("delete from routings where workspace_id in (?) and conversation_id = ?", among(workspaces), uid(id))
		b.do("delete from conversations where workspace_id in (?) and id = ?", among(workspaces), uid(id))
	}
	for _, id := range changes.GoneContacts {
		b.do("delete from contacts where workspace_id in (?) and id = ?", among(workspaces), uid(id))
	}
}
