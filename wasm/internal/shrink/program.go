package shrink

import (
	"fmt"
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// program is a module taken apart.
type program struct {
	imports int // functions that it imports
	bodies  [][]byte
	table   []int // function index by the place in the table; -1 is none
	globals []module.GlobalVar
	memory  []byte
	symbols symbols
	once    map[int]bool // the functions that startOnly names
}

// load takes a module apart and clears the part of the stack that is not used.
func load(m *module.Module) (*program, error) {
	p := &program{}
	for _, read := range []func(*module.Module) error{p.readCode, p.readTable, p.readNames, p.readMemory} {
		if err := read(m); err != nil {
			return nil, err
		}
	}
	var err error
	if p.symbols, err = findSymbols(p.memory); err != nil {
		return nil, err
	}
	unused, err := unusedStack(p.globals, p.memory)
	if err != nil {
		return nil, err
	}
	clear(p.memory[unused.from:unused.to])
	return p, nil
}

func (p *program) readCode(m *module.Module) error {
	imports, err := m.Imports()
	if err != nil {
		return err
	}
	p.imports = len(imports)
	p.bodies, err = m.Bodies()
	return err
}

func (p *program) readMemory(m *module.Module) (err error) {
	if p.globals, err = m.Globals(); err != nil {
		return err
	}
	p.memory, err = m.Image()
	return err
}

func (p *program) readNames(m *module.Module) error {
	names, err := m.FunctionNames()
	p.once = map[int]bool{}
	for f, name := range names {
		if slices.Contains(startOnly, name) {
			p.once[int(f)] = true
		}
	}
	return err
}

// maxTable is more places than any table of Go's has: a module has as many
// functions, after 4096 places that are empty.
const maxTable = 1 << 20

func (p *program) readTable(m *module.Module) error {
	segments, err := m.TableSegments()
	if err != nil {
		return err
	}
	for _, s := range segments {
		for i, f := range s.Functions {
			at := int(s.Offset) + i
			if at >= maxTable || int(f) >= p.imports+len(p.bodies) {
				return fmt.Errorf("place %d of the table is for function %d of %d", at, f, p.imports+len(p.bodies))
			}
			for len(p.table) <= at {
				p.table = append(p.table, -1)
			}
			p.table[at] = int(f)
		}
	}
	return nil
}
