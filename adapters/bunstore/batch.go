package bunstore

import (
	"context"
	"database/sql"
	"reflect"
	"slices"

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

// named adds a statement about the rows a lookup names (see Store.where); none for a
// lookup of nothing.
func (b *batch) named(sql string, by *lookup, more string) {
	if !by.empty() {
		b.steps = append(b.steps, step{Statement: b.t.store.where(sql, by, more)})
	}
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
	insert(b, rows, on, func(q *bun.InsertQuery) *bun.InsertQuery { return q }, nil)
}

// insert adds the inserts of rows, as more says it beyond that; scan takes what
// they return, nil for nothing.
func insert[R any](b *batch, rows []R, on string, more func(*bun.InsertQuery) *bun.InsertQuery, scan func(*sql.Rows) error) {
	for some := range slices.Chunk(rows, rowsPerInsert) {
		if b.err != nil { // it stays the batch's, whatever is added then
			return
		}
		q, args := source(b, some)
		if b.err != nil {
			return
		}
		if on != "" {
			q = q.On(on)
		}
		var text []byte
		if text, b.err = more(q).AppendQuery(b.t.store.db.QueryGen(), nil); b.err != nil {
			return
		}
		b.steps = append(b.steps, step{Statement: Statement{SQL: string(text), Args: args}, scan: scan})
	}
}

// source begins an insert of rows from columns that are its arguments.
func source[R any](b *batch, rows []R) (*bun.InsertQuery, []any) {
	s := b.t.store
	table := s.db.Table(reflect.TypeFor[R]())
	var columns []Column
	if columns, b.err = columnsOf(table, rows); b.err != nil {
		return nil, nil
	}
	from, args := s.dialect.Unnest(columns)
	q := s.db.NewInsert().Model((*R)(nil)).TableExpr(from)
	for _, column := range columns {
		q = q.Column(column.Name)
	}
	return q, args
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
