package link_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/wasm/internal/build/buildtest"
	"github.com/my21staff/my21staff/wasm/internal/kernel"
	"github.com/my21staff/my21staff/wasm/internal/link"
	"github.com/my21staff/my21staff/wasm/internal/module"
)

var target = link.Import{Module: "edge_kernel", Name: "sha256_blocks"}

// TestFunctionKeepsBehaviour links the kernel into a real module.
func TestFunctionKeepsBehaviour(t *testing.T) {
	t.Parallel()
	m := buildtest.Guest(t)
	names, err := m.FunctionNames()
	if err != nil {
		t.Fatal(err)
	}
	typ, body := kernel.Blocks()
	if err := link.Function(m, target, typ, body); err != nil {
		t.Fatal(err)
	}
	if imports, err := m.Imports(); err != nil || slices.ContainsFunc(imports, func(i module.Imported) bool { return i.Module == target.Module }) {
		t.Errorf("the module still imports %v, %v", imports, err)
	}
	after, err := m.FunctionNames()
	if err != nil || len(after) != len(names) {
		t.Errorf("%d functions have names, want %d; %v", len(after), len(names), err)
	}
	buildtest.Agree(t, m.Encode(), "_initialize")
}

// small is a module that imports three functions a.x, a.y and a.z, of which x
// and y have parameters, and defines one that calls all of them.
func small() *module.Module {
	entry := func(name string, typ byte) []byte { return []byte{1, 'a', 1, name[0], 0, typ} }
	return &module.Module{Sections: []module.Section{
		{ID: module.Type, Body: []byte{2, 0x60, 1, module.I32, 0, 0x60, 0, 0}},
		{ID: module.Import, Body: module.Vector([][]byte{entry("x", 0), entry("y", 0), entry("z", 1)})},
		{ID: module.Function, Body: []byte{1, 1}},
		{ID: module.Export, Body: module.ExportSection([]module.Exported{{Name: "f", Index: 3}})},
		{ID: module.Element, Body: []byte{1, 0, module.OpI32Const, 0, module.OpEnd, 1, 3}},
		{ID: module.Code, Body: module.CodeSection([][]byte{caller(0, 1, 2)})},
	}}
}

// caller calls x, y and z under the indexes given.
func caller(x, y, z byte) []byte {
	return []byte{0, module.OpI32Const, 1, module.OpCall, x, module.OpI32Const, 0x10, module.OpCall, y, module.OpCall, z, module.OpEnd}
}

var (
	takesNumber  = module.FuncType{Params: []byte{module.I32}}
	takesNothing = module.FuncType{}
	nothing      = []byte{0, module.OpEnd}
)

// TestFunctionIndexes: the function becomes the first one defined, of index 2,
// and the last import takes the index that is free.
func TestFunctionIndexes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		typ     module.FuncType
		imports string
		caller  []byte
	}{
		{"x", takesNumber, "zy", caller(2, 1, 0)},
		{"y", takesNumber, "xz", caller(0, 2, 1)},
		{"z", takesNothing, "xy", caller(0, 1, 2)},
	} {
		m := small()
		if err := link.Function(m, link.Import{Module: "a", Name: tt.name}, tt.typ, nothing); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		imports, _ := m.Imports()
		var got string
		for _, i := range imports {
			got += i.Name
		}
		bodies, _ := m.Bodies()
		if got != tt.imports || len(bodies) != 2 || !bytes.Equal(bodies[0], nothing) || !bytes.Equal(bodies[1], tt.caller) {
			t.Errorf("%s: imports %s and bodies %x, want %s and %x", tt.name, got, bodies, tt.imports, tt.caller)
		}
		functions, _ := m.Functions()
		types, _ := m.Types()
		if len(functions) != 2 || !bytes.Equal(types[functions[0]].Params, tt.typ.Params) || functions[1] != 1 {
			t.Errorf("%s: the functions have the types %v", tt.name, functions)
		}
	}
}

// TestFunctionRefuses leaves alone what it would have to renumber.
func TestFunctionRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*module.Module)
		want   string
	}{
		{"q", nil, "does not import it"},
		{"z", nil, "imports it as  to , but it is 7f to "},
		{"x", func(m *module.Module) {
			m.Find(module.Import).Body = bytes.ReplaceAll(m.Body(module.Import), []byte("y"), []byte("x"))
		}, "more than once"},
		{"x", func(m *module.Module) {
			m.Sections = append(m.Sections, module.Section{ID: module.Start, Body: []byte{3}})
		}, "start function"},
		{"x", func(m *module.Module) {
			m.Find(module.Export).Body = module.ExportSection([]module.Exported{{Name: "e", Index: 2}})
		}, "the export e is an import"},
		{"x", func(m *module.Module) {
			m.Find(module.Element).Body[6] = 0
		}, "the table holds an import"},
		{"x", func(m *module.Module) {
			m.Find(module.Element).Body[1] = 1
		}, "segment of the form 1"},
		{"x", func(m *module.Module) {
			m.Find(module.Code).Body[5] = 0xd2
		}, "opcode 0xd2"},
		{"x", func(m *module.Module) {
			m.Sections = append(m.Sections, module.Section{ID: module.Custom, Body: []byte("\x04name\x01\x04\x01\x00\x01n")})
		}, "the import n is named"},
		{"x", func(m *module.Module) { m.Find(module.Function).Body = nil }, "ends too early"},
		{"x", func(m *module.Module) { m.Find(module.Code).Body = []byte{0} }, ""},
	} {
		m := small()
		if tt.change != nil {
			tt.change(m)
		}
		before := m.Encode()
		err := link.Function(m, link.Import{Module: "a", Name: tt.name}, takesNumber, nothing)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if !bytes.Equal(m.Encode(), before) {
			t.Errorf("%s: the module changed though there was an error: %v", tt.name, err)
		}
	}
}
