package restructure_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/restructure"
)

// fixed returns a block of the same code wherever it stands.
func fixed(code ...any) func(int) []byte {
	return func(int) []byte { return asm(code...) }
}

// sum adds the numbers from 1 to 100 in local 2 and stores the sum at 64.
var sum = dispatch(
	fixed(i64(100), set, 3),
	func(depth int) []byte { // 1: while local 3 is not zero
		return asm(get, 3, eqz, begin, plain, jumpTo(3, depth+1), end)
	},
	func(depth int) []byte {
		return asm(get, 2, get, 3, add, set, 2, get, 3, i64(-1), add, set, 3, jumpTo(1, depth))
	},
	fixed(i32(64), get, 2, at(store, 0), i32(0), ret),
)

func TestLoop(t *testing.T) {
	t.Parallel()
	binary := built(sum)
	out, report := restructured(t, binary)
	if report.Restructured != 1 || report.Skipped != 0 || report.Split != 0 {
		t.Errorf("report = %+v, want one function restructured", report)
	}
	old, now := bodies(t, binary), bodies(t, out)
	if len(now) != len(old)+1 || !bytes.Equal(now[len(old)], sum) {
		t.Errorf("the old body is not the last function")
	}
	if bytes.Contains(now[0], []byte{brTable}) || !bytes.Contains(now[0], []byte{loop, plain}) {
		t.Errorf("the new body is % x, want a loop and no table", now[0])
	}
	if !slices.EqualFunc(old[1:], now[1:len(old)], bytes.Equal) {
		t.Errorf("other functions changed")
	}
	same(t, binary, out, 3)
}

// same runs two modules from the start and resumed at block last, and holds
// them against each other.
func same(t *testing.T, a, b []byte, last uint64) {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = r.Close(t.Context()) }()
	for _, start := range []uint64{0, last} {
		want, got := run(t, r, a, start), run(t, r, b, start)
		if !reflect.DeepEqual(want, got) {
			t.Errorf("f(%d) = %v, restructured %v", start, want.results, got.results)
		}
	}
}

func TestIrreducible(t *testing.T) {
	t.Parallel()
	binary := built(dispatch(
		func(depth int) []byte { // into the middle of the loop of blocks 1 and 2
			return asm(i64(9), set, 3, get, 2, eqz, begin, plain, jumpTo(2, depth+1), end)
		},
		fixed(get, 2, i64(3), add, set, 2),
		func(depth int) []byte {
			return asm(get, 2, i64(5), add, set, 2, get, 3, i64(-1), add, tee, 3, eqz, begin, plain, jumpTo(3, depth+1), end, jumpTo(1, depth))
		},
		fixed(i32(64), get, 2, at(store, 0), i32(0), ret),
	))
	out, report := restructured(t, binary)
	if report.Restructured != 1 || report.Split == 0 {
		t.Errorf("report = %+v, want copied blocks", report)
	}
	same(t, binary, out, 3)
}

func TestTable(t *testing.T) {
	t.Parallel()
	binary := built(dispatch(
		fixed(i64(2), set, 3),
		func(depth int) []byte { // a table on another local
			return asm(block, plain, block, plain, block, plain, get, 3, wrap, brTable, 2, 0, 1, 2,
				end, get, 2, i64(1), add, set, 2, jumpTo(2, depth+2),
				end, get, 2, i64(10), add, set, 2,
				end, get, 3, i64(-1), add, tee, 3, i64(0), ltS, begin, plain, jumpTo(2, depth+1), end, jumpTo(1, depth))
		},
		fixed(i32(64), get, 2, at(store, 0), i32(0), ret),
	))
	out, report := restructured(t, binary)
	if report.Restructured != 1 {
		t.Errorf("report = %+v, want one function restructured", report)
	}
	same(t, binary, out, 2)
}

// code returns what became of a block's code before it returns, in a function
// without jumps.
func code(t *testing.T, parts ...any) []byte {
	t.Helper()
	binary := built(dispatch(fixed(parts...), fixed(i32(0), ret)))
	out, report := restructured(t, binary)
	if report.Restructured != 1 {
		t.Fatalf("report = %+v", report)
	}
	same(t, binary, out, 1)
	body := bodies(t, out)[0]
	_, body, _ = bytes.Cut(body, []byte{ret, end}) // behind the call of the old body
	return body
}

