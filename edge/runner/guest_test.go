package runner_test

import (
	"encoding/binary"
	"slices"

	"github.com/my21staff/my21staff/edge"
)

// Where a guest keeps what, in its memory of three pages.
const (
	configuredAt = 512  // the answer to a configuration: 0 and the epoch
	decisionAt   = 1024 // the answer to a request
	counterAt    = 4096
	bufferAt     = 64 << 10
	otherAt      = 128 << 10 // another answer
	memoryEnd    = 192 << 10
)

// guest is an edge module written by hand, in WebAssembly's binary format. The
// zero guest refuses every request with 401 and has the configuration's epoch,
// two digits, from where document has it. A field that is not nil takes the place of what
// it would do.
type guest struct {
	abi       byte   // 0: 1
	pages     byte   // of memory; 0: three
	buffer    []byte // a body without its end
	configure []byte
	handle    []byte
	evil      []byte // what handle does first if the request's source begins with x
	start     []byte // the body of _initialize; nil: there is none
	other     []byte // data at otherAt
	table     bool   // it has one
	abiTraps  bool
	leave     string // an export that it has not
}

// The functions of a guest by number; 0 is imported.
const (
	procExit = iota
	abiFunction
	bufferFunction
	configureFunction
	handleFunction
	startFunction
)

// module assembles the guest.
func (g guest) module() []byte {
	const i32, i64 = 0x7f, 0x7e
	functions := [][]byte{g.abiBody(), g.bufferBody(), g.configureBody(), g.handleBody(), g.start}
	types := []byte{1, 2, 3, 3, 4} // of the functions, by number
	exports := [][]byte{
		export("memory", 2, 0), export("edge_abi", 0, abiFunction), export("edge_buffer", 0, bufferFunction),
		export("edge_configure", 0, configureFunction), export("edge_handle", 0, handleFunction),
	}
	exports = slices.DeleteFunc(exports, func(e []byte) bool { return g.leave != "" && string(e[1:1+e[0]]) == g.leave })
	if g.start != nil {
		exports = append(exports, export("_initialize", 0, startFunction))
	}
	var table []byte
	if g.table {
		table = section(4, vector([]byte{0x70, 0, 1}))
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, vector(
			[]byte{0x60, 1, i32, 0}, []byte{0x60, 0, 1, i32}, []byte{0x60, 1, i32, 1, i32}, []byte{0x60, 1, i32, 1, i64}, []byte{0x60, 0, 0},
		)),
		section(2, vector(slices.Concat(text("wasi_snapshot_preview1"), text("proc_exit"), []byte{0, 0}))),
		section(3, slices.Concat(unsigned(uint64(len(types))), types)),
		table,
		section(5, vector([]byte{0, max(g.pages, 3)})),
		section(6, vector([]byte{i32, 0, 0x41, 7, 0x0b}, []byte{i32, 1, 0x41, 7, 0x0b})), // the second is a variable
		section(7, vector(exports...)),
		section(10, vector(bodies(functions)...)),
		section(11, vector(data(configuredAt, make([]byte, 5)), data(decisionAt, refusal()), data(otherAt, g.other))),
	)
}

func (g guest) abiBody() []byte {
	if g.abiTraps {
		return append(constant(-1), load8(0)...)
	}
	return constant(int64(max(g.abi, 1)))
}

func (g guest) bufferBody() []byte {
	if g.buffer != nil {
		return g.buffer
	}
	return constant(bufferAt)
}

// configureBody stores the document's epoch in the decision.
func (g guest) configureBody() []byte {
	if g.configure != nil {
		return g.configure
	}
	return slices.Concat(constant(decisionAt), digit(0), constant(10), []byte{0x6c}, digit(1), []byte{0x6a}, store8(8), answer(configuredAt, 5))
}

// digit is the value of a digit of the document's epoch.
func digit(n int) []byte {
	return slices.Concat(constant(bufferAt), load8(len(`{"epoch":`)+n), constant('0'), []byte{0x6b})
}

