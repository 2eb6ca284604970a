package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// link is a database or a transaction on behalf of one call. Every statement of
// the store passes its run method, where it is counted.
type link struct {
	store *Store
	on    Runner
	scope Scope
	op    string // what the call does, for its errors
	owed  *owed  // by a transaction; nil outside one
}

// owed are steps that nobody waits for: they travel with what their transaction says
// next, be it its commit.
type owed struct{ steps []step }

// step is one statement and what to do with its rows.
type step struct {
	Statement
	scan func(*sql.Rows) error // nil: nothing is expected
}

// run runs the steps in order, in one round trip where the database can.
func (l link) run(ctx context.Context, steps ...step) error {
	if len(steps) == 0 {
		return nil
	}
	return l.send(ctx, measured, steps)
}

// send runs steps, which counted counts, behind those that are owed.
func (l link) send(ctx context.Context, counted func(context.Context, []Statement, func() error) error, steps []step) error {
	if l.owed != nil {
		steps = append(l.owed.take(), steps...)
	}
	statements := statementsOf(steps)
	ctx = withScope(ctx, l.scope)
	err := counted(ctx, statements, func() error {
		return l.store.dialect.Query(ctx, l.on, statements, func(i int, rows *sql.Rows) error {
			if steps[i].scan != nil {
				return steps[i].scan(rows)
			}
			for rows.Next() {
			}
			return rows.Err()
		})
	})
	return l.failure(ctx, err)
}

// take returns what is owed, which is not any more.
func (o *owed) take() []step {
	steps := o.steps
	o.steps = nil
	return steps
}

func statementsOf(steps []step) []Statement {
	statements := make([]Statement, len(steps))
	for i := range steps {
		statements[i] = steps[i].Statement
	}
	return statements
}

// failure gives an error of the driver its class. Whatever the driver says, a
// call whose context ended failed for that.
func (l link) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	failed := &crm.Error{Op: l.op, Code: crm.Internal, Err: err}
	switch {
	case ctx.Err() != nil:
		failed.Code, failed.Err = crm.Unavailable, errors.Join(ctx.Err(), err)
	case l.store.dialect.Fault(err) == Clash:
		failed.Code, failed.Msg = crm.Conflict, "Somebody else changed this at the same time."
	case l.store.dialect.Fault(err) != Broken:
		failed.Code, failed.Msg = crm.Unavailable, "The database cannot be reached at the moment."
	}
	return failed
}

