package kernel

import (
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// The operations of the scan, beyond those in code.go. A value is of 32 bits unless
// the name says otherwise.

func instruction(op byte, arguments ...code) code { return append(slices.Concat(arguments...), op) }

// memory is an access to memory, which need not be aligned.
func memory(op byte, offset local, arguments ...code) code {
	return module.AppendU(append(slices.Concat(arguments...), op, 0), uint64(offset))
}

func load8(base, offset local) code  { return memory(0x2d, offset, base.get()) }
func load16(base, offset local) code { return memory(0x2f, offset, base.get()) }
func load64(base, offset local) code { return memory(0x29, offset, base.get()) }

// load64Before loads the 64 bits that begin before an address.
func load64Before(base local, before uint32) code {
	return memory(0x29, 0, subtract(base.get(), constant(before)))
}

func storeWord(base, offset local, v code) code { return memory(0x36, offset, base.get(), v) }
func store64(base, offset local, v code) code   { return memory(0x37, offset, base.get(), v) }

func constant64(v int64) code { return module.AppendS([]byte{module.OpI64Const}, v) }

func isZero(v code) code                  { return instruction(0x45, v) }
func equal(a, b code) code                { return instruction(0x46, a, b) }
func notEqual(a, b code) code             { return instruction(0x47, a, b) }
func below(a, b code) code                { return instruction(0x49, a, b) } // unsigned
func notBelow(a, b code) code             { return instruction(0x4f, a, b) }
func notEqual64(a, b code) code           { return instruction(0x52, a, b) }
func trailingZeros(v code) code           { return instruction(0x68, v) }
func subtract(a, b code) code             { return instruction(module.OpI32Sub, a, b) }
func not(v code) code                     { return xor(v, constant(^uint32(0))) }
func shiftLeft(v code, n uint32) code     { return instruction(0x74, v, constant(n)) }
func shiftRight(v code, n uint32) code    { return instruction(opShift, v, constant(n)) }
func add64(a, b code) code                { return instruction(0x7c, a, b) }
func subtract64(a, b code) code           { return instruction(0x7d, a, b) }
func multiply64(a, b code) code           { return instruction(0x7e, a, b) }
func and64(a, b code) code                { return instruction(0x83, a, b) }
func or64(a, b code) code                 { return instruction(0x84, a, b) }
func xor64(a, b code) code                { return instruction(0x85, a, b) }
func shiftLeft64(v code, n int64) code    { return instruction(opShiftLeft64, v, constant64(n)) }
func shiftRight64(v code, n int64) code   { return instruction(opShift64, v, constant64(n)) }
func wrap(v code) code                    { return instruction(0xa7, v) } // the lower half of 64 bits
func extend(v code) code                  { return instruction(0xad, v) } // to 64 bits
func choose(yes, no, condition code) code { return instruction(0x1b, yes, no, condition) }

const (
	opBranch      = 0x0c
	opReturn      = module.OpReturn
	opShiftLeft64 = 0x86
	opShift64     = 0x88 // to the right, filling with zeros
)

// Vectors are of sixteen bytes.

func vector(op uint64, arguments ...code) code {
	return module.AppendU(append(slices.Concat(arguments...), module.OpVector), op)
}

func every(c byte) code { return vector(15, constant(uint32(c))) }
func vectorLoad(base, offset local) code {
	return module.AppendU(append(vector(module.SubVectorLoad, base.get()), 0), uint64(offset))
}
func vectorEqual(a, b code) code { return vector(35, a, b) }
func vectorLess(a, b code) code  { return vector(37, a, b) }  // signed
func vectorLeast(a, b code) code { return vector(118, a, b) } // signed
func vectorOr(a, b code) code    { return vector(80, a, b) }
func bitmask(v code) code        { return vector(100, v) }