func (g guest) handleBody() []byte {
	var evil []byte
	if g.evil != nil {
		isEvil := slices.Concat(constant(bufferAt), load8(32), constant('x'), []byte{0x46})
		evil = slices.Concat(isEvil, []byte{0x04, 0x40}, g.evil, []byte{0x0b})
	}
	if g.handle != nil {
		return slices.Concat(evil, g.handle)
	}
	return slices.Concat(evil, answer(decisionAt, 64))
}

// refusal is the frame of a decision.
func refusal() []byte {
	return edge.AppendDecision(nil, &edge.Decision{Verdict: edge.Refuse, Reason: edge.SignatureWrong, Status: 401, Source: edge.None, Key: edge.None})
}

// Instructions and pieces of them.
var (
	trap    = []byte{0x00}
	forever = []byte{0x03, 0x40, 0x0c, 0, 0x0b} // loop br 0 end
	ret     = []byte{0x0f}
	drop    = []byte{0x1a}

	grow = slices.Concat(constant(1), []byte{0x40, 0}) // memory.grow by a page; leaves a number

	growForever = slices.Concat([]byte{0x03, 0x40}, grow, drop, []byte{0x0c, 0, 0x0b})
	growToLimit = slices.Concat([]byte{0x03, 0x40}, grow, constant(-1), []byte{0x47, 0x0d, 0, 0x0b}) // until it fails
	recurse     = slices.Concat(constant(0), call(handleFunction), drop)
	exit        = slices.Concat(constant(0), call(procExit))

	// count adds one to the counter, whose byte is the first of the MAC of the
	// decision.
	count = slices.Concat(
		constant(counterAt), constant(counterAt), load8(0), constant(1), []byte{0x6a}, store8(0),
		constant(decisionAt), constant(counterAt), load8(0), store8(32),
	)
)

// setVariable and variable are of the guest's second global.
func setVariable(value []byte) []byte { return append(value, 0x24, 1) }

var variable = []byte{0x23, 1}

// growBy grows the memory by pages.
func growBy(pages int64) []byte { return slices.Concat(constant(pages), []byte{0x40, 0}, drop) }

func constant(v int64) []byte   { return append([]byte{0x41}, signedNumber(v)...) }
func call(function byte) []byte { return []byte{0x10, function} }
func load8(offset int) []byte   { return append([]byte{0x2d, 0}, unsigned(uint64(offset))...) }
func store8(offset int) []byte  { return append([]byte{0x3a, 0}, unsigned(uint64(offset))...) }

// answer is the value of where an answer is.
func answer(at, size uint32) []byte {
	return append([]byte{0x42}, signedNumber(int64(uint64(at)<<32|uint64(size)))...)
}

// returns is answer before the end of a body.
func returns(at, size uint32) []byte { return append(answer(at, size), ret...) }

func section(id byte, content []byte) []byte {
	return slices.Concat([]byte{id}, unsigned(uint64(len(content))), content)
}

func vector(elements ...[]byte) []byte {
	return append(unsigned(uint64(len(elements))), slices.Concat(elements...)...)
}

func text(s string) []byte { return append(unsigned(uint64(len(s))), s...) }

func export(name string, kind, index byte) []byte { return append(text(name), kind, index) }

// bodies are functions without locals.
func bodies(code [][]byte) [][]byte {
	out := make([][]byte, len(code))
	for i := range code {
		body := slices.Concat([]byte{0}, code[i], []byte{0x0b})
		out[i] = append(unsigned(uint64(len(body))), body...)
	}
	return out
}

// data is an active segment.
func data(at int64, content []byte) []byte {
	return slices.Concat([]byte{0}, constant(at), []byte{0x0b}, text(string(content)))
}

func unsigned(v uint64) []byte { return binary.AppendUvarint(nil, v) }

// signedNumber is v in signed LEB128.
func signedNumber(v int64) []byte {
	var out []byte
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
