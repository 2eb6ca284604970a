// Package link resolves a function a module imports to one written by hand.
//
// No index of a function the module defines changes, and that is the whole
// idea. Go numbers its functions from the first one defined and builds on it:
// a program counter is that number and 4096, shifted by 16, and so are the
// places in the table, the return addresses in the code and the function table
// in the data. So the import becomes the last of the imports and is then taken
// out, and the function takes its index as the first one defined. The table is
// filled by index and still begins with the function it began with.
package link

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// Import names what a module imports.
type Import struct{ Module, Name string }

// Function resolves an import of the module to a function of the type and body,
// and changes the module in place.
//
// It is an error, and m is unchanged, if the module does not import it exactly
// once as a function of that type, or if the import or the last of the imports,
// which takes its index, is used in another way than by a direct call.
func Function(m *module.Module, target Import, typ module.FuncType, body []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("link %s.%s: %w", target.Module, target.Name, err)
		}
	}()
	imports, err := m.Imports()
	if err != nil {
		return err
	}
	at, err := find(imports, target)
	if err != nil {
		return err
	}
	if err := sameType(m, imports[at].Type, typ); err != nil {
		return err
	}
	last := len(imports) - 1
	if err := onlyCalled(m, uint32(at), uint32(last)); err != nil {
		return err
	}
	code, err := exchangeCalls(m, int64(at), int64(last))
	if err != nil {
		return err
	}
	if code, err = prepend(code, module.AppendBytes(nil, body)); err != nil {
		return err
	}
	functions, err := prepend(m.Body(module.Function), module.AppendU(nil, uint64(imports[at].Type)))
	if err != nil {
		return err
	}
	m.Find(module.Code).Body = code
	m.Find(module.Function).Body = functions
	imports[at] = imports[last]
	m.Find(module.Import).Body = encode(imports[:last])
	return nil
}

func find(imports []module.Imported, target Import) (int, error) {
	is := func(i module.Imported) bool { return i.Module == target.Module && i.Name == target.Name }
	at := slices.IndexFunc(imports, is)
	switch {
	case at < 0:
		return 0, errors.New("the module does not import it")
	case slices.ContainsFunc(imports[at+1:], is):
		return 0, errors.New("the module imports it more than once; declare it in one place")
	}
	return at, nil
}

func sameType(m *module.Module, index uint32, want module.FuncType) error {
	types, err := m.Types()
	if err != nil {
		return err
	}
	if int(index) >= len(types) {
		return fmt.Errorf("type %d of %d", index, len(types))
	}
	if got := types[index]; !bytes.Equal(got.Params, want.Params) || !bytes.Equal(got.Results, want.Results) {
		return fmt.Errorf("the module imports it as %x to %x, but it is %x to %x", got.Params, got.Results, want.Params, want.Results)
	}
	return nil
}

// onlyCalled returns an error if one of the imports is a start function, or is
// exported, in a table or named: what Go's linker never writes needs no
// renumbering.
func onlyCalled(m *module.Module, imports ...uint32) error {
	used := func(index uint32) bool { return slices.Contains(imports, index) }
	if m.Find(module.Start) != nil {
		return errors.New("the module has a start function")
	}
	exports, err := m.Exports()
	if err != nil {
		return err
	}
	for _, e := range exports {
		if e.Kind == module.KindFunction && used(e.Index) {
			return fmt.Errorf("the export %s is an import", e.Name)
		}
	}
	elements, err := m.TableSegments()
	if err != nil {
		return err
	}
	for _, e := range elements {
		if slices.ContainsFunc(e.Functions, used) {
			return errors.New("the table holds an import")
		}
	}
	names, err := m.FunctionNames()
	if err != nil {
		return err
	}
	for _, i := range imports {
		if names[i] != "" {
			return fmt.Errorf("the import %s is named", names[i])
		}
	}
	return nil
}

// exchangeCalls returns the code section with the calls of a and b exchanged.
func exchangeCalls(m *module.Module, a, b int64) ([]byte, error) {
	if a == b {
		return m.Body(module.Code), nil
	}
	bodies, err := m.Bodies()
	if err != nil {
		return nil, err
	}
	for f, body := range bodies {
		var out []byte
		copied := 0
		err := module.Instructions(body, func(i module.Instruction) {
			if i.Op != module.OpCall || i.Value != a && i.Value != b {
				return
			}
			out = append(out, body[copied:i.At]...)
			out = module.AppendU(append(out, module.OpCall), uint64(a+b-i.Value))
			copied = i.End
		})
		if err != nil {
			return nil, fmt.Errorf("function %d of the code: %w", f, err)
		}
		bodies[f] = append(out, body[copied:]...)
	}
	return module.CodeSection(bodies), nil
}

// prepend returns a section's vector with an element before the others.
func prepend(vector, first []byte) ([]byte, error) {
	r := module.NewReader(vector)
	count := r.Len()
	return slices.Concat(module.AppendU(nil, uint64(count)+1), first, vector[r.Offset():]), r.Err()
}

func encode(imports []module.Imported) []byte {
	var elements [][]byte
	for _, i := range imports {
		e := module.AppendBytes(nil, []byte(i.Module))
		e = append(module.AppendBytes(e, []byte(i.Name)), i.Kind)
		elements = append(elements, module.AppendU(e, uint64(i.Type)))
	}
	return module.Vector(elements)
}
