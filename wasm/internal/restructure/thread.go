package restructure

import (
	"errors"
	"slices"
)

// pcB is the local that holds the number of the next block, the function's one
// parameter.
const pcB = 0

// stackPointer is the local that holds the stack pointer, which is also in
// global 0, for other functions.
const stackPointer = 1

// maxHops bounds how many empty blocks lie between a jump and the table.
const maxHops = 16

var (
	errDispatch = errors.New("a jump through the table to a block that is not known")
	errNoTable  = errors.New("no jump through a table")
)

// thread sends every jump with a known number straight to its block, from an
// entry where the number is zero. It fails if a jump through the table is left,
// or if there is no table.
func thread(entry *block) error {
	blocks := postorder(entry)
	if !slices.ContainsFunc(blocks, (*block).dispatches) {
		return errNoTable
	}
	start(entry)
	for _, b := range blocks {
		threadOne(b)
	}
	if slices.ContainsFunc(postorder(entry), (*block).dispatches) {
		return errDispatch
	}
	return nil
}

// dispatches reports whether b jumps through the table.
func (b *block) dispatches() bool { return b.exit == table && b.last().is(opLocalGet, pcB) }

// start replaces the first jump of the function, whose number is zero.
func start(entry *block) {
	switch {
	case entry.dispatches():
		entry.code = entry.code[:len(entry.code)-1]
		entry.exit, entry.next = jump, entry.next[:1]
	case entry.exit == jump && !entry.sets(pcB):
		if to := dispatched(entry.next[0], 0); to != nil {
			entry.next = []*block{to}
		}
	}
}

// sets reports whether b's code may set the local.
func (b *block) sets(local int64) bool {
	for _, i := range b.code {
		if i.is(opLocalSet, local) || i.is(opLocalTee, local) || i.op == opIf {
			return true
		}
	}
	return false
}

// threadOne replaces "PC_B = k; jump to the table" by a jump to block k.
func threadOne(b *block) {
	n := len(b.code)
	if b.exit != jump || n < 2 || !b.code[n-1].is(opLocalSet, pcB) || b.code[n-2].op != opI32Const {
		return
	}
	if to := dispatched(b.next[0], b.code[n-2].arg); to != nil {
		b.code, b.next = b.code[:n-2], []*block{to}
	}
}

// dispatched returns where the table sends a jump to b with that number, or nil
// if b does not go to the table at once.
func dispatched(b *block, number int64) *block {
	for range maxHops {
		switch {
		case b.exit == jump && len(b.code) == 0:
			b = b.next[0]
		case b.exit == table && b.only(opLocalGet, pcB):
			last := len(b.next) - 1
			if number < 0 || number > int64(last) {
				return b.next[last]
			}
			return b.next[number]
		default:
			return nil
		}
	}
	return nil
}
