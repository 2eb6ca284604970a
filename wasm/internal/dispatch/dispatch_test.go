package dispatch_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/wasm/internal/build/buildtest"
	"github.com/my21staff/my21staff/wasm/internal/dispatch"
	"github.com/my21staff/my21staff/wasm/internal/module"
)

// TestModuleKeepsBehaviour takes the table out of a real module, which calls
// through it whatever resumes: it grows its stack, panics, and has goroutines.
func TestModuleKeepsBehaviour(t *testing.T) {
	t.Parallel()
	m := buildtest.Linked(t)
	functions, err := m.Functions()
	if err != nil {
		t.Fatal(err)
	}
	report, err := dispatch.Module(m)
	if err != nil {
		t.Fatal(err)
	}
	if report.Calls < 50 || report.Cases < 1000 || report.Places < report.Cases {
		t.Errorf("%+v", report)
	}
	if m.Find(module.Table) != nil || m.Find(module.Element) != nil {
		t.Error("the table is still there")
	}
	if after, err := m.Functions(); err != nil || !slices.Equal(after[:len(functions)], functions) {
		t.Errorf("a function has another place or type, %v", err)
	}
	buildtest.Agree(t, m.Encode(), "_initialize")
	if report, err := dispatch.Module(m); err != nil || report != (dispatch.Report{}) {
		t.Errorf("a module without a table: %+v, %v", report, err)
	}
}

// places are the places of the table of small, which begins with an empty one:
// functions that add 1, 2 and 3, one that traps, one that takes two numbers and
// multiplies them, and again the one that adds 2.
var places = []byte{1, 2, 3, 4, 5, 2}

// small is a module whose export "one" calls what is at a place of the table
// with the number 10, and "two" with 10 and 11; a third call is of a type that no
// function has.
func small() *module.Module {
	const (
		get, constant, add, multiply = module.OpLocalGet, module.OpI32Const, 0x6a, 0x6c
		one, two                     = 0, 1 // types
	)
	adds := func(n byte) []byte { return []byte{0, get, 0, constant, n, add, module.OpEnd} }
	export := func(name string, f uint32) module.Exported { return module.Exported{Name: name, Index: f} }
	return &module.Module{Sections: []module.Section{
		{ID: module.Type, Body: module.TypeSection([]module.FuncType{
			{Params: []byte{module.I32}, Results: []byte{module.I32}},
			{Params: []byte{module.I32, module.I32}, Results: []byte{module.I32}},
			{Results: []byte{module.I32}},
			{Params: []byte{module.I32}, Results: []byte{module.I32}}, // as the first
		})},
		{ID: module.Function, Body: module.FunctionSection([]uint32{one, one, 3, one, one, two, one, one, one})},
		{ID: module.Table, Body: []byte{1, 0x70, 0, 20}},
		{ID: module.Export, Body: module.ExportSection([]module.Exported{export("one", 6), export("two", 7), export("three", 8)})},
		{ID: module.Element, Body: append([]byte{1, 0, constant, 1, module.OpEnd, byte(len(places))}, places...)},
		{ID: module.Code, Body: module.CodeSection([][]byte{
			adds(0), adds(1), adds(2), adds(3), // of which the first is not in the table
			{0, module.OpUnreachable, module.OpEnd},
			{0, get, 0, get, 1, multiply, module.OpEnd},
			{0, constant, 10, get, 0, module.OpIndirect, 0, 0, module.OpEnd},
			{0, constant, 10, constant, 11, get, 0, module.OpIndirect, two, 0, module.OpEnd},
			{0, get, 0, module.OpIndirect, 2, 0, module.OpEnd},
		})},
	}}
}

