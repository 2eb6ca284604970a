package bunstore

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// A list of contacts is walked in its order until a page is full. What the walk
// costs is whom it passes over, so it goes where the fewest are: along those who
// have what one of the list's tests asks for, if an index has them in the order of
// the list. A contact has many tags and fields, so those stand in tables of their
// own, and what lists are sorted by is copied there (see batch.follow).

// order is what a list is sorted by: a column, and the id among equals. Without a
// column it is the id.
type order struct {
	column string
	rising bool
	after  func(people.ContactCursor) any // the column's value behind which a page begins
}

var recent = order{column: "updated_at", after: func(c people.ContactCursor) any { return stamp(c.At) }}

var orders = map[people.Sort]order{
	"":               recent,
	people.ByRecent:  recent,
	people.ByCreated: {column: "created_at", after: func(c people.ContactCursor) any { return stamp(c.At) }},
	people.ByName:    {column: "sort_name", rising: true, after: func(c people.ContactCursor) any { return text(c.Name) }},
	people.ByScore:   {column: "score", after: func(c people.ContactCursor) any { return c.Score }},
	people.ByID:      {rising: true},
}

// way is where a list is walked: the tables that its rows come from, and what the
// names of the columns that it is sorted by begin with.
type way struct {
	from   Query // up to its first conditions
	prefix string
}

// inOrder adds the order of a list and where it goes on.
func (w way) inOrder(q Query, sort people.Sort, after people.ContactCursor) Query {
	by := orders[sort]
	compare, direction := " < ", " desc"
	if by.rising {
		compare, direction = " > ", ""
	}
	id, column := w.prefix+"id", w.prefix+by.column
	switch {
	case after.ID.IsZero():
	case by.column == "":
		q = q.and(" and "+id+compare+"?", uid(after.ID))
	default:
		q = q.and(" and ("+column+", "+id+")"+compare+"(?, ?)", by.after(after), uid(after.ID))
	}
	if by.column == "" {
		return q.and(" order by " + id + direction)
	}
	return q.and(" order by " + column + direction + ", " + id + direction)
}

// everybody is the way through all contacts of a workspace.
func (s peopleStore) everybody(ws crm.WorkspaceID) way {
	return way{from: from[contactRow](s.Store).and(" where workspace_id = ?", uid(ws))}
}

// lane is an index of those who pass a test in the order of lists.
type lane struct {
	table, id   string
	where, args string // as a question's
	columns     []string
}

var lanes = map[asked]lane{
	{filter.InTag, filter.Refers}:         {"contact_tags", "contact_id", "workspace_id = ? and tag_id = ?", "wi", []string{"updated_at", "score"}},
	{filter.InField, filter.Equals}:       {"contact_fields", "contact_id", "workspace_id = ? and field = ? and words = ?", "wkt", []string{"updated_at"}},
	{filter.InField, filter.Within}:       {"contact_fields", "contact_id", "workspace_id = ? and field = ? and ordinal >= ? and ordinal < ?", "wkfT", []string{"updated_at"}},
	{filter.InStatus, filter.Equals}:      {"contacts", "id", "workspace_id = ? and lead_status = ?", "wt", []string{"updated_at", "score"}},
	{filter.InTemperature, filter.Equals}: {"contacts", "id", "workspace_id = ? and temperature = ?", "wt", []string{"updated_at", "score"}},
}

// laneOf returns the lane of a test, if it has one.
func laneOf(t filter.Test) (l lane, is bool) {
	l, is = lanes[asked{t.Place, t.Kind}]
	return l, is
}

// beside reports whether a lane has a table of its own, which a list has to be told
// to begin at: the database finds an index of the contacts by itself.
func (l lane) beside() bool { return l.table != "contacts" }

// along returns a select of those who pass a test, with what their list is sorted by.
func (l lane) along(ws crm.WorkspaceID, t filter.Test, column string) Query {
	return ask("select "+l.id+" as "+walked+"id, "+column+" as "+walked+column+" from "+l.table+" where "+l.where, arguments(l.args, ws, t)...)
}

// walked begins the names of a lane's columns beside those of the contacts.
const walked = "walked_"

