package restructure

import "errors"

// The bounds of copying in a function. A Go function with a goto into a loop
// needs one round.
const (
	maxRounds = 16   // loops that are given a single entry
	maxCopied = 1024 // instructions copied, beside as many as there are
)

var errIrreducible = errors.New("loops with several entries that would need too many copies")

// reduce gives every loop a single entry and returns the blocks by number, and
// how many were copied for that. A loop with several entries keeps one; what
// runs from the others until that one is reached is copied in front of the
// loop.
func reduce(entry *block) (blocks []*block, copies int, err error) {
	blocks = arrange(entry)
	budget := maxCopied
	for _, b := range blocks {
		budget += len(b.code)
	}
	for range maxRounds {
		if classify(blocks) {
			return blocks, copies, nil
		}
		c := tangle(blocks)
		if c == nil || budget < 0 {
			break
		}
		n, size := c.split()
		copies += n
		budget -= size
		blocks = arrange(entry)
	}
	return nil, copies, errIrreducible
}

// cycle is a set of blocks each of which leads to every other.
type cycle struct {
	blocks  []*block
	member  map[*block]bool
	entries []*block // the members that blocks outside lead to
}

// tangle returns a cycle with several entries, or nil.
func tangle(blocks []*block) *cycle {
	for work := [][]*block{blocks}; len(work) > 0; {
		blocks = work[len(work)-1]
		work = work[:len(work)-1]
		for _, c := range cycles(blocks) {
			switch len(c.entries) {
			case 0: // nothing leads there
			case 1:
				work = append(work, c.without(c.entries[0]))
			default:
				return c
			}
		}
	}
	return nil
}

// cycles returns the largest cycles among blocks, looking at no others
// (Kosaraju's algorithm).
func cycles(blocks []*block) []*cycle {
	next := func(b *block) []*block { return b.next }
	from := func(b *block) []*block { return b.from }
	left := set(blocks)
	var done []*block
	for _, b := range blocks {
		done = append(done, walk(b, next, left.take)...)
	}
	var found []*cycle
	left = set(blocks)
	for i := len(done) - 1; i >= 0; i-- {
		if together := walk(done[i], from, left.take); len(together) > 1 {
			found = append(found, newCycle(together))
		}
	}
	return found
}

// blockSet is a set of blocks.
type blockSet map[*block]bool

// set returns the set of those blocks.
func set(blocks []*block) blockSet {
	s := make(blockSet, len(blocks))
	for _, b := range blocks {
		s[b] = true
	}
	return s
}

// take removes b and reports whether it was there.
func (s blockSet) take(b *block) bool {
	was := s[b]
	delete(s, b)
	return was
}

// newCycle returns the cycle of those blocks.
func newCycle(blocks []*block) *cycle {
	c := &cycle{blocks: blocks, member: set(blocks)}
	for _, b := range blocks {
		for _, f := range b.from {
			if !c.member[f] {
				c.entries = append(c.entries, b)
				break
			}
		}
	}
	return c
}

// without returns the cycle's blocks but one.
func (c *cycle) without(one *block) []*block {
	var blocks []*block
	for _, b := range c.blocks {
		if b != one {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// split leaves the cycle with the entry that needs the fewest instructions
// copied, and returns how many blocks and instructions were.
func (c *cycle) split() (blocks, size int) {
	var kept *block
	for _, e := range c.entries {
		cost := 0
		for _, b := range c.before(e) {
			cost += len(b.code)
		}
		if kept == nil || cost < size {
			kept, size = e, cost
		}
	}
	old := c.before(kept)
	copied := make(map[*block]*block, len(old))
	for _, b := range old {
		copied[b] = &block{code: b.code, exit: b.exit}
	}
	for _, b := range old {
		copied[b].next = redirect(b.next, copied)
	}
	for _, e := range c.entries {
		for _, f := range e.from {
			if e != kept && !c.member[f] {
				f.next = redirect(f.next, copied)
			}
		}
	}
	return len(old), size
}

// before returns the members that run from the entries other than kept until
// kept is reached.
func (c *cycle) before(kept *block) []*block {
	left := set(c.blocks)
	left.take(kept)
	var blocks []*block
	for _, e := range c.entries {
		blocks = append(blocks, walk(e, func(b *block) []*block { return b.next }, left.take)...)
	}
	return blocks
}

// redirect returns blocks with those replaced that have a copy.
func redirect(blocks []*block, copied map[*block]*block) []*block {
	out := make([]*block, len(blocks))
	for i, b := range blocks {
		out[i] = b
		if c := copied[b]; c != nil {
			out[i] = c
		}
	}
	return out
}
