//go:build wasip1

package main

import "unsafe"

// chunk is how much of a body is asked for at once, in bytes.
const chunk = 64 << 10

// arena is where the host puts what it returns: the strings and lists of one
// request, at most a chunk of the body among them. It is not Go's heap, because
// the adapter asks for its own memory too, and perhaps before Go can give any.
// And nobody but Go may let the memory grow: Go takes for granted that what it
// adds follows what it had.
var arena struct {
	memory [512 << 10]byte
	used   uint32
	kept   uint32 // what was asked for before the first request is the adapter's, for ever
	begun  bool
}

// beginRequest frees what the request before had.
func beginRequest() {
	if !arena.begun {
		arena.begun, arena.kept = true, arena.used
	}
	arena.used = arena.kept
}

//go:wasmexport cabi_realloc
func cabiRealloc(old, oldSize, align, size uint32) uint32 {
	start := (arena.used + align - 1) &^ (align - 1)
	if start+size > uint32(len(arena.memory)) {
		panic("wasihttp: the headers of the request are larger than the arena")
	}
	arena.used = start + size
	if oldSize > 0 {
		copy(arena.memory[start:arena.used], bytesAt(old, oldSize))
	}
	return arenaAddress() + start
}

// bytesAt returns what the host put at an address.
func bytesAt(address, size uint32) []byte {
	if size == 0 {
		return nil
	}
	start := address - arenaAddress()
	return arena.memory[start : start+size]
}

func arenaAddress() uint32 { return uint32(uintptr(unsafe.Pointer(&arena.memory))) }
