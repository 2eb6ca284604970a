package restructure

// simplifier makes expressions simpler where they give the same. Go computes in
// 64 bits: it widens every comparison's result to test it against zero, and
// every part of an address to cut the sum. An engine that translates operation
// by operation keeps all of it.
type simplifier struct{ flags }

// flags holds, by local, the comparison whose widened result is in it.
type flags map[int64]*node

// farthest bounds the offsets from the stack pointer that are taken for places
// on the stack. Adding one never wraps around: the stack is in memory.
const farthest = 1 << 20

// simplify returns a node that gives and does the same as n, whose operands are
// simple already, and keeps in mind what n does to locals.
func (s simplifier) simplify(n *node) *node {
	switch {
	case n.op == opI32Wrap:
		n = s.wrap(n)
	case n.op == opI32Eqz:
		n = negate(n)
	case n.op == opI64Eqz:
		n = s.eqz(n)
	case n.immediate == memory:
		n.args[0] = s.address(n)
	case n.op == opI64And:
		n = mask(n)
	case n.op >= opI64LtS && n.op <= opI64GeU:
		n = constantRight(n)
	}
	s.note(n)
	return n
}

// instead returns r to stand for nodes that ran after it and did nothing but
// change its value. What ran after them still does.
func instead(r *node, gone ...*node) *node {
	for _, g := range gone {
		r.after = append(r.after, g.after...)
	}
	r.measure(r.after)
	return r
}

// flag returns the comparison whose widened result n gives, or nil, and the
// nodes that it stands for.
func (s simplifier) flag(n *node) (*node, []*node) {
	switch {
	case n.op == opI64ExtendU:
		return n.args[0], []*node{n}
	case n.op == opLocalGet && s.flags[n.arg] != nil && len(n.after) == 0:
		return s.flags[n.arg].copy(), []*node{n}
	}
	return nil, nil
}

// wrap simplifies the lower half of a 64-bit value.
func (s simplifier) wrap(n *node) *node {
	x := n.args[0]
	if f, gone := s.flag(x); f != nil {
		return instead(f, append(gone, n)...)
	}
	switch x.op {
	case opI64Const:
		return instead(apply(opI32Const, int64(int32(x.arg))), x, n)
	case opI64Add:
		a, c := x.args[0], x.args[1]
		if a.op == opI64ExtendU && a.args[0].is(opLocalGet, stackPointer) && c.op == opI64Const {
			sum := apply(opI32Add, 0, instead(a.args[0], a), apply(opI32Const, int64(int32(c.arg))))
			sum.args[1].after = c.after
			return instead(sum, x, n)
		}
	}
	return n
}

// eqz simplifies the comparison of a 64-bit value with zero.
func (s simplifier) eqz(n *node) *node {
	if f, gone := s.flag(n.args[0]); f != nil {
		return negate(apply(opI32Eqz, 0, instead(f, append(gone, n)...)))
	}
	return n
}

// negate simplifies the comparison of a 32-bit value with zero: of another
// comparison it is the opposite one.
func negate(n *node) *node {
	x := n.args[0]
	switch x.op {
	case opI32Eqz:
		return instead(apply(opI32Ne, 0, x.args[0], apply(opI32Const, 0)), x, n)
	case opI64Eqz:
		return instead(apply(opI64Ne, 0, x.args[0], apply(opI64Const, 0)), x, n)
	case opI32Ne, opI64Ne:
		// Two before the number of each is the comparison with zero.
		if zero := x.args[1]; zero.is(opI32Const, 0) || zero.is(opI64Const, 0) {
			return instead(apply(x.op-2, 0, x.args[0]), zero, x, n)
		}
	}
	if opposite := opposites[x.op]; opposite != 0 {
		x.instruction = operate(opposite, 0)
		return instead(x, n)
	}
	return n
}

// opposites holds the opposite of each comparison that has one: with a number
// that is none, less and not greater-or-equal are two things.
var opposites = func() (table [256]byte) {
	pair := func(a, b byte) { table[a], table[b] = b, a }
	pair(opI32Eq, opI32Ne)
	pair(opI64Eq, opI64Ne)
	pair(opF32Eq, opF32Ne)
	pair(opF64Eq, opF64Ne)
	for _, less := range []byte{opI32LtS, opI32LtU, opI64LtS, opI64LtU} { // then gt, le, ge, each signed and unsigned
		pair(less, less+6)
		pair(less+2, less+4)
	}
	return table
}()

