package shrink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// span is a part of the memory, from its first byte to the one after its last.
type span struct{ from, to uint64 }

func (s span) holds(address uint64) bool { return s.from <= address && address < s.to }

// symbols are the places of what the Go linker laid out, as its moduledata
// tells (runtime/symtab.go). A wasm module has no other list of them.
type symbols struct {
	names     span   // funcnametab
	units     span   // cutab
	files     span   // filetab
	counters  span   // pctab, tables by program counter
	functions span   // pclntable, which begins with ftab
	count     int    // of functions in ftab, without its last entry
	buckets   span   // findfunctab
	details   uint64 // gofunc, from which functions' data are counted
	pclntab   span   // all of these
	readOnly  span   // types, strings, function values
	tasks     span   // inittasks, pointers to them
	itabs     span   // itablinks, pointers to them
	text      uint64 // place in the table from which functions are counted
}

// headerMagic begins the pcHeader of Go 1.20 and later: the number, two zeros,
// the least length of an instruction, the size of a pointer.
var headerMagic = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// The words of moduledata (Go 1.26). Of a slice it is the pointer, which its
// length and its capacity follow.
const (
	mdHeader    = 0
	mdNames     = 1
	mdUnits     = 4
	mdFiles     = 7
	mdCounters  = 10
	mdFunctions = 13
	mdFtab      = 16
	mdBuckets   = 19
	mdMinPC     = 20
	mdMaxPC     = 21
	mdText      = 22
	mdTypes     = 37
	mdDetails   = 40
	mdEnd       = 41 // epclntab
	mdItabs     = 48
	mdTasks     = 59
	mdWords     = 68
)

// The words of the pcHeader, from which the tables' offsets count.
const (
	headerCount     = 1
	headerNames     = 4
	headerUnits     = 5
	headerFiles     = 6
	headerCounters  = 7
	headerFunctions = 8
	headerWords     = 9
)

// findSymbols finds the moduledata: the one that points to a header which says
// of all its tables where they are as the moduledata does.
func findSymbols(memory []byte) (symbols, error) {
	m := words(memory)
	for header := uint64(0); header+headerWords*8 <= uint64(len(memory)); header += 8 {
		if string(memory[header:header+8]) != string(headerMagic) {
			continue
		}
		for at := uint64(0); at+mdWords*8 <= uint64(len(memory)); at += 8 {
			if m.at(at) != header || !m.agree(header, at) {
				continue
			}
			s := m.symbols(header, at)
			return s, s.check(memory)
		}
	}
	return symbols{}, errors.New("the memory has no function tables of Go 1.26")
}

// words is a memory of words of 64 bits.
type words []byte

func (w words) at(address uint64) uint64 { return binary.LittleEndian.Uint64(w[address:]) }

// get returns the word at an address that may be none.
func (w words) get(address uint64) (uint64, bool) {
	if address%8 != 0 || address >= uint64(len(w)) || uint64(len(w))-address < 8 {
		return 0, false
	}
	return w.at(address), true
}

// agree reports whether the header and the moduledata say the same.
func (w words) agree(header, data uint64) bool {
	for inHeader, inData := range map[uint64]uint64{
		headerNames: mdNames, headerUnits: mdUnits, headerFiles: mdFiles, headerCounters: mdCounters, headerFunctions: mdFunctions,
	} {
		if header+w.at(header+8*inHeader) != w.at(data+8*inData) {
			return false
		}
	}
	return w.at(header+8*headerCount)+1 == w.at(data+8*(mdFtab+1))
}

func (w words) symbols(header, data uint64) symbols {
	field := func(i uint64) uint64 { return w.at(data + 8*i) }
	slice := func(i, size uint64) span { return span{field(i), field(i) + size*field(i+1)} }
	return symbols{
		names: slice(mdNames, 1), units: slice(mdUnits, 4), files: slice(mdFiles, 1),
		counters: slice(mdCounters, 1), functions: slice(mdFunctions, 1),
		count:    int(field(mdFtab+1)) - 1,
		buckets:  span{field(mdBuckets), field(mdBuckets) + bucketsSize(field(mdMaxPC)-field(mdMinPC))},
		details:  field(mdDetails),
		pclntab:  span{header, field(mdEnd)},
		readOnly: span{field(mdTypes), header},
		tasks:    slice(mdTasks, 8),
		itabs:    slice(mdItabs, 8),
	}
}

// A bucket of findfunctab stands for bucketPCs program counters: a number of a
// function and 16 bytes that are added to it.
const (
	bucketPCs  = 4096
	bucketSize = 20
)

func bucketsSize(pcs uint64) uint64 { return pcs / bucketPCs * bucketSize }

// check returns an error unless all tables are where the linker puts them: in
// the memory, in one row, before the functions' data and the buckets.
func (s symbols) check(memory []byte) error {
	row := []uint64{
		s.readOnly.from, s.readOnly.to, s.names.from, s.names.to, s.units.from, s.units.to, s.files.from, s.files.to,
		s.counters.from, s.counters.to, s.functions.from, s.functions.to, s.details, s.buckets.from, s.buckets.to,
		s.pclntab.to, uint64(len(memory)),
	}
	outside := func(list span) bool { return list.from%8 != 0 || list.from > list.to || list.to > uint64(len(memory)) }
	if !slices.IsSorted(row) || outside(s.tasks) || outside(s.itabs) {
		return fmt.Errorf("the function tables of Go are at %#x, which is not where they should be", row)
	}
	return nil
}
