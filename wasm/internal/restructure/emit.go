package restructure

import "errors"

var errNesting = errors.New("nested too deeply")

// writer writes a graph as structured code: each block where the nearest block
// that dominates it ends, a merge behind a block that is left to get there, a
// loop's body inside a loop.
type writer struct {
	assembler
	depth int // of the blocks, loops and ifs that are open
	err   error
}

// write returns the code of the graph with that entry, after [classify].
func write(entry *block) ([]byte, error) {
	w := &writer{assembler: assembler{after: -1}}
	w.block(entry)
	w.control(opUnreachable) // nothing runs to here, so the result needs no value
	w.control(opEnd)
	return w.code, w.err
}

// open writes the start of a block, loop or if and returns how deep it is.
func (w *writer) open(op byte) int {
	w.control(op, emptyBlock)
	if w.depth++; w.depth > maxNesting {
		w.err = errNesting
	}
	return w.depth
}

// close writes the end of a block, loop or if.
func (w *writer) close() {
	w.control(opEnd)
	w.depth--
}

// block writes b and all it dominates.
func (w *writer) block(b *block) {
	for b != nil && w.err == nil {
		var merges []*block // the last one's block is the innermost
		for i := len(b.below) - 1; i >= 0; i-- {
			if b.below[i].merge {
				merges = append(merges, b.below[i])
			}
		}
		if b.loop {
			b.around = w.open(opLoop)
			w.within(b, merges)
			w.close()
			return
		}
		if len(merges) > 0 {
			w.within(b, merges)
			return
		}
		b = w.body(b)
	}
}

// within writes b inside a block for each of the merges it dominates, and each
// merge behind its block: the first one's is the outermost.
func (w *writer) within(b *block, merges []*block) {
	for _, m := range merges {
		m.before = w.open(opBlock)
	}
	w.block(w.body(b))
	for i := len(merges) - 1; i >= 0 && w.err == nil; i-- {
		w.close()
		w.block(merges[i])
	}
}

// body writes b's instructions and exit, and returns the block that goes on
// behind them, or nil.
func (w *writer) body(b *block) *block {
	for _, n := range b.trees.body {
		w.tree(n)
	}
	switch b.exit {
	case jump:
		return w.jump(b, b.next[0])
	case branch:
		return w.branch(b)
	case table:
		labels := []uint64{uint64(len(b.next) - 1)}
		for _, n := range b.next {
			labels = append(labels, w.label(b, n))
		}
		w.tree(b.operand)
		w.control(opBrTable, labels...)
	}
	return nil
}

// far reports whether next is written elsewhere, so that a branch leads there.
func (b *block) far(next *block) bool { return next.number <= b.number || next.merge }

// label returns the label by which a branch from b reaches next.
func (w *writer) label(b, next *block) uint64 {
	if next.number <= b.number {
		return uint64(w.depth - next.around)
	}
	return uint64(w.depth - next.before)
}

// jump returns next if it can be written at once, or writes a branch to it.
func (w *writer) jump(b, next *block) *block {
	if !b.far(next) {
		return next
	}
	w.control(opBr, w.label(b, next))
	return nil
}

// maxInside bounds how deep the likely way is written inside an if.
const maxInside = 256

// branch writes a conditional exit and returns the block that goes on behind
// it.
//
// An engine that translates in one pass puts what is inside an if right behind
// the comparison, and joins the two if nothing else leads there. So a
// comparison becomes an if even where a branch would do, with the likely way
// inside; the else is written even if it is empty, because wazero forgets at
// the end of an if without one which bounds it has checked.
func (w *writer) branch(b *block) *block {
	yes, no, test := b.next[0], b.next[1], b.operand
	invert := func() {
		yes, no, test = no, yes, negate(apply(opI32Eqz, 0, test))
	}
	if !b.far(yes) && b.far(no) {
		invert()
	}
	if b.far(yes) && !test.compares() {
		w.tree(test)
		w.control(opBrIf, w.label(b, yes))
		return w.jump(b, no)
	}
	if !b.far(no) && (b.far(yes) || yes.fails()) && w.depth < maxInside {
		invert()
	}
	w.tree(test)
	w.open(opIf)
	w.block(w.jump(b, yes))
	w.control(opElse)
	if b.far(no) || no.fails() {
		w.block(w.jump(b, no))
		no = nil
	}
	w.close()
	return no
}

// compares reports whether the operation is a comparison.
func (n *node) compares() bool { return n.op >= opI32Eqz && n.op <= opF64Ge }

// fails reports whether b ends with a trap or with a call that never returns.
func (b *block) fails() bool {
	if b.exit == branch {
		b = b.next[1]
	}
	return b.exit == leave && b.last().op == opUnreachable
}
