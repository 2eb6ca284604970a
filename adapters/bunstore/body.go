package bunstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// The bodies that a transaction takes in of a workspace are packed together, in
// blocks. They are much alike, so a block is a fraction of what its bodies take
// one by one, and to begin one costs more than to pack a body in it: by itself
// each took a fifth of what the whole way of a webhook through the host cost.

// blockSize bounds what is unpacked to read one body, but for a larger one.
const blockSize = 256 << 10

// block is bodies of one workspace that are packed together.
type block struct {
	members []*keptDeliveryRow
	bodies  []byte
}

// bodies stores the bodies of deliveries and writes into their rows where. One
// that the journal is known to have is not stored again. If it turns out to have
// another, that one's row keeps saying where its own is.
func (b *batch) bodies(deliveries []*crm.Delivery, rows []keptDeliveryRow) {
	type place struct {
		ws  uid
		day int64 // what is kept is kept by days
	}
	var blocks []*block
	filling := make(map[place]*block)
	for i := range rows {
		row, body := &rows[i], deliveries[i].Body
		if body == nil || b.t.journal[journalKeyOf(&row.deliveryRow)] {
			continue
		}
		at := place{row.WorkspaceID, timeOf(row.ID).Unix() / (24 * 60 * 60)}
		to := filling[at]
		if to == nil || len(to.bodies)+len(body) > blockSize {
			to = new(block)
			filling[at], blocks = to, append(blocks, to)
		}
		row.BlockAt = int64(len(to.bodies))
		to.members, to.bodies = append(to.members, row), append(to.bodies, body...)
	}
	packed := make([]bodyRow, len(blocks))
	for i, made := range blocks {
		packed[i] = bodyRow{WorkspaceID: made.members[0].WorkspaceID, ID: made.id(), Body: b.t.store.packer.Pack(made.bodies)}
		if len(made.members) > 1 {
			for _, row := range made.members {
				row.BlockID = ref(packed[i].ID)
			}
		}
	}
	put(b, packed, leaveAlone)
}

// id returns the id of a block: its only member's, else one that begins with the
// same time, as what is expired by time is found by it, and goes on with what no
// other block has.
func (k *block) id() uid {
	if len(k.members) == 1 {
		return k.members[0].ID
	}
	const timeBytes = 6
	all := sha256.New()
	for _, row := range k.members {
		all.Write(row.ID[:])
	}
	id := k.members[0].ID
	copy(id[timeBytes:], all.Sum(nil))
	return id
}

// bodyIn returns a delivery's body out of the row that holds it.
func (r *keptDeliveryRow) bodyIn(packer crm.Packer, packed []byte) ([]byte, error) {
	bodies, err := packer.Unpack(packed)
	if err != nil || r.BlockID == (ref{}) {
		return bodies, err
	}
	from, to := r.BlockAt, r.BlockAt+r.Size.Int64
	if from < 0 || to < from || to > int64(len(bodies)) {
		return nil, &crm.Error{Op: "unpack a stored body", Code: crm.Internal, Reason: "corrupt", Err: errors.New("it is not where its delivery says")}
	}
	return bodies[from:to:to], nil
}

// separateBodies gives every body a row of its own again, for a program that knows
// no blocks. The blocks go with the migration. It goes through the journal a few
// rows at a time.
func (s *Store) separateBodies(ctx context.Context, on bun.IConn) error {
	const some = 64
	type memberRow struct {
		bun.BaseModel `bun:"table:deliveries,alias:deliveries"`

		WorkspaceID uid           `bun:"workspace_id"`
		ID          uid           `bun:"id"`
		Size        sql.NullInt64 `bun:"size"`
		BlockID     ref           `bun:"block_id"`
		BlockAt     int64         `bun:"block_at"`
		Packed      []byte        `bun:"packed"`
	}
	gen := s.db.QueryGen()
	for last := (memberRow{}); ; {
		rows, err := on.QueryContext(ctx, gen.FormatQuery(
			"select d.workspace_id, d.id, d.size, d.block_id, d.block_at, b.body as packed from deliveries d"+
				" join delivery_bodies b on b.workspace_id = d.workspace_id and b.id = d.block_id"+
				" where (d.workspace_id, d.id) > (?, ?) order by d.workspace_id, d.id limit ?", last.WorkspaceID, last.ID, some))
		if err != nil {
			return err
		}
		var found []memberRow
		if err := errors.Join(s.db.ScanRows(ctx, rows, &found), rows.Close()); err != nil {
			return err
		}
		for _, row := range found {
			kept := keptDeliveryRow{Size: row.Size, BlockID: row.BlockID, BlockAt: row.BlockAt}
			body, err := kept.bodyIn(s.packer, row.Packed)
			if err != nil {
				return err
			}
			q := gen.FormatQuery("insert into delivery_bodies (workspace_id, id, body) values (?, ?, ?)", row.WorkspaceID, row.ID, s.packer.Pack(body))
			if _, err := on.ExecContext(ctx, q); err != nil {
				return err
			}
			last = row
		}
		if len(found) < some {
			return nil
		}
	}
}

// journalKey names a request in a workspace's journal.
type journalKey struct {
	ws  uid
	key [32]byte
}

func journalKeyOf(r *deliveryRow) journalKey { return journalKey{r.WorkspaceID, [32]byte(r.Key)} }
