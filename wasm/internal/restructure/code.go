package restructure

import "github.com/my21staff/my21staff/wasm/internal/module"

// instruction is an operation that is not control flow but to return or trap. A
// typed if without a branch inside counts as one.
type instruction struct {
	op byte
	operation
	arg   int64  // a local's, global's or function's index, a constant, the offset of an access
	align uint32 // of an access to memory
	raw   []byte // the operation as it was read; nil if it is what the fields say
}

// is reports whether i is the operation with the argument.
func (i instruction) is(op byte, arg int64) bool { return i.op == op && i.arg == arg }

// append writes the instruction to code.
func (i instruction) append(code []byte) []byte {
	if i.raw != nil {
		return append(code, i.raw...)
	}
	code = append(code, i.op)
	switch i.immediate {
	case index:
		code = module.AppendU(code, uint64(i.arg))
	case signed:
		code = module.AppendS(code, i.arg)
	case memory:
		code = module.AppendU(module.AppendU(code, uint64(i.align)), uint64(i.arg))
	}
	return code
}

// signatures holds what is needed to know a call's operands.
type signatures struct {
	types     []module.FuncType
	functions []uint32       // the types of all functions, the imported ones first
	never     map[int64]bool // the functions that never return
}

// decoder reads a function's operations one after the other.
type decoder struct {
	*module.Reader
	code []byte
	signatures
}

// instruction reads the rest of an operation that is not control flow, whose
// number op was at start.
func (d *decoder) instruction(op byte, start int) instruction {
	i := instruction{op: op, operation: operations[op]}
	switch i.immediate {
	case index:
		i.arg = int64(d.U32())
	case memory:
		i.align, i.arg = d.U32(), int64(d.U32())
	case page:
		d.Byte()
	case signed:
		i.arg = d.S()
	case float32s:
		d.Bytes(4)
	case float64s:
		d.Bytes(8)
	case indirect:
		i.arg = int64(d.U32())
		d.U32()
	case unknown:
		i.operation = d.prefixed(op)
	}
	d.call(&i)
	i.raw = d.code[start:d.Offset()]
	return i
}

// prefixed reads the rest of an operation that is not known by its first byte.
func (d *decoder) prefixed(op byte) operation {
	if op != opPrefixed {
		d.Fail("operation %#x", op)
		return operation{}
	}
	number := d.U32()
	o, immediates, known := prefixed(number)
	if !known {
		d.Fail("operation %#x %d", op, number)
	}
	for range immediates {
		d.U32()
	}
	return o
}

// call completes what a call takes and gives from its type.
func (d *decoder) call(i *instruction) {
	typeIndex := i.arg
	switch i.op {
	case opCall:
		if i.arg >= int64(len(d.functions)) {
			d.Fail("call of function %d", i.arg)
			return
		}
		typeIndex = int64(d.functions[i.arg])
	case opCallIndirect:
	default:
		return
	}
	if typeIndex >= int64(len(d.types)) || len(d.types[typeIndex].Results) > 1 {
		d.Fail("call with type %d", typeIndex)
		return
	}
	i.pops += len(d.types[typeIndex].Params)
	i.pushes += len(d.types[typeIndex].Results)
}

// typedIf reads the rest of an if that gives a value, up to its end. Such an if
// is one operation to this package, so no branch may leave it.
func (d *decoder) typedIf() {
	for depth := 1; depth > 0 && d.Err() == nil; {
		start := d.Offset()
		switch op := d.Byte(); op {
		case opIf:
			d.Byte()
			depth++
		case opElse, opUnreachable:
		case opEnd:
			depth--
		default:
			d.instruction(op, start)
		}
	}
}
