// Package dispatch takes the table out of a module: an indirect call becomes a
// call of a function that branches to where the table would have led.
//
// A table has its price at every start. The engine makes a reference for each
// of its places, and Go, which has to resume whatever is on a goroutine's stack,
// puts all functions of a program into it: in wazero that is three quarters of
// the time in which an instance starts and a third of its memory. A branch is
// in the code, which is compiled once and belongs to all instances.
//
// The call takes as long as it did. What the engine looks up in the table and
// checks, the type of the function, is decided here.
package dispatch

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// Report is what was replaced.
type Report struct {
	Places int // of the table that held a function
	Cases  int // of them that are branched to
	Calls  int // indirect ones there were
}

// Module replaces the table and the indirect calls of m. It changes m in place,
// or not at all if it returns an error. A call that would have trapped traps: at
// a place that holds no function, one of another type, or one that does nothing
// but trap.
//
// Every function keeps its index: what is added comes after them. It is an error
// if the table is used by anything else than indirect calls, or has another form
// than Go's linker gives it. A module without a table is left alone.
func Module(m *module.Module) (Report, error) {
	report, err := replace(m)
	if err != nil {
		return Report{}, fmt.Errorf("dispatch: %w", err)
	}
	return report, nil
}

func replace(m *module.Module) (Report, error) {
	if m.Find(module.Table) == nil {
		return Report{}, nil
	}
	p, err := load(m)
	if err != nil {
		return Report{}, err
	}
	bodies := slices.Clone(p.bodies)
	for f, body := range p.bodies {
		if bodies[f], err = p.redirect(body); err != nil {
			return Report{}, fmt.Errorf("function %d of the code: %w", f, err)
		}
	}
	types, functions := p.types, p.functions
	for _, d := range p.dispatchers {
		functions = append(functions, uint32(len(types)))
		types = append(types, d.own)
		bodies = append(bodies, p.body(d))
	}
	m.Find(module.Type).Body = module.TypeSection(types)
	m.Find(module.Function).Body = module.FunctionSection(functions)
	m.Find(module.Code).Body = module.CodeSection(bodies)
	m.Remove(func(s module.Section) bool { return s.ID == module.Table || s.ID == module.Element })
	return p.report, nil
}

// program is a module taken apart.
type program struct {
	imports   []module.Imported
	types     []module.FuncType
	functions []uint32
	bodies    [][]byte
	places    []int // function by its place in the table; none for an empty place
	report    Report

	dispatchers []dispatcher
}

const none = -1

// dispatcher is the function that calls of one type go to. It takes the place in
// the table after the parameters of the type.
type dispatcher struct {
	typ uint32 // of what it calls
	own module.FuncType
}

func load(m *module.Module) (p *program, err error) {
	p = &program{}
	if p.imports, err = m.Imports(); err != nil {
		return nil, err
	}
	if p.types, err = m.Types(); err != nil {
		return nil, err
	}
	if p.functions, err = m.Functions(); err != nil {
		return nil, err
	}
	if p.bodies, err = m.Bodies(); err != nil {
		return nil, err
	}
	if err = p.check(m); err != nil {
		return nil, err
	}
	return p, p.readTable(m)
}

// check returns an error for what Go's linker does not write.
func (p *program) check(m *module.Module) error {
	exports, err := m.Exports()
	if err != nil {
		return err
	}
	types := slices.Clone(p.functions)
	for _, i := range p.imports {
		types = append(types, i.Type)
	}
	tables := module.NewReader(m.Body(module.Table)).U32()
	switch typ := slices.Max(append(types, 0)); {
	case slices.ContainsFunc(exports, func(e module.Exported) bool { return e.Kind == module.KindTable }):
		return errors.New("the module exports its table")
	case tables != 1:
		return fmt.Errorf("the module has %d tables", tables)
	case len(p.functions) != len(p.bodies):
		return fmt.Errorf("%d functions have %d types", len(p.bodies), len(p.functions))
	case int(typ) >= len(p.types):
		return fmt.Errorf("a function of type %d", typ)
	}
	return nil
}

// maxPlaces is more than any table of Go's has: a module has as many functions,
// after 4096 places that are empty.
const maxPlaces = 1 << 20

