package bunstore

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// asItIs is the packer of a store that was given none.
type asItIs struct{}

// Pack implements crm.Packer.
func (asItIs) Pack(body []byte) []byte {
	return append(append(make([]byte, 0, 1+len(body)), 0), body...)
}

// Unpack implements crm.Packer.
func (asItIs) Unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 || packed[0] != 0 {
		return nil, &crm.Error{Op: "unpack a stored body", Code: crm.Internal, Reason: "corrupt", Err: errors.New("it is packed, and the store has no packer")}
	}
	return append(make([]byte, 0, len(packed)-1), packed[1:]...), nil
}

// monthsAhead is for how many months after the present one there is room.
const monthsAhead = 2

const monthName = "delivery_bodies_2006_01"

// monthOf returns the month a time is in.
func monthOf(t time.Time) Month {
	t = t.UTC()
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return Month{Name: first.Format(monthName), From: firstID(first), To: firstID(first.AddDate(0, 1, 0))}
}

// firstID returns what no id that was made at a time or later is below.
func firstID(t time.Time) (id uid) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(0, t.UnixMilli())))
	copy(id[:], ms[2:])
	return id
}

// PrepareMonths makes room for the journal of the month of now and the two
// after it, where the database keeps it by months. What is there is left alone;
// several processes may do it at once. It waits at most some seconds for those
// who use the journal, and is then Unavailable: bodies have a place meanwhile,
// and are moved when it is done again.
func (s *Store) PrepareMonths(ctx context.Context, now time.Time) error {
	const op = "prepare the journal's months"
	months := s.dialect.Months()
	if months == nil {
		return nil
	}
	var wanted []Month
	for month := monthOf(now); len(wanted) <= monthsAhead; month = monthOf(timeOf(month.To)) {
		wanted = append(wanted, month)
	}
	there, err := s.months(ctx, s.reader(op, everywhere))
	if err != nil {
		return err
	}
	for _, month := range wanted {
		if slices.Contains(there, month) {
			continue
		}
		if err := s.changeMonth(ctx, op, month, false, months.Make(month)); err != nil {
			return err
		}
	}
	return nil
}

// timeOf returns the time an id was made at.
func timeOf(id uid) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, id[:6]...))))
}

// months returns the months there is a part for.
func (s *Store) months(ctx context.Context, l link) ([]Month, error) {
	var names []string
	if err := l.run(ctx, pick(Statement{SQL: s.dialect.Months().List()}, &names)); err != nil {
		return nil, err
	}
	var months []Month
	for _, name := range names {
		if first, err := time.Parse(monthName, name); err == nil {
			months = append(months, monthOf(first))
		}
	}
	return months, nil
}

// changeMonth runs statements that make or drop a month, unless another process
// did it.
func (s *Store) changeMonth(ctx context.Context, op string, month Month, isThere bool, statements []string) error {
	return s.transact(ctx, op, everywhere, func(ctx context.Context, t *tx) error {
		if err := t.run(ctx, stepsOf(s.dialect.Months().Lock())...); err != nil {
			return err
		}
		months, err := s.months(ctx, t.link)
		if err != nil || slices.Contains(months, month) != isThere {
			t.note(err)
			return err
		}
		return t.run(ctx, stepsOf(statements)...)
	})
}

func stepsOf(statements []string) []step {
	steps := make([]step, len(statements))
	for i, sql := range statements {
		steps[i] = step{Statement: Statement{SQL: sql}}
	}
	return steps
}

// The migrations that gave bodies a table of their own, and that let them share a
// row.
const (
	journalMigration = "20261128000000"
	blocksMigration  = "20261128150000"
)

// unpackBodies stores every body as it came, for a program that knows no other
// way. It goes through the table a few rows at a time.
func (s *Store) unpackBodies(ctx context.Context, on bun.IConn) error {
	const some = 64
	gen := s.db.QueryGen()
	for last := (bodyRow{}); ; {
		rows, err := on.QueryContext(ctx, gen.FormatQuery(
			"select workspace_id, id, body from delivery_bodies where (workspace_id, id) > (?, ?) order by workspace_id, id limit ?", last.WorkspaceID, last.ID, some))
		if err != nil {
			return err
		}
		var found []bodyRow
		if err := errors.Join(s.db.ScanRows(ctx, rows, &found), rows.Close()); err != nil {
			return err
		}
		for _, row := range found {
			body, err := s.packer.Unpack(row.Body)
			if err != nil {
				return err
			}
			q := gen.FormatQuery("update delivery_bodies set body = ? where workspace_id = ? and id = ?", asItIs{}.Pack(body), row.WorkspaceID, row.ID)
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
