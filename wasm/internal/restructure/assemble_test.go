package restructure_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/restructure"
)

// The operations the tests write by hand.
const (
	unreachable = 0x00
	block       = 0x02
	loop        = 0x03
	begin       = 0x04 // if
	otherwise   = 0x05
	end         = 0x0b
	br          = 0x0c
	brIf        = 0x0d
	brTable     = 0x0e
	ret         = 0x0f
	call        = 0x10
	drop        = 0x1a
	get         = 0x20
	set         = 0x21
	tee         = 0x22
	globalGet   = 0x23
	globalSet   = 0x24
	load        = 0x29
	load8       = 0x31
	store       = 0x37
	store8      = 0x3c
	eqz32       = 0x45
	eqz         = 0x50
	eq          = 0x51
	ltS         = 0x53
	ltU         = 0x54
	geS         = 0x59
	add32       = 0x6a
	sub32       = 0x6b
	add         = 0x7c
	sub         = 0x7d
	and         = 0x83
	wrap        = 0xa7
	extend      = 0xad

	plain = 0x40 // a block's type: no values
)

// fill is the operation memory.fill.
var fill = []byte{0xfc, 11, 0}

// asm joins code: a number is a byte, a text of bytes stands as it is.
func asm(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			out = append(out, byte(p))
		case []byte:
			out = append(out, p...)
		}
	}
	return out
}

func i32(v int64) []byte { return module.AppendS([]byte{0x41}, v) }
func i64(v int64) []byte { return module.AppendS([]byte{0x42}, v) }

// at returns an access to memory of that many bytes' alignment at an offset.
func at(op int, offset uint64) []byte { return module.AppendU([]byte{byte(op), 0}, offset) }

// locals is the declaration every hand-made body has: the stack pointer and
// eight integers of 64 bits, from local 2 on.
var locals = []byte{2, 1, module.I32, 8, module.I64}

// jumpTo is how Go jumps to block k from code nested so deep inside the loop at
// the top.
func jumpTo(k, depth int) []byte { return asm(i32(int64(k)), set, 0, br, depth) }

// dispatch returns a function body of Go's shape. Block k is made for how deep
// it stands inside the loop at the top; the last one must not fall through.
// Outside the loop is the block that returns 1.
func dispatch(blocks ...func(depth int) []byte) []byte {
	n := len(blocks)
	out := asm(locals, globalGet, 0, set, 1, block, plain, loop, plain)
	for range n {
		out = append(out, block, plain)
	}
	out = asm(out, get, 0, brTable, n-1)
	for k := range n {
		out = append(out, byte(k))
	}
	for k, b := range blocks {
		out = asm(out, end, b(n-1-k))
	}
	return asm(out, end, unreachable, end, i32(1), end)
}

// helper is function 1 of the hand-made modules, which Go code calls: it
// adds 1 to the count at 1024, writes it where results are on the stack, and
// wants the stack to be unwound every seventh time; else it returns.
var helper = asm(0,
	i32(0), i32(0), at(load, 1024), i64(1), add, at(store, 1024),
	globalGet, 0, i32(0), at(load, 1024), at(store, 16),
	i32(0), at(load, 1024), i64(7), 0x82, eqz, begin, plain, i32(1), ret, end, // rem_u
	globalGet, 0, i32(8), add32, globalSet, 0,
	i32(0), end)

// built returns a module with function 0, "f", of that body, the helper and a
// function that never returns. Global 0 is the stack pointer.
func built(body []byte) []byte {
	section := func(id byte, elements ...[]byte) module.Section {
		return module.Section{ID: id, Body: module.Vector(elements)}
	}
	export := func(name string, kind, index byte) []byte {
		return append(module.AppendBytes(nil, []byte(name)), kind, index)
	}
	m := module.Module{Sections: []module.Section{
		section(module.Type, []byte{0x60, 1, module.I32, 1, module.I32}, []byte{0x60, 0, 0}),
		section(module.Function, []byte{0}, []byte{0}, []byte{0}),
		section(module.Memory, []byte{0, 1}),
		section(module.Global, asm(module.I32, 1, i32(4096), end)),
		section(module.Export, export("f", 0, 0), export("sp", 3, 0), export("memory", 2, 0)),
		section(module.Code, module.AppendBytes(nil, body), module.AppendBytes(nil, helper),
			module.AppendBytes(nil, asm(0, i32(1), end))),
		named("f", "helper", "runtime.gopanic"),
	}}
	return m.Encode()
}

// named returns the name section.
func named(names ...string) module.Section {
	functions := module.AppendU(nil, uint64(len(names)))
	for i, name := range names {
		functions = module.AppendBytes(module.AppendU(functions, uint64(i)), []byte(name))
	}
	body := append(module.AppendBytes(nil, []byte("name")), 1)
	return module.Section{ID: module.Custom, Body: module.AppendBytes(body, functions)}
}

// restructured returns the module with its function rewritten, and the report.
func restructured(t testing.TB, binary []byte) ([]byte, restructure.Report) {
	t.Helper()
	m, err := module.Parse(slices.Clone(binary))
	if err != nil {
		t.Fatal(err)
	}
	report, err := restructure.Module(m, restructure.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Encode(), report
}

// bodies returns the code of a module's functions.
func bodies(t testing.TB, binary []byte) [][]byte {
	t.Helper()
	m, err := module.Parse(binary)
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.Bodies()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// outcome is what can be seen of a run.
type outcome struct {
	results []uint64
	memory  string
	pointer uint64
	trapped bool
}

// run calls f as Go's scheduler does: from the start, and after it was unwound
// again from where the return address on the stack says.
func run(t testing.TB, r wazero.Runtime, binary []byte, start uint64) outcome {
	t.Helper()
	ctx := t.Context()
	m, err := r.InstantiateWithConfig(ctx, binary, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatalf("%v\n% x", err, binary)
	}
	defer func() { _ = m.Close(ctx) }()
	sp := m.ExportedGlobal("sp").(interface{ Set(uint64) })
	var o outcome
	for range 20 {
		result, err := m.ExportedFunction("f").Call(ctx, start)
		if err != nil {
			o.trapped = true
			break
		}
		if o.results = append(o.results, result[0]); result[0] == 0 {
			break
		}
		top, _ := m.Memory().Read(uint32(m.ExportedGlobal("sp").Get()), 8)
		start = binary64(top)
		sp.Set(m.ExportedGlobal("sp").Get() + 8)
	}
	memory, _ := m.Memory().Read(0, m.Memory().Size())
	o.memory, o.pointer = string(memory), m.ExportedGlobal("sp").Get()
	return o
}

func binary64(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(b) & 0xffff
}
