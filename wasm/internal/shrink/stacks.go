package shrink

import (
	"errors"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// The globals that Go's linker defines, and the words of g and of m
// (runtime/runtime2.go) by which the stack is found.
const (
	globalSP = 0
	globalG  = 2

	gLow  = 0
	gHigh = 8
	gM    = 48
	mG0   = 0
)

// belowStack is what is left alone below a stack pointer: a call that unwinds
// leaves the program counter to go on with in the word below it.
const belowStack = 64

// unusedStack returns the part of the current goroutine's stack on which no
// frame is: that of the goroutine which answers exports, for between two calls
// no other is current. The scheduler's stack has no such part, since the
// runtime only guesses where it ends (mstart0).
func unusedStack(globals []module.GlobalVar, memory []byte) (span, error) {
	unknown := errors.New("the stack of the current goroutine is not where Go has it")
	if len(globals) <= globalG || globals[globalSP].Type != module.I32 || globals[globalG].Type != module.I64 {
		return span{}, unknown
	}
	w := words(memory)
	sp, g := globals[globalSP].Value, globals[globalG].Value
	low, ok1 := w.get(g + gLow)
	high, ok2 := w.get(g + gHigh)
	thread, ok3 := w.get(g + gM)
	g0, ok4 := w.get(thread + mG0)
	back, ok5 := w.get(g0 + gM)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || back != thread || g == g0 || low >= sp || sp > high || high > uint64(len(w)) {
		return span{}, unknown
	}
	return span{low, max(low, sp-belowStack)}, nil
}