// TestModuleCalls calls every place with every type before and after, and places
// that there are not.
func TestModuleCalls(t *testing.T) {
	t.Parallel()
	before := small()
	after := small()
	report, err := dispatch.Module(after)
	if err != nil {
		t.Fatal(err)
	}
	if want := (dispatch.Report{Places: 6, Cases: 5, Calls: 3}); report != want {
		t.Errorf("%+v, want %+v", report, want)
	}
	for place, want := range map[uint32][3]string{
		0: {"trap", "trap", "trap"}, 1: {"11", "trap", "trap"}, 2: {"12", "trap", "trap"}, 3: {"13", "trap", "trap"},
		4: {"trap", "trap", "trap"}, 5: {"trap", "110", "trap"}, 6: {"12", "trap", "trap"}, 7: {"trap", "trap", "trap"},
		19: {"trap", "trap", "trap"}, 20: {"trap", "trap", "trap"}, 1 << 31: {"trap", "trap", "trap"}, 1<<32 - 1: {"trap", "trap", "trap"},
	} {
		for i, export := range []string{"one", "two", "three"} {
			if got := answer(t, before, export, place); got != want[i] {
				t.Errorf("with the table, %s(%d) = %s, want %s", export, place, got, want[i])
			}
			if got := answer(t, after, export, place); got != want[i] {
				t.Errorf("without it, %s(%d) = %s, want %s", export, place, got, want[i])
			}
		}
	}
}

func answer(t *testing.T, m *module.Module, export string, place uint32) string {
	t.Helper()
	result, _, err := buildtest.Start(t, m.Encode(), "").Try(t, export, uint64(place))
	if err != nil {
		return "trap"
	}
	return fmt.Sprint(result[0])
}

// TestModuleRefuses leaves alone what it does not understand.
func TestModuleRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		change func(*module.Module)
		want   string
	}{
		{func(m *module.Module) {
			m.Find(module.Export).Body = module.ExportSection([]module.Exported{{Name: "t", Kind: module.KindTable}})
		}, "the module exports its table"},
		{func(m *module.Module) { m.Find(module.Table).Body = []byte{2, 0x70, 0, 20, 0x70, 0, 1} }, "the module has 2 tables"},
		{func(m *module.Module) { m.Find(module.Element).Body[1] = 1 }, "section 9: byte 2: segment of the form 1"},
		{func(m *module.Module) { m.Find(module.Element).Body[6] = 9 }, "the table holds function 9"},
		{func(m *module.Module) {
			m.Find(module.Element).Body = []byte{1, 0, module.OpI32Const, 0x80, 0x80, 0xc0, 0, module.OpEnd, 1, 0}
		}, "the table has 1048577 places"},
		{func(m *module.Module) { // table.get
			m.Find(module.Code).Body = bytes.Replace(m.Body(module.Code), []byte{0x20, 0, 0x20, 1, 0x6c}, []byte{0x20, 0, 0x25, 0, 0x1a}, 1)
		}, "function 5 of the code: byte 4: unknown opcode 0x25"},
		{func(m *module.Module) {
			m.Find(module.Code).Body = bytes.Replace(m.Body(module.Code), []byte{0x11, 2, 0}, []byte{0x11, 2, 1}, 1)
		}, "function 8 of the code: a call through table 1"},
		{func(m *module.Module) {
			m.Find(module.Code).Body = bytes.Replace(m.Body(module.Code), []byte{0x11, 2, 0}, []byte{0x11, 7, 0}, 1)
		}, "function 8 of the code: a call of type 7"},
		{func(m *module.Module) { m.Find(module.Function).Body = module.FunctionSection(make([]uint32, 8)) }, "9 functions have 8 types"},
		{func(m *module.Module) { m.Find(module.Function).Body[1] = 9 }, "a function of type 9"},
		{func(m *module.Module) {
			imports := module.Section{ID: module.Import, Body: []byte{1, 1, 'a', 1, 'b', 0, 9}}
			m.Sections = slices.Insert(m.Sections, 1, imports)
		}, "a function of type 9"},
	} {
		m := small()
		tt.change(m)
		before := m.Encode()
		if _, err := dispatch.Module(m); err == nil || !strings.Contains(err.Error(), "dispatch: "+tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
		if !bytes.Equal(m.Encode(), before) {
			t.Errorf("%s: the module was changed", tt.want)
		}
	}
}
