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
}

func leadOf(l *crm.Lead) (leadRow, error) {
	return leadRow{
		WorkspaceID: uid(l.WorkspaceID), ContactID: uid(l.ContactID), Profile: l.Profile, Rules: int64(l.Rules),
		Total: int64(l.Total), Temperature: text(l.Temperature), ScoredAt: stamp(l.ScoredAt),
	}, nil
}

func (r *leadRow) lead() (*crm.Lead, error) {
	return &crm.Lead{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ContactID: crm.ContactID(r.ContactID), Profile: r.Profile, Rules: int(r.Rules),
		Total: int(r.Total), Temperature: crm.Temperature(r.Temperature), ScoredAt: time.Time(r.ScoredAt),
	}, nil
}

// replaceLead is what an insert does about a contact that is scored already.
const replaceLead = "conflict (workspace_id, contact_id) do update"
