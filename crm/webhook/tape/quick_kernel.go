//go:build kernel

package tape

import "unsafe"

// scanJSON is scan for nearly all documents. The build puts a kernel written in
// WebAssembly in its place, which has vectors of sixteen bytes.
//
//go:wasmimport edge_kernel scan_json
//go:noescape
func scanJSON(body unsafe.Pointer, size uint32, nodes unsafe.Pointer, capacity uint32, slots unsafe.Pointer, factor uint64) uint32

// quick returns how many nodes it made of a document, or 0 for one that scan has
// to look at.
func quick(b []byte, nodes []node, names *Names) int {
	if names == nil || cap(b)-len(b) < Slack {
		return 0
	}
	return int(scanJSON(
		unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b)), unsafe.Pointer(unsafe.SliceData(nodes)), uint32(len(nodes)),
		unsafe.Pointer(&names.slots), names.factor,
	))
}

// address returns where a name is. It stays there: the list has it, and Go moves
// nothing on the heap.
func address(name string) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.StringData(name)))) }
