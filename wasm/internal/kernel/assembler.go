package kernel

import (
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// assembler writes a function with branches: it knows which blocks are open, so
// that a branch names the one it leaves or repeats.
type assembler struct {
	code   code
	locals []byte // their types, without the parameters'
	params int
	open   []*label
}

// label is a block, which a branch leaves, or a loop, which it repeats.
type label struct{ name string }

func (a *assembler) local(typ byte) local {
	a.locals = append(a.locals, typ)
	return local(a.params + len(a.locals) - 1)
}

// do appends instructions that leave nothing on the stack.
func (a *assembler) do(pieces ...code) { a.code = append(a.code, slices.Concat(pieces...)...) }

func (a *assembler) block(l *label, body func()) { a.nest(opBlock, l, body) }
func (a *assembler) loop(l *label, body func())  { a.nest(opLoop, l, body) }

// when runs body if a value is not 0.
func (a *assembler) when(condition code, body func()) {
	a.do(condition)
	a.nest(module.OpIf, nil, body)
}

func (a *assembler) nest(op byte, l *label, body func()) {
	a.do(code{op, noResult})
	a.open = append(a.open, l)
	body()
	a.open = a.open[:len(a.open)-1]
	a.do(code{opEnd})
}

// branch goes to a label that is open.
func (a *assembler) branch(l *label) { a.do(a.jump(opBranch, l)) }

// branchIf goes there if a value is not 0.
func (a *assembler) branchIf(l *label, condition code) { a.do(condition, a.jump(opBranchIf, l)) }

func (a *assembler) jump(op byte, l *label) code {
	at := slices.Index(a.open, l)
	if at < 0 {
		panic("kernel: a branch to " + l.name + ", which is not open") // the programmer's
	}
	return module.AppendU(code{op}, uint64(len(a.open)-1-at))
}

// body returns the function's body: its locals, one by one, and its code.
func (a *assembler) body() []byte {
	out := module.AppendU(nil, uint64(len(a.locals)))
	for _, typ := range a.locals {
		out = append(out, 1, typ)
	}
	return append(append(out, a.code...), opEnd)
}
