package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// given is a virtual table of the rows that are a statement's argument: what
// arrays are elsewhere. A statement that names it has the same text for any number
// of rows and is parsed once in the life of a connection. With the rows written
// into the text, to read and compile them was a quarter of what a message cost.
//
// Rows are held while a statement with them runs, and named by a number. Their texts
// and bytes are put into SQLite's memory once, and read there. The driver's own virtual
// tables copy every value twice and look the cursor up under a lock for each, which was
// a twentieth of what a message cost (SQLite, "The Virtual Table Mechanism Of SQLite").
type given struct {
	mu   sync.Mutex
	tls  *libc.TLS // for memory
	last int64
	held map[int64]*givenRows
}

// givenRows are rows that a statement is given.
type givenRows struct {
	columns []givenColumn
	n       int
	memory  uintptr // SQLite's, with the ids, texts and bytes of all columns one after the other
}

// givenColumn is a column of them.
type givenColumn struct {
	*bunstore.Column
	begin int   // of its ids, texts or bytes in the memory
	ends  []int // of each
}

// mostColumns is how many columns given rows may have; after them comes the one
// that names the rows.
const mostColumns = 40

// rowsGiven are those of all connections, as a module is the process's.
var rowsGiven = given{tls: libc.NewTLS(), held: make(map[int64]*givenRows)}

// provider is the driver.
var provider = sync.OnceValues(func() (*sqlite.Driver, error) {
	configureMutexes() // or SQLite's own stay
	configurePageCache()
	registerGathers()
	return new(sqlite.Driver), registerGiven()
})

