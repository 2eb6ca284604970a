package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// deliveryRow is a journal row without its body, which bodyRow is.
type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Key         []byte `bun:"key"`
	Provider    text   `bun:"provider"`
	Event       text   `bun:"event"`
	Share       word   `bun:"share"` // JSON
	Signer      text   `bun:"signer"`
	Verdict     text   `bun:"verdict"`
	Facts       int    `bun:"facts"`
	Applied     int    `bun:"applied"`
	Reason      text   `bun:"reason"`
	ReceivedAt  stamp  `bun:"received_at"`
	Seen        int    `bun:"seen"`
}

// keptDeliveryRow is one with where its body is kept.
type keptDeliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

	deliveryRow `bun:",extend"`
	Size        sql.NullInt64 `bun:"size"`     // of the body, NULL for none
	BlockID     ref           `bun:"block_id"` // of the row it shares with others; NULL: its own
	BlockAt     int64         `bun:"block_at"` // where it begins there, in bytes
}

// fullDeliveryRow is one with the body, if a program from before bodies had
// their own table wrote it.
type fullDeliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

	keptDeliveryRow `bun:",extend"`
	Body            []byte `bun:"body"`
}

// bodyRow is a packed body, or several that were packed together.
type bodyRow struct {
	bun.BaseModel `bun:"table:delivery_bodies,alias:delivery_bodies"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Body        []byte `bun:"body"`
}

func deliveryOf(d *crm.Delivery) (keptDeliveryRow, error) {
	share, err := optionalJSON(d.Share)
	return keptDeliveryRow{
		deliveryRow: deliveryRow{
			WorkspaceID: uid(d.WorkspaceID), ID: uid(d.ID), Key: d.Key[:], Provider: text(d.Provider), Event: text(d.Event), Share: share,
			Signer: text(d.Signer), Verdict: text(d.Verdict), Facts: d.Facts, Applied: d.Applied, Reason: text(d.Reason),
			ReceivedAt: stamp(d.ReceivedAt), Seen: d.Seen,
		},
		Size: sql.NullInt64{Int64: int64(len(d.Body)), Valid: d.Body != nil},
	}, err
}

func (r *deliveryRow) delivery() (*crm.Delivery, error) {
	d := &crm.Delivery{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.DeliveryID(r.ID), Provider: crm.Provider(r.Provider),
		Event: string(r.Event), Signer: string(r.Signer), Verdict: crm.Verdict(r.Verdict), Facts: r.Facts, Applied: r.Applied, Reason: string(r.Reason),
		ReceivedAt: time.Time(r.ReceivedAt), Seen: r.Seen,
	}
	copy(d.Key[:], r.Key)
	return d, readOptional(r.Share, &d.Share)
}

// deliveries journals requests, none twice. One that is journalled already keeps
// its id and body, which the delivery is given the id of, and adds what was seen:
// a replay of ours adds nothing.
func (b *batch) deliveries(deliveries []*crm.Delivery) {
	of := make(map[journalKey]*crm.Delivery, len(deliveries))
	for _, d := range deliveries {
		of[journalKey{uid(d.WorkspaceID), d.Key}] = d
	}
	stored := func(rows *sql.Rows) error {
		for rows.Next() {
			var row deliveryRow
			if err := rows.Scan(&row.WorkspaceID, &row.Key, &row.ID, &row.Seen); err != nil {
				return err
			}
			d := of[journalKeyOf(&row)]
			d.ID, d.Seen = crm.DeliveryID(row.ID), row.Seen
		}
		return rows.Err()
	}
	deliveries = slices.SortedFunc(slices.Values(deliveries), func(a, d *crm.Delivery) int {
		return cmp.Or(a.WorkspaceID.Compare(d.WorkspaceID), bytes.Compare(a.Key[:], d.Key[:]))
	})
	rows := rowsOf(b, deliveries, deliveryOf)
	b.bodies(deliveries, rows)
	insert(b, rows, upsert{
		on: "conflict (workspace_id, key) do update",
		set: "seen = deliveries.seen + excluded.seen, verdict = excluded.verdict, " +
			"facts = excluded.facts, applied = excluded.applied, reason = excluded.reason",
		returning: "workspace_id, key, id, seen",
	}, stored)
}

// Deliveries implements inbox.Journal.
func (s inboxStore) Deliveries(ctx context.Context, ws crm.WorkspaceID, query inbox.DeliveryQuery) ([]*crm.Delivery, error) {
	q := from[deliveryRow](s.Store).and(" where workspace_id = ?", uid(ws))
	if query.Verdict != "" {
		q = q.and(" and verdict = ?", text(query.Verdict))
	}
	if query.Verdict != "" && query.Verdict != crm.DeliveryApplied { // says that the index deliveries_problems will do
		q = q.and(" and verdict <> 'applied'")
	}
	if !query.After.IsZero() {
		q = q.and(" and id < ?", uid(query.After))
	}
	q = q.and(" order by id desc limit ?", query.Limit)
	return inOrder(ctx, s.reader("list deliveries", of(ws)), q, (*deliveryRow).delivery)
}

// Delivery implements inbox.Journal.
func (s inboxStore) Delivery(ctx context.Context, ws crm.WorkspaceID, id crm.DeliveryID) (*crm.Delivery, error) {
	l := s.reader("read a delivery", of(ws))
	rows, err := read[fullDeliveryRow](ctx, l, from[fullDeliveryRow](s.Store).and(" where workspace_id = ? and id = ?", uid(ws), uid(id)))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, l.missing("delivery")
	}
	d, err := rows[0].delivery()
	if err != nil {
		return nil, crm.Wrap(l.op, err)
	}
	d.Body, err = s.body(ctx, l, &rows[0])
	d.Expired = d.Body == nil && rows[0].Size.Valid
	return d, crm.Wrap(l.op, err)
}

// body returns what is kept of a delivery's body, nil for nothing.
func (s *Store) body(ctx context.Context, l link, r *fullDeliveryRow) ([]byte, error) {
	if r.Body != nil || !r.Size.Valid {
		return r.Body, nil
	}
	at := uid(r.BlockID)
	if r.BlockID == (ref{}) {
		at = r.ID
	}
	kept, err := read[bodyRow](ctx, l, from[bodyRow](s).and(" where workspace_id = ? and id = ?", r.WorkspaceID, at))
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	return r.bodyIn(s.packer, kept[0].Body)
}
