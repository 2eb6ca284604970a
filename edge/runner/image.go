package runner

import "encoding/binary"

// The ids of the sections of a module that split and expose look at
// (WebAssembly Core 2.0, 5.5.2).
const (
	sectionImport    = 2
	sectionTable     = 4
	sectionGlobal    = 6
	sectionExport    = 7
	sectionStart     = 8
	sectionElement   = 9
	sectionCode      = 10
	sectionData      = 11
	sectionDataCount = 12
)

// header is how many bytes a module begins with: what it is, and its version.
const header = 8

// split takes the data out of a module: it returns the module without its data
// section, and the bytes that section would have written at the beginning of
// the memory. An instance of code whose memory begins with data is what an
// instance of the module would be. limit bounds the data.
//
// It reports false for a module with which that cannot be done or is not worth
// it: malformed, without data, with data that only the code copies, or at an
// address that is not written out.
func split(module []byte, limit int) (code, data []byte, ok bool) {
	code = append(make([]byte, 0, len(module)), module[:min(len(module), header)]...)
	ok = eachSection(module, func(id byte, whole, body []byte) (ok bool) {
		switch {
		case id == sectionDataCount || id == sectionData && data != nil:
			return false // with a count, the code refers to segments by number
		case id == sectionData:
			data, ok = segments(body, limit)
			return ok
		}
		code = append(code, whole...)
		return true
	})
	if !ok || len(data) == 0 {
		return nil, nil, false
	}
	return code, data, true
}

// eachSection calls visit for each section of a module, as a whole and as what
// it contains, until that reports false. It reports false then, and for a module
// that it cannot read.
func eachSection(module []byte, visit func(id byte, whole, body []byte) bool) bool {
	if len(module) < header {
		return false
	}
	for r := (scanner{rest: module[header:]}); len(r.rest) > 0; {
		whole := r.rest
		id := r.byte()
		body := r.bytes(r.uint())
		if r.bad || !visit(id, whole[:len(whole)-len(r.rest)], body) {
			return false
		}
	}
	return true
}

// segments lays out a data section. It goes over it twice, to make room for the
// whole at once.
func segments(section []byte, limit int) (data []byte, ok bool) {
	var end uint64
	ok = eachSegment(section, func(offset uint32, bytes []byte) {
		end = max(end, uint64(offset)+uint64(len(bytes)))
	})
	if !ok || end > uint64(limit) {
		return nil, false
	}
	data = make([]byte, end)
	return data, eachSegment(section, func(offset uint32, bytes []byte) { copy(data[offset:], bytes) })
}

// eachSegment calls visit with what each segment writes where, in order. It
// reports false for a section in which it cannot tell.
func eachSegment(section []byte, visit func(offset uint32, bytes []byte)) bool {
	r := scanner{rest: section}
	for range r.uint() {
		offset := r.constant()
		bytes := r.bytes(r.uint())
		if r.bad {
			return false
		}
		visit(offset, bytes)
	}
	return !r.bad && len(r.rest) == 0
}

// scanner reads the binary format. What it cannot read makes it bad for good.
type scanner struct {
	rest []byte
	bad  bool
}

func (r *scanner) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *scanner) bytes(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// uint reads an unsigned number in LEB128.
func (r *scanner) uint() uint32 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > 1<<32-1 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return uint32(v)
}

// constant reads the head of an active segment of memory 0: its flags and the
// expression "i32.const offset, end". The offset is signed in the format; one
// that is negative means an address beyond 2 GiB and is not worth reading.
func (r *scanner) constant() (offset uint32) {
	const i32Const, end = 0x41, 0x0b
	flags, op := r.byte(), r.byte()
	v, n := binary.Uvarint(r.rest)
	if flags != 0 || op != i32Const || n <= 0 || v >= 1<<31 || n < 5 && r.rest[n-1]&0x40 != 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	if r.byte() != end {
		r.fail()
	}
	return uint32(v)
}

// number reads an expression that is one number of any type.
func (r *scanner) number() {
	const i32Const, i64Const, f32Const, f64Const, end = 0x41, 0x42, 0x43, 0x44, 0x0b
	switch r.byte() {
	case i32Const, i64Const:
		for r.byte() >= 0x80 {
		}
	case f32Const:
		r.bytes(4)
	case f64Const:
		r.bytes(8)
	default:
		r.fail()
	}
	if r.byte() != end {
		r.fail()
	}
}

func (r *scanner) fail() { r.rest, r.bad = nil, true }
