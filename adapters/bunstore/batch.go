package bunstore

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// batch collects the statements of a write, which then go to the database
// together.
type batch struct {
	t     *tx
	steps []step
	err   error // the first thing that could not be written down
}

func (t *tx) batch() *batch { return &batch{t: t} }

// run runs what was collected.
func (b *batch) run(ctx context.Context) error {
	if b.err != nil {
		b.t.failed = crm.Wrap(b.t.op, b.err)
		return b.t.failed
	}
	steps := b.steps
	b.steps = nil
	return b.t.run(ctx, steps...)
}

// do adds a statement.
func (b *batch) do(sql string, args ...any) {
	b.steps = append(b.steps, step{Statement: b.t.inline(ask(sql, args...))})
}

// What an insert does about a row that is there.
const (
	replaceByID = "conflict (workspace_id, id) do update"
	leaveAlone  = "conflict do nothing"
)

// rowsPerInsert bounds one statement.
const rowsPerInsert = 500

// put adds the inserts of rows; on is what to do about a row that is there, ""
// for a clash.
func put[R any](b *batch, rows []R, on string) {
	for len(rows) > 0 && b.err == nil {
		n := min(len(rows), rowsPerInsert)
		some := rows[:n]
		b.insert(b.t.store.db.NewInsert().Model(&some), on, nil)
		rows = rows[n:]
	}
}

// insert adds one insert; scan takes what it returns, nil for nothing.
func (b *batch) insert(q *bun.InsertQuery, on string, scan func(*sql.Rows) error) {
	if on != "" {
		q = q.On(on)
	}
	text, err := q.AppendQuery(b.t.store.db.QueryGen(), nil)
	if err != nil {
		b.err = err
		return
	}
	b.steps = append(b.steps, step{Statement: Statement{SQL: string(text)}, scan: scan})
}

// rowsOf maps nouns to rows.
func rowsOf[N, R any](b *batch, nouns []N, row func(N) (R, error)) []R {
	rows := make([]R, 0, len(nouns))
	for _, noun := range nouns {
		made, err := row(noun)
		if err != nil {
			b.err = err
			return nil
		}
		rows = append(rows, made)
	}
	return rows
}