// bound returns the query with $1, $2 … for its arguments: the text stays the
// same from call to call, so the database plans it once. Reads are sent so.
func (q Query) bound() Statement {
	var b strings.Builder
	b.Grow(len(q.SQL) + 2*len(q.Args))
	rest, n := q.SQL, 0
	for {
		before, after, found := strings.Cut(rest, "?")
		b.WriteString(before)
		if !found {
			return Statement{SQL: b.String(), Args: q.Args}
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		rest = after
	}
}

// inline returns the query with the arguments written into it by bun. Writes are
// sent so but for inserts from arrays, and what a transaction reads beside its
// look-ups (see lookup): their texts differ from call to call, and there would be no
// plan to keep.
func (l link) inline(q Query) Statement {
	if len(q.Args) == 0 {
		return Statement{SQL: q.SQL}
	}
	return Statement{SQL: l.store.db.QueryGen().FormatQuery(q.SQL, q.Args...)}
}

// ask begins a query.
func ask(sql string, args ...any) Query { return Query{SQL: sql, Args: args} }

// and returns the query with more text and arguments.
func (q Query) and(sql string, args ...any) Query {
	return Query{SQL: q.SQL + sql, Args: append(q.Args[:len(q.Args):len(q.Args)], args...)}
}

// include returns the query with another one in parentheses.
func (q Query) include(sql string, other Query) Query {
	return q.and(sql+" (").and(other.SQL, other.Args...).and(")")
}

// from returns "select columns from table" for a row type. The text is made once.
func from[R any](s *Store) Query {
	of := reflect.TypeFor[R]()
	made, _ := s.text(of, func() (string, error) { return "select " + columns[R](s) + " from " + s.db.Table(of).Name, nil })
	return ask(made)
}

// text returns the text of a statement, which is made once: key is all that it depends
// on, of a type of its own. There are as many texts as places that name one.
func (s *Store) text(key any, make func() (string, error)) (string, error) {
	if made, ok := s.texts.Load(key); ok {
		return made.(string), nil
	}
	made, err := make()
	if err == nil {
		s.texts.Store(key, made)
	}
	return made, err
}

// columns returns the columns of a row type, each with its table's name.
func columns[R any](s *Store) string {
	table := s.db.Table(reflect.TypeFor[R]())
	names := make([]string, len(table.Fields))
	for i, field := range table.Fields {
		names[i] = table.Name + "." + field.Name
	}
	return strings.Join(names, ", ")
}

// read runs one bound query and returns its rows.
func read[R any](ctx context.Context, l link, q Query) ([]R, error) {
	var found []R
	err := l.run(ctx, load(ctx, l, q.bound(), &found))
	return found, err
}

// load is a step that appends the rows of a query to found.
func load[R any](_ context.Context, l link, statement Statement, found *[]R) step {
	return step{Statement: statement, scan: func(rows *sql.Rows) error {
		return scan(l.store, rows, func(row *R) error {
			*found = append(*found, *row)
			return nil
		})
	}}
}

// pick is a step that appends the values of a query's only column to found.
func pick[V any](statement Statement, found *[]V) step {
	return step{Statement: statement, scan: func(rows *sql.Rows) error {
		for rows.Next() {
			var value V
			if err := rows.Scan(&value); err != nil {
				return err
			}
			*found = append(*found, value)
		}
		return rows.Err()
	}}
}

// inOrder is list for a list that an index has in its order.
func inOrder[R, N any](ctx context.Context, l link, q Query, noun func(*R) (N, error)) ([]N, error) {
	l.scope.Plan = InOrder
	return list(ctx, l, q, noun)
}

// list reads nouns, each as its row comes.
func list[R, N any](ctx context.Context, l link, q Query, noun func(*R) (N, error)) ([]N, error) {
	nouns := []N{}
	var unfit error // a row that is no noun, which is no failure of the database
	err := l.run(ctx, step{Statement: q.bound(), scan: func(rows *sql.Rows) error {
		return scan(l.store, rows, func(row *R) error {
			converted, err := noun(row)
			if err != nil && unfit == nil {
				unfit = err
			}
			nouns = append(nouns, converted)
			return nil
		})
	}})
	switch {
	case err != nil:
		return nil, err
	case unfit != nil:
		return nil, crm.Wrap(l.op, unfit)
	}
	return nouns, nil
}

// one reads a noun, or NotFound.
func one[R, N any](ctx context.Context, l link, q Query, what string, noun func(*R) (N, error)) (N, error) {
	found, err := list(ctx, l, q, noun)
	if err == nil && len(found) == 0 {
		err = l.missing(what)
	}
	if err != nil {
		var none N
		return none, err
	}
	return found[0], nil
}

// convert maps rows to nouns.
func convert[R, N any](l link, rows []R, noun func(*R) (N, error)) ([]N, error) {
	nouns := make([]N, 0, len(rows))
	for i := range rows {
		converted, err := noun(&rows[i])
		if err != nil {
			return nil, crm.Wrap(l.op, err)
		}
		nouns = append(nouns, converted)
	}
	return nouns, nil
}

// ids returns ids as columns hold them.
func ids[T ~[16]byte](of []T) []uid {
	columns := make([]uid, len(of))
	for i, id := range of {
		columns[i] = uid(id)
	}
	return columns
}

// missing is the error for what is not there, or not the workspace's.
func (l link) missing(what string) error {
	return &crm.Error{Op: l.op, Code: crm.NotFound, Msg: "There is no such " + what + "."}
}
