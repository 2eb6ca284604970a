package restructure

import (
	"errors"
	"maps"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// maxDepth bounds how deep expressions are nested.
const maxDepth = 1 << 12

var errDepth = errors.New("an expression nested too deeply")

// trees is a block's code as expressions. Their operands are evaluated from
// left to right, as the operand stack demands, so that writing an expression's
// operands and then its operation is the code it came from.
type trees struct {
	body    []*node // run one after the other
	operand *node   // of the exit, if it chooses
}

// node is an operation with its operands.
type node struct {
	instruction
	args  []*node
	after []*node // what runs next, while the node's value waits on the operand stack
	depth int     // at least how deep the node is
}

// operate returns an instruction of the operation.
func operate(op byte, arg int64) instruction {
	return instruction{op: op, operation: operations[op], arg: arg}
}

// apply returns a node of the operation.
func apply(op byte, arg int64, args ...*node) *node {
	n := &node{instruction: operate(op, arg), args: args}
	n.measure(args)
	return n
}

// measure takes the depth of nodes that are part of n into account.
func (n *node) measure(parts []*node) {
	for _, p := range parts {
		n.depth = max(n.depth, p.depth+1)
	}
}

// planter turns a block's code into trees.
type planter struct {
	body  []*node
	stack []*node // values that wait
	depth int
	simplifier
}

// simplify turns the code of a graph's blocks into simplified trees. What all
// the blocks left in a local that lead to one is known there.
func simplify(blocks []*block) error {
	after := map[*block]flags{}
	for _, b := range blocks {
		p := planter{simplifier: simplifier{flags{}}}
		for i, f := range b.from {
			if i == 0 {
				maps.Copy(p.flags, after[f])
			}
			keepCommon(p.flags, after[f])
		}
		p.plant(b)
		if p.depth > maxDepth {
			return errDepth
		}
		after[b] = p.flags
	}
	return nil
}

// plant turns the code of b into trees.
func (p *planter) plant(b *block) {
	for _, i := range b.code {
		p.add(i)
	}
	b.trees = trees{}
	if b.exit == branch || b.exit == table {
		b.operand = p.choice(p.pop(1)[0])
	}
	b.body = append(p.body, p.stack...) // what is left waits for code that never returns
}

// choice returns the operand of an exit. A comparison that is stored and tested
// at once is stored first, so that the test can be the comparison itself.
func (p *planter) choice(n *node) *node {
	var tests []*node // of the comparison, the outermost first
	at := n
	for at.op == opI32Wrap || at.op == opI64Eqz || at.op == opI32Eqz {
		tests = append(tests, at)
		at = at.args[0]
	}
	if at.op != opLocalTee || p.flags[at.arg] == nil || len(at.after) > 0 {
		return n
	}
	p.body = append(p.body, apply(opLocalSet, at.arg, at.args...))
	at = apply(opLocalGet, at.arg)
	for i := len(tests) - 1; i >= 0; i-- {
		test := apply(tests[i].op, 0, at)
		test.after = tests[i].after
		at = p.simplify(test)
	}
	return at
}

// pop returns the last n values that wait, which are an instruction's operands.
func (p *planter) pop(n int) []*node {
	at := len(p.stack) - n
	args := p.stack[at:len(p.stack):len(p.stack)]
	p.stack = p.stack[:at:at]
	return args
}

// add appends the next instruction.
func (p *planter) add(i instruction) {
	n := &node{instruction: i, args: p.pop(i.pops)}
	n.measure(n.args)
	n = p.simplify(n)
	p.depth = max(p.depth, n.depth)
	switch {
	case i.op == opNop:
	case i.pushes > 0:
		p.stack = append(p.stack, n)
	case len(p.stack) > 0:
		last := p.stack[len(p.stack)-1]
		last.after = append(last.after, n)
		last.measure(last.after)
	default:
		p.body = append(p.body, n)
	}
}

// assembler writes instructions.
type assembler struct {
	code  []byte
	after int // where a local.set starts that ends the code, or -1
	local int64
}

// tree writes an expression.
func (a *assembler) tree(n *node) {
	for _, arg := range n.args {
		a.tree(arg)
	}
	a.add(n.instruction)
	for _, s := range n.after {
		a.tree(s)
	}
}

// add writes an instruction. A value that was just put in a local and is wanted
// at once stays on the operand stack.
func (a *assembler) add(i instruction) {
	if a.after >= 0 && i.is(opLocalGet, a.local) {
		a.code[a.after] = opLocalTee
		a.after = -1
		return
	}
	a.after = -1
	if i.op == opLocalSet {
		a.after, a.local = len(a.code), i.arg
	}
	a.code = i.append(a.code)
}

// control writes an operation of control flow.
func (a *assembler) control(op byte, immediates ...uint64) {
	a.after = -1
	a.code = append(a.code, op)
	for _, i := range immediates {
		a.code = module.AppendU(a.code, i)
	}
}
