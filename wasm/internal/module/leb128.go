package module

import (
	"errors"
	"fmt"
)

// Reader reads numbers and bytes in order. It keeps its first error and then
// answers with zeros, so that a caller may check once at the end.
type Reader struct {
	bytes []byte
	at    int
	err   error
}

// NewReader returns a reader of b.
func NewReader(b []byte) *Reader { return &Reader{bytes: b} }

// Read hands b to read and returns the reader's error; bytes that are left are
// one.
func Read(b []byte, read func(*Reader)) error {
	r := NewReader(b)
	read(r)
	if r.err == nil && !r.Done() {
		r.Fail("%d bytes are left", len(b)-r.at)
	}
	return r.err
}

// Fail keeps an error, if there is none yet, and ends the input.
func (r *Reader) Fail(format string, args ...any) {
	r.adopt(fmt.Errorf("byte %d: %w", r.at, fmt.Errorf(format, args...)))
}

func (r *Reader) adopt(err error) {
	if r.err == nil && err != nil {
		r.err, r.at = err, len(r.bytes)
	}
}

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Done reports whether all is read.
func (r *Reader) Done() bool { return r.at >= len(r.bytes) }

// Offset returns how many bytes were read.
func (r *Reader) Offset() int { return r.at }

var errShort = errors.New("the input ends too early")

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if r.at >= len(r.bytes) {
		r.adopt(errShort)
		return 0
	}
	r.at++
	return r.bytes[r.at-1]
}

// Bytes reads n bytes, which are a part of the input.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.bytes)-r.at {
		r.adopt(errShort)
		return nil
	}
	r.at += n
	return r.bytes[r.at-n : r.at : r.at]
}

// U reads an unsigned number in LEB128.
func (r *Reader) U() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.Byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.Fail("a number is too long")
	return 0
}

// U32 reads an unsigned number of 32 bits.
func (r *Reader) U32() uint32 {
	v := r.U()
	if v > 1<<32-1 {
		r.Fail("%d has more than 32 bits", v)
		return 0
	}
	return uint32(v)
}

// Len reads the length of a vector, which cannot be more than what is left to
// read: every element has a byte.
func (r *Reader) Len() int {
	v := r.U()
	if v > uint64(len(r.bytes)-r.at) {
		r.adopt(errShort)
		return 0
	}
	return int(v)
}

// S reads a signed number in LEB128.
func (r *Reader) S() int64 {
	var v int64
	for shift := 0; shift < 70; shift += 7 {
		c := r.Byte()
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.Fail("a number is too long")
	return 0
}

// Name reads a text with its length before it.
func (r *Reader) Name() string { return string(r.Bytes(r.Len())) }

// AppendU appends an unsigned number in LEB128.
func AppendU(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// AppendS appends a signed number in LEB128.
func AppendS(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// AppendBytes appends bytes with their length before them.
func AppendBytes(b, bytes []byte) []byte {
	return append(AppendU(b, uint64(len(bytes))), bytes...)
}