func (p *program) readTable(m *module.Module) error {
	segments, err := m.TableSegments()
	if err != nil {
		return err
	}
	for _, s := range segments {
		end := uint64(s.Offset) + uint64(len(s.Functions))
		if end > maxPlaces {
			return fmt.Errorf("the table has %d places", end)
		}
		for uint64(len(p.places)) < end {
			p.places = append(p.places, none)
		}
		for i, f := range s.Functions {
			if uint64(f) >= uint64(len(p.imports)+len(p.bodies)) {
				return fmt.Errorf("the table holds function %d", f)
			}
			p.places[int(s.Offset)+i] = int(f)
		}
	}
	for _, f := range p.places {
		if f != none {
			p.report.Places++
		}
	}
	return nil
}

// redirect returns a body whose indirect calls are direct ones of dispatchers.
func (p *program) redirect(body []byte) (out []byte, err error) {
	copied := 0
	var refused error
	err = module.Instructions(body, func(i module.Instruction) {
		if i.Op != module.OpIndirect {
			return
		}
		switch table := body[i.End-1]; {
		case table != 0:
			refused = fmt.Errorf("a call through table %d", table)
			return
		case i.Value >= int64(len(p.types)):
			refused = fmt.Errorf("a call of type %d", i.Value)
			return
		}
		p.report.Calls++
		out = append(out, body[copied:i.At]...)
		out = module.AppendU(append(out, module.OpCall), uint64(p.dispatcher(uint32(i.Value))))
		copied = i.End
	})
	return append(out, body[copied:]...), cmp.Or(err, refused)
}

// dispatcher returns the index of the function that dispatches calls of a type.
func (p *program) dispatcher(typ uint32) int {
	at := slices.IndexFunc(p.dispatchers, func(d dispatcher) bool { return same(p.types[d.typ], p.types[typ]) })
	if at < 0 {
		at = len(p.dispatchers)
		t := p.types[typ]
		own := module.FuncType{Params: append(slices.Clone(t.Params), module.I32), Results: t.Results}
		p.dispatchers = append(p.dispatchers, dispatcher{typ, own})
	}
	return len(p.imports) + len(p.bodies) + at
}

func same(a, b module.FuncType) bool {
	return bytes.Equal(a.Params, b.Params) && bytes.Equal(a.Results, b.Results)
}

// cases returns the functions that a dispatcher branches to, and for each place
// from first on the number of its function among them; len(cases) for one at
// which a call traps.
func (p *program) cases(d dispatcher) (first int, labels, cases []int) {
	callable := func(f int) bool {
		return f != none && same(p.typeOf(f), p.types[d.typ]) && !p.traps(f)
	}
	if first = slices.IndexFunc(p.places, callable); first < 0 {
		return 0, nil, nil
	}
	for _, f := range p.places[first:] {
		if callable(f) {
			cases = append(cases, f)
		}
	}
	next := 0
	for _, f := range p.places[first:] {
		label := len(cases)
		if callable(f) {
			label = next
			next++
		}
		labels = append(labels, label)
	}
	return first, labels, cases
}

// typeOf returns the type of a function.
func (p *program) typeOf(f int) module.FuncType {
	if f < len(p.imports) {
		return p.types[p.imports[f].Type]
	}
	return p.types[p.functions[f-len(p.imports)]]
}

// traps reports whether all that a function does is to trap.
func (p *program) traps(f int) bool {
	return f >= len(p.imports) && bytes.Equal(p.bodies[f-len(p.imports)], []byte{0, module.OpUnreachable, module.OpEnd})
}

// body returns the code of a dispatcher: as many blocks in each other as there
// are functions to call, in the innermost one a branch out of as many of them as
// the place says, and behind the end of each the call.
func (p *program) body(d dispatcher) []byte {
	first, labels, cases := p.cases(d)
	p.report.Cases += len(cases)
	place := len(d.own.Params) - 1 // the number of that parameter
	out := []byte{0}               // no locals
	for range len(cases) + 1 {
		out = append(out, module.OpBlock, module.NoResult)
	}
	out = module.AppendS(append(get(out, place), module.OpI32Const), int64(first))
	out = append(out, module.OpI32Sub, module.OpBranchTable)
	out = module.AppendU(out, uint64(len(labels)))
	for _, label := range labels {
		out = module.AppendU(out, uint64(label))
	}
	out = module.AppendU(out, uint64(len(cases))) // of any other place
	for _, f := range cases {
		out = append(out, module.OpEnd)
		for i := range place {
			out = get(out, i)
		}
		out = append(module.AppendU(append(out, module.OpCall), uint64(f)), module.OpReturn)
	}
	return append(out, module.OpEnd, module.OpUnreachable, module.OpEnd)
}

func get(out []byte, local int) []byte {
	return module.AppendU(append(out, module.OpLocalGet), uint64(local))
}
