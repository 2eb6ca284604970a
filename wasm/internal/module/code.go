package module

import "fmt"

// The opcodes the build steps name. The others they only pass on.
const (
	OpUnreachable = 0x00
	OpBlock       = 0x02
	OpLoop        = 0x03
	OpIf          = 0x04
	OpEnd         = 0x0b
	OpBranchTable = 0x0e
	OpReturn      = 0x0f
	OpCall        = 0x10
	OpIndirect    = 0x11
	OpLocalGet    = 0x20
	OpLocalSet    = 0x21
	OpLocalTee    = 0x22
	OpI32Const    = 0x41
	OpI64Const    = 0x42
	OpF32Const    = 0x43
	OpF64Const    = 0x44
	OpI32Sub      = 0x6b
	OpPrefix      = 0xfc // of the opcodes with a second number
	OpVector      = 0xfd // of those of vectors
)

// NoResult is the type of a block that leaves nothing on the stack.
const NoResult = 0x40

// The second numbers of opcodes after OpPrefix and OpVector that the build steps name.
const (
	SubMemoryInit = 8
	SubDataDrop   = 9
	SubMemoryCopy = 10

	// After OpVector.
	SubVectorLoad  = 0
	SubVectorStore = 11
)

// Instruction is one instruction of a function's body.
type Instruction struct {
	Op  byte
	Sub uint32 // the second number of the opcode, after OpPrefix and OpVector

	// Value is the constant of i32.const and i64.const, and otherwise the
	// first index or number that follows the opcode: the function of a call,
	// the type of an indirect one, the local, the label. Floats have none.
	Value int64

	At, End int // where it is in the body
}

// Instructions calls visit for each instruction of a function's body, as Bodies
// returns it, in order; the last is the end of the body. It knows the opcodes
// that Go's linker writes, the first version's, sign extension, saturating
// conversion and bulk memory, and those of the kernels. Any other is an error,
// since the length of what follows is unknown then.
func Instructions(body []byte, visit func(Instruction)) error {
	return Read(body, func(r *Reader) {
		r.Locals()
		for !r.Done() {
			i := Instruction{At: r.at}
			i.Op = r.Byte()
			r.immediates(&i)
			if r.err != nil {
				return
			}
			i.End = r.at
			visit(i)
		}
	})
}

// Local is a run of locals of one type.
type Local struct {
	Count uint32
	Type  byte
}

// Locals reads the locals a body begins with.
func (r *Reader) Locals() []Local {
	locals := make([]Local, r.Len())
	for i := range locals {
		locals[i] = Local{Count: r.U32(), Type: r.Byte()}
	}
	return locals
}

// immediates reads what follows the opcode.
func (r *Reader) immediates(i *Instruction) {
	switch op := i.Op; {
	case op == OpBlock || op == OpLoop || op == OpIf || op == OpI32Const || op == OpI64Const:
		i.Value = r.S()
	case op == 0x0c || op == 0x0d || op == OpCall || 0x20 <= op && op <= 0x24: // branch, call, variable
		i.Value = int64(r.U32())
	case op == OpBranchTable:
		for range r.Len() + 1 {
			i.Value = int64(r.U32())
		}
	case op == OpIndirect || 0x28 <= op && op <= 0x3e: // type and table; alignment and offset
		i.Value = int64(r.U32())
		r.U32()
	case op == 0x3f || op == 0x40: // memory.size, memory.grow
		r.Byte()
	case op == OpF32Const:
		r.Bytes(4)
	case op == OpF64Const:
		r.Bytes(8)
	case op == OpPrefix:
		r.extended(i)
	case op == OpVector:
		r.vector(i)
	case op <= 0x01 || op == 0x05 || op == OpEnd || op == OpReturn || op == 0x1a || op == 0x1b || 0x45 <= op && op <= 0xc4:
	default:
		r.Fail("unknown opcode %#x", op)
	}
}

// extended reads the second number of an opcode and what follows it.
func (r *Reader) extended(i *Instruction) {
	i.Sub = r.U32()
	switch {
	case i.Sub <= 7: // saturating conversion
	case i.Sub == SubMemoryInit:
		i.Value = int64(r.U32())
		r.Byte()
	case i.Sub == SubDataDrop:
		i.Value = int64(r.U32())
	case i.Sub == SubMemoryCopy:
		r.Bytes(2)
	case i.Sub == 11: // memory.fill
		r.Byte()
	default:
		r.Fail("unknown opcode %#x %d", i.Op, i.Sub)
	}
}

// vector reads the second number of an opcode of vectors and what follows it. Of
// those it knows the ones that the build steps write: a load and a store, splats,
// comparisons and logic.
func (r *Reader) vector(i *Instruction) {
	i.Sub = r.U32()
	switch {
	case i.Sub == SubVectorLoad || i.Sub == SubVectorStore: // alignment and offset
		i.Value = int64(r.U32())
		r.U32()
	case 15 <= i.Sub && i.Sub <= 20, 35 <= i.Sub && i.Sub <= 83, 98 <= i.Sub && i.Sub <= 123:
	default:
		r.Fail("unknown opcode %#x %d", i.Op, i.Sub)
	}
}

// EachInstruction calls visit for each instruction of each function the module
// defines, with the body's number among them.
func (m *Module) EachInstruction(visit func(function int, body []byte, i Instruction)) error {
	bodies, err := m.Bodies()
	if err != nil {
		return err
	}
	for f, body := range bodies {
		if err := Instructions(body, func(i Instruction) { visit(f, body, i) }); err != nil {
			return fmt.Errorf("function %d of the code: %w", f, err)
		}
	}
	return nil
}