// hold keeps rows and returns their number.
func (g *given) hold(columns []bunstore.Column) (int64, error) {
	rows := &givenRows{columns: make([]givenColumn, len(columns)), n: columns[0].Len()}
	size := 0
	for i := range columns {
		rows.columns[i].Column = &columns[i]
		size += measure(&columns[i])
	}
	if rows.memory = g.allocate(size); rows.memory == 0 {
		return 0, errNoMemory
	}
	memory, end := unsafe.Slice(at[byte](rows.memory), size), 0
	for i := range rows.columns {
		end = rows.columns[i].put(memory, end)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	g.held[g.last] = rows
	return g.last, nil
}

func (g *given) allocate(size int) uintptr {
	g.mu.Lock()
	defer g.mu.Unlock()
	return libc.Xmalloc(g.tls, types.Size_t(size))
}

var errNoMemory = errors.New("sqlite: out of memory")

// measure returns how many bytes a column's ids, texts and bytes are.
func measure(c *bunstore.Column) (size int) {
	size = len(c.IDs) * len([16]byte{})
	for _, text := range c.Texts {
		size += len(text)
	}
	for _, bytes := range c.Bytes {
		size += len(bytes)
	}
	return size
}

// put puts a column's ids, texts and bytes into memory from begin on, and returns where
// they end.
func (c *givenColumn) put(memory []byte, begin int) (end int) {
	c.begin, end = begin, begin
	c.ends = make([]int, 0, len(c.IDs)+len(c.Texts)+len(c.Bytes))
	for i := range c.IDs {
		end += copy(memory[end:], c.IDs[i][:])
		c.ends = append(c.ends, end)
	}
	for _, text := range c.Texts {
		end += copy(memory[end:], text)
		c.ends = append(c.ends, end)
	}
	for _, bytes := range c.Bytes {
		end += copy(memory[end:], bytes)
		c.ends = append(c.ends, end)
	}
	return end
}

func (g *given) release(number int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	libc.Xfree(g.tls, g.held[number].memory)
	delete(g.held, number)
}

func (g *given) rows(number int64) *givenRows {
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

// What SQLite keeps of the table, in its own memory.
var (
	givenModule  uintptr // the methods
	givenName    uintptr
	givenSchema  uintptr
	givenRefusal uintptr
)

// registerGiven has every connection know the table, without it being made.
func registerGiven() error {
	tls := libc.NewTLS()
	defer tls.Close()
	var schema strings.Builder
	for i := range mostColumns {
		fmt.Fprintf(&schema, "c%d, ", i)
	}
	for to, text := range map[*uintptr]string{
		&givenName:    "given",
		&givenSchema:  "create table given (" + schema.String() + "rows hidden)",
		&givenRefusal: "there are no rows that were given this number",
	} {
		var err error
		if *to, err = libc.CString(text); err != nil {
			return err
		}
	}
	if givenModule = libc.Xcalloc(tls, 1, types.Size_t(unsafe.Sizeof(sqlite3.Tsqlite3_module{}))); givenModule == 0 {
		return errNoMemory
	}
	*at[sqlite3.Tsqlite3_module](givenModule) = sqlite3.Tsqlite3_module{
		FxConnect:    handle(connectGiven), // and no FxCreate: the table is there by itself
		FxBestIndex:  handle(planGiven),
		FxDisconnect: handle(freeGiven),
		FxOpen:       handle(openGiven),
		FxClose:      handle(freeGiven),
		FxFilter:     handle(nameGiven),
		FxNext:       handle(nextGiven),
		FxEof:        handle(endGiven),
		FxColumn:     handle(columnGiven),
		FxRowid:      handle(rowidGiven),
	}
	if rc := sqlite3.Xsqlite3_auto_extension(tls, handle(addGiven)); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("sqlite: a virtual table cannot be registered (%d)", rc)
	}
	return nil
}

// addGiven adds the module to a connection that is being opened.
func addGiven(tls *libc.TLS, db, _, _ uintptr) int32 {
	return sqlite3.Xsqlite3_create_module_v2(tls, db, givenName, givenModule, 0, 0)
}

// connectGiven is xConnect.
func connectGiven(tls *libc.TLS, db, _ uintptr, _ int32, _, table, _ uintptr) int32 {
	if rc := sqlite3.Xsqlite3_declare_vtab(tls, db, givenSchema); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return makeGiven(tls, table, unsafe.Sizeof(sqlite3.Tsqlite3_vtab{}))
}

// makeGiven makes what SQLite calls a table or a cursor.
func makeGiven(tls *libc.TLS, into, size uintptr) int32 {
	made := libc.Xcalloc(tls, 1, types.Size_t(size))
	if made == 0 {
		return sqlite3.SQLITE_NOMEM
	}
	*at[uintptr](into) = made
	return sqlite3.SQLITE_OK
}

// freeGiven is xDisconnect and xClose.
func freeGiven(tls *libc.TLS, made uintptr) int32 {
	libc.Xfree(tls, made)
	return sqlite3.SQLITE_OK
}

// planGiven is xBestIndex: the rows must be named. Their number is not known when a
// plan is made, but it is small beside any table's.
func planGiven(_ *libc.TLS, _, info uintptr) int32 {
	plan := at[sqlite3.Tsqlite3_index_info](info)
	plan.FestimatedCost, plan.FestimatedRows = 1e12, 1e9
	for i := range uintptr(plan.FnConstraint) {
		c := at[sqlite3.Tsqlite3_index_constraint](plan.FaConstraint + i*unsafe.Sizeof(sqlite3.Tsqlite3_index_constraint{}))
		if c.FiColumn == mostColumns && c.Fop == sqlite3.SQLITE_INDEX_CONSTRAINT_EQ && c.Fusable != 0 {
			*at[sqlite3.Tsqlite3_index_constraint_usage](plan.FaConstraintUsage + i*unsafe.Sizeof(sqlite3.Tsqlite3_index_constraint_usage{})) =
				sqlite3.Tsqlite3_index_constraint_usage{FargvIndex: 1, Fomit: 1}
			plan.FestimatedCost, plan.FestimatedRows = 10, 10
			break
		}
	}
	return sqlite3.SQLITE_OK
}

// givenCursor is a cursor.
type givenCursor struct {
	sqlite3.Tsqlite3_vtab_cursor
	rows uintptr // a *givenRows, which given holds
	row  int
}

// openGiven is xOpen.
func openGiven(tls *libc.TLS, _, cursor uintptr) int32 {
	return makeGiven(tls, cursor, unsafe.Sizeof(givenCursor{}))
}

// nameGiven is xFilter.
func nameGiven(tls *libc.TLS, cursor uintptr, _ int32, _ uintptr, n int32, values uintptr) int32 {
	c := at[givenCursor](cursor)
	c.row, c.rows = 0, 0
	if n == 1 {
		value := *at[uintptr](values)
		c.rows = uintptr(unsafe.Pointer(rowsGiven.rows(sqlite3.Xsqlite3_value_int64(tls, value))))
	}
	if c.rows == 0 {
		at[sqlite3.Tsqlite3_vtab](c.FpVtab).FzErrMsg = sqlite3.Xsqlite3_mprintf(tls, givenRefusal, 0) // which SQLite frees
		return sqlite3.SQLITE_ERROR
	}
	return sqlite3.SQLITE_OK
}

// nextGiven is xNext.
func nextGiven(_ *libc.TLS, cursor uintptr) int32 {
	at[givenCursor](cursor).row++
	return sqlite3.SQLITE_OK
}

// endGiven is xEof.
func endGiven(_ *libc.TLS, cursor uintptr) int32 {
	c := at[givenCursor](cursor)
	return libc.Bool32(c.row >= at[givenRows](c.rows).n)
}

// columnGiven is xColumn. Texts and bytes stay where they are: they are held for as
// long as the statement runs, and SQLite copies what it keeps.
func columnGiven(tls *libc.TLS, cursor, result uintptr, i int32) int32 {
	row, rows := at[givenCursor](cursor).row, at[givenRows](at[givenCursor](cursor).rows)
	if int(i) >= len(rows.columns) || rows.columns[i].IsNull(row) {
		return sqlite3.SQLITE_OK // NULL, as it is from the beginning
	}
	switch c := &rows.columns[i]; c.Kind {
	case bunstore.Integers:
		sqlite3.Xsqlite3_result_int64(tls, result, c.Integers[row])
	case bunstore.Bools:
		sqlite3.Xsqlite3_result_int64(tls, result, int64(libc.Bool32(c.Bools[row])))
	case bunstore.Texts:
		where, size := c.where(row)
		sqlite3.Xsqlite3_result_text(tls, result, rows.memory+where, size, sqlite3.SQLITE_STATIC)
	default:
		where, size := c.where(row)
		sqlite3.Xsqlite3_result_blob(tls, result, rows.memory+where, size, sqlite3.SQLITE_STATIC)
	}
	return sqlite3.SQLITE_OK
}

// where returns where in the memory a row's id, text or bytes are.
func (c *givenColumn) where(row int) (begin uintptr, size int32) {
	from := c.begin
	if row > 0 {
		from = c.ends[row-1]
	}
	return uintptr(from), int32(c.ends[row] - from)
}

// rowidGiven is xRowid.
func rowidGiven(_ *libc.TLS, cursor, into uintptr) int32 {
	*at[int64](into) = int64(at[givenCursor](cursor).row)
	return sqlite3.SQLITE_OK
}
