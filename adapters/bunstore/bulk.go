package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

type bulkRow struct {
	bun.BaseModel `bun:"table:bulks,alias:bulks"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	AuthorKind  text   `bun:"author_kind"`
	AuthorID    text   `bun:"author_id"`
	Change      text   `bun:"change"` // JSON
	State       text   `bun:"state"`
	Reason      text   `bun:"reason"`
	AfterID     uid    `bun:"after_id"`
	Seen        int    `bun:"seen"`
	Changed     int    `bun:"changed"`
	Failed      int    `bun:"failed"`
	DueAt       moment `bun:"due_at"`
	CreatedAt   stamp  `bun:"created_at"`
	EndedAt     moment `bun:"ended_at"`
}

func bulkOf(b *crm.BulkRun) (bulkRow, error) {
	return bulkRow{
		WorkspaceID: uid(b.WorkspaceID), ID: uid(b.ID), AuthorKind: text(b.Author.Kind), AuthorID: text(b.Author.ID), Change: text(b.Change),
		State: text(b.State), Reason: text(b.Reason), AfterID: uid(b.After), Seen: b.Seen, Changed: b.Changed, Failed: b.Failed,
		DueAt: moment(b.DueAt), CreatedAt: stamp(b.CreatedAt), EndedAt: moment(b.EndedAt),
	}, nil
}

func (r *bulkRow) bulk() (*crm.BulkRun, error) {
	return &crm.BulkRun{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.BulkID(r.ID), Author: crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)},
		Change: []byte(r.Change), State: crm.BulkState(r.State), Reason: string(r.Reason), After: crm.ContactID(r.AfterID), Seen: r.Seen, Changed: r.Changed,
		Failed: r.Failed, DueAt: time.Time(r.DueAt), CreatedAt: time.Time(r.CreatedAt), EndedAt: time.Time(r.EndedAt),
	}, nil
}

// bulkTx is a transaction as bulk changes see it.
type bulkTx struct{ peopleTx }

// UpdateBulk implements people.BulkStore.
func (s peopleStore) UpdateBulk(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.BulkTx) error) error {
	return s.transact(ctx, "update a bulk change", of(ws), func(ctx context.Context, t *tx) error {
		return fn(ctx, bulkTx{peopleTx{t}})
	})
}

// Bulk implements people.BulkStore.
func (s peopleStore) Bulk(ctx context.Context, ws crm.WorkspaceID, id crm.BulkID) (*crm.BulkRun, error) {
	q := from[bulkRow](s.Store).and(" where workspace_id = ? and id = ?", uid(ws), uid(id))
	return one(ctx, s.reader("read a bulk change", of(ws)), q, "bulk change", (*bulkRow).bulk)
}

// Bulks implements people.BulkStore. Ids grow with time, so they are the order.
func (s peopleStore) Bulks(ctx context.Context, ws crm.WorkspaceID, after crm.BulkID, limit int) ([]*crm.BulkRun, error) {
	q := from[bulkRow](s.Store).and(" where workspace_id = ?", uid(ws))
	if !after.IsZero() {
		q = q.and(" and id < ?", uid(after))
	}
	return list(ctx, s.reader("list bulk changes", of(ws)), q.and(" order by id desc limit ?", limit), (*bulkRow).bulk)
}

// ClaimBulk implements people.BulkStore. What is due is looked for before the
// transaction, so that one is begun only to claim something.
func (s peopleStore) ClaimBulk(ctx context.Context, now, until time.Time) (*crm.BulkRun, error) {
	q := from[bulkRow](s.Store).and(" where due_at <= ? order by due_at limit 1", stamp(now))
	waiting, err := read[bulkRow](ctx, s.reader("look for bulk changes", everywhere), q)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	var claimed *crm.BulkRun
	err = s.transact(ctx, "claim a bulk change", everywhere, func(ctx context.Context, t *tx) error {
		claimed = nil
		var rows []bulkRow
		if err := t.run(ctx, load(ctx, t.link, t.inline(q.and(s.dialect.ClaimLock())), &rows)); err != nil || len(rows) == 0 {
			return err
		}
		run, err := rows[0].bulk()
		if err != nil {
			return crm.Wrap(t.op, err)
		}
		run.DueAt = until
		claimed = run
		return bulkTx{peopleTx{t}}.SaveBulk(ctx, run)
	})
	if err != nil {
		return nil, err // it is not claimed, or nobody knows whether it is
	}
	return claimed, nil
}

// Bulk implements people.BulkTx.
func (t bulkTx) Bulk(ctx context.Context, id crm.BulkID) (*crm.BulkRun, error) {
	var rows []bulkRow
	q := from[bulkRow](t.store).and(" where workspace_id = ? and id = ?", uid(t.scope.Workspaces[0]), uid(id)).and(t.store.dialect.Lock())
	if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, t.missing("bulk change")
	}
	return rows[0].bulk()
}

// SaveBulk implements people.BulkTx.
func (t bulkTx) SaveBulk(ctx context.Context, run *crm.BulkRun) error {
	if !t.scope.Installation && !t.covers(run.WorkspaceID) {
		t.note(t.stranger())
		return t.failed
	}
	b := t.batch()
	put(b, rowsOf(b, []*crm.BulkRun{run}, bulkOf), replaceByID)
	return b.run(ctx)
}
