package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type passwordRow struct {
	bun.BaseModel `bun:"table:passwords,alias:passwords"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	MemberID    uid   `bun:"member_id,pk"`
	Hash        text  `bun:"hash"`
	SetAt       stamp `bun:"set_at"`
}

func passwordOf(p *crm.Password) (passwordRow, error) {
	return passwordRow{WorkspaceID: uid(p.WorkspaceID), MemberID: uid(p.MemberID), Hash: text(p.Hash), SetAt: stamp(p.SetAt)}, nil
}

func (r *passwordRow) password() (*crm.Password, error) {
	return &crm.Password{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), MemberID: crm.MemberID(r.MemberID), Hash: string(r.Hash), SetAt: time.Time(r.SetAt),
	}, nil
}

// SavePassword implements directory.Passwords.
func (s directoryStore) SavePassword(ctx context.Context, p *crm.Password) error {
	return s.save(ctx, "save a password", p.WorkspaceID, func(b *batch) {
		put(b, rowsOf(b, []*crm.Password{p}, passwordOf), "conflict (workspace_id, member_id) do update")
	})
}

// Password implements directory.Passwords.
func (s directoryStore) Password(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) (*crm.Password, error) {
	q := from[passwordRow](s.Store).and(" where workspace_id = ? and member_id = ?", uid(ws), uid(member))
	return one(ctx, s.reader("read a password", of(ws)), q, "password", (*passwordRow).password)
}

// DropPassword implements directory.Passwords.
func (s directoryStore) DropPassword(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) error {
	return s.save(ctx, "drop a password", ws, func(b *batch) {
		b.do("delete from passwords where workspace_id = ? and member_id = ?", uid(ws), uid(member))
	})
}
