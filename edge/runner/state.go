package runner

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// state is what an instance consists of between two calls: its memory and its
// globals. An instance that begins with it is what that one was.
type state struct {
	image   *image   // of the memory
	size    int      // bytes of the memory
	globals []uint64 // in the order of engine.globals
}

// capture copies the state of an instance that is in no call. It is nil where
// there is more to an instance, or no place for a copy that nobody else can read:
// a configuration has secrets. Every instance then has to take it by itself.
func (e *engine) capture(i *instance, limit int) *state {
	if e.globals == nil {
		return nil
	}
	memory, _ := i.memory.Read(0, i.memory.Size())
	image, err := newSecretImage(memory, limit)
	if err != nil {
		return nil
	}
	s := &state{image: image, size: len(memory)}
	for _, name := range e.globals {
		s.globals = append(s.globals, i.module.ExportedGlobal(name).Get())
	}
	return s
}

// resume starts an instance in a state. No code of the module runs.
func (e *engine) resume(ctx context.Context, s *state) (api.Module, *memory, error) {
	module, mapped, err := e.instantiate(ctx, s.image)
	if err != nil {
		return nil, nil, err
	}
	if more := s.size - int(module.Memory().Size()); more > 0 {
		module.Memory().Grow(uint32(more / pageSize)) // within what is reserved
	}
	for k, name := range e.globals {
		module.ExportedGlobal(name).(api.MutableGlobal).Set(s.globals[k])
	}
	return module, mapped, nil
}

// expose exports every variable global of a module, under the names it returns,
// which are not nil. It reports false for a module whose instances have, or may
// have, a state apart from these and their memory: one with a table, a start
// function, or imports that are no functions, and one that it cannot read.
// Data that the code copies is for split to rule out.
func expose(module []byte) (open []byte, names []string, ok bool) {
	var variable []uint32
	open = append(make([]byte, 0, len(module)+1024), module[:min(len(module), header)]...)
	ok = eachSection(module, func(id byte, whole, body []byte) (ok bool) {
		switch id {
		case sectionTable, sectionElement, sectionStart:
			return false
		case sectionImport:
			if !onlyFunctions(body) {
				return false
			}
		case sectionGlobal:
			if variable, ok = variables(body); !ok {
				return false
			}
		case sectionExport:
			if names != nil {
				return false
			}
			names = []string{}
			for _, index := range variable {
				names = append(names, fmt.Sprint("runner.global.", index))
			}
			whole = withExports(body, names, variable)
		}
		open = append(open, whole...)
		return true
	})
	return open, names, ok && names != nil
}

// onlyFunctions reports whether an import section has nothing but functions.
func onlyFunctions(section []byte) bool {
	const function = 0
	r := scanner{rest: section}
	for range r.uint() {
		r.bytes(r.uint()) // the module's name
		r.bytes(r.uint())
		if r.byte() != function || r.bad {
			return false
		}
		r.uint()
	}
	return !r.bad
}

// variables returns the indices of the globals of a section that can change. It
// reports false for one that does not begin with a number that is written out.
func variables(section []byte) (indices []uint32, ok bool) {
	r := scanner{rest: section}
	for index := range r.uint() {
		r.byte() // the type
		variable := r.byte() == 1
		r.number()
		if r.bad {
			return nil, false
		}
		if variable {
			indices = append(indices, index)
		}
	}
	return indices, true
}

// withExports returns an export section with globals besides what it has.
func withExports(section []byte, names []string, indices []uint32) []byte {
	const global = 3
	r := scanner{rest: section}
	body := binary.AppendUvarint(nil, uint64(r.uint())+uint64(len(names)))
	body = append(body, r.rest...)
	for i, name := range names {
		body = append(binary.AppendUvarint(body, uint64(len(name))), name...)
		body = binary.AppendUvarint(append(body, global), uint64(indices[i]))
	}
	return append(binary.AppendUvarint([]byte{sectionExport}, uint64(len(body))), body...)
}