func TestSimplerCode(t *testing.T) {
	t.Parallel()
	address := func(offset int64) []byte { return asm(get, 1, extend, i64(offset), add, wrap) }
	for _, test := range []struct {
		name         string
		code         []byte
		want, absent []byte
	}{
		{"a stored value stays on the stack", asm(get, 2, set, 3, get, 3, set, 4), asm(tee, 3, set, 4), asm(get, 3)},
		{"an operation that does nothing", asm(i64(7), set, 3, 1), asm(i64(7), set, 3, i32(0)), nil},
		{"a place on the stack is an offset", asm(address(72), i64(7), at(store, 0)), asm(tee, 1, i64(7), at(store, 72)), asm(extend)},
		{"a widened comparison, tested", asm(get, 2, get, 3, ltS, extend, wrap, begin, plain, i64(5), set, 4, end), asm(get, 2, get, 3, ltS), asm(extend)},
		{"a widened comparison, tested for zero", asm(get, 2, get, 3, ltS, extend, eqz, begin, plain, i64(5), set, 4, end), asm(get, 2, get, 3, geS, begin), asm(eqz)},
		{"a kept comparison, tested", asm(get, 2, get, 3, ltS, extend, set, 5, get, 5, eqz, begin, plain, i64(5), set, 4, end), asm(get, 2, get, 3, geS, begin), asm(eqz)},
		{"a kept comparison of what has changed", asm(get, 2, get, 3, ltS, extend, set, 5, i64(-1), set, 3, get, 5, eqz, begin, plain, i64(5), set, 4, end), asm(get, 5, eqz, begin), nil},
		{"a number that may be none", asm(i64(-1), 0xbf, i64(1), 0xbf, 0x63, eqz32, begin, plain, i64(5), set, 4, end), asm(0x63, eqz32, begin), nil}, // lt
		{"a constant on the left", asm(i64(32), get, 2, ltU, begin, plain, i64(5), set, 4, end), asm(get, 2, i64(32), 0x56, begin), nil},
		{"a mask of a byte", asm(i32(8), at(load8, 0), i64(255), and, set, 3), asm(at(load8, 0), set, 3), asm(and)},
		{"a mask that matters", asm(i32(8), at(load, 0), i64(255), and, set, 3), asm(i64(255), and, set, 3), nil},
		{"an address used twice", asm(get, 2, wrap, at(load, 0), set, 3, get, 2, wrap, at(load, 8), set, 4), asm(get, 2, wrap, tee, 10, at(load, 0), set, 3, get, 10, at(load, 8)), nil},
		{"a load repeated", asm(get, 1, at(load, 8), set, 3, get, 1, at(load, 8), set, 4), asm(at(load, 8), tee, 3, set, 4), nil},
		{"a load repeated after a store", asm(get, 1, at(load, 8), set, 3, get, 2, wrap, i64(1), at(store, 0), get, 1, at(load, 8), set, 4), asm(at(store, 0), get, 1, at(load, 8), set, 4), nil},
		{"a load after its own store", asm(get, 1, i64(7), tee, 3, at(store, 8), get, 1, at(load, 8), set, 4), asm(at(store, 8), get, 3, set, 4), nil},
		{"a load after a store of a part", asm(get, 1, at(load, 8), set, 3, get, 1, i64(1), at(store8, 9), get, 1, at(load, 8), set, 4), asm(at(store8, 9), get, 1, at(load, 8), set, 4), nil},
		{"a load after a store beside it", asm(get, 1, at(load, 8), set, 3, get, 1, i64(1), at(store8, 16), get, 1, at(load, 8), set, 4), asm(at(store8, 16), get, 3, set, 4), nil},
		{"a place that is not on the stack", asm(get, 1, i64(1), at(store, 8), get, 1, i64(2), at(store, 1<<32-1)), asm(tee, 1, i64(1), at(store, 8)), nil},
		{"zeros, farthest first", asm(get, 2, wrap, i32(0), i32(20), fill), asm(get, 2, wrap, tee, 10, i64(0), at(store, 12), get, 10, i64(0), at(store, 4), get, 10, i64(0), at(store, 0)), fill},
		{"many zeros", asm(get, 2, wrap, i32(0), i32(257), fill), fill, asm(store)},
		{"few zeros", asm(get, 2, wrap, i32(0), i32(7), fill), fill, asm(store)},
		{"other bytes than zeros", asm(get, 2, wrap, i32(1), i32(16), fill), fill, asm(store)},
		{"one check for many places", asm(get, 1, i64(1), at(store, 8), get, 1, i64(2), at(store, 16), get, 1, i64(3), at(store, 24)), asm(tee, 1, get, 1, 0x2d, 0, 31, drop, i64(1), at(store, 8)), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := code(t, test.code)
			if !bytes.Contains(got, test.want) {
				t.Errorf("% x became\n% x, want in it\n% x", test.code, got, test.want)
			}
			if test.absent != nil && bytes.Contains(got, test.absent) {
				t.Errorf("% x became\n% x, want no\n% x", test.code, got, test.absent)
			}
		})
	}
}

