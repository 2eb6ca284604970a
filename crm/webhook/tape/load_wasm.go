package tape

import "unsafe"

// load returns the eight bytes at i, the first one lowest. The caller has seen
// that they are there. WebAssembly loads them at once from any address, which
// Go's compiler does not know (as of 1.26): it would load each by itself.
func load(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}
