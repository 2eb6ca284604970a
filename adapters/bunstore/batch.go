package bunstore

import (
	"context"
	"database/sql"
	"reflect"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// batch collects the statements of a write, which then go to the database
// together.
type batch struct {
	t     *tx
	steps []step
	err   error        // the first thing that could not be written down
	begin func() *flow // of a batch whose statements are run as they come; nil: they wait
	flow  *flow        // which they are at the moment
}

func (t *tx) batch() *batch { return &batch{t: t} }

// flowing is a batch whose statements are run one after the other while more are made.
func (t *tx) flowing(ctx context.Context) *batch {
	return &batch{t: t, begin: func() *flow { return t.begin(ctx) }}
}

// add adds a statement.
func (b *batch) add(s step) {
	if b.begin == nil {
		b.steps = append(b.steps, s)
		return
	}
	if b.flow == nil {
		b.flow = b.begin()
	}
	b.t.told.run([]step{s})
	b.flow.steps <- s
}

// end waits for what is being run. Who made statements flow must call it before the
// transaction ends.
func (b *batch) end() error {
	if b.flow == nil {
		return nil
	}
	over := b.flow
	b.flow = nil
	close(over.steps)
	<-over.done
	if over.panicked != nil {
		panic(over.panicked)
	}
	b.t.note(over.err)
	return over.err
}

// run runs what was collected.
func (b *batch) run(ctx context.Context) error {
	steps, err := b.take()
	if err != nil {
		return err
	}
	return b.t.run(ctx, steps...)
}

// owe is run where nobody looks at what comes of it: where the last statements can travel
// with the commit, these wait for what the transaction says next.
func (b *batch) owe(ctx context.Context) error {
	if b.t.store.commits == nil {
		return b.run(ctx)
	}
	steps, err := b.take()
	b.t.owed.steps = append(b.t.owed.steps, steps...)
	return err
}

// take returns what was collected and was not run as it came.
func (b *batch) take() ([]step, error) {
	if err := b.end(); err != nil {
		return nil, err
	}
	if b.err != nil {
		b.t.failed = crm.Wrap(b.t.op, b.err)
		return nil, b.t.failed
	}
	steps := b.steps
	b.steps = nil
	return steps, nil
}

// do adds a statement.
func (b *batch) do(sql string, args ...any) {
	b.add(step{Statement: b.t.inline(ask(sql, args...))})
}

// named adds a statement about the rows a lookup names (see Store.where); none for a
// lookup of nothing.
func (b *batch) named(sql string, by *lookup, more string) {
	if !by.empty() {
		b.add(step{Statement: b.t.store.where(sql, by, more)})
	}
}

// What an insert does about a row that is there.
const (
	replaceByID = "conflict (workspace_id, id) do update"
	leaveAlone  = "conflict do nothing"
)

// rowsPerInsert bounds one statement.
const rowsPerInsert = 500

// upsert is what an insert does beyond adding rows; the zero value is nothing.
type upsert struct {
	on        string // what to do about a row that is there; "" for a clash
	set       string // how such a row is changed; "" for to what comes
	keeps     string // columns that such a row keeps while all else is as it comes, with spaces between
	returning string
}

// put adds the inserts of rows; on is as in upsert.
func put[R any](b *batch, rows []R, on string) { insert(b, rows, upsert{on: on}, nil) }

// putFresh adds the inserts of rows: of those that are taken for new, which clash if they
// are not, and of the others.
func putFresh[R any](b *batch, rows []R, at func(*R) key, more upsert) {
	var fresh, others []R
	for i := range rows {
		if b.t.fresh[at(&rows[i])] {
			fresh = append(fresh, rows[i])
		} else {
			others = append(others, rows[i])
		}
	}
	put(b, fresh, "")
	insert(b, others, more, nil)
}

// insert adds the inserts of rows; scan takes what they return, nil for nothing.
func insert[R any](b *batch, rows []R, more upsert, scan func(*sql.Rows) error) {
	s := b.t.store
	for some := range slices.Chunk(rows, rowsPerInsert) {
		if b.err != nil { // it stays the batch's, whatever is added then
			return
		}
		var columns []Column
		if columns, b.err = columnsOf(s.db.Table(reflect.TypeFor[R]()), some); b.err != nil {
			return
		}
		var text string
		if text, b.err = s.insertText(reflect.TypeFor[R](), columns, more); b.err != nil {
			return
		}
		b.add(step{Statement: Statement{SQL: text, Args: s.dialect.Given(columns)}, scan: scan})
	}
}

// change is the set clause of a row that is there; "" for all that comes. What a row
// keeps is named, as SQLite writes an index anew, and looks after a foreign key, when
// its columns are set, be it to what they are.
func (u upsert) change(columns []Column) string {
	if u.keeps == "" {
		return u.set
	}
	keeps := append(strings.Fields(u.keeps), "workspace_id", "id")
	var set []string
	for _, column := range columns {
		if !slices.Contains(keeps, column.Name) {
			set = append(set, column.Name+" = excluded."+column.Name)
		}
	}
	return strings.Join(set, ", ")
}

// insertText returns the text of an insert from columns that are its arguments.
func (s *Store) insertText(row reflect.Type, columns []Column, more upsert) (string, error) {
	type key struct {
		row  reflect.Type
		more upsert
	}
	return s.text(key{row, more}, func() (string, error) {
		q := s.db.NewInsert().Model(reflect.New(row).Interface()).TableExpr(s.dialect.Unnest(columns))
		for _, column := range columns {
			q = q.Column(column.Name)
		}
		if more.on != "" {
			q = q.On(more.on)
		}
		if set := more.change(columns); set != "" {
			q = q.Set(set)
		}
		if more.returning != "" {
			q = q.Returning(more.returning)
		}
		text, err := q.AppendQuery(s.db.QueryGen(), nil)
		return string(text), err
	})
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
