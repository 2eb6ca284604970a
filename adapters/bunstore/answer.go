package bunstore

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// answerRow is only ever inserted: two requests with one key are a clash, and
// the second one, run again, finds the first one's answer.
type answerRow struct {
	bun.BaseModel `bun:"table:answers,alias:answers"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	Key         text   `bun:"key,pk"`
	Request     []byte `bun:"request"`
	MessageID   uid    `bun:"message_id"`
	At          stamp  `bun:"at"`
}

func answerOf(a crm.Answer) (answerRow, error) {
	return answerRow{
		WorkspaceID: uid(a.WorkspaceID), Key: text(a.Key), Request: a.Request[:], MessageID: uid(a.MessageID), At: stamp(a.At),
	}, nil
}

func (r *answerRow) answer() (*crm.Answer, error) {
	a := &crm.Answer{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), Key: string(r.Key), MessageID: crm.MessageID(r.MessageID), At: time.Time(r.At),
	}
	copy(a.Request[:], r.Request)
	return a, nil
}
