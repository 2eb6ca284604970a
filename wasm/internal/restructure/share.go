package restructure

import (
	"maps"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// value stands for what an expression gave: expressions with the same value
// gave the same.
type value int

// key is an operation on values.
type key struct {
	op   byte
	arg  int64
	args [3]value
}

// known is a value that was computed.
type known struct {
	value
	first  *node // by this expression; nil if it was stored
	shadow int64 // the local that was added to keep it, or none
}

// noLocal is no local.
const noLocal = -1

// knowledge is what holds at a place in the code.
type knowledge struct {
	locals map[int64]value // what is in the locals
	holder map[value]int64 // the local that had the value first
	pure   map[key]*known  // results of operations that always give the same
	memory map[key]*known  // results of loads, and what is in globals
	tree   *tree           // what all that follows the same merge shares
}

// tree is a part of a function whose blocks share the locals that were added.
type tree struct{ used map[byte]int } // how many are in use, by type

// newKnowledge returns what holds where nothing is known.
func newKnowledge() *knowledge {
	return &knowledge{map[int64]value{}, map[value]int64{}, map[key]*known{}, map[key]*known{}, &tree{used: map[byte]int{}}}
}

// clone returns a copy that can change without k.
func (k *knowledge) clone() *knowledge {
	return &knowledge{maps.Clone(k.locals), maps.Clone(k.holder), maps.Clone(k.pure), maps.Clone(k.memory), k.tree}
}

// maxKnown bounds what is kept in mind.
const maxKnown = 512

// sharer replaces expressions that were computed before by the local that keeps
// the value. Go loads what does not fit its registers from the stack for each
// use and cuts an address to 32 bits for each access, so that an engine cannot
// see that it has checked the address before.
type sharer struct {
	*knowledge
	values value            // so many there are
	locals int64            // so many the function had
	added  []byte           // the types of the locals added
	pools  map[byte][]int64 // the locals added, by type
}

// share replaces what is computed twice in the blocks of a graph, and returns
// the types of the locals that it added to as many as there are.
func share(blocks []*block, locals int64) []byte {
	s := &sharer{locals: locals, pools: map[byte][]int64{}}
	after := map[*block]*knowledge{}
	for _, b := range blocks {
		s.knowledge = s.before(b, after)
		for _, n := range b.body {
			s.visit(n)
		}
		if b.operand != nil {
			s.visit(b.operand)
		}
		if len(s.pure)+len(s.memory) < maxKnown {
			after[b] = s.knowledge
		}
	}
	return s.added
}

// before returns what holds at the start of b: what holds after all the blocks
// that lead there, if they follow the same merge and none is behind b in a loop.
func (s *sharer) before(b *block, after map[*block]*knowledge) *knowledge {
	if len(b.from) == 0 || after[b.from[0]] == nil {
		return newKnowledge()
	}
	k := after[b.from[0]].clone()
	for _, f := range b.from[1:] {
		other := after[f]
		if other == nil || other.tree != k.tree {
			return newKnowledge()
		}
		keepCommon(k.locals, other.locals)
		keepCommon(k.holder, other.holder)
		keepCommon(k.pure, other.pure)
		keepCommon(k.memory, other.memory)
	}
	return k
}

// keepCommon removes from a what is not the same in b.
func keepCommon[K, V comparable](a, b map[K]V) {
	for k, v := range a {
		if other, ok := b[k]; !ok || other != v {
			delete(a, k)
		}
	}
}

// visit follows an expression as it is evaluated.
func (s *sharer) visit(n *node) value {
	k := key{op: n.op}
	for i, a := range n.args {
		if v := s.visit(a); i < len(k.args) {
			k.args[i] = v
		}
	}
	v := s.evaluate(n, k)
	for _, a := range n.after {
		s.visit(a)
	}
	return v
}

// fresh returns a value that nothing had before.
func (s *sharer) fresh() value {
	s.values++
	return s.values
}

// evaluate returns the value of an operation whose operands' values are in k.
func (s *sharer) evaluate(n *node, k key) value {
	switch op := n.op; {
	case op == opLocalGet:
		return s.get(n.arg)
	case op == opLocalSet, op == opLocalTee:
		return s.set(n.arg, k.args[0])
	case op == opI32Const, op == opI64Const:
		k.arg = n.arg
		return s.recall(s.pure, k, n)
	case n.pure():
		return s.recall(s.pure, k, n)
	case op >= opI32Load && op <= opI64Load32U, op == opGlobalGet:
		k.arg = n.arg
		return s.recall(s.memory, k, n)
	case op >= opI32Store && op <= opI64Store32:
		s.store(n, k)
	case op == opGlobalSet:
		s.memory[key{op: opGlobalGet, arg: n.arg}] = &known{k.args[0], nil, noLocal}
	case op == opIf:
		tree := s.tree
		s.knowledge = newKnowledge()
		s.tree = tree
	case op == opCall, op == opCallIndirect, op == opMemoryGrow, op == opPrefixed:
		clear(s.memory)
	}
	return s.fresh()
}

// get returns what is in a local.
func (s *sharer) get(local int64) value {
	v, ok := s.knowledge.locals[local]
	if !ok {
		v = s.fresh()
		s.set(local, v)
	}
	return v
}

// set notes that a local has a value, and returns that.
func (s *sharer) set(local int64, v value) value {
	s.knowledge.locals[local] = v
	if s.held(v) == noLocal {
		s.holder[v] = local
	}
	return v
}

// held returns a local that holds the value, or none.
func (s *sharer) held(v value) int64 {
	if local, ok := s.holder[v]; ok && s.knowledge.locals[local] == v {
		return local
	}
	return noLocal
}

// recall returns the value of an operation, and if it is known lets n take it
// from where it is kept.
func (s *sharer) recall(from map[key]*known, k key, n *node) value {
	r := from[k]
	if r == nil {
		r = &known{s.fresh(), n, noLocal}
		from[k] = r
		return r.value
	}
	if local := s.keep(r, n); local != noLocal {
		*n = node{instruction: operate(opLocalGet, local), after: n.after}
	}
	return r.value
}

// keep returns a local that holds the value that n would compute again, or none
// if it is not worth one.
func (s *sharer) keep(r *known, n *node) int64 {
	t := resultType(n.op)
	if t == 0 || !n.idle() {
		return noLocal
	}
	if local := s.held(r.value); local != noLocal {
		return local
	}
	if r.shadow == noLocal && r.first != nil {
		r.shadow = s.add(t)
		inner := *r.first
		inner.after = nil
		*r.first = node{instruction: operate(opLocalTee, r.shadow), args: []*node{&inner}, after: r.first.after, depth: inner.depth + 1}
	}
	return r.shadow
}

// resultType returns the type of what an operation gives that is worth a local,
// else 0.
func resultType(op byte) byte {
	switch {
	case op == opI32Wrap, op == opI32Load:
		return module.I32
	case op == opI64Load, op >= 0x30 && op <= opI64Load32U:
		return module.I64
	}
	return 0
}

// add returns a local of that type which nothing uses here.
func (s *sharer) add(t byte) int64 {
	i := s.tree.used[t]
	s.tree.used[t]++
	if i == len(s.pools[t]) {
		s.pools[t] = append(s.pools[t], s.locals+int64(len(s.added)))
		s.added = append(s.added, t)
	}
	return s.pools[t][i]
}

// idle reports whether n's operands do nothing but give values.
func (n *node) idle() bool {
	for _, a := range n.args {
		does := !a.pure() && a.op != opLocalGet && a.op != opGlobalGet && a.immediate != memory && a.immediate != signed
		if does || len(a.after) > 0 || !a.idle() {
			return false
		}
	}
	return true
}

// store forgets the loads that a store may change, and keeps in mind what it
// stored if a load of the same kind gives that back.
func (s *sharer) store(n *node, k key) {
	for l := range s.memory {
		apart := l.args[0] == k.args[0] && (l.arg+width(l.op) <= n.arg || n.arg+width(n.op) <= l.arg)
		if l.op != opGlobalGet && !apart {
			delete(s.memory, l)
		}
	}
	if n.op == opI64Store {
		s.memory[key{op: opI64Load, arg: n.arg, args: [3]value{k.args[0]}}] = &known{k.args[1], nil, noLocal}
	}
}

// width returns how many bytes an access to memory reads or writes.
func width(op byte) int64 {
	const widths = "\x04\x08\x04\x08\x01\x01\x02\x02\x01\x01\x02\x02\x04\x04\x04\x08\x04\x08\x01\x02\x01\x02\x04"
	if op < opI32Load || op > opI64Store32 {
		return 0
	}
	return int64(widths[op-opI32Load])
}
