//go:build wasip1

// Command edge is the reactor: package edge behind four exported functions, for
// any runtime that knows WASI preview 1.
//
// The host asks for a buffer, writes a frame into it and calls; the answer is
// the address of a frame, shifted left by 32, or-ed with its length, good until
// the next call. The frames are package edge's. What is exported range-checks
// and answers with codes: a panic would leave the instance in a state that
// nobody knows, so a host discards an instance that traps.
//
// The snapshot is taken with GOGC=off. Go would begin a collection when a large
// body makes the heap grow, and then not end it: its workers have no turn while
// the host does not call, and a call that does not allocate gives them none. All
// later decisions would pay for the write barrier and take twice as long. So
// garbage is collected where it arises, by a longer buffer and by another
// configuration, and deciding makes none.
package main

import (
	"runtime"
	"unsafe"

	"github.com/my21staff/my21staff/crm/webhook/tape"
	"github.com/my21staff/my21staff/edge"
)

// roomy is the size of body that needs no more memory than the instance starts
// with. It grows for larger ones, and then stays as large.
const roomy = 64 << 10

// maxFrame is a body of the largest size with all its headers.
const maxFrame = edge.MaxBody + 64<<10

var (
	in   = make([]byte, roomy+8<<10)
	out  = make([]byte, 0, roomy/2)
	door = newDoor()

	configured bool // once, or tried to
)

func newDoor() *edge.Door {
	var d, other edge.Door
	d.Reserve(roomy)
	other.ConfigureWith([]byte(usual), nil) // see usual
	return &d
}

// usual is a configuration of a usual form. It is taken once while the module is
// built and thrown away: Go's heap then has its pages for objects of the sizes
// that a configuration needs, and a new instance writes to fewer that it shares
// with the others.
const usual = `{"version":1,"epoch":1,"sources":[` +
	`{"name":"a","provider":"meta","verify_tokens":["0123456789abcdef"],"secrets":["0123456789abcdef0123456789abcdef"]},` +
	`{"name":"b","provider":"kapso","secrets":["0123456789abcdef0123456789abcdef"]}],` +
	`"cells":[{"name":"a","url":"https://a.example.com"},{"name":"b","url":"https://b.example.com"}],` +
	`"routes":{"555000000000001":"a"}}`

func main() {}

//go:wasmexport edge_abi
func abi() uint32 { return edge.ABI }

// buffer returns the address of n bytes to write to, or 0 for more than any
// frame needs.
//
//go:wasmexport edge_buffer
func buffer(n uint32) uint32 {
	if n > maxFrame {
		return 0
	}
	if need := int(n) + tape.Slack; need > len(in) {
		runtime.GC()
		in = make([]byte, min(max(need, 2*len(in)), maxFrame+tape.Slack)) // seldom
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(in))))
}

// configure takes the document in the buffer's first n bytes. The answer is the
// byte 0 and the epoch, or the byte 1 and the field, the byte 0 and the problem.
// A document that is refused changes nothing.
//
//go:wasmexport edge_configure
func configure(n uint32) uint64 {
	answer := door.ConfigureWith(in[:min(int(n), len(in))], out[:0])
	if configured { // the first one leaves nothing that is worth it
		runtime.GC()
	}
	configured = true
	return give(answer)
}

// handle decides the request frame in the buffer's first n bytes; the answer is
// a decision frame.
//
//go:wasmexport edge_handle
func handle(n uint32) uint64 { return give(door.Handle(in[:min(int(n), len(in))], out[:0])) }

// give keeps an answer and returns where it is.
func give(answer []byte) uint64 {
	out = answer
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer))
}
