// Package restructure gives functions that Go compiled to WebAssembly back
// their loops and branches.
//
// Go's back end knows no structured control flow. It numbers a function's basic
// blocks, keeps the number of the next one in the parameter PC_B and writes
// every jump as "PC_B = k; branch to the top; branch table on PC_B"
// (golang/go#65440). An engine cannot see through that: each step of a loop
// costs an indirect jump, and no value stays in a register across it. The same
// table also serves a second purpose: a goroutine that was suspended inside the
// function comes back by a call with PC_B set.
//
// [Module] takes the two apart. The function keeps its index and becomes what
// the source said: jumps with a known number go straight to their block, and
// the graph that is left is written as blocks, loops and ifs (Ramsey, "Beyond
// Relooper", ICFP 2022). The body as Go wrote it moves to a new function, which
// the first one calls when PC_B is not zero. So a goroutine that was suspended
// goes on in the old code until that call returns, and everything else runs the
// new.
//
// Nothing is guessed. A function with an operation, block or jump this package
// does not know stays as it is, byte for byte, and the [Report] says why. After
// a change in Go's back end programs may become slower, never wrong.
//
// As the code is written anew, four things are done to it that are cheap and
// that an engine which translates in one pass does not do: variables are cleared
// by stores, comparisons are tested as they are instead of widened and compared
// with zero, what is loaded or cut to 32 bits twice is kept in a local, and the
// accesses to a stack frame share one address, so that one bounds check serves
// them all. They rest on two facts about Go's programs: a function's frame lies
// in memory, and the functions named in panic.go never return.
//
// The steps, one file each: code.go reads operations, graph.go builds the
// control flow graph, thread.go removes the jumps through the table, panic.go
// cuts what only seems to follow a panic, straighten.go joins what has become
// one line, reduce.go gives every loop a single entry, dominators.go orders the
// graph, fill.go writes zeros, tree.go turns blocks into expressions,
// simplify.go, frame.go and share.go improve them, and emit.go writes it all.
// restructure.go puts the functions back into their module.
package restructure
