//go:build kernel

package mac

import "unsafe"

// blocks continues a SHA-256 over n blocks of 64 bytes. The build puts a kernel
// of hand-scheduled WebAssembly in its place.
//
//go:wasmimport edge_kernel sha256_blocks
//go:noescape
func blocks(state, data unsafe.Pointer, n uint32)

// Equal reports whether two MACs are the same, in a time that does not tell
// where they differ.
func Equal(a, b *[Size]byte) bool {
	x, y := (*[Size / 8]uint64)(unsafe.Pointer(a)), (*[Size / 8]uint64)(unsafe.Pointer(b))
	return (x[0]^y[0])|(x[1]^y[1])|(x[2]^y[2])|(x[3]^y[3]) == 0
}

const blockSize = 64

// state is a SHA-256 between blocks (FIPS 180-4).
type state [8]uint32

var initial = state{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// write continues with data, whole blocks only, and returns what is left.
func (s *state) write(data []byte) []byte {
	if n := len(data) / blockSize; n > 0 {
		blocks(unsafe.Pointer(s), unsafe.Pointer(unsafe.SliceData(data)), uint32(n))
		data = data[n*blockSize:]
	}
	return data
}

// finish ends the hash with the last bytes of a message of total bytes in all.
func (s *state) finish(last []byte, total int, out *[Size]byte) {
	var tail [2 * blockSize]byte
	n := copy(tail[:], last)
	tail[n] = 0x80
	end := blockSize
	if n >= blockSize-8 {
		end = 2 * blockSize
	}
	putUint64(tail[end-8:], uint64(total)*8)
	s.write(tail[:end])
	for i, word := range s {
		putUint32(out[4*i:], word)
	}
}

// Key is a key with its two pads already hashed (RFC 2104): a MAC then begins
// one block further on. It is not for several goroutines at once.
type Key struct{ inner, outer state }

// NewKey prepares a key.
func NewKey(secret []byte) *Key {
	var pad [blockSize]byte
	if len(secret) > blockSize {
		var sum [Size]byte
		s := initial
		s.finish(s.write(secret), len(secret), &sum)
		copy(pad[:], sum[:])
	} else {
		copy(pad[:], secret)
	}
	k := &Key{initial, initial}
	for i := range pad {
		pad[i] ^= 0x36
	}
	k.inner.write(pad[:])
	for i := range pad {
		pad[i] ^= 0x36 ^ 0x5c
	}
	k.outer.write(pad[:])
	return k
}

// Sum writes the MAC of message into out.
func (k *Key) Sum(message []byte, out *[Size]byte) {
	inner, outer := k.inner, k.outer
	inner.finish(inner.write(message), blockSize+len(message), out)
	outer.finish(out[:], blockSize+Size, out)
}

func putUint32(b []byte, v uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}

func putUint64(b []byte, v uint64) {
	putUint32(b, uint32(v>>32))
	putUint32(b[4:], uint32(v))
}
