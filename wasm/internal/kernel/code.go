package kernel

import (
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// code is a piece of a function. What a function below calls a value is code
// that leaves one number of 32 bits on the stack.
type code []byte

// The opcodes that are used.
const (
	opBlock    = module.OpBlock
	opLoop     = module.OpLoop
	opEnd      = module.OpEnd
	opBranchIf = 0x0d
	opLoad     = 0x28
	opStore    = 0x36
	opEqz      = 0x45
	opAdd      = 0x6a
	opAnd      = 0x71
	opOr       = 0x72
	opXor      = 0x73
	opShift    = 0x76 // to the right, filling with zeros
	opRotate   = 0x78 // to the right

	noResult = 0x40 // the type of a block
)

func (l local) get() code                { return l.instruction(module.OpLocalGet) }
func (l local) set(v code) code          { return slices.Concat(v, l.instruction(module.OpLocalSet)) }
func (l local) tee(v code) code          { return slices.Concat(v, l.instruction(module.OpLocalTee)) }
func (l local) instruction(op byte) code { return module.AppendU([]byte{op}, uint64(l)) }

// constant returns the value v.
func constant(v uint32) code { return module.AppendS([]byte{module.OpI32Const}, int64(int32(v))) }

// load returns the word at an address that a local and an offset add up to.
func load(base, offset local) code {
	return slices.Concat(base.get(), module.AppendU(code{opLoad, 0}, uint64(offset)))
}

func binary(op byte, a, b code) code { return slices.Concat(a, b, code{op}) }

func add(a, b code) code              { return binary(opAdd, a, b) }
func and(a, b code) code              { return binary(opAnd, a, b) }
func or(a, b code) code               { return binary(opOr, a, b) }
func xor(a, b code) code              { return binary(opXor, a, b) }
func rotate(v code, bits uint32) code { return binary(opRotate, v, constant(bits)) }
