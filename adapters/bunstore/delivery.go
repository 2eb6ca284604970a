package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"reflect"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

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

// sizedDeliveryRow is one with the size of the body that is kept, NULL for none.
type sizedDeliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

	deliveryRow `bun:",extend"`
	Size        sql.NullInt64 `bun:"size"`
}

// fullDeliveryRow is one with the body, if a program from before bodies had
// their own table wrote it.
type fullDeliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

	sizedDeliveryRow `bun:",extend"`
	Body             []byte `bun:"body"`
}

// bodyRow is a packed body.
type bodyRow struct {
	bun.BaseModel `bun:"table:delivery_bodies,alias:delivery_bodies"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Body        []byte `bun:"body"`
}

func deliveryOf(d *crm.Delivery) (sizedDeliveryRow, error) {
	share, err := optionalJSON(d.Share)
	return sizedDeliveryRow{
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
	insert(b, rowsOf(b, deliveries, deliveryOf), "conflict (workspace_id, key) do update", func(q *bun.InsertQuery) *bun.InsertQuery {
		return q.Set("seen = deliveries.seen + excluded.seen").
			Set("verdict = excluded.verdict, facts = excluded.facts, applied = excluded.applied, reason = excluded.reason").
			Returning("workspace_id, key, id, seen")
	}, stored)
	b.bodies(deliveries)
}

// bytesPerInsert bounds the bodies of one statement, but for one that is larger.
const bytesPerInsert = 1 << 20

// bodies stores the bodies of deliveries that were inserted before.
func (b *batch) bodies(deliveries []*crm.Delivery) {
	var some []bodyRow
	size := 0
	for _, d := range deliveries {
		if d.Body == nil {
			continue
		}
		packed := d.Packed
		if packed == nil {
			packed = b.t.store.packer.Pack(d.Body)
		}
		if size += len(packed); size > bytesPerInsert && len(some) > 0 {
			b.insertBodies(some)
			some, size = nil, len(packed)
		}
		some = append(some, bodyRow{WorkspaceID: uid(d.WorkspaceID), ID: uid(d.ID), Body: packed})
	}
	b.insertBodies(some)
}

// insertBodies stores what has a journal row that wants it: one that was known
// by another id has its body already, and one without stays without.
func (b *batch) insertBodies(rows []bodyRow) {
	if len(rows) == 0 || b.err != nil {
		return
	}
	columns, err := columnsOf(b.t.store.db.Table(reflect.TypeFor[bodyRow]()), rows)
	if err != nil {
		b.err = err
		return
	}
	// A join would be planned by what the database believes of the table's size,
	// which for a new one is wrong, and read it from one end to the other.
	const into, wanted = "insert into delivery_bodies (workspace_id, id, body) select v.workspace_id, v.id, v.body from ",
		" where (select d.size from deliveries as d where d.workspace_id = v.workspace_id and d.id = v.id) is not null on conflict do nothing"
	if from, args := b.t.store.dialect.Unnest(columns); from != "" {
		b.steps = append(b.steps, step{Statement: Statement{SQL: into + from + wanted, Args: args}})
		return
	}
	values := make([]schema.QueryAppender, len(rows))
	for i, r := range rows {
		values[i] = bun.SafeQuery("(?, ?, ?)", r.WorkspaceID, r.ID, r.Body)
	}
	b.do(into+"(select column1 as workspace_id, column2 as id, column3 as body from (values ?)) as v"+wanted, bun.List(values))
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
	l := s.reader("read a delivery", of(ws))
	const here = " where workspace_id = ? and id = ?"
	var rows []fullDeliveryRow
	var bodies []bodyRow
	err := l.run(ctx,
		load(ctx, l, from[fullDeliveryRow](s.Store).and(here, uid(ws), uid(id)).bound(), &rows),
		load(ctx, l, from[bodyRow](s.Store).and(here, uid(ws), uid(id)).bound(), &bodies))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, l.missing("delivery")
	}
	d, err := rows[0].delivery()
	switch {
	case err != nil:
	case rows[0].Body != nil:
		d.Body = rows[0].Body
	case len(bodies) > 0:
		d.Body, err = s.packer.Unpack(bodies[0].Body)
	default:
		d.Expired = rows[0].Size.Valid
	}
	return d, crm.Wrap(l.op, err)
}
