package module

import (
	"encoding/binary"
	"math"
)

// GlobalVar is a global the module defines, with a constant it begins with.
type GlobalVar struct {
	Type    byte
	Mutable byte
	Value   uint64 // the bits; of 32-bit types the lower half
}

// Globals returns the globals the module defines. Only numbers can be read.
func (m *Module) Globals() ([]GlobalVar, error) {
	var globals []GlobalVar
	err := m.vector(Global, func(r *Reader) {
		g := GlobalVar{Type: r.Byte(), Mutable: r.Byte()}
		switch op := r.Byte(); {
		case op == OpI32Const && g.Type == I32:
			g.Value = uint64(uint32(r.S()))
		case op == OpI64Const && g.Type == I64:
			g.Value = uint64(r.S())
		case op == OpF32Const && g.Type == F32:
			g.Value = uint64(r.word(4))
		case op == OpF64Const && g.Type == F64:
			g.Value = r.word(8)
		default:
			r.Fail("a global of type %#x begins with %#x", g.Type, op)
		}
		if op := r.Byte(); op != OpEnd {
			r.Fail("the value of a global goes on with %#x", op)
		}
		globals = append(globals, g)
	})
	return globals, err
}

// word reads a little-endian number of n bytes.
func (r *Reader) word(n int) uint64 {
	var word [8]byte
	copy(word[:], r.Bytes(n))
	return binary.LittleEndian.Uint64(word[:])
}

// GlobalSection returns the body of a global section.
func GlobalSection(globals []GlobalVar) []byte {
	out := AppendU(nil, uint64(len(globals)))
	for _, g := range globals {
		out = append(out, g.Type, g.Mutable)
		switch g.Type {
		case I32:
			out = AppendS(append(out, OpI32Const), int64(int32(g.Value)))
		case I64:
			out = AppendS(append(out, OpI64Const), int64(g.Value))
		case F32:
			out = binary.LittleEndian.AppendUint32(append(out, OpF32Const), uint32(g.Value&math.MaxUint32))
		case F64:
			out = binary.LittleEndian.AppendUint64(append(out, OpF64Const), g.Value)
		}
		out = append(out, OpEnd)
	}
	return out
}
