//go:build wasip1

// Command scan is a reactor that reads a webhook many times, to measure what
// restructuring gains.
package main

import (
	"unsafe"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

var (
	body   = make([]byte, 128<<10)
	parser tape.Parser
)

//go:wasmexport buffer
func buffer() uint32 { return uint32(uintptr(unsafe.Pointer(&body[0]))) }

// parse reads the first size bytes of the buffer that many times and returns
// how many were accepted.
//
//go:wasmexport parse
func parse(size, times uint32) (accepted uint32) {
	for range times {
		if _, err := parser.Parse(body[:size]); err == nil {
			accepted++
		}
	}
	return accepted
}

func main() {}
