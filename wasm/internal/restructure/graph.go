package restructure

import (
	"fmt"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// The bounds of what is rewritten. Go itself has at most 65,536 blocks in a
// function.
const (
	maxBlocks  = 1 << 17 // in a function's graph
	maxNesting = 1 << 12 // of the blocks, loops and ifs that are written; reading has no recursion
)

// exit is how control leaves a block.
type exit byte

const (
	unset  exit = iota // not known yet
	jump               // to next[0]
	branch             // to next[0] if the operand is not zero, else to next[1]
	table              // to next[operand], or to the last one
	leave              // out of the function: the last instruction returns or traps
)

// block is a basic block: instructions that run one after the other. The
// operand stack is empty before it.
type block struct {
	code []instruction
	exit exit
	next []*block
	order
	trees
}

// only reports whether the block's code is this one instruction.
func (b *block) only(op byte, arg int64) bool {
	return len(b.code) == 1 && b.code[0].is(op, arg)
}

// last returns the block's last instruction, or one that does nothing.
func (b *block) last() instruction {
	if len(b.code) == 0 {
		return instruction{op: opUnreachable, arg: -1}
	}
	return b.code[len(b.code)-1]
}

// scope is a block, loop or if of the code that is being read.
type scope struct {
	op    byte
	head  *block // of a loop its start, of an if its else branch until that was read
	after *block
	dead  bool // nothing runs here
}

// builder reads a function's code into a graph.
type builder struct {
	decoder
	scopes []scope
	at     *block // the block being read, nil where nothing runs
	height int    // of the operand stack
	blocks int
}

// build returns the entry of the graph of a function's code, which returns one
// value. The error says what was not understood.
func build(code []byte, s signatures) (*block, error) {
	b := &builder{decoder: decoder{module.NewReader(code), code, s}}
	b.scopes = []scope{{op: opBlock}}
	entry := b.block()
	b.at = entry
	for b.Err() == nil && len(b.scopes) > 0 {
		b.step()
	}
	if b.Err() == nil && !b.Done() {
		b.Fail("code behind the end")
	}
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("read code: %w", err)
	}
	return entry, nil
}

// block returns another block.
func (b *builder) block() *block {
	if b.blocks++; b.blocks > maxBlocks {
		b.Fail("more than %d blocks", maxBlocks)
	}
	return &block{}
}

// step reads one operation.
func (b *builder) step() {
	start := b.Offset()
	switch op := b.Byte(); op {
	case opBlock, opLoop, opIf:
		b.enter(op, start)
	case opElse:
		b.otherwise()
	case opEnd:
		b.end()
	case opBr:
		b.leave(jump, []*block{b.target()})
	case opBrIf:
		b.branch(b.target())
	case opBrTable:
		var targets []*block
		for range b.Len() {
			targets = append(targets, b.target())
		}
		b.leave(table, append(targets, b.target()))
	case opReturn:
		b.finish(returning)
	case opUnreachable:
		b.finish(trapping)
	default:
		b.add(b.instruction(op, start))
	}
}

// add appends an instruction to the block being read.
func (b *builder) add(i instruction) {
	if b.at == nil {
		return
	}
	if b.height -= i.pops; b.height < 0 {
		b.Fail("operation %#x takes more than there is", i.op)
	}
	b.height += i.pushes
	b.at.code = append(b.at.code, i)
}

// enter reads the start of a block, loop or if.
func (b *builder) enter(op byte, start int) {
	switch kind := b.Byte(); {
	case kind == emptyBlock:
	case op == opIf && (kind == module.I32 || kind == module.I64 || kind == module.F32 || kind == module.F64):
		b.typedIf()
		b.add(instruction{op: opIf, operation: operation{none, 1, 1}, raw: b.code[start:b.Offset()]})
		return
	default:
		b.Fail("block with type %#x", kind)
		return
	}
	f := scope{op: op, after: b.block(), dead: b.at == nil}
	switch op {
	case opBlock:
		b.flat(0)
	case opLoop:
		f.head = b.block()
		b.leave(jump, []*block{f.head})
		b.at = f.live(f.head)
	case opIf:
		then := b.block()
		f.head = b.block()
		b.leave(branch, []*block{then, f.head})
		b.at = f.live(then)
	}
	b.scopes = append(b.scopes, f)
}

// live returns next, or nil if the scope is in code that never runs.
func (f scope) live(next *block) *block {
	if f.dead {
		return nil
	}
	return next
}

// otherwise reads an else.
func (b *builder) otherwise() {
	f := &b.scopes[len(b.scopes)-1]
	if f.op != opIf || f.head == nil {
		b.Fail("else without if")
		return
	}
	b.leave(jump, []*block{f.after})
	b.at, f.head = f.live(f.head), nil
}

// end reads the end of a block, loop, if or of the function.
func (b *builder) end() {
	f := b.scopes[len(b.scopes)-1]
	b.scopes = b.scopes[:len(b.scopes)-1]
	if len(b.scopes) == 0 {
		b.finish(returning)
		return
	}
	b.leave(jump, []*block{f.after})
	if f.op == opIf && f.head != nil { // there was no else
		f.head.exit, f.head.next = jump, []*block{f.after}
	}
	b.at = f.live(f.after)
}

// branch ends the block being read with a branch to target that goes on in a
// new block if the operand is zero.
func (b *builder) branch(target *block) {
	if b.at == nil {
		return
	}
	next := b.block()
	b.leave(branch, []*block{target, next})
	b.at = next
}

// target reads a label and returns the block it stands for.
func (b *builder) target() *block {
	label := b.U()
	if label >= uint64(len(b.scopes)) {
		b.Fail("label %d", label)
		return nil
	}
	f := b.scopes[len(b.scopes)-1-int(label)]
	switch {
	case f.after == nil:
		b.Fail("a branch that returns")
	case f.op == opLoop:
		return f.head
	}
	return f.after
}

// leave ends the block being read; an exit that chooses takes its operand.
func (b *builder) leave(e exit, next []*block) {
	if b.at == nil {
		return
	}
	operands := 0
	if e != jump {
		operands = 1
	}
	b.flat(operands)
	b.at.exit, b.at.next = e, next
	b.at, b.height = nil, 0
}

// The instructions that leave a function.
var (
	returning = instruction{op: opReturn, operation: operation{none, 1, 0}}
	trapping  = instruction{op: opUnreachable, operation: operation{none, 0, 0}}
)

// finish ends the block being read with an instruction that leaves the
// function.
func (b *builder) finish(i instruction) {
	if b.at == nil {
		return
	}
	b.add(i)
	b.at.exit = leave
	b.at, b.height = nil, 0
}

// flat demands that the operand stack holds nothing but an exit's operands:
// code cannot be moved away from what lies under it.
func (b *builder) flat(operands int) {
	if b.at != nil && b.height != operands {
		b.Fail("values on the operand stack across blocks")
	}
}
