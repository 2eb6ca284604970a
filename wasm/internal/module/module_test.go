package module_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// example is a module with every section that is read.
func example() *module.Module {
	return &module.Module{Sections: []module.Section{
		{ID: module.Custom, Body: []byte("\x05other123")},
		{ID: module.Type, Body: []byte{2, 0x60, 1, module.I32, 1, module.I64, 0x60, 0, 0}},
		{ID: module.Import, Body: []byte("\x01\x03env\x01f\x00\x01")},
		{ID: module.Function, Body: []byte{2, 0, 1}},
		{ID: module.Table, Body: []byte{1, 0x70, 0, 9}},
		{ID: module.Memory, Body: []byte{1, 0, 2}},
		{ID: module.Global, Body: module.GlobalSection(globals)},
		{ID: module.Export, Body: module.ExportSection(exports)},
		{ID: module.Element, Body: []byte{1, 0, module.OpI32Const, 7, module.OpEnd, 2, 1, 2}},
		{ID: module.Code, Body: module.CodeSection(bodies)},
		{ID: module.Data, Body: module.DataSection(segments)},
		{ID: module.Custom, Body: []byte("\x04name\x01\x06\x02\x01\x01a\x02\x00\x02\x01x")},
	}}
}

var (
	globals = []module.GlobalVar{
		{Type: module.I32, Mutable: 1, Value: 1<<32 - 5}, {Type: module.I64, Value: 1 << 63},
		{Type: module.F32, Value: 0x7fc00000}, {Type: module.F64, Mutable: 1, Value: 1},
	}
	exports  = []module.Exported{{Name: "f", Index: 1}, {Name: "memory", Kind: module.KindMemory}}
	bodies   = [][]byte{{1, 2, module.I32, module.OpI64Const, 0x7f, module.OpEnd}, {0, module.OpEnd}}
	segments = []module.DataSegment{{Offset: 4, Bytes: []byte("abc")}, {Offset: 1<<17 - 1, Bytes: []byte("z")}}
)

// TestModuleReads what example wrote.
func TestModuleReads(t *testing.T) {
	t.Parallel()
	m, err := module.Parse(example().Encode())
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, want any) func(got any, err error) {
		return func(got any, err error) {
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s are %v, %v; want %v", name, got, err, want)
			}
		}
	}
	types, err := m.Types()
	check("types", []module.FuncType{{Params: []byte{module.I32}, Results: []byte{module.I64}}, {Params: []byte{}, Results: []byte{}}})(types, err)
	imports, err := m.Imports()
	check("imports", []module.Imported{{Module: "env", Name: "f", Type: 1}})(imports, err)
	functions, err := m.Functions()
	check("functions", []uint32{0, 1})(functions, err)
	pages, err := m.Pages()
	check("pages", uint32(2))(pages, err)
	gotGlobals, err := m.Globals()
	check("globals", globals)(gotGlobals, err)
	gotExports, err := m.Exports()
	check("exports", exports)(gotExports, err)
	table, err := m.TableSegments()
	check("table segments", []module.TableSegment{{Offset: 7, Functions: []uint32{1, 2}}})(table, err)
	gotBodies, err := m.Bodies()
	check("bodies", bodies)(gotBodies, err)
	data, err := m.DataSegments()
	check("data segments", segments)(data, err)
	names, err := m.FunctionNames()
	check("names", map[uint32]string{1: "a", 2: ""})(names, err)
}

// TestImage is the memory with its segments, and Segments takes it apart again.
func TestImage(t *testing.T) {
	t.Parallel()
	memory, err := example().Image()
	if err != nil || len(memory) != 2*module.PageSize || string(memory[4:7]) != "abc" || memory[1<<17-1] != 'z' {
		t.Fatalf("%d bytes, %q, %v", len(memory), memory[:10], err)
	}
	if got := module.Segments(memory, 8); !reflect.DeepEqual(got, segments) {
		t.Errorf("segments %v, want %v", got, segments)
	}
	if got := module.Segments(make([]byte, 100), 8); got != nil {
		t.Errorf("segments of zeros %v, want none", got)
	}
}

