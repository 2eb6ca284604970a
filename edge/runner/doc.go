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
// compiled once. Its data is taken out of it and kept in a file in memory, of
// which the memory of every instance is a private map: the kernel copies a page
// when it is written, and what is not written is shared. Where there is no mmap
// the data is copied.
//
// A configuration is handed to one instance. What that is afterwards, its memory
// and its globals, is kept in a second such file, and the others start from
// there: no code of the module runs, and no page is written for the configuration
// again. That needs a module without any other state, which has no table and no
// start function, as the edge module is built (package wasm/internal/dispatch),
// and a file that never comes to a disk, for a configuration has secrets. Else
// each instance takes the configuration by itself.
//
// WebAssembly says nothing about the state that a trap leaves behind, and wazero
// answers further calls from it as if nothing had happened. So an instance is
// used again only after a call without any error: a trap, a pointer outside of
// its memory, an answer that is no decision or contradicts the request or the
// configuration ends it, and the next call gets a new one. So does one whose
// memory has grown, and one with an older configuration: no secret of an old
// configuration remains in a memory or a file once the calls that knew it have
// returned.
//
// # What an instance costs
//
// Measured with wazero 1.12 on two shared cores (the benchmarks of this package):
//
//   - A start takes 6 us, and the first decision 35 us more than a later one,
//     because the pages that it writes are copied then: some 40 us in all. An
//     instance that takes the configuration by itself needs 190 us and then 13 more.
//   - An instance has 63 KiB of its own after a decision.
//   - Loading the module from the cache takes 17 ms: a third is reading its
//     translation, a fifth unpacking the module, a sixth writing the two files that
//     memories begin with. It was 32 while wazero validated the code, on one core,
//     before it looked for the translation.
//
// With a function table, as Go links the module, the start took 300 us and the
// memory was 281 KiB: wazero evaluates an expression for each of the 1,419
// functions in it and allocates three times for that.
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