// goCall is how Go calls function f from code so deep inside the loop, to go on
// at block k after it was unwound.
func goCall(f, k, depth int) []byte {
	return asm(get, 1, i32(8), sub32, tee, 1, globalSet, 0, get, 1, i64(int64(k)), at(store, 0), i32(0), call, f,
		globalGet, 0, set, 1, brIf, depth+1)
}

func TestCallsShareTheFrame(t *testing.T) {
	t.Parallel()
	binary := built(dispatch(
		func(depth int) []byte { return asm(get, 1, i64(5), at(store, 0), goCall(1, 1, depth)) },
		fixed(i32(0), ret),
	))
	out, _ := restructured(t, binary)
	same(t, binary, out, 1)
	body := bodies(t, out)[0]
	for _, want := range [][]byte{asm(i32(8), sub32, tee, 10, i64(5), at(store, 8)), asm(get, 10, i64(1), at(store, 0))} {
		if !bytes.Contains(body, want) {
			t.Errorf("the body is\n% x, want in it\n% x", body, want)
		}
	}
}

func TestCallsMayChangeMemory(t *testing.T) {
	t.Parallel()
	count := asm(i32(0), at(load, 1024))
	binary := built(dispatch(
		fixed(count, set, 2, i32(0), call, 1, drop), // without Go's stack, as to the write barrier
		fixed(i32(64), count, get, 2, sub, at(store, 0), i32(0), ret),
	))
	out, _ := restructured(t, binary)
	same(t, binary, out, 1)
	if body := bodies(t, out)[0]; bytes.Count(body, count) != 2 {
		t.Errorf("the body\n% x loads what a call may change only once", body)
	}
}

func TestManyValues(t *testing.T) {
	t.Parallel()
	var many []byte // more than are kept in mind from block to block
	for k := range 600 {
		many = asm(many, i32(0), at(load, uint64(8*k)), get, 2, add, set, 2)
	}
	binary := built(dispatch(
		func(depth int) []byte { return asm(many, get, 2, eqz, begin, plain, jumpTo(2, depth+1), end) },
		fixed(i32(0), at(load, 8), set, 3),
		fixed(i32(64), i32(0), at(load, 8), get, 2, add, at(store, 0), i32(0), ret),
	))
	out, _ := restructured(t, binary)
	same(t, binary, out, 1)
}

func TestCallsThatNeverReturn(t *testing.T) {
	t.Parallel()
	binary := built(dispatch(
		func(depth int) []byte {
			return asm(get, 2, eqz, begin, plain, jumpTo(2, depth+1), end, goCall(2, 1, depth))
		},
		fixed(i32(64), i64(1), at(store, 0)), // belongs to something else
		fixed(i32(0), ret),
	))
	out, _ := restructured(t, binary)
	same(t, binary, out, 1)
	if body := bodies(t, out)[0]; bytes.Contains(body, asm(i32(64), i64(1))) {
		t.Errorf("the body % x goes on behind a panic", body)
	}
}

