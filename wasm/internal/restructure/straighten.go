package restructure

// straighten removes blocks that only jump on and joins a block with the only
// one that leads to it.
func straighten(entry *block) {
	blocks := postorder(entry)
	for _, b := range blocks {
		for i := range b.next {
			b.next[i] = skip(b.next[i])
		}
		if b.exit == branch && b.next[0] == b.next[1] {
			b.code = append(b.code[:len(b.code):len(b.code)], operate(opDrop, 0))
			b.exit, b.next = jump, b.next[:1]
		}
	}
	blocks = postorder(entry) // without the skipped ones
	entries := map[*block]int{entry: 1}
	for _, b := range blocks {
		for _, n := range b.next {
			entries[n]++
		}
	}
	for _, b := range blocks {
		join(b, entries)
	}
}

// skip returns the first block from b on that does something.
func skip(b *block) *block {
	for range maxHops {
		if b.exit != jump || len(b.code) > 0 {
			break
		}
		b = b.next[0]
	}
	return b
}

// join appends to b the blocks that only b leads to.
func join(b *block, entries map[*block]int) {
	for b.exit == jump && b.next[0] != b && entries[b.next[0]] == 1 {
		n := b.next[0]
		b.code = append(b.code[:len(b.code):len(b.code)], n.code...)
		b.exit, b.next = n.exit, n.next
		n.code, n.exit, n.next = nil, unset, nil
		entries[n] = 0
	}
}
