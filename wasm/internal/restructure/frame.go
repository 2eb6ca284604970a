package restructure

// access is an access to memory at an offset from the stack pointer, which
// stood delta bytes from where it was before.
type access struct {
	*node
	delta int64
}

// end returns where the access ends, relative to where the stack pointer was.
func (a access) end() int64 { return a.delta + a.arg + width(a.op) }

// window is a part of a function in which all places on the stack are known
// relative to each other. The first access is on every way to the others.
type window struct{ accesses []access }

// pointer is what is known of the stack pointer.
type pointer struct {
	*window
	delta int64
}

// framer lets accesses to the stack share a bounds check. Go moves the stack
// pointer for each call, and an engine that checks a bound once for each
// pointer, and again for each larger offset, checks it all the time.
type framer struct {
	pointer
	windows []*window
}

// frame changes the addresses of accesses to the stack in the blocks of a graph,
// and reports whether it used the local for that, an additional one of 32 bits.
func frame(blocks []*block, local int64) bool {
	f := &framer{}
	after := map[*block]pointer{}
	for _, b := range blocks {
		f.pointer = before(b, after)
		for _, n := range b.body {
			f.visit(n)
		}
		if b.operand != nil {
			f.visit(b.operand)
		}
		after[b] = f.pointer
	}
	used := false
	for _, w := range f.windows {
		used = w.rebase(local) || used
		w.touch()
	}
	return used
}

// before returns what is known at the start of b: what is known after all the
// blocks that lead there. After those that follow in a loop it is nothing.
func before(b *block, after map[*block]pointer) pointer {
	if len(b.from) == 0 {
		return pointer{}
	}
	p := after[b.from[0]]
	for _, f := range b.from[1:] {
		if after[f] != p {
			return pointer{}
		}
	}
	return p
}

// visit follows an expression as it is evaluated.
func (f *framer) visit(n *node) {
	for i, a := range n.args {
		f.visit(a)
		if i == 0 && n.immediate == memory && a.is(opLocalGet, stackPointer) && len(a.after) == 0 && n.arg < farthest {
			f.note(n)
		}
	}
	switch {
	case n.op == opIf:
		f.pointer = pointer{}
	case n.is(opLocalSet, stackPointer), n.is(opLocalTee, stackPointer):
		f.move(n.args[0])
	}
	for _, a := range n.after {
		f.visit(a)
	}
}

// move follows the stack pointer to where n says.
func (f *framer) move(n *node) {
	if (n.op == opI32Add || n.op == opI32Sub) && n.args[0].is(opLocalGet, stackPointer) && n.args[1].op == opI32Const {
		by := n.args[1].arg
		if n.op == opI32Sub {
			by = -by
		}
		if f.delta += by; f.delta > -farthest && f.delta < farthest {
			return
		}
	}
	f.pointer = pointer{}
}

// note adds an access to the window, or starts one with it.
func (f *framer) note(n *node) {
	if f.window == nil {
		f.window = &window{}
		f.windows = append(f.windows, f.window)
	}
	f.accesses = append(f.accesses, access{n, f.delta})
}

// rebase lets all accesses use the lowest stack pointer among them, if it
// moved, and reports whether it did. The first one computes it.
func (w *window) rebase(local int64) bool {
	first := w.accesses[0].delta
	low, high := first, first
	for _, a := range w.accesses {
		low, high = min(low, a.delta), max(high, a.delta)
	}
	if low == high {
		return false
	}
	for i, a := range w.accesses {
		address := apply(opLocalGet, local)
		if i == 0 {
			address = apply(opLocalTee, local, apply(opI32Sub, 0, apply(opLocalGet, stackPointer), apply(opI32Const, first-low)))
		}
		a.args[0], a.raw = address, nil
		a.arg += a.delta - low
		w.accesses[i].delta = low
	}
	return true
}

// touch reads a byte at the farthest place of all accesses before the first
// one, so that no later one needs another check. The stack reaches that far
// whatever way the function goes.
func (w *window) touch() {
	steps, far := 0, int64(0)
	for _, a := range w.accesses {
		if a.end() > far {
			steps, far = steps+1, a.end()
		}
	}
	first := w.accesses[0]
	base := first.args[0]
	if steps < 2 {
		return
	}
	read := apply(opI32Load8U, far-1-first.delta, apply(opLocalGet, base.arg))
	base.after = append(base.after, apply(opDrop, 0, read))
}