func TestSections(t *testing.T) {
	t.Parallel()
	m := example()
	if m.Find(module.Start) != nil || m.Body(module.Start) != nil {
		t.Error("there is a start section")
	}
	if !m.Sections[0].IsCustom("other") || m.Sections[0].IsCustom("name") || m.Sections[1].IsCustom("other") {
		t.Error("IsCustom does not tell sections apart")
	}
	m.Remove(func(s module.Section) bool { return s.ID == module.Custom })
	if len(m.Sections) != 10 || m.Find(module.Custom) != nil {
		t.Errorf("%d sections are left", len(m.Sections))
	}
	if got, want := module.Vector(nil), []byte{0}; !bytes.Equal(got, want) {
		t.Errorf("an empty vector is %x", got)
	}
}

// TestModuleFails on what it cannot read; each section is tried alone.
func TestModuleFails(t *testing.T) {
	t.Parallel()
	read := map[byte]func(*module.Module) error{
		module.Type:     func(m *module.Module) error { _, err := m.Types(); return err },
		module.Import:   func(m *module.Module) error { _, err := m.Imports(); return err },
		module.Function: func(m *module.Module) error { _, err := m.Functions(); return err },
		module.Memory:   func(m *module.Module) error { _, err := m.Pages(); return err },
		module.Global:   func(m *module.Module) error { _, err := m.Globals(); return err },
		module.Export:   func(m *module.Module) error { _, err := m.Exports(); return err },
		module.Element:  func(m *module.Module) error { _, err := m.TableSegments(); return err },
		module.Code:     func(m *module.Module) error { return m.EachInstruction(func(int, []byte, module.Instruction) {}) },
		module.Data:     func(m *module.Module) error { _, err := m.DataSegments(); return err },
		module.Custom:   func(m *module.Module) error { _, err := m.FunctionNames(); return err },
	}
	for _, tt := range []struct {
		section byte
		body    string
		want    string
	}{
		{module.Type, "\x01\x5f\x00\x00", "type form 0x5f"},
		{module.Type, "\x01\x60\x00", "ends too early"},
		{module.Type, "\x00\x00", "1 bytes are left"},
		{module.Import, "\x01\x01m\x01n\x02\x00", "import m.n is no function"},
		{module.Function, "\x02\x00", "ends too early"},
		{module.Memory, "\x01\x01\x01\x02", "limits 0x1"},
		{module.Memory, "\x02\x00\x01\x00\x01", "2 memories"},
		{module.Memory, "\x00", "0 memories"},
		{module.Memory, "\x01\x00\x81\x80\x04", "65537 pages"},
		{module.Global, "\x01\x7f\x00\x42\x00\x0b", "begins with 0x42"},
		{module.Global, "\x01\x7f\x00\x41\x00\x41", "goes on with 0x41"},
		{module.Global, "\x01\x70\x00\xd0\x70\x0b", "type 0x70"},
		{module.Export, "\x01\x05a", "ends too early"},
		{module.Element, "\x01\x01\x00\x00", "segment of the form 1"},
		{module.Element, "\x01\x00\x23\x00\x0b\x00", "no constant but 0x23"},
		{module.Data, "\x01\x00\x41\x80\x80\x80\x80\x10\x0b\x00", "offset 4294967296"},
		{module.Data, "\x01\x00\x41\x00\x41\x00", "goes on with 0x41"},
		{module.Code, "\x01\x03\x00\xd2\x0b", "function 0 of the code: byte 2: unknown opcode 0xd2"},
		{module.Code, "\x01\x04\x00\xfc\x0c\x0b", "unknown opcode 0xfc 12"},
		{module.Code, "\x01\x04\x00\xfd\x0c\x0b", "unknown opcode 0xfd 12"},
		{module.Code, "\x01\x02\x01\x01", "ends too early"},
		{module.Custom, "\x04name\x01\x02\x01\x00", "ends too early"},
	} {
		m := &module.Module{Sections: []module.Section{{ID: tt.section, Body: []byte(tt.body)}}}
		if err := read[tt.section](m); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("section %d %q: %v, want %q", tt.section, tt.body, err, tt.want)
		}
	}
	outside := &module.Module{Sections: []module.Section{
		{ID: module.Memory, Body: []byte{1, 0, 1}},
		{ID: module.Data, Body: module.DataSection([]module.DataSegment{{Offset: module.PageSize, Bytes: []byte{1}}})},
	}}
	if _, err := outside.Image(); err == nil || !strings.Contains(err.Error(), "outside of the memory") {
		t.Errorf("a segment outside of the memory: %v", err)
	}
}

