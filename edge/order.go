//go:build !wasm

package edge

import "encoding/binary"

// The frames' numbers.

func le16(b []byte) uint16     { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32     { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64     { return binary.LittleEndian.Uint64(b) }
func put16(b []byte, v uint16) { binary.LittleEndian.PutUint16(b, v) }
func put32(b []byte, v uint32) { binary.LittleEndian.PutUint32(b, v) }
func put64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }

// same reports whether two texts are the same, and is whether one reads as the
// other.
func same(a, b []byte) bool         { return string(a) == string(b) }
func is(a []byte, text string) bool { return string(a) == text }
