// Package shrink makes a snapshot of a Go module smaller without changing what
// it does.
//
// Three things are in the file of a snapshot that nobody will use: the names
// and line numbers with which Go would print a traceback, the code that only
// the initialisation ran, and the tables of that code. Package snapshot has to
// come first, for code is dead only once the initialisation is done.
package shrink

import (
	"errors"
	"fmt"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// gap is how many zeros part two data segments; see snapshot.DefaultGap.
const gap = 512

// Report is what was taken away.
type Report struct {
	Functions int // there are
	Dead      int // of them that cannot be called any more
	Tables    int // bytes of Go's function tables that were not zero and are now
}

// Module takes away what the module does not need after its snapshot: custom
// sections, the bodies of functions that cannot be reached, and what Go's
// function tables hold for these and for tracebacks. It changes m in place, or
// not at all if it returns an error.
//
// What stays: no function changes its index or its place in the table, no data
// their address. The stack still grows, garbage is still collected, panics are
// still recovered; a traceback shows no names and lines, and what
// runtime.Callers and runtime.FuncForPC tell of a function is its number alone.
//
// It is an error if the module is not one of Go whose tables have the form that
// this package knows.
func Module(m *module.Module) (Report, error) {
	report, err := shrink(m)
	if err != nil {
		return Report{}, fmt.Errorf("shrink: %w", err)
	}
	return report, nil
}

func shrink(m *module.Module) (Report, error) {
	exports, err := m.Exports()
	if err != nil {
		return Report{}, err
	}
	for _, e := range exports {
		if e.Name == "_initialize" || e.Name == "_start" {
			return Report{}, errors.New("the module is still to be initialised")
		}
	}
	p, err := load(m)
	if err != nil {
		return Report{}, err
	}
	live, err := p.reachable(exports)
	if err != nil {
		return Report{}, err
	}
	report := Report{Functions: len(p.bodies)}
	for i := range p.bodies {
		if !live[p.imports+i] {
			p.bodies[i] = unreachable
			report.Dead++
		}
	}
	before := nonZero(p.memory)
	if err := p.trim(live); err != nil {
		return Report{}, err
	}
	report.Tables = before - nonZero(p.memory)
	m.Find(module.Code).Body = module.CodeSection(p.bodies)
	m.Find(module.Data).Body = module.DataSection(module.Segments(p.memory, gap))
	m.Remove(func(s module.Section) bool { return s.ID == module.Custom })
	return report, nil
}

// unreachable is the body of a function that is not called: no locals, a trap.
var unreachable = []byte{0, module.OpUnreachable, module.OpEnd}

func nonZero(memory []byte) (n int) {
	for _, b := range memory {
		if b != 0 {
			n++
		}
	}
	return n
}
