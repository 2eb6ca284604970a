package shrink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// The fields of a _func (runtime/runtime2.go), as numbers of 32 bits. The
// offsets of its pcdata, and then of its funcdata, follow it.
const (
	fnEntry       = 0
	fnName        = 1
	fnArgs        = 2
	fnDeferReturn = 3
	fnSP          = 4
	fnFile        = 5
	fnLine        = 6
	fnCounters    = 7 // how many pcdata there are
	fnUnit        = 8
	fnStartLine   = 9
	fnKind        = 10 // funcID, flag, padding, how many funcdata there are
	fnWords       = 11
)

// What pcdata and funcdata are (internal/abi/symtab.go), as far as this package
// treats them in a way of their own.
const (
	counterUnsafePoint = 0 // read when a thread is interrupted, which wasm never is
	counterInlined     = 2
	counterArgLive     = 3 // read by tracebacks

	dataInlined = 3
	dataArgs    = 5 // read by tracebacks
	dataArgLive = 6 // read by tracebacks

	noData = math.MaxUint32
)

// trimmer takes out of Go's function tables what is read only to print, and
// what belongs to functions that are never called.
type trimmer struct {
	*program
	counters counters
	names    names
	data     map[uint32]bool // the offsets of functions' data; whether they stay
}

// trim trims. Every table stays at its address, and a function's record in its
// place.
func (p *program) trim(live []bool) error {
	table := func(s span) []byte { return p.memory[s.from:s.to] }
	t := trimmer{
		program: p, data: map[uint32]bool{},
		counters: newCounters(slices.Clone(table(p.symbols.counters))),
		names:    newNames(slices.Clone(table(p.symbols.names))),
	}
	for i := range p.symbols.count {
		if err := t.function(i, live); err != nil {
			return fmt.Errorf("the tables of function %d of %d: %w", i, p.symbols.count, err)
		}
	}
	t.clearData()
	t.coarsen()
	clear(table(p.symbols.units))
	clear(table(p.symbols.files))
	return errors.Join(replace(table(p.symbols.counters), t.counters.out), replace(table(p.symbols.names), t.names.out))
}

// replace overwrites a table with a shorter one and zeros.
func replace(table, with []byte) error {
	if len(with) > len(table) {
		return fmt.Errorf("a table of %d bytes would need %d", len(table), len(with))
	}
	clear(table[copy(table, with):])
	return nil
}

// function trims the record of the function that is number i in ftab, which has
// two numbers of 32 bits for each: where it begins and where its record is.
func (t *trimmer) function(i int, live []bool) error {
	r, err := t.record(i)
	if err != nil {
		return err
	}
	place := t.symbols.text + uint64(r.get(fnEntry))
	if place >= uint64(len(t.table)) || t.table[place] < 0 {
		return fmt.Errorf("it is at the place %#x of the table, where none is", place)
	}
	for _, field := range []int{fnFile, fnLine, fnUnit, fnStartLine} {
		r.set(field, 0)
	}
	if r.set(fnName, t.names.keep(r.get(fnName))); t.names.err != nil {
		return t.names.err
	}
	for j := range r.data() {
		at := r.get(r.dataAt(j))
		if at == noData {
			continue
		}
		if t.symbols.details+uint64(at) > t.symbols.buckets.from {
			return fmt.Errorf("its data are at %#x", at)
		}
		if !t.data[at] {
			t.data[at] = false // known, if not kept
		}
	}
	if f := t.table[place]; !live[f] && !t.once[f] {
		r.forget()
		return nil
	}
	return t.keep(r)
}

// keep keeps the tables of a function that is called.
func (t *trimmer) keep(r record) error {
	t.counters.keep(r.get(fnSP))
	for i := range r.counters() {
		switch i {
		case counterUnsafePoint, counterArgLive:
			r.set(fnWords+i, 0)
		case counterInlined:
			if err := t.inlined(r); err != nil {
				return err
			}
			fallthrough
		default:
			t.counters.keep(r.get(fnWords + i))
		}
	}
	for i := range r.data() {
		if i == dataArgs || i == dataArgLive {
			r.set(r.dataAt(i), noData)
		}
		if at := r.get(r.dataAt(i)); at != noData {
			t.data[at] = true
		}
	}
	return t.counters.err
}

// inlined takes the names and lines out of a function's tree of inlined calls:
// each is a funcID, its name, a program counter and a line, of 32 bits each.
// Functions may share one.
func (t *trimmer) inlined(r record) error {
	if r.data() <= dataInlined {
		return nil
	}
	tree := r.get(r.dataAt(dataInlined))
	if tree == noData || t.data[tree] {
		return nil
	}
	_, last := t.counters.read(r.get(fnWords + counterInlined))
	from := t.symbols.details + uint64(tree)
	if from+16*uint64(last+1) > t.symbols.buckets.from {
		return fmt.Errorf("it has %d inlined calls at %#x", last+1, from)
	}
	for i := range last + 1 {
		call := record(t.memory[from+16*uint64(i):])
		call.set(1, t.names.keep(call.get(1)))
		call.set(3, 0)
	}
	return t.names.err
}

// clearData clears functions' data that belong to none any more. One ends where
// the next begins at the latest.
func (t *trimmer) clearData() {
	starts := make([]uint32, 0, len(t.data))
	for at := range t.data {
		starts = append(starts, at)
	}
	slices.Sort(starts)
	for i, at := range starts {
		from, to := t.symbols.details+uint64(at), t.symbols.buckets.from
		if i+1 < len(starts) {
			to = t.symbols.details + uint64(starts[i+1])
		}
		if !t.data[at] && from < to {
			clear(t.memory[from:to])
		}
	}
}

// group is how many functions share an entry in the buckets after coarsen.
const group = 16

// coarsen rounds the numbers of functions in the buckets down. The runtime
// looks for a function from the number in its bucket on (findfunc), so that a
// lower one costs a few steps, and a table that repeats itself costs no space.
// Every function has as many buckets as program counters for itself, and so
// nothing to add to the number.
func (t *trimmer) coarsen() {
	for at := t.symbols.buckets.from; at+bucketSize <= t.symbols.buckets.to; at += bucketSize {
		bucket := t.memory[at:]
		number := binary.LittleEndian.Uint32(bucket)
		binary.LittleEndian.PutUint32(bucket, number-number%group)
	}
}
