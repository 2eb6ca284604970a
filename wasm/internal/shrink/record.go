package shrink

import (
	"encoding/binary"
	"errors"
)

// record is a _func, or other numbers of 32 bits.
type record []byte

func (r record) get(i int) uint32    { return binary.LittleEndian.Uint32(r[4*i:]) }
func (r record) set(i int, v uint32) { binary.LittleEndian.PutUint32(r[4*i:], v) }

// counters and data are how many pcdata and funcdata there are, dataAt is where
// the offset of one of the latter is.
func (r record) counters() int    { return int(r.get(fnCounters)) }
func (r record) data() int        { return int(r[4*fnKind+3]) }
func (r record) dataAt(i int) int { return fnWords + r.counters() + i }

// record returns the record of the function that is number i in ftab.
func (p *program) record(i int) (record, error) {
	table := p.memory[p.symbols.functions.from:p.symbols.functions.to]
	short := errors.New("its record is not in the table")
	if 8*(i+1) > len(table) {
		return nil, short
	}
	at := uint64(binary.LittleEndian.Uint32(table[8*i+4:]))
	if at+4*fnWords > uint64(len(table)) {
		return nil, short
	}
	r := record(table[at:])
	if words := uint64(fnWords) + uint64(r.get(fnCounters)) + uint64(r.data()); at+4*words > uint64(len(table)) {
		return nil, short
	}
	return r, nil
}

// forget leaves nothing but where the function begins, its name and its kind.
func (r record) forget() {
	for _, field := range []int{fnArgs, fnDeferReturn, fnSP} {
		r.set(field, 0)
	}
	for i := range r.counters() {
		r.set(fnWords+i, 0)
	}
	for i := range r.data() {
		r.set(r.dataAt(i), noData)
	}
}