func TestParseFails(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                    "not a WebAssembly module",
		"\x00asm\x02\x00\x00\x00":             "not a WebAssembly module",
		"\x00asm\x01\x00\x00\x00\x01":         "ends too early",
		"\x00asm\x01\x00\x00\x00\x01\x02\x00": "ends too early",
	} {
		if _, err := module.Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", in, err, want)
		}
	}
}

// TestInstructions reads each kind of immediate.
func TestInstructions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  string
		op    byte
		value int64
	}{
		{"\x01", 0x01, 0},
		{"\x02\x40", module.OpBlock, -64},
		{"\x04\x7f", module.OpIf, -1},
		{"\x0d\x03", 0x0d, 3},
		{"\x0e\x02\x00\x01\x05", 0x0e, 5},
		{"\x10\x80\x01", module.OpCall, 128},
		{"\x11\x04\x00", module.OpIndirect, 4},
		{"\x20\x07", module.OpLocalGet, 7},
		{"\x28\x02\x80\x08", 0x28, 2},
		{"\x3f\x00", 0x3f, 0},
		{"\x41\x7f", module.OpI32Const, -1},
		{"\x42\x80\x80\x80\x80\x01", module.OpI64Const, 1 << 28},
		{"\x43\x00\x00\x80\x3f", module.OpF32Const, 0},
		{"\x44\x00\x00\x00\x00\x00\x00\xf0\x3f", module.OpF64Const, 0},
		{"\xc4", 0xc4, 0},
		{"\xfc\x02", module.OpPrefix, 0},
		{"\xfc\x08\x03\x00", module.OpPrefix, 3},
		{"\xfc\x09\x03", module.OpPrefix, 3},
		{"\xfc\x0a\x00\x00", module.OpPrefix, 0},
		{"\xfc\x0b\x00", module.OpPrefix, 0},
		{"\xfd\x00\x04\x10", module.OpVector, 4},
		{"\xfd\x0b\x04\x10", module.OpVector, 4},
		{"\xfd\x23", module.OpVector, 0},
		{"\xfd\x64", module.OpVector, 0},
	} {
		body := append([]byte("\x01\x02\x7f"+tt.code), module.OpEnd)
		var got []module.Instruction
		if err := module.Instructions(body, func(i module.Instruction) { got = append(got, i) }); err != nil {
			t.Errorf("%x: %v", tt.code, err)
			continue
		}
		want := module.Instruction{Op: tt.op, Value: tt.value, At: 3, End: 3 + len(tt.code)}
		if tt.op == module.OpPrefix || tt.op == module.OpVector {
			want.Sub = uint32(tt.code[1])
		}
		end := module.Instruction{Op: module.OpEnd, At: want.End, End: want.End + 1}
		if !slices.Equal(got, []module.Instruction{want, end}) {
			t.Errorf("%x: %+v, want %+v and the end", tt.code, got, want)
		}
	}
}

// FuzzParse parses what may be no module: nothing panics, and what is a module
// keeps its sections when it is written and read again. Its numbers may be
// longer than they need be, so the first file may be longer than the second.
func FuzzParse(f *testing.F) {
	f.Add(example().Encode())
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x03\x81\x00\x00"))
	f.Fuzz(func(t *testing.T, binary []byte) {
		m, err := module.Parse(binary)
		if err != nil {
			return
		}
		written := m.Encode()
		again, err := module.Parse(written)
		if err != nil || len(written) > len(binary) || !bytes.Equal(again.Encode(), written) {
			t.Fatalf("%x is written as %x, %v", binary, written, err)
		}
		for i, s := range m.Sections {
			if r := again.Sections[i]; r.ID != s.ID || !bytes.Equal(r.Body, s.Body) {
				t.Fatalf("section %d is read again as %v, want %v", i, r, s)
			}
		}
		readAll(m)
	})
}

// readAll reads all that there is to read.
func readAll(m *module.Module) {
	_, _ = m.Types()
	_, _ = m.Imports()
	_, _ = m.Functions()
	_, _ = m.Globals()
	_, _ = m.Exports()
	_, _ = m.TableSegments()
	_, _ = m.FunctionNames()
	_ = m.EachInstruction(func(int, []byte, module.Instruction) {})
	if pages, err := m.Pages(); err == nil && pages < 16 {
		_, _ = m.Image()
	}
}
