package edge

import "unsafe"

// The frames' numbers. WebAssembly is little-endian and reads and writes a
// number at any address; encoding/binary would do so byte by byte here, and
// bring package reflect into the module.

func le16(b []byte) uint16     { _ = b[1]; return *(*uint16)(unsafe.Pointer(&b[0])) }
func le32(b []byte) uint32     { _ = b[3]; return *(*uint32)(unsafe.Pointer(&b[0])) }
func le64(b []byte) uint64     { _ = b[7]; return *(*uint64)(unsafe.Pointer(&b[0])) }
func put16(b []byte, v uint16) { _ = b[1]; *(*uint16)(unsafe.Pointer(&b[0])) = v }
func put32(b []byte, v uint32) { _ = b[3]; *(*uint32)(unsafe.Pointer(&b[0])) = v }
func put64(b []byte, v uint64) { _ = b[7]; *(*uint64)(unsafe.Pointer(&b[0])) = v }

// same reports whether two texts are the same, and is whether one reads as the
// other. Go compares byte by byte here (internal/bytealg, as of 1.26).
func same(a, b []byte) bool { return equal(a, b) }
func is(a []byte, text string) bool {
	return equal(a, unsafe.Slice(unsafe.StringData(text), len(text)))
}
