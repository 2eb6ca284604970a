package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// ExpireBodies implements inbox.Journal. Where the database keeps bodies by
// month, a month goes whole, and counts as one, when all of it is old enough;
// row by row goes only what fell into no month.
func (s inboxStore) ExpireBodies(ctx context.Context, before time.Time, limit int) (int, error) {
	const op = "expire bodies"
	months := s.dialect.Months()
	if months == nil {
		return s.expireRows(ctx, op, "delivery_bodies", before, limit)
	}
	there, err := s.months(ctx, s.reader(op, everywhere))
	if err != nil {
		return 0, err
	}
	taken := 0
	for _, month := range there {
		if taken == limit || timeOf(month.To).After(before) {
			continue
		}
		if err := s.changeMonth(ctx, op, month, true, months.Drop(month)); err != nil {
			return taken, err
		}
		taken++
	}
	rest, err := s.expireRows(ctx, op, months.Rest(), before, limit-taken)
	return taken + rest, err
}

// ExpireDeliveries implements inbox.Journal.
func (s inboxStore) ExpireDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.expireRows(ctx, "expire deliveries", "deliveries", before, limit)
}

// expireRows takes rows whose id was made before a time, workspace by workspace,
// because the keys of all tables begin with it. What there is to take is looked
// for before the transaction, so that one is begun only to take something.
func (s *Store) expireRows(ctx context.Context, op, table string, before time.Time, limit int) (int, error) {
	return s.everyWorkspace(ctx, op, limit, func(ws crm.WorkspaceID, limit int) (int, error) {
		var old []uid
		q := ask("select id from "+table+" where workspace_id = ? and id < ? order by id limit ?", uid(ws), firstID(before), limit)
		if err := s.reader(op, of(ws)).run(ctx, pick(q.bound(), &old)); err != nil || len(old) == 0 {
			return 0, err
		}
		return s.take(ctx, op, ws, ask("delete from "+table+" where workspace_id = ? and id in (?) returning 1", uid(ws), bun.List(old)))
	})
}

// Expire implements feed.Store: it takes the facts before the first that is new
// enough, whatever time those after it have, and never the newest.
func (s feedStore) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	const op = "expire facts"
	return s.everyWorkspace(ctx, op, limit, func(ws crm.WorkspaceID, limit int) (int, error) {
		l := s.reader(op, of(ws))
		var newest []int64
		var facts []factRow
		err := l.run(ctx,
			pick(ask("select seq from counters where workspace_id = ?", uid(ws)).bound(), &newest),
			load(ctx, l, ask("select seq, at from facts where workspace_id = ? order by seq limit ?", uid(ws), limit).bound(), &facts))
		if err != nil || len(newest) == 0 {
			return 0, err
		}
		last := int64(0)
		for _, f := range facts {
			if f.Seq >= newest[0] || !time.Time(f.At).Before(before) {
				break
			}
			last = f.Seq
		}
		if last == 0 {
			return 0, nil
		}
		return s.take(ctx, op, ws, ask("delete from facts where workspace_id = ? and seq <= ? returning 1", uid(ws), last))
	})
}

// everyWorkspace has some rows taken of one workspace after the other, until
// limit rows are taken.
func (s *Store) everyWorkspace(ctx context.Context, op string, limit int, some func(ws crm.WorkspaceID, limit int) (int, error)) (int, error) {
	workspaces := []uid{{}} // what is nobody's
	if err := s.reader(op, everywhere).run(ctx, pick(Statement{SQL: "select workspace_id from workspaces"}, &workspaces)); err != nil {
		return 0, err
	}
	taken := 0
	for _, ws := range workspaces {
		if taken >= limit {
			break
		}
		n, err := some(crm.WorkspaceID(ws), limit-taken)
		if taken += n; err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// take deletes rows and returns how many there were.
func (s *Store) take(ctx context.Context, op string, ws crm.WorkspaceID, q Query) (int, error) {
	var taken []int
	err := s.transact(ctx, op, of(ws), func(ctx context.Context, t *tx) error {
		taken = nil
		return t.run(ctx, pick(t.inline(q), &taken))
	})
	return len(taken), err
}
