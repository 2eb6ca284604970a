package restructure_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
	"github.com/tetratelabs/wazero"
)

// program writes random function bodies of Go's shape: blocks that jump
// anywhere, in the idioms of Go's back end. They use few locals and places, so
// that much is computed twice or overwritten. Local 9 counts down so that all
// of them end.
type program struct {
	*rand.Rand
	blocks int
}

// local is one that values are kept in.
func (p program) local() int { return 2 + p.Intn(4) }

func (p program) oneOf(ops ...int) int { return ops[p.Intn(len(ops))] }

func (p program) constant() []byte {
	return i64([]int64{0, 1, -1, 2, 31, 64, 255, 256, 1 << 40}[p.Intn(9)])
}

// address is an address in the first 4 KB, most often on the stack.
func (p program) address() []byte {
	switch p.Intn(7) {
	case 0:
		return asm(i64(1024), wrap) // where the helper counts
	case 1:
		return asm(get, p.local(), i64(0xff8), and, tee, p.local(), wrap)
	case 2:
		return asm(get, 6, wrap) // near the stack, or a small number
	case 3, 4:
		return asm(get, 1, extend, i64(int64(8*p.Intn(3))), add, wrap)
	case 5:
		return asm(get, 1, extend, wrap)
	default:
		return asm(get, 1)
	}
}

func (p program) offset() uint64 { return uint64(p.oneOf(0, 1, 4, 8, 8, 16, 16)) }

// value is an expression of 64 bits.
func (p program) value(depth int) []byte {
	kind := p.Intn(10)
	if depth == 0 {
		kind = min(kind, 3)
	}
	switch kind {
	case 0:
		return p.constant()
	case 1, 2, 3:
		return asm(get, p.local())
	case 4:
		return asm(p.address(), at(p.oneOf(load, load, load8, 0x30, 0x35), p.offset())) // load8_s, load32_u
	case 5:
		return asm(p.value(depth-1), tee, p.local())
	case 6:
		return asm(p.test(depth-1), extend)
	case 7:
		return asm(p.test(depth-1), extend, tee, p.local())
	case 8:
		return asm(p.test(0), begin, 0x7e, p.value(0), otherwise, p.value(0), end)
	default: // arithmetic: mul, or, xor, shl, shr_u and what has a name
		return asm(p.value(depth-1), p.value(depth-1), p.oneOf(add, sub, and, 0x7e, 0x84, 0x85, 0x86, 0x88))
	}
}

// test is a condition.
func (p program) test(depth int) []byte {
	flag := p.local()
	compared := asm(p.value(depth), p.value(0), eq+p.Intn(10))
	switch p.Intn(12) {
	case 10:
		return asm(get, flag, p.value(0), tee, flag, eq+p.Intn(10), extend, tee, p.local(), eqz)
	case 11:
		return asm(compared, extend, tee, flag, p.value(0), set, p.local(), wrap)
	case 0:
		return asm(p.value(depth), eqz)
	case 1:
		return asm(p.value(depth), wrap)
	case 2:
		return asm(compared, eqz32)
	case 3:
		return asm(compared, extend, eqz)
	case 4:
		return asm(compared, extend, tee, flag, eqz)
	case 5:
		return asm(compared, extend, tee, flag, wrap, eqz32)
	case 6:
		return asm(get, flag, wrap)
	case 7:
		return asm(get, flag, eqz)
	case 8: // numbers that may be none: eq, ne, lt, gt, le, ge
		return asm(p.value(0), 0xbf, p.value(0), 0xb9, 0x61+p.Intn(6), eqz32)
	default:
		return compared
	}
}

