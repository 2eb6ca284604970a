package restructure

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// Options says what [Module] changes. The zero value means every function.
type Options struct {
	// Match reports whether a function is rewritten, by its name in the module's
	// name section; a function that has none there has the empty name. Nil means
	// all.
	Match func(name string) bool
}

// Report says what [Module] did.
type Report struct {
	Restructured int               // functions rewritten
	Skipped      int               // functions that stayed though they jump through a table
	Split        int               // basic blocks copied to give loops a single entry
	Reasons      map[string]string // by function name, why it was skipped
}

// Module rewrites the functions of a module that o chooses, that have Go's
// calling convention and that jump through a table. It appends a function for
// each, which holds the old body; other functions, and the order and numbers of
// all, stay.
//
// An error means that the module could not be read; it is unchanged then.
func Module(m *module.Module, o Options) (Report, error) {
	p, err := load(m)
	if err != nil {
		return Report{}, fmt.Errorf("restructure: %w", err)
	}
	report := Report{Reasons: map[string]string{}}
	for i := range p.functions {
		name := p.names[uint32(p.imported+i)]
		if o.Match != nil && !o.Match(name) || !p.goes(i) {
			continue
		}
		copies, err := p.rewrite(i)
		switch {
		case errors.Is(err, errNoTable):
		case err != nil:
			report.Skipped++
			report.Reasons[name] = err.Error()
		default:
			report.Restructured++
			report.Split += copies
		}
	}
	if report.Restructured > 0 {
		p.store(m)
	}
	return report, nil
}

// program is what a module says about its functions.
type program struct {
	signatures
	imported  int               // how many functions are
	functions []uint32          // the types of the others
	bodies    [][]byte          // their bodies, and those appended
	names     map[uint32]string // of all functions
}

// load reads a module's functions.
func load(m *module.Module) (*program, error) {
	var p program
	imports, err := m.Imports()
	if err != nil {
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
	if len(p.bodies) != len(p.functions) {
		return nil, fmt.Errorf("%d functions have %d bodies", len(p.functions), len(p.bodies))
	}
	if p.names, err = m.FunctionNames(); err != nil {
		return nil, err
	}
	p.imported = len(imports)
	p.declare(imports)
	return &p, nil
}

// declare notes what the code calls.
func (p *program) declare(imports []module.Imported) {
	for _, i := range imports {
		p.signatures.functions = append(p.signatures.functions, i.Type)
	}
	p.signatures.functions = append(p.signatures.functions, p.functions...)
	p.never = map[int64]bool{}
	for i, name := range p.names {
		p.never[int64(i)] = noReturn[name]
	}
}

// goes reports whether the function has the type of a Go function: PC_B in, and
// out whether the stack is being unwound.
func (p *program) goes(i int) bool {
	t := p.functions[i]
	return uint64(t) < uint64(len(p.types)) &&
		string(p.types[t].Params) == "\x7f" && string(p.types[t].Results) == "\x7f"
}

// rewrite gives a function a new body, appends a function with the old one, and
// returns how many blocks were copied.
func (p *program) rewrite(i int) (int, error) {
	b, err := open(p.bodies[i])
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(b.code, prologue) || !bytes.Contains(b.code, []byte{opBrTable}) {
		return 0, errNoTable
	}
	code, added, copies, err := restructured(b.code, p.signatures, b.locals)
	if err != nil {
		return 0, err
	}
	p.functions = append(p.functions, p.functions[i])
	p.bodies = append(p.bodies, p.bodies[i])
	p.bodies[i] = append(b.declare(added, p.imported+len(p.bodies)-1), code...)
	return copies, nil
}

// prologue is how a function with Go's calling convention starts: it keeps the
// stack pointer in a local.
var prologue = []byte{opGlobalGet, 0, opLocalSet, stackPointer}

// body is a function's body, read so far that it can be given more locals.
type body struct {
	groups   int    // of locals of one type
	declared []byte // the groups
	locals   int64  // as many there are, the parameter included
	code     []byte
}

// maxLocals bounds a function's locals, as engines do.
const maxLocals = 50000

// open reads the declaration of a body's locals.
func open(b []byte) (body, error) {
	r := module.NewReader(b)
	opened := body{groups: r.Len(), locals: 1}
	start := r.Offset()
	for range opened.groups {
		opened.locals += int64(r.U32())
		r.Byte()
	}
	if opened.locals > maxLocals {
		r.Fail("%d locals", opened.locals)
	}
	opened.declared, opened.code = b[start:r.Offset()], b[r.Offset():]
	return opened, r.Err()
}

// declare returns the start of a new body, with added locals. It calls old, if
// PC_B is not zero, and returns what that returns.
func (b body) declare(added []byte, old int) []byte {
	out := append(module.AppendU(nil, uint64(b.groups+len(added))), b.declared...)
	for _, t := range added {
		out = append(out, 1, t)
	}
	out = append(out, opLocalGet, pcB, opIf, emptyBlock, opLocalGet, pcB, opCall)
	out = module.AppendU(out, uint64(old))
	return append(out, opReturn, opEnd)
}

// restructured returns a function's code written anew from its graph, and the
// types of the locals it needs besides those there are.
func restructured(code []byte, s signatures, locals int64) (out, added []byte, copies int, err error) {
	entry, err := build(code, s)
	if err != nil {
		return nil, nil, 0, err
	}
	if err := thread(entry); err != nil {
		return nil, nil, 0, err
	}
	stop(entry, s.never)
	straighten(entry)
	blocks, copies, err := reduce(entry)
	if err != nil {
		return nil, nil, 0, err
	}
	if fill(blocks, locals) {
		added = append(added, module.I32)
	}
	if err := simplify(blocks); err != nil {
		return nil, nil, 0, err
	}
	if frame(blocks, locals+int64(len(added))) {
		added = append(added, module.I32)
	}
	added = append(added, share(blocks, locals+int64(len(added)))...)
	out, err = write(entry)
	return out, added, copies, err
}

// store writes the functions back.
func (p *program) store(m *module.Module) {
	types := make([][]byte, len(p.functions))
	for i, t := range p.functions {
		types[i] = module.AppendU(nil, uint64(t))
	}
	bodies := make([][]byte, len(p.bodies))
	for i, b := range p.bodies {
		bodies[i] = module.AppendBytes(nil, b)
	}
	m.Find(module.Function).Body = module.Vector(types)
	m.Find(module.Code).Body = module.Vector(bodies)
}
