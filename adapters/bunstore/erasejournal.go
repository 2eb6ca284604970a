package bunstore

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// clockDrift is how far the clocks of two hosts may be apart: what of the journal
// is older than an erasure is told by ids, which whoever received it made.
const clockDrift = time.Minute

// place is where a body that has to go is.
type place struct {
	row   fullDeliveryRow
	block uid // of delivery_bodies; zero: it stands in its row
}

// finding is what a page of the journal has of a contact.
type finding struct {
	last     uid // of the page
	over     bool
	places   []place
	provided []string // ids of messages that the contact is named beside
}

// eraseBodies takes away the bodies in a page of the journal that name a contact
// or one of its messages. Their rows stay, as if retention had taken the body.
// What came after the erasure began is of somebody new.
func (s eraseStore) eraseBodies(ctx context.Context, e *crm.Erasure, traces *people.Traces, journal crm.WorkspaceID, limit int) (bool, error) {
	found, err := s.lookThrough(ctx, e, traces, journal, limit)
	if err != nil {
		return false, err
	}
	scope := Scope{Workspaces: []crm.WorkspaceID{e.WorkspaceID, journal}}
	return found.over, s.advance(ctx, e, scope, func(ctx context.Context, t eraseTx, next *crm.Erasure) error {
		if next.After = found.last[:]; found.over {
			next.After = nil
		}
		next.Erased.Bodies += len(found.places)
		if err := t.blankBodies(ctx, uid(journal), found.places); err != nil {
			return err
		}
		reports, err := t.forgetReports(ctx, uid(e.WorkspaceID), found.provided)
		next.Erased.Reports += reports
		return err
	})
}

// lookThrough reads a page of the journal, outside a transaction.
func (s eraseStore) lookThrough(ctx context.Context, e *crm.Erasure, traces *people.Traces, journal crm.WorkspaceID, limit int) (*finding, error) {
	l := s.reader("look through the journal", of(journal))
	found := new(finding)
	copy(found.last[:], e.After)
	q := from[fullDeliveryRow](s.Store).and(" where workspace_id = ? and id > ? and id < ? order by id limit ?",
		uid(journal), found.last, firstID(e.BegunAt.Add(clockDrift)), limit)
	rows, err := read[fullDeliveryRow](ctx, l, q)
	if err != nil || len(rows) == 0 {
		found.over = true
		return found, err
	}
	found.last, found.over = rows[len(rows)-1].ID, len(rows) < limit
	mentioned := make(map[string][]place) // by ids of messages
	err = s.eachBody(ctx, l, rows, func(at place, body []byte) {
		said := traces.Mentions(crm.Provider(at.row.Provider), string(at.row.Event), body)
		if traces.In(body) || len(said.Mine) > 0 {
			found.places, found.provided = append(found.places, at), append(found.provided, said.Mine...)
			return
		}
		for _, id := range said.All {
			mentioned[id] = append(mentioned[id], at)
		}
	})
	if err != nil {
		return nil, err
	}
	known, err := s.inThreads(ctx, e.WorkspaceID, traces.Threads, mentioned)
	for _, id := range known {
		found.places = append(found.places, mentioned[id]...)
	}
	slices.SortFunc(found.places, func(a, b place) int { return slices.Compare(a.row.ID[:], b.row.ID[:]) })
	found.places = slices.CompactFunc(found.places, func(a, b place) bool { return a.row.ID == b.row.ID })
	return found, err
}

// eachBody hands on the bodies of journal rows, unpacking each block once. One
// that is gone or cannot be unpacked is passed over: the second has lost what
// it was.
func (s *Store) eachBody(ctx context.Context, l link, rows []fullDeliveryRow, use func(place, []byte)) error {
	inside := make(map[uid][]place)
	for _, row := range rows {
		switch {
		case row.Body != nil:
			use(place{row: row}, row.Body)
		case row.Size.Valid && row.BlockID == (ref{}):
			inside[row.ID] = append(inside[row.ID], place{row, row.ID})
		case row.Size.Valid:
			inside[uid(row.BlockID)] = append(inside[uid(row.BlockID)], place{row, uid(row.BlockID)})
		}
	}
	blocks := make([]uid, 0, len(inside))
	for id := range inside {
		blocks = append(blocks, id)
	}
	const together = 16 // blocks: what is held at once of a page's
	for some := range slices.Chunk(distinct(blocks), together) {
		kept, err := read[bodyRow](ctx, l, from[bodyRow](s).and(" where workspace_id = ? and id in (?"+manyMore(len(some)-1)+")", append([]any{rows[0].WorkspaceID}, anyOf(some)...)...))
		if err != nil {
			return err
		}
		for _, block := range kept {
			bodies, err := s.packer.Unpack(block.Body)
			if err != nil {
				continue
			}
			for _, at := range inside[block.ID] {
				if from, to := at.extent(len(bodies)); from < to {
					use(at, bodies[from:to])
				}
			}
		}
	}
	return nil
}