func (p program) statement() []byte {
	x, y := p.local(), p.local()
	switch p.Intn(20) {
	case 0:
		return asm(p.value(2), set, x)
	case 13, 14:
		return asm(p.test(1), begin, plain, p.statement(), p.statement(), end)
	case 16:
		return asm(get, 1, get, 1, at(load, p.offset()), at(store, p.offset()))
	case 15:
		return asm(p.test(1), begin, plain, p.statement(), otherwise, p.statement(), end)
	case 1:
		return asm(p.value(1), set, x, get, x, set, y)
	case 2:
		return asm(p.test(1), extend, set, x)
	case 3, 4:
		return asm(p.address(), p.value(1), at(p.oneOf(store, store, store8, 0x3e), p.offset())) // store32
	case 5, 6, 7:
		return asm(p.address(), at(load, p.offset()), set, x)
	case 8: // a value waits while a local is set
		return asm(p.value(1), p.value(1), set, x, set, y)
	case 9:
		return asm(p.address(), p.value(1), set, x, at(load, 8), set, y)
	case 10:
		return asm(get, x, p.test(1), extend, set, x, eqz, extend, set, y)
	case 11:
		return asm(p.constant(), p.value(1), set, x, p.value(0), ltS+p.Intn(8), extend, set, y)
	case 17, 18:
		return asm(p.address(), i32(int64(p.oneOf(0, 0, 0, 1))), i32(int64(p.oneOf(0, 7, 8, 12, 24, 33, 300))), fill)
	case 12:
		return asm(get, 1, extend, i64(8), add, set, 6)
	default:
		return asm(globalGet, 0, extend, set, x, 1)
	}
}

// block is one of the blocks, so deep inside the loop at the top.
func (p program) block(depth int) []byte {
	out := asm(get, 9, i64(1), sub, tee, 9, i64(-40), 0x57, begin, plain, i32(0), ret, end) // le_s
	for range p.Intn(8) {
		out = append(out, p.statement()...)
	}
	to := p.Intn(p.blocks)
	switch p.Intn(9) {
	case 0, 1:
		return asm(out, jumpTo(to, depth))
	case 2, 3:
		return asm(out, p.test(2), begin, plain, jumpTo(to, depth+1), end)
	case 4:
		return asm(out, p.test(1), begin, plain, jumpTo(to, depth+1), end, jumpTo(p.Intn(p.blocks), depth))
	case 5, 7:
		return asm(out, goCall(1, min(p.blocks-depth, p.blocks-1), depth))
	case 6:
		return asm(out, p.test(1), begin, plain, goCall(2, 0, depth+1), end)
	}
	return out
}

func (p program) body() []byte {
	var blocks []func(int) []byte
	for range p.blocks - 1 {
		blocks = append(blocks, p.block)
	}
	return dispatch(append(blocks, func(int) []byte {
		var out []byte
		for local := 2; local < 10; local++ {
			out = asm(out, i32(2048), get, local, at(store, uint64(8*local)))
		}
		return asm(out, get, 1, i32(8), add32, tee, 1, globalSet, 0, i32(0), ret)
	})...)
}

func TestProgramsRunTheSame(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 2500
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = r.Close(t.Context()) }()
	restructuredSome, unwound := 0, 0
	properties := gopter.NewProperties(parameters)
	properties.Property("a restructured program does what it did", prop.ForAll(func(seed int64, blocks int) string {
		p := program{rand.New(rand.NewSource(seed)), blocks}
		binary := built(p.body())
		out, report := restructured(t, binary)
		restructuredSome += report.Restructured
		if report.Skipped > 0 && report.Reasons["f"] != "loops with several entries that would need too many copies" {
			return fmt.Sprintf("skipped: %v", report.Reasons)
		}
		want, got := run(t, r, binary, 0), run(t, r, out, 0)
		if len(want.results) > 1 {
			unwound++
		}
		if !reflect.DeepEqual(want, got) {
			return fmt.Sprintf("results %v, %v; stack pointers %d, %d; traps %v, %v; memory differs: %v",
				want.results, got.results, want.pointer, got.pointer, want.trapped, got.trapped, want.memory != got.memory)
		}
		return ""
	}, gen.Int64(), gen.IntRange(2, 9)))
	properties.TestingRun(t)
	if restructuredSome < 2000 || unwound < 20 {
		t.Errorf("%d programs were restructured and %d unwound, want more", restructuredSome, unwound)
	}
}
