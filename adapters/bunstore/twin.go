package bunstore

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type twinRow struct {
	bun.BaseModel `bun:"table:twins,alias:twins"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	ContactID   uid   `bun:"contact_id,pk"`
	OtherID     uid   `bun:"other_id,pk"`
	At          stamp `bun:"at"`
}

func twinOf(t crm.Twin) (twinRow, error) {
	return twinRow{WorkspaceID: uid(t.WorkspaceID), ContactID: uid(t.ContactID), OtherID: uid(t.OtherID), At: stamp(t.At)}, nil
}

// twinsOf are the steps that look up in which pairs contacts are.
func (t peopleTx) twinsOf(ctx context.Context, ws uid, contacts []crm.ContactID, found *[]twinRow) []step {
	one, other := lookupBy(byContact), lookupBy(byOther)
	addIDs(one, ws, contacts)
	addIDs(other, ws, contacts)
	return append(find(ctx, t.link, one, "", found), find(ctx, t.link, other, "", found)...)
}
