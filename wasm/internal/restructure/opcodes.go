package restructure

// The operations this package looks at or writes.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Load      = 0x28
	opI64Load      = 0x29
	opF32Load      = 0x2a
	opF64Load      = 0x2b
	opI32Load8U    = 0x2d
	opI64Load8U    = 0x31
	opI64Load32U   = 0x35
	opI32Store     = 0x36
	opI64Store     = 0x37
	opF32Store     = 0x38
	opF64Store     = 0x39
	opI64Store32   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32Eq        = 0x46
	opI32Ne        = 0x47
	opI32LtS       = 0x48
	opI32LtU       = 0x49
	opI32GeU       = 0x4f
	opI64Eqz       = 0x50
	opI64Eq        = 0x51
	opI64Ne        = 0x52
	opI64LtS       = 0x53
	opI64LtU       = 0x54
	opI64GeU       = 0x5a
	opF32Eq        = 0x5b
	opF32Ne        = 0x5c
	opF64Eq        = 0x61
	opF64Ne        = 0x62
	opF64Ge        = 0x66
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Add       = 0x7c
	opI64And       = 0x83
	opI32Wrap      = 0xa7 // i32.wrap_i64
	opI64ExtendS   = 0xac // i64.extend_i32_s
	opI64ExtendU   = 0xad // i64.extend_i32_u
	opPrefixed     = 0xfc
)

// memoryFill is the number of memory.fill after opPrefixed.
const memoryFill = 11

// emptyBlock is the type of a block that takes and gives nothing.
const emptyBlock = 0x40

// immediate says what follows an operation's number.
type immediate byte

const (
	unknown  immediate = iota // not an operation this package knows
	none                      // nothing
	index                     // one unsigned number
	memory                    // alignment and offset
	page                      // one byte
	signed                    // one signed number
	float32s                  // 4 bytes
	float64s                  // 8 bytes
	indirect                  // type and table
)

// operation is what belongs to an operation's number: its immediate, and how
// many values it takes from the operand stack and gives to it.
type operation struct {
	immediate    immediate
	pops, pushes int
}

// operations holds the operations that are not control flow, by number. What a
// call takes and gives beside an index is in its type.
var operations = func() (table [256]operation) {
	for _, r := range []struct {
		first, last byte
		operation
	}{
		{opNop, opNop, operation{none, 0, 0}},
		{opCall, opCall, operation{index, 0, 0}},
		{opCallIndirect, opCallIndirect, operation{indirect, 1, 0}},
		{opDrop, opDrop, operation{none, 1, 0}},
		{opSelect, opSelect, operation{none, 3, 1}},
		{opLocalGet, opLocalGet, operation{index, 0, 1}},
		{opLocalSet, opLocalSet, operation{index, 1, 0}},
		{opLocalTee, opLocalTee, operation{index, 1, 1}},
		{opGlobalGet, opGlobalGet, operation{index, 0, 1}},
		{opGlobalSet, opGlobalSet, operation{index, 1, 0}},
		{opI32Load, opI64Load32U, operation{memory, 1, 1}},
		{opI32Store, opI64Store32, operation{memory, 2, 0}},
		{opMemorySize, opMemorySize, operation{page, 0, 1}},
		{opMemoryGrow, opMemoryGrow, operation{page, 1, 1}},
		{opI32Const, opI64Const, operation{signed, 0, 1}},
		{opF32Const, opF32Const, operation{float32s, 0, 1}},
		{opF64Const, opF64Const, operation{float64s, 0, 1}},
		{opI32Eqz, opI32Eqz, operation{none, 1, 1}},
		{opI32Eq, opI32GeU, operation{none, 2, 1}},
		{opI64Eqz, opI64Eqz, operation{none, 1, 1}},
		{opI64Eq, opF64Ge, operation{none, 2, 1}},
		{0x67, 0x69, operation{none, 1, 1}}, // i32 clz, ctz, popcnt
		{0x6a, 0x78, operation{none, 2, 1}}, // i32 arithmetic
		{0x79, 0x7b, operation{none, 1, 1}}, // i64 clz, ctz, popcnt
		{0x7c, 0x8a, operation{none, 2, 1}}, // i64 arithmetic
		{0x8b, 0x91, operation{none, 1, 1}}, // f32 abs to sqrt
		{0x92, 0x98, operation{none, 2, 1}}, // f32 arithmetic
		{0x99, 0x9f, operation{none, 1, 1}}, // f64 abs to sqrt
		{0xa0, 0xa6, operation{none, 2, 1}}, // f64 arithmetic
		{0xa7, 0xc4, operation{none, 1, 1}}, // conversions
	} {
		for op := int(r.first); op <= int(r.last); op++ {
			table[op] = r.operation
		}
	}
	return table
}()

// prefixed returns what the operations after the prefix 0xfc take and give, and
// how many immediates follow their number.
func prefixed(number uint32) (o operation, immediates int, known bool) {
	switch {
	case number <= 7: // saturating truncations
		return operation{none, 1, 1}, 0, true
	case number == 8, number == 10: // memory.init, memory.copy
		return operation{index, 3, 0}, 2, true
	case number == 9: // data.drop
		return operation{index, 0, 0}, 1, true
	case number == memoryFill:
		return operation{index, 3, 0}, 1, true
	}
	return operation{}, 0, false
}
