// Package snapshot runs a module's initialisation once, when it is built, and
// keeps the result: an instance then starts where the initialised one stood.
//
// A Go module needs milliseconds to initialise, and it asks for randomness,
// which workerd refuses at global scope. A snapshot asks for nothing.
//
// What happens before the snapshot is the same in every instance of it, so the
// world it happens in is fixed: no arguments, files or output, the environment
// of the options, a clock that stands still, and a random source that repeats.
// The file is therefore the same for the same module, byte for byte. It follows
// that the seeds of Go's maps and of its random numbers are frozen in a file that
// anyone may read: a module must keep no map whose keys an attacker chooses and
// draw no secret, and a secret must reach it only after the snapshot.
package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// Initialize is the export that initialises a reactor of WASI preview 1.
const Initialize = "_initialize"

// DefaultGap is the gap that made the smallest file once compressed: a segment's
// head costs more there than zeros do.
const DefaultGap = 512

// Options are what may differ between snapshots.
type Options struct {
	// Warm are exported functions without parameters and results that run in
	// this order after the initialisation and are exported no more: they let
	// the module bring its buffers to their size.
	Warm []string

	// Env is the environment that the initialisation sees: names, each followed
	// by its value.
	Env [][2]string

	// Gap is how many zeros part two data segments; 0 is DefaultGap.
	Gap int
}

// Report is what a snapshot holds.
type Report struct {
	Pages    uint32 // of memory, of 64 KiB
	Segments int    // of data
	Bytes    int    // in them
}

// Module replaces what the module starts with by what it is after Initialize
// and o.Warm, and takes these exports out; their code stays. It changes m in
// place, or not at all if it returns an error. It runs in wazero's interpreter.
//
// It is an error if the module has state that a snapshot does not see: a start
// function, passive segments, or another form of memory or global than Go's
// linker writes.
func Module(ctx context.Context, m *module.Module, o Options) (Report, error) {
	report, err := take(ctx, m, o)
	if err != nil {
		return Report{}, fmt.Errorf("snapshot: %w", err)
	}
	return report, nil
}

func take(ctx context.Context, m *module.Module, o Options) (Report, error) {
	if o.Gap == 0 {
		o.Gap = DefaultGap
	}
	if err := check(m); err != nil {
		return Report{}, err
	}
	globals, err := m.Globals()
	if err != nil {
		return Report{}, err
	}
	exports, err := m.Exports()
	if err != nil {
		return Report{}, err
	}
	image, err := initialise(ctx, withGlobals(m, exports, globals), globals, o)
	if err != nil {
		return Report{}, err
	}
	segments := module.Segments(image.memory, o.Gap)
	write(m, image, segments)
	drop := append([]string{Initialize}, o.Warm...)
	exports = slices.DeleteFunc(exports, func(e module.Exported) bool { return slices.Contains(drop, e.Name) })
	m.Find(module.Export).Body = module.ExportSection(exports)
	report := Report{Pages: uint32(len(image.memory) / module.PageSize), Segments: len(segments)}
	for _, s := range segments {
		report.Bytes += len(s.Bytes)
	}
	return report, nil
}

// check returns an error if the module has state apart from the memory and the
// globals. Instructions that change the table are unknown to package module.
func check(m *module.Module) error {
	if m.Find(module.Start) != nil || m.Find(module.Export) == nil {
		return errors.New("the module has a start function, or no exports")
	}
	if _, err := m.Pages(); err != nil {
		return err
	}
	if _, err := m.DataSegments(); err != nil {
		return err
	}
	passive := false
	err := m.EachInstruction(func(_ int, _ []byte, i module.Instruction) {
		passive = passive || i.Op == module.OpPrefix && (i.Sub == module.SubMemoryInit || i.Sub == module.SubDataDrop)
	})
	if err == nil && passive {
		err = errors.New("the code uses data segments by number")
	}
	return err
}

// prefix is of the names under which globals are exported while the module
// runs.
const prefix = "snapshot.global."

// withGlobals returns the module's file with every global exported.
func withGlobals(m *module.Module, exports []module.Exported, globals []module.GlobalVar) []byte {
	all := slices.Clone(exports)
	for i := range globals {
		all = append(all, module.Exported{Name: fmt.Sprint(prefix, i), Kind: module.KindGlobal, Index: uint32(i)})
	}
	open := module.Module{Sections: slices.Clone(m.Sections)}
	open.Find(module.Export).Body = module.ExportSection(all)
	return open.Encode()
}

// image is the state of a module.
type image struct {
	memory  []byte
	globals []module.GlobalVar
}

// limit is for all that runs before a snapshot; Go is initialised in a second.
const limit = 2 * time.Minute

// initialise runs a module and returns its state after that.
func initialise(ctx context.Context, binary []byte, globals []module.GlobalVar, o Options) (image, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errors.New("the module takes too long, or for ever"))
	defer cancel()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCloseOnContextDone(true))
	defer runtime.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return image{}, err
	}
	mod, err := runtime.InstantiateWithConfig(ctx, binary, world(o.Env))
	if err != nil {
		return image{}, err
	}
	for _, name := range append([]string{Initialize}, o.Warm...) {
		if err := call(ctx, mod, name); err != nil {
			return image{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	memory, _ := mod.Memory().Read(0, mod.Memory().Size())
	state := image{memory: slices.Clone(memory), globals: slices.Clone(globals)}
	for i := range state.globals {
		state.globals[i].Value = mod.ExportedGlobal(fmt.Sprint(prefix, i)).Get()
	}
	return state, nil
}

// world is what the module sees of the machine it is built on: nothing.
func world(env [][2]string) wazero.ModuleConfig {
	const second = 1_767_225_600 // 2026-01-01
	config := wazero.NewModuleConfig().
		WithStartFunctions().
		WithWalltime(func() (int64, int32) { return second, 0 }, sys.ClockResolution(1)).
		WithNanotime(func() int64 { return second }, sys.ClockResolution(1)).
		WithRandSource(rand.NewChaCha8([32]byte([]byte("my21staff snapshot: not a secret"))))
	for _, e := range env {
		config = config.WithEnv(e[0], e[1])
	}
	return config
}

func call(ctx context.Context, mod api.Module, name string) error {
	f := mod.ExportedFunction(name)
	switch {
	case f == nil:
		return errors.New("the module does not export it")
	case len(f.Definition().ParamTypes())+len(f.Definition().ResultTypes()) != 0:
		return errors.New("it has parameters or results")
	}
	if _, err := f.Call(ctx); err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	return nil
}

// write puts the state into the module. The section that counts the segments
// is needed only by instructions that check refused.
func write(m *module.Module, state image, segments []module.DataSegment) {
	m.Remove(func(s module.Section) bool { return s.ID == module.DataCount || s.ID == module.Data })
	m.Find(module.Memory).Body = module.AppendU([]byte{1, 0}, uint64(len(state.memory)/module.PageSize))
	if globals := m.Find(module.Global); globals != nil {
		globals.Body = module.GlobalSection(state.globals)
	}
	code := slices.IndexFunc(m.Sections, func(s module.Section) bool { return s.ID == module.Code })
	m.Sections = slices.Insert(m.Sections, code+1, module.Section{ID: module.Data, Body: module.DataSection(segments)})
}