// wayThrough returns where the list of those who pass all tests is walked, and the
// tests that are left to be tried on who is met there.
func (s peopleStore) wayThrough(ctx context.Context, ws crm.WorkspaceID, query people.ContactQuery, tests []filter.Test) (way, []filter.Test, error) {
	var open []int // the tests that have a lane in this order
	beside := false
	for i, t := range tests {
		if l, is := laneOf(t); is && slices.Contains(l.columns, orders[query.Sort].column) {
			open, beside = append(open, i), beside || l.beside()
		}
	}
	if !beside {
		return s.acrossLanes(ctx, ws, tests)
	}
	at, err := s.emptiest(ctx, ws, query, tests, open)
	if err != nil {
		return way{}, nil, err
	}
	l, _ := laneOf(tests[at])
	if !l.beside() {
		return s.everybody(ws), tests, nil
	}
	met := from[contactRow](s.Store).include(" join", l.along(ws, tests[at], orders[query.Sort].column)).
		and(" as walked on "+walked+"id = id where workspace_id = ?", uid(ws))
	return way{from: met, prefix: walked}, slices.Delete(slices.Clone(tests), at, at+1), nil
}

// acrossLanes returns the way of a list that no lane beside the contacts has in its order: those of the
// lane with the fewest in it, who are gathered and sorted if they are not many. Of
// what many pass a page is met soon enough in the list's own order. Where many pass
// each of several tests nobody knows how many pass them all, so the database is left
// to choose.
func (s peopleStore) acrossLanes(ctx context.Context, ws crm.WorkspaceID, tests []filter.Test) (way, []filter.Test, error) {
	var steps []step
	var beside, passing []int // the tests that have a lane, and how many are in it
	for i, t := range tests {
		l, is := laneOf(t)
		if !is || !l.beside() {
			continue
		}
		beside = append(beside, i)
		q := ask("select count(walked_id) from").include("", l.along(ws, t, recent.column).and(" limit ?", manyFound)).and(" as seen")
		steps = append(steps, pick(q.bound(), &passing))
	}
	all := s.everybody(ws)
	if len(beside) == 0 {
		return all, tests, nil
	}
	if err := s.reader("count who pass a test", of(ws)).run(ctx, steps...); err != nil {
		return way{}, nil, err
	}
	fewest := slices.Index(passing, slices.Min(passing))
	at := beside[fewest]
	t := tests[at]
	switch {
	case passing[fewest] < manyFound:
		l, _ := laneOf(t)
		all.from = all.from.and(" and id in").include("", ask("select "+l.id+" from "+l.table+" where "+l.where, arguments(l.args, ws, t)...))
	case len(tests) == 1:
		all.from = try(all.from.and(" and "), ws, t)
	default:
		return all, tests, nil
	}
	return all, slices.Delete(slices.Clone(tests), at, at+1), nil
}

// ahead is how far lanes are looked along to see which has the fewest in it.
const ahead = 200

// emptiest returns which of the open tests has the lane with the fewest in it: that
// whose next ones reach the furthest in the order of the list, or are all there are.
func (s peopleStore) emptiest(ctx context.Context, ws crm.WorkspaceID, query people.ContactQuery, tests []filter.Test, open []int) (int, error) {
	if len(open) == 1 {
		return open[0], nil
	}
	column := orders[query.Sort].column
	reach := make([]int64, len(open))
	var steps []step
	for i, at := range open {
		l, _ := laneOf(tests[at])
		next := way{prefix: walked}.inOrder(ask("select "+walked+column+" from").include("", l.along(ws, tests[at], column)).and(" as walked where true"), query.Sort, query.After)
		q := ask("select count("+walked+column+"), min("+walked+column+") from").include("", next.and(" limit ?", ahead)).and(" as seen")
		steps = append(steps, step{Statement: q.bound(), scan: func(rows *sql.Rows) error {
			for rows.Next() {
				var seen int
				var last sql.NullInt64
				if err := rows.Scan(&seen, &last); err != nil {
					return err
				}
				if reach[i] = last.Int64; seen < ahead {
					reach[i] = math.MinInt64 + int64(seen)
				}
			}
			return rows.Err()
		}})
	}
	err := s.reader("look ahead in a list of contacts", of(ws)).run(ctx, steps...)
	return open[slices.Index(reach, slices.Min(reach))], err
}