// extent returns where a body is in its unpacked block of some length, nowhere if
// that is not where its row says.
func (p place) extent(length int) (from, to int64) {
	if p.row.BlockID == (ref{}) {
		return 0, int64(length)
	}
	from, to = p.row.BlockAt, p.row.BlockAt+p.row.Size.Int64
	if from < 0 || to < from || to > int64(length) {
		return 0, 0
	}
	return from, to
}

func manyMore(n int) string {
	more := make([]byte, 0, 3*n)
	for range n {
		more = append(more, ", ?"...)
	}
	return string(more)
}

func anyOf[T any](list []T) []any {
	anys := make([]any, len(list))
	for i, one := range list {
		anys[i] = one
	}
	return anys
}

// inThreads returns which of the providers' ids are of messages in some
// conversations.
func (s *Store) inThreads(ctx context.Context, ws crm.WorkspaceID, threads []crm.ConversationID, ids map[string][]place) ([]string, error) {
	if len(ids) == 0 || len(threads) == 0 {
		return nil, nil
	}
	texts := make([]text, 0, len(ids))
	for id := range ids {
		texts = append(texts, text(id))
	}
	slices.Sort(texts)
	l := s.reader("look for a contact's messages", of(ws))
	var known []string
	err := l.run(ctx, pick(l.inline(ask("select provider_id from messages where workspace_id = ? and channel_id in (select id from channels where workspace_id = ?)"+
		" and provider_id in (?) and conversation_id in (?)", uid(ws), uid(ws), bun.List(texts), among(threads))), &known))
	return known, err
}

// blankBodies overwrites bodies with zeros where they are packed together with
// others, so that these stay where their rows say they are, and deletes what then
// has nothing else in it.
func (t eraseTx) blankBodies(ctx context.Context, journal uid, places []place) error {
	if len(places) == 0 {
		return nil
	}
	inside := make(map[uid][]place)
	deliveries := make([]uid, len(places))
	for i, at := range places {
		deliveries[i] = at.row.ID
		if at.block != (uid{}) {
			inside[at.block] = append(inside[at.block], at)
		}
	}
	b := t.batch()
	if len(inside) > 0 {
		ids := make([]uid, 0, len(inside))
		for id := range inside {
			ids = append(ids, id)
		}
		var blocks []bodyRow
		q := from[bodyRow](t.store).and(" where workspace_id = ? and id in (?)", journal, bun.List(distinct(ids))).and(t.store.dialect.Lock())
		if err := t.run(ctx, load(ctx, t.link, t.inline(q), &blocks)); err != nil {
			return err
		}
		for _, block := range blocks {
			if left := t.store.blanked(&block, inside[block.ID]); left != nil {
				b.do("update delivery_bodies set body = ? where workspace_id = ? and id = ?", left, journal, block.ID)
			} else {
				b.do("delete from delivery_bodies where workspace_id = ? and id = ?", journal, block.ID)
			}
		}
	}
	b.do("update deliveries set body = null, block_id = null, block_at = 0 where workspace_id = ? and id in (?)", journal, bun.List(deliveries))
	return b.run(ctx)
}

// blanked returns a block without some of its bodies, packed; nil if nothing is
// left of it.
func (s *Store) blanked(block *bodyRow, gone []place) []byte {
	bodies, err := s.packer.Unpack(block.Body)
	if err != nil {
		return block.Body
	}
	for _, at := range gone {
		from, to := at.extent(len(bodies))
		clear(bodies[from:to])
	}
	if !slices.ContainsFunc(bodies, func(c byte) bool { return c != 0 }) {
		return nil
	}
	return s.packer.Pack(bodies)
}

// forgetReports takes away what is kept under providers' ids of messages: reports
// and amendments.
func (t eraseTx) forgetReports(ctx context.Context, ws uid, provided []string) (int, error) {
	if len(provided) == 0 {
		return 0, nil
	}
	texts := make([]text, len(provided))
	for i, id := range provided {
		texts[i] = text(id)
	}
	const under = " where workspace_id = ? and channel_id in (select id from channels where workspace_id = ?) and provider_id in (?) returning 1"
	var gone []int
	err := t.run(ctx,
		pick(t.inline(ask("delete from statuses"+under, ws, ws, bun.List(texts))), &gone),
		pick(t.inline(ask("delete from amendments"+under, ws, ws, bun.List(texts))), &gone))
	return len(gone), err
}
