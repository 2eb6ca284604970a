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

// deliveryRow is a journal row without its body.
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

// fullDeliveryRow is one with its body.
type fullDeliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

	deliveryRow `bun:",extend"`
	Body        []byte `bun:"body"`
}

func deliveryOf(d *crm.Delivery) (fullDeliveryRow, error) {
	share, err := optionalJSON(d.Share)
	return fullDeliveryRow{
		deliveryRow: deliveryRow{
			WorkspaceID: uid(d.WorkspaceID), ID: uid(d.ID), Key: d.Key[:], Provider: text(d.Provider), Event: text(d.Event), Share: share,
			Signer: text(d.Signer), Verdict: text(d.Verdict), Facts: d.Facts, Applied: d.Applied, Reason: text(d.Reason),
			ReceivedAt: stamp(d.ReceivedAt), Seen: d.Seen,
		},
		Body: d.Body,
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
	type known struct {
		ws  uid
		key [32]byte
	}
	of := make(map[known]*crm.Delivery, len(deliveries))
	for _, d := range deliveries {
		of[known{uid(d.WorkspaceID), d.Key}] = d
	}
	stored := func(rows *sql.Rows) error {
		for rows.Next() {
			var row deliveryRow
			if err := rows.Scan(&row.WorkspaceID, &row.Key, &row.ID, &row.Seen); err != nil {
				return err
			}
			d := of[known{row.WorkspaceID, [32]byte(row.Key)}]
			d.ID, d.Seen = crm.DeliveryID(row.ID), row.Seen
		}
		return rows.Err()
	}
	deliveries = slices.SortedFunc(slices.Values(deliveries), func(a, d *crm.Delivery) int {
		return cmp.Or(a.WorkspaceID.Compare(d.WorkspaceID), bytes.Compare(a.Key[:], d.Key[:]))
	})
	for made := range slices.Chunk(rowsOf(b, deliveries, deliveryOf), rowsPerInsert) {
		b.insert(b.t.store.db.NewInsert().Model(&made).
			Set("seen = deliveries.seen + excluded.seen").
			Set("verdict = excluded.verdict, facts = excluded.facts, applied = excluded.applied, reason = excluded.reason").
			Returning("workspace_id, key, id, seen"), "conflict (workspace_id, key) do update", stored)
	}
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
	return list(ctx, s.reader("list deliveries", of(ws)), q, (*deliveryRow).delivery)
}

// Delivery implements inbox.Journal.
func (s inboxStore) Delivery(ctx context.Context, ws crm.WorkspaceID, id crm.DeliveryID) (*crm.Delivery, error) {
	q := from[fullDeliveryRow](s.Store).and(" where workspace_id = ? and id = ?", uid(ws), uid(id))
	return one(ctx, s.reader("read a delivery", of(ws)), q, "delivery", func(r *fullDeliveryRow) (*crm.Delivery, error) {
		d, err := r.delivery()
		d.Body = r.Body
		return d, err
	})
}
