package shrink

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// pcShift is how far a program counter of Go is shifted from the function's
// place in the table. Below is the point in the function where it resumes.
const pcShift = 16

// startOnly are the functions that ran while the module started and run never
// again, although frames of theirs are still on a stack. Nothing returns to
// runtime.main, which ended by unwinding its own frame (runtime.pause), nor to
// runtime.rt0_go, which called the scheduler on the scheduler's own stack: its
// thread, the only one of WebAssembly, never exits.
var startOnly = []string{"runtime.main", "runtime.rt0_go"}

// search finds the functions that can still be called. Whatever could be a
// reference to a function is taken for one.
//
// Go calls a function by its index, or by a program counter that it finds in
// memory or in a constant: in a function value, a method table, on a stack.
// A function value in the read-only data is eight bytes that hold its program
// counter; it counts only if its address is found in turn. Type descriptors
// hold places in the table as 32 bits.
type search struct {
	*program
	live   []bool
	queue  []int
	values map[uint64]int // functions by the address of their value
}

// reachable reports for each function whether it can be called from exports or
// from what the memory holds.
func (p *program) reachable(exports []module.Exported) ([]bool, error) {
	s := search{program: p, live: make([]bool, p.imports+len(p.bodies))}
	if err := s.findValues(); err != nil {
		return nil, err
	}
	for _, e := range exports {
		if e.Kind == module.KindFunction {
			s.reach(int(e.Index))
		}
	}
	for _, g := range p.globals {
		s.word(g.Value)
	}
	if err := s.scanMemory(); err != nil {
		return nil, err
	}
	for len(s.queue) > 0 {
		f := s.queue[len(s.queue)-1]
		s.queue = s.queue[:len(s.queue)-1]
		if f < p.imports {
			continue
		}
		if err := module.Instructions(p.bodies[f-p.imports], s.instruction); err != nil {
			return nil, fmt.Errorf("function %d: %w", f, err)
		}
	}
	return s.live, nil
}

func (s *search) reach(function int) {
	if function >= 0 && function < len(s.live) && !s.live[function] && !s.once[function] {
		s.live[function] = true
		s.queue = append(s.queue, function)
	}
}

func (s *search) instruction(i module.Instruction) {
	switch i.Op {
	case module.OpCall:
		s.reach(int(i.Value))
	case module.OpI32Const:
		s.word(uint64(uint32(i.Value)))
		s.place(uint64(uint32(i.Value)))
	case module.OpI64Const:
		s.word(uint64(i.Value))
	}
}

// word takes a word for a program counter and for the address of a function
// value.
func (s *search) word(v uint64) {
	s.place(v >> pcShift)
	if f, ok := s.values[v]; ok {
		s.reach(f)
	}
}

// place takes a number for a place in the table.
func (s *search) place(v uint64) {
	if v < uint64(len(s.table)) {
		s.reach(s.table[v])
	}
}

// scanMemory looks at every word of the memory that may refer to a function.
func (s *search) scanMemory() error {
	skip, err := s.notReferring()
	if err != nil {
		return err
	}
	m := words(s.memory)
	for at := uint64(0); at+8 <= uint64(len(m)); at += 8 {
		if i := slices.IndexFunc(skip, func(sp span) bool { return sp.holds(at) }); i >= 0 {
			at = (skip[i].to+7)&^7 - 8
			continue
		}
		if _, value := s.values[at]; value {
			continue
		}
		s.word(m.at(at))
		if s.symbols.readOnly.holds(at) {
			s.place(uint64(binary.LittleEndian.Uint32(m[at:])))
			s.place(uint64(binary.LittleEndian.Uint32(m[at+4:])))
		}
	}
	return nil
}

// notReferring returns the parts of the memory that name functions and yet
// refer to none: the tables by which Go finds what belongs to a function, and
// what the initialisation has done. A task is its state and how many functions
// it has, of 32 bits each, and their program counters; 2 is done.
func (s *search) notReferring() ([]span, error) {
	skip := []span{s.symbols.pclntab}
	m := words(s.memory)
	for at := s.symbols.tasks.from; at < s.symbols.tasks.to; at += 8 {
		task := m.at(at)
		head, ok := m.get(task)
		if !ok {
			return nil, fmt.Errorf("a task of the initialisation is at %#x", task)
		}
		end := task + 8 + 8*(head>>32)
		if uint32(head) == 2 && end <= uint64(len(m)) {
			skip = append(skip, span{task, end})
		}
	}
	return skip, nil
}

// findValues finds the function values in the read-only data: program counters
// of a function's start that are in no method table of an interface, for
// nothing else there holds any.
func (s *search) findValues() error {
	s.values = map[uint64]int{}
	tables, err := s.methodTables()
	if err != nil {
		return err
	}
	m := words(s.memory)
	for at := (s.symbols.readOnly.from + 7) &^ 7; at+8 <= s.symbols.readOnly.to; at += 8 {
		v := m.at(at)
		in := func(t span) bool { return t.holds(at) }
		if place := v >> pcShift; v&(1<<pcShift-1) == 0 && place < uint64(len(s.table)) && s.table[place] >= 0 && !slices.ContainsFunc(tables, in) {
			s.values[at] = s.table[place]
		}
	}
	return nil
}

// methodTables returns where the method tables of interfaces (itab) have their
// program counters: after three words, of which the first is the address of the
// interface's type. It has the number of methods in its ninth word.
func (s *search) methodTables() ([]span, error) {
	m := words(s.memory)
	var tables []span
	for at := s.symbols.itabs.from; at < s.symbols.itabs.to; at += 8 {
		itab := m.at(at)
		typ, ok1 := m.get(itab)
		methods, ok2 := m.get(typ + 64)
		if !ok1 || !ok2 || methods > 1<<16 {
			return nil, fmt.Errorf("a method table at %#x has %d methods", itab, methods)
		}
		tables = append(tables, span{itab, itab + 24 + 8*methods})
	}
	return tables, nil
}
