// Package module reads and writes WebAssembly modules as far as the build steps
// beside it need: sections as bytes, and within them numbers and vectors.
//
// The binary format is that of the WebAssembly core specification 2.0, chapter
// 5. What a step does not change is written as it was read, byte for byte.
package module

import (
	"errors"
	"fmt"
	"slices"
)

// The sections' numbers.
const (
	Custom    = 0
	Type      = 1
	Import    = 2
	Function  = 3
	Table     = 4
	Memory    = 5
	Global    = 6
	Export    = 7
	Start     = 8
	Element   = 9
	Code      = 10
	Data      = 11
	DataCount = 12
)

// The numbers of value types.
const (
	I32 = 0x7f
	I64 = 0x7e
	F32 = 0x7d
	F64 = 0x7c

	V128 = 0x7b
)

// preamble is the magic number and version every module starts with.
var preamble = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// Section is one section with its contents undecoded.
type Section struct {
	ID   byte
	Body []byte
}

// Module is a module as a list of sections in the order of the file.
type Module struct {
	Sections []Section
}

// Parse splits a module into its sections, whose bodies are parts of binary.
func Parse(binary []byte) (*Module, error) {
	if len(binary) < len(preamble) || string(binary[:len(preamble)]) != string(preamble) {
		return nil, errors.New("parse module: not a WebAssembly module of version 1")
	}
	m := &Module{}
	err := Read(binary[len(preamble):], func(r *Reader) {
		for !r.Done() {
			id := r.Byte()
			m.Sections = append(m.Sections, Section{ID: id, Body: r.Bytes(r.Len())})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("parse module: %w", err)
	}
	return m, nil
}

// Encode returns the module's file.
func (m *Module) Encode() []byte {
	out := slices.Clone(preamble)
	for _, s := range m.Sections {
		out = append(out, s.ID)
		out = AppendBytes(out, s.Body)
	}
	return out
}

// Find returns the first section with the number, or nil.
func (m *Module) Find(id byte) *Section {
	for i := range m.Sections {
		if m.Sections[i].ID == id {
			return &m.Sections[i]
		}
	}
	return nil
}

// Body returns the body of the first section with the number; nil if there is
// none.
func (m *Module) Body(id byte) []byte {
	if s := m.Find(id); s != nil {
		return s.Body
	}
	return nil
}

// Remove takes out every section that match reports true for.
func (m *Module) Remove(match func(Section) bool) {
	m.Sections = slices.DeleteFunc(m.Sections, match)
}

// FuncType is a function's parameters and results.
type FuncType struct{ Params, Results []byte }

// functionForm is what a function type begins with.
const functionForm = 0x60

// Types returns the module's function types.
func (m *Module) Types() ([]FuncType, error) {
	var types []FuncType
	err := m.vector(Type, func(r *Reader) {
		if form := r.Byte(); form != functionForm {
			r.Fail("type form %#x", form)
			return
		}
		params := r.Bytes(r.Len())
		types = append(types, FuncType{params, r.Bytes(r.Len())})
	})
	return types, err
}

// TypeSection returns the body of a type section.
func TypeSection(types []FuncType) []byte {
	out := AppendU(nil, uint64(len(types)))
	for _, t := range types {
		out = AppendBytes(append(out, functionForm), t.Params)
		out = AppendBytes(out, t.Results)
	}
	return out
}

// What imports and exports are.
const (
	KindFunction = 0
	KindTable    = 1
	KindMemory   = 2
	KindGlobal   = 3
)

// Imported is one import. For a function, Type is the number of its type.
type Imported struct {
	Module, Name string
	Kind         byte
	Type         uint32
}

// Imports returns the module's imports. Only functions can be read: Go imports
// nothing else.
func (m *Module) Imports() ([]Imported, error) {
	var imports []Imported
	err := m.vector(Import, func(r *Reader) {
		i := Imported{Module: r.Name(), Name: r.Name(), Kind: r.Byte()}
		if i.Kind != KindFunction {
			r.Fail("import %s.%s is no function", i.Module, i.Name)
			return
		}
		i.Type = r.U32()
		imports = append(imports, i)
	})
	return imports, err
}

// Functions returns the types of the functions the module defines.
func (m *Module) Functions() ([]uint32, error) {
	var types []uint32
	err := m.vector(Function, func(r *Reader) { types = append(types, r.U32()) })
	return types, err
}

// FunctionSection returns the body of a function section.
func FunctionSection(types []uint32) []byte {
	out := AppendU(nil, uint64(len(types)))
	for _, t := range types {
		out = AppendU(out, uint64(t))
	}
	return out
}

// Exported is one export.
type Exported struct {
	Name  string
	Kind  byte
	Index uint32
}

// Exports returns the module's exports.
func (m *Module) Exports() ([]Exported, error) {
	var exports []Exported
	err := m.vector(Export, func(r *Reader) {
		exports = append(exports, Exported{Name: r.Name(), Kind: r.Byte(), Index: r.U32()})
	})
	return exports, err
}

// ExportSection returns the body of an export section.
func ExportSection(exports []Exported) []byte {
	out := AppendU(nil, uint64(len(exports)))
	for _, e := range exports {
		out = append(AppendBytes(out, []byte(e.Name)), e.Kind)
		out = AppendU(out, uint64(e.Index))
	}
	return out
}

// Bodies returns the code of the functions the module defines: each with its
// locals, without its length.
func (m *Module) Bodies() ([][]byte, error) {
	var bodies [][]byte
	err := m.vector(Code, func(r *Reader) { bodies = append(bodies, r.Bytes(r.Len())) })
	return bodies, err
}

// CodeSection returns the body of a code section of the functions' bodies.
func CodeSection(bodies [][]byte) []byte {
	out := AppendU(nil, uint64(len(bodies)))
	for _, b := range bodies {
		out = AppendBytes(out, b)
	}
	return out
}

// FunctionNames returns the names of the custom section "name" by function
// index; empty if the module has none.
func (m *Module) FunctionNames() (map[uint32]string, error) {
	names := map[uint32]string{}
	for _, s := range m.Sections {
		if s.ID != Custom || !s.IsCustom("name") {
			continue
		}
		err := Read(s.Body, func(r *Reader) {
			r.Name()
			for !r.Done() {
				part, body := r.Byte(), r.Bytes(r.Len())
				if part != 1 { // functions
					continue
				}
				sub := Reader{bytes: body}
				for range sub.Len() {
					index := sub.U32()
					names[index] = sub.Name()
				}
				r.adopt(sub.err)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
	}
	return names, nil
}

// IsCustom reports whether s is the custom section of that name.
func (s Section) IsCustom(name string) bool {
	if s.ID != Custom {
		return false
	}
	r := Reader{bytes: s.Body}
	return r.Name() == name && r.err == nil
}

// vector calls read for each element of a section that is a vector, and checks
// that nothing is left. A section that is not there has no elements.
func (m *Module) vector(id byte, read func(*Reader)) error {
	s := m.Find(id)
	if s == nil {
		return nil
	}
	err := Read(s.Body, func(r *Reader) {
		for range r.Len() {
			read(r)
			if r.err != nil {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("section %d: %w", id, err)
	}
	return nil
}

// Vector returns the body of a section that is a vector of elements already
// encoded.
func Vector(elements [][]byte) []byte {
	out := AppendU(nil, uint64(len(elements)))
	for _, e := range elements {
		out = append(out, e...)
	}
	return out
}
