// Package runner runs the decisions of package edge: natively, or in instances
// of the edge module on wazero.
//
// [Native] decides in this process and is the faster one. [Pool] decides in
// WebAssembly: what reads bytes from the outside then has a memory of its own,
// no files, no network and no clock, and the module is the very file that runs
// at the edge. Both are a [Decider] and give the same decisions.
//
//	request -> wait for an instance -> write its frame into the instance's memory
//	        -> edge_handle -> copy the answer out -> check it -> instance back
//
// # Instances
//
// An instance is one linear memory and serves one call at a time. The module is
// compiled once. Its data is taken out of it and kept in a file without a name,
// of which the memory of every instance is a private map: an instance starts in
// a third of a millisecond, and shares with the others the pages that it does
// not write. Where there is no mmap the data is copied.
//
// WebAssembly says nothing about the state that a trap leaves behind, and wazero
// answers further calls from it as if nothing had happened. So an instance is
// used again only after a call without any error: a trap, a pointer outside of
// its memory, an answer that is no decision or contradicts the request or the
// configuration ends it, and the next call gets a new one. So does one whose
// memory has grown, and one with an older configuration: no secret of an old
// configuration remains in a module's memory once the calls that knew it have
// returned.
//
// # What an instance costs
//
// Measured with wazero 1.12 on two shared cores (the benchmarks of this package),
// and what is in the way of less:
//
//   - A start takes 300 us, of which wazero needs three quarters to fill the
//     function table: it evaluates an expression for each of 1,419 functions and
//     allocates three times for it. Of these functions only 68 are proven to be
//     out of the table's reach (package wasm/internal/shrink), because Go calls
//     through the table whatever may be resumed on a goroutine's stack. What
//     would be left without a table is some 70 us.
//   - An instance has 281 KiB of its own after a decision: 44 pages of 4 KiB of
//     its memory, of which 39 were written for the configuration, and about 105
//     KiB on the heap of this process, nearly all of it the function table (8
//     bytes for each of 5,515 places, of which Go leaves 4,096 empty, and 40 for
//     each function).
//   - Loading the module from the cache takes 32 ms. Half of that is wazero's
//     validation, on one core, of code whose translation is at hand; reading that
//     takes a sixth, unpacking the module a tenth.
//
// Setting an instance back in place of starting a new one would need neither the
// table nor the allocations: the map anew at the same address, and the module's
// globals, which would have to be exported.
//
// # What a module can do
//
// It can use the memory and time it is given. Memory is bounded by
// [Options].MaxMemory. Time is not, for the module that comes with the package:
// its work is linear in a request whose size is bounded, and stopping a loop
// costs: wazero must then leave compiled code at every backward jump, which
// makes a decision three times as slow. A module of somebody else wants
// [Options].Untrusted, which pays that price and gives each call a deadline.
package runner
