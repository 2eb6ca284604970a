package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"modernc.org/sqlite"
	"modernc.org/sqlite/vtab"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// given is a virtual table of the rows that are a statement's argument: what
// arrays are elsewhere. A statement that names it has the same text for any number
// of rows and is parsed once in the life of a connection. With the rows written
// into the text, to read and compile them was a quarter of what a message cost.
//
// Rows are held while a statement with them runs, and named by a number.
type given struct {
	mu   sync.Mutex
	last int64
	held map[int64][]bunstore.Column
}

// mostColumns is how many columns given rows may have; after them comes the one
// that names the rows.
const mostColumns = 40

// provider is the driver whose connections know the table, and who holds its rows.
// modernc keeps a driver with modules for as long as the process lives, so there is
// one.
var provider = sync.OnceValues(func() (*sqlite.Driver, *given) {
	configureMutexes() // or SQLite's own stay
	configurePageCache()
	registerGathers()
	driver, rows := new(sqlite.Driver), &given{held: make(map[int64][]bunstore.Column)}
	_ = driver.RegisterModule("given", rows) // fails for a name that is taken
	return driver, rows
})

// hold keeps rows and returns their number.
func (g *given) hold(columns []bunstore.Column) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	g.held[g.last] = columns
	return g.last
}

func (g *given) release(number int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.held, number)
}

func (g *given) rows(number int64) []bunstore.Column {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held[number]
}

// from returns given rows as a statement selects from them; the rows are its $1.
// It ends in a condition, or SQLite would take "on conflict" for a join's.
func from(columns []bunstore.Column) string {
	var b strings.Builder
	for i := range columns {
		fmt.Fprintf(&b, ", c%d as %s", i, columns[i].Name)
	}
	return "(select " + b.String()[2:] + " from given where rows = $1) as v where true"
}

// Create implements vtab.Module.
func (g *given) Create(ctx vtab.Context, _ []string) (vtab.Table, error) {
	var b strings.Builder
	for i := range mostColumns {
		fmt.Fprintf(&b, "c%d, ", i)
	}
	return givenTable{g}, ctx.Declare("create table given (" + b.String() + "rows hidden)")
}

// Connect implements vtab.Module.
func (g *given) Connect(ctx vtab.Context, args []string) (vtab.Table, error) {
	return g.Create(ctx, args)
}

// givenTable is the table of one connection.
type givenTable struct{ g *given }

// BestIndex implements vtab.Table: the rows must be named. Their number is not
// known when a plan is made, but it is small beside any table's.
func (givenTable) BestIndex(info *vtab.IndexInfo) error {
	info.EstimatedCost, info.EstimatedRows = 1e12, 1e9
	for i := range info.Constraints {
		if c := &info.Constraints[i]; c.Column == mostColumns && c.Op == vtab.OpEQ && c.Usable {
			c.ArgIndex, c.Omit = 0, true
			info.EstimatedCost, info.EstimatedRows = 10, 10
		}
	}
	return nil
}

// Open implements vtab.Table.
func (t givenTable) Open() (vtab.Cursor, error) { return &givenRows{g: t.g}, nil }

// Disconnect implements vtab.Table.
func (givenTable) Disconnect() error { return nil }

// Destroy implements vtab.Table.
func (givenTable) Destroy() error { return nil }

// givenRows goes through rows.
type givenRows struct {
	g       *given
	columns []bunstore.Column
	row     int
}

// Filter implements vtab.Cursor.
func (r *givenRows) Filter(_ int, _ string, values []vtab.Value) error {
	if len(values) != 1 {
		return errors.New("given rows are not named")
	}
	number, _ := values[0].(int64)
	r.row, r.columns = 0, r.g.rows(number)
	if r.columns == nil {
		return fmt.Errorf("there are no rows %v", values[0])
	}
	return nil
}

// Next implements vtab.Cursor.
func (r *givenRows) Next() error { r.row++; return nil }

// Eof implements vtab.Cursor.
func (r *givenRows) Eof() bool { return r.row >= r.columns[0].Len() }

// Column implements vtab.Cursor.
func (r *givenRows) Column(i int) (vtab.Value, error) {
	if i >= len(r.columns) || r.columns[i].IsNull(r.row) {
		return nil, nil
	}
	switch c := &r.columns[i]; c.Kind {
	case bunstore.IDs:
		return c.IDs[r.row][:], nil
	case bunstore.Texts:
		return c.Texts[r.row], nil
	case bunstore.Integers:
		return c.Integers[r.row], nil
	case bunstore.Bools:
		return c.Bools[r.row], nil
	default:
		return c.Bytes[r.row], nil
	}
}

// Rowid implements vtab.Cursor.
func (r *givenRows) Rowid() (int64, error) { return int64(r.row), nil }

// Close implements vtab.Cursor.
func (r *givenRows) Close() error { return nil }
