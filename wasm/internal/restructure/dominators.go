package restructure

// order is a block's place in a graph without irreducible loops.
type order struct {
	number int      // in reverse postorder: a smaller one runs earlier, but for loops
	from   []*block // the blocks that lead here
	above  *block   // the immediate dominator
	below  []*block // the blocks this one immediately dominates, by number
	loop   bool     // a block below leads back here
	merge  bool     // more than one way leads here from earlier blocks, or a table does
	before int      // how deep the block is that ends before this one, while it is written
	around int      // how deep the loop that starts here is, while it is written
}

// postorder returns the blocks that can be reached from entry, each after those
// it leads to, but for loops.
func postorder(entry *block) []*block {
	seen := blockSet{}
	return walk(entry, func(b *block) []*block { return b.next }, func(b *block) bool {
		was := seen[b]
		seen[b] = true
		return !was
	})
}

// walk returns the blocks that can be reached from root by next, each after
// those it leads to, but for loops. It goes to blocks that enter agrees to,
// which it asks before each step.
func walk(root *block, next func(*block) []*block, enter func(*block) bool) []*block {
	type visit struct {
		*block
		next []*block
	}
	if !enter(root) {
		return nil
	}
	var done []*block
	for path := []visit{{root, next(root)}}; len(path) > 0; {
		at := &path[len(path)-1]
		if len(at.next) == 0 {
			done = append(done, at.block)
			path = path[:len(path)-1]
			continue
		}
		n := at.next[0]
		at.next = at.next[1:]
		if enter(n) {
			path = append(path, visit{n, next(n)})
		}
	}
	return done
}

// arrange numbers the graph's blocks in reverse postorder, finds who dominates
// whom and returns the blocks by number.
func arrange(entry *block) []*block {
	post := postorder(entry)
	blocks := make([]*block, len(post))
	for i, b := range post {
		b.order = order{number: len(post) - 1 - i}
		blocks[b.number] = b
	}
	for _, b := range blocks {
		for _, n := range b.next {
			n.from = append(n.from, b)
		}
	}
	dominate(blocks)
	return blocks
}

// dominate sets the immediate dominators (Cooper, Harvey and Kennedy, "A
// Simple, Fast Dominance Algorithm"). The entry's is itself.
func dominate(blocks []*block) {
	blocks[0].above = blocks[0]
	for changed := true; changed; {
		changed = false
		for _, b := range blocks[1:] {
			var above *block
			for _, f := range b.from {
				switch {
				case f.above == nil:
				case above == nil:
					above = f
				default:
					above = meet(above, f)
				}
			}
			if b.above != above {
				b.above, changed = above, true
			}
		}
	}
}

// meet returns the nearest block that dominates both.
func meet(a, b *block) *block {
	for a != b {
		for a.number > b.number {
			a = a.above
		}
		for b.number > a.number {
			b = b.above
		}
	}
	return a
}

// dominates reports whether every way to b leads through a.
func (a *block) dominates(b *block) bool {
	for b.number > a.number {
		b = b.above
	}
	return a == b
}

// classify finds loops and merges and fills the dominator tree. It reports
// whether every loop has one entry.
func classify(blocks []*block) bool {
	ways := make([]int, len(blocks))
	for _, b := range blocks {
		for _, n := range b.next {
			switch {
			case n.number > b.number:
				ways[n.number]++
				n.merge = n.merge || b.exit == table || ways[n.number] > 1
			case !n.dominates(b):
				return false
			default:
				n.loop = true
			}
		}
	}
	for _, b := range blocks[1:] {
		b.above.below = append(b.above.below, b)
	}
	return true
}