func TestLeftAlone(t *testing.T) {
	t.Parallel()
	returns := fixed(i32(0), ret)
	table := asm(block, plain, get, 0, brTable, 0, 0, end)
	prologue := asm(locals, globalGet, 0, set, 1)
	var branches, deep []byte // each to a place where something happens
	for k := range 5000 {
		branches = asm(branches, get, 2, wrap, module.AppendU([]byte{brIf}, uint64(k)))
		deep = asm(deep, end, get, 2, i64(1), add, set, 2)
	}
	wide := make([]func(int) []byte, 20)
	for k := range wide { // each leads to every other
		wide[k] = func(depth int) []byte {
			out := bytes.Repeat(asm(get, 2, i64(1), add, set, 2), 20)
			for to := range wide {
				out = asm(out, get, 2, i64(int64(to)), eq, begin, plain, jumpTo(to, depth+1), end)
			}
			return out
		}
	}
	for _, test := range []struct {
		name string
		body []byte
		why  string // empty: it is not even tried
	}{
		{"an unknown operation", dispatch(fixed(0xd0, 0x70, drop), returns), "operation 0xd0"},
		{"an unknown operation behind the prefix", dispatch(fixed(0xfc, 40), returns), "operation 0xfc 40"},
		{"a block that gives a value", dispatch(fixed(block, module.I64, i64(1), end, set, 2), returns), "block with type"},
		{"a branch out of an if that gives a value", dispatch(fixed(get, 2, wrap, begin, module.I64, br, 0, end, set, 2), returns), "operation 0xc"},
		{"a value under a block", dispatch(fixed(get, 2, block, plain, end, set, 3), returns), "values on the operand stack"},
		{"a value under a branch", dispatch(fixed(get, 2, get, 3, wrap, brIf, 0, set, 3), returns), "values on the operand stack"},
		{"a branch that returns", dispatch(func(depth int) []byte { return asm(i32(0), br, depth+2) }, returns), "a branch that returns"},
		{"a jump to a block that is not known", dispatch(fixed(get, 2, wrap, set, 0, br, 1), returns), "not known"},
		{"a label that is not there", dispatch(fixed(br, 9), returns), "label 9"},
		{"too few values", dispatch(fixed(add, set, 2), returns), "takes more than there is"},
		{"a call of an unknown function", dispatch(fixed(call, 9), returns), "call of function 9"},
		{"code behind the end", append(slices.Clone(sum), end), "behind the end"},
		{"code without end", sum[:len(sum)-1], "too early"},
		{"else without if", dispatch(fixed(otherwise), returns), "else without if"},
		{"blocks nested too deep", asm(prologue, table, bytes.Repeat([]byte{block, plain}, 5000), branches, deep, i32(0), end), "nested too deeply"},
		{"loops with too many entries", dispatch(append(wide, returns)...), "too many copies"},
		{"an expression nested too deep", asm(prologue, table, get, 2, bytes.Repeat([]byte{0x7a}, 9000), set, 2, i32(0), end), "nested too deeply"},
		{"too many locals", asm(2, 1, module.I32, module.AppendU(nil, 50000), module.I64, globalGet, 0, set, 1, table, i32(0), end), "50002 locals"},
		{"no table", asm(prologue, i32(0x0e), end), ""},
		{"another calling convention", asm(locals, block, plain, get, 0, brTable, 0, 0, end, i32(0), end), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			binary := built(test.body)
			out, report := restructured(t, binary)
			if report.Restructured != 0 || !strings.Contains(report.Reasons["f"], test.why) || (report.Skipped == 1) != (test.why != "") {
				t.Errorf("report = %+v, want %q", report, test.why)
			}
			if !bytes.Equal(out, binary) {
				t.Errorf("the module changed")
			}
		})
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	binary := built(sum)
	for _, chosen := range []string{"f", "helper"} {
		m, err := module.Parse(binary)
		if err != nil {
			t.Fatal(err)
		}
		report, err := restructure.Module(m, restructure.Options{Match: func(name string) bool { return name == chosen }})
		if err != nil || (report.Restructured == 1) != (chosen == "f") {
			t.Errorf("Module that matches %s = %+v, %v", chosen, report, err)
		}
	}
}

func TestUntouchedBytes(t *testing.T) {
	t.Parallel()
	m, err := module.Parse(built(asm(locals, i32(0), end)))
	if err != nil {
		t.Fatal(err)
	}
	s := m.Find(module.Function)
	s.Body = asm(0x83, 0x00, s.Body[1:]) // the number of functions, in more bytes than it needs
	before := m.Encode()
	if report, err := restructure.Module(m, restructure.Options{}); err != nil || !bytes.Equal(m.Encode(), before) {
		t.Errorf("Module = %+v, %v changed a module without a function to rewrite", report, err)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, id := range []byte{module.Type, module.Function, module.Code, module.Custom} {
		m, err := module.Parse(built(sum))
		if err != nil {
			t.Fatal(err)
		}
		s := m.Find(id)
		s.Body = s.Body[:len(s.Body)-1]
		before := m.Encode()
		if report, err := restructure.Module(m, restructure.Options{}); err == nil {
			t.Errorf("Module with a broken section %d = %+v, want an error", id, report)
		}
		if !bytes.Equal(m.Encode(), before) {
			t.Errorf("a module with a broken section %d changed", id)
		}
	}
}
