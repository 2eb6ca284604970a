package bunstore

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type leadRow struct {
	bun.BaseModel `bun:"table:leads,alias:leads"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ContactID   uid    `bun:"contact_id,pk"`
	Profile     []byte `bun:"profile"`
	Rules       int64  `bun:"rules"`
	Total       int64  `bun:"total"`
	Temperature text   `bun:"temperature"`
	ScoredAt    stamp  `bun:"scored_at"`
	DueAt       moment `bun:"due_at"`
}

func leadOf(l *crm.Lead) (leadRow, error) {
	return leadRow{
		WorkspaceID: uid(l.WorkspaceID), ContactID: uid(l.ContactID), Profile: l.Profile, Rules: int64(l.Rules),
		Total: int64(l.Total), Temperature: text(l.Temperature), ScoredAt: stamp(l.ScoredAt), DueAt: moment(l.DueAt),
	}, nil
}

func (r *leadRow) lead() (*crm.Lead, error) {
	return &crm.Lead{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ContactID: crm.ContactID(r.ContactID), Profile: r.Profile, Rules: int(r.Rules),
		Total: int(r.Total), Temperature: crm.Temperature(r.Temperature), ScoredAt: time.Time(r.ScoredAt), DueAt: time.Time(r.DueAt),
	}, nil
}

// replaceLead is what an insert does about a contact that is scored already.
const replaceLead = "conflict (workspace_id, contact_id) do update"

// leads replaces leads and copies their totals to the contacts: a list is sorted
// by the score together with what else is asked of a contact, so they have to
// stand in one index. A contact whose total is the same is left alone.
func (b *batch) leads(leads []*crm.Lead) {
	put(b, rowsOf(b, leads, leadOf), replaceLead)
	const total = "(select total from leads where leads.workspace_id = contacts.workspace_id and leads.contact_id = contacts.id)"
	scored := lookupBy(byID)
	for _, l := range leads {
		scored.add(uid(l.WorkspaceID), (*uid)(&l.ContactID))
	}
	if !scored.empty() {
		b.steps = append(b.steps, step{Statement: b.t.store.where("update contacts set score = "+total, scored, " and score <> "+total)})
	}
}