// address simplifies the address of an access to memory: an offset from the
// stack pointer becomes the access's own.
func (s simplifier) address(n *node) *node {
	a := n.args[0]
	if a.op != opI32Add || !a.args[0].is(opLocalGet, stackPointer) || a.args[1].op != opI32Const {
		return a
	}
	offset := a.args[1].arg
	if offset < 0 || n.arg+offset > farthest {
		return a
	}
	n.arg += offset
	n.raw = nil
	return instead(a.args[0], a.args[1], a)
}

// mask drops a mask that changes nothing.
func mask(n *node) *node {
	x, m := n.args[0], n.args[1]
	if m.op == opI64Const && x.op == opI64Load8U && m.arg&0xff == 0xff {
		return instead(x, m, n)
	}
	return n
}

// constantRight moves a constant that is compared to the right.
func constantRight(n *node) *node {
	c, x := n.args[0], n.args[1]
	if c.op != opI64Const || len(c.after) > 0 || x.op == opI64Const {
		return n
	}
	swapped := [...]byte{2, 3, 0, 1, 6, 7, 4, 5} // lt and gt, le and ge
	n.instruction = operate(opI64LtS+swapped[n.op-opI64LtS], 0)
	n.args = []*node{x, c}
	return n
}

// note keeps in mind what n does to locals.
func (s simplifier) note(n *node) {
	switch n.op {
	case opIf:
		clear(s.flags)
	case opLocalSet, opLocalTee:
		for local, f := range s.flags {
			if local == n.arg || f.uses(n.arg) > 0 {
				delete(s.flags, local)
			}
		}
		if x := n.args[0]; x.op == opI64ExtendU && len(x.after) == 0 {
			if f := x.args[0].again(); f != nil && f.uses(n.arg) == 0 {
				s.flags[n.arg] = f
			}
		}
	}
}

// copy returns a copy of an expression from again.
func (n *node) copy() *node {
	c := *n
	c.args = nil
	for _, a := range n.args {
		c.args = append(c.args, a.copy())
	}
	return &c
}

// again returns an expression that gives what n gave when it is evaluated again
// while the locals are the same, or nil if there is no short one.
func (n *node) again() *node {
	var set []int64
	r := n.repeat(4, &set)
	if r == nil {
		return nil
	}
	for _, local := range set {
		if r.uses(local) > 1 { // it may have been read before it was set
			return nil
		}
	}
	return r
}

// repeat does the work of again for an expression of so many levels, and
// returns the locals it sets.
func (n *node) repeat(levels int, set *[]int64) *node {
	switch {
	case levels == 0 || len(n.after) > 0:
		return nil
	case n.op == opLocalTee:
		*set = append(*set, n.arg)
		return apply(opLocalGet, n.arg)
	case n.op == opLocalGet, n.op == opI64Const, n.op == opI32Const:
		return apply(n.op, n.arg)
	case !n.pure():
		return nil
	}
	r := &node{instruction: n.instruction}
	for _, a := range n.args {
		b := a.repeat(levels-1, set)
		if b == nil {
			return nil
		}
		r.args = append(r.args, b)
	}
	r.measure(r.args)
	return r
}

// pure reports whether the operation alone always gives the same of the same
// operands and never traps.
func (n *node) pure() bool {
	switch op := n.op; {
	case op >= opI32Eqz && op <= 0xc4:
		division := op >= 0x6d && op <= 0x70 || op >= 0x7f && op <= 0x82
		truncation := op >= 0xa8 && op <= 0xab || op >= 0xae && op <= 0xb1
		return !division && !truncation
	case op == opSelect:
		return true
	}
	return false
}

// uses returns how often an expression from again reads the local.
func (n *node) uses(local int64) int {
	count := 0
	if n.is(opLocalGet, local) {
		count = 1
	}
	for _, a := range n.args {
		count += a.uses(local)
	}
	return count
}
