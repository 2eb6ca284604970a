// Package build makes the WebAssembly file of the edge: it compiles a Go
// reactor for WASI preview 1 and takes it through the steps of the packages
// beside this one.
//
// The file depends on the source and on the version of Go alone, byte for
// byte, so that anyone can build it anew and compare.
package build

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/dispatch"
	"github.com/my21staff/my21staff/wasm/internal/kernel"
	"github.com/my21staff/my21staff/wasm/internal/link"
	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/restructure"
	"github.com/my21staff/my21staff/wasm/internal/shrink"
	"github.com/my21staff/my21staff/wasm/internal/snapshot"
)

// Step names what was done last to a module.
type Step string

// The steps in their order. Restructuring comes first because it needs the
// names, shrinking near the end because it takes away what the others need, the
// table after it because only what can still be called is dispatched to.
const (
	Compiled     Step = "compiled"
	Restructured Step = "restructured"
	Linked       Step = "linked"
	Snapshot     Step = "snapshot"
	Shrunk       Step = "shrunk"
	Dispatched   Step = "dispatched"
)

// Options say what is built. The zero value is the edge's module, complete.
type Options struct {
	// Root is a folder of the Go module; empty is the current one.
	Root string

	// Package is the Go package compiled; empty is Edge's.
	Package string

	// Flags are further flags of go build. They may not change the file.
	Flags []string

	// Warm are exports that run before the snapshot, see snapshot.Options.
	Warm []string

	// Std compiles the package without the kernel, with crypto/sha256 in its
	// place: what there would be to compare with. There is nothing to link then,
	// so Last has to be an earlier step.
	Std bool

	// Last is the step after which the building ends; empty is Dispatched.
	Last Step

	// Each is called with the module's file after each step, if it is not nil.
	Each func(step Step, file []byte, line string)
}

// edgePackage is the reactor of the edge.
const edgePackage = "./wasm/edge"

// kernels are what packages import in files with the build tag kernel.
var kernels = []struct {
	name  string
	write func() (module.FuncType, []byte)
}{
	{"sha256_blocks", kernel.Blocks},
	{"scan_json", kernel.ScanJSON},
}

// hot are the functions that are restructured, under the names that Go's linker
// gives them, where a slash is an underscore: a body that is there twice has its
// price, so only what runs for every webhook is. Of that, cold reads the
// configuration.
var (
	hot  = regexp.MustCompile(`^(github\.com_my21staff_my21staff_|main\.)`)
	cold = regexp.MustCompile(`_edge\.(__reader_|parse$|isWord|isEnvelopeSecret|__table_\.(put|grow))`)
)

// environment is what the initialisation sees: what is built collects its garbage
// itself, when it wants to (package main of the edge's reactor says why).
var environment = [][2]string{{"GOGC", "off"}}

func isHot(name string) bool { return hot.MatchString(name) && !cold.MatchString(name) }

// Result is what was built.
type Result struct {
	Module   []byte // the WebAssembly file
	Zstd     []byte // the same, compressed
	Manifest Manifest
}

// Edge builds a module. An error says in which step it came up.
func Edge(ctx context.Context, o Options) (Result, error) {
	version, binary, err := compile(ctx, o)
	if err != nil {
		return Result{}, fmt.Errorf("build %s: %w", Compiled, err)
	}
	m, err := module.Parse(binary)
	if err != nil {
		return Result{}, fmt.Errorf("build %s: %w", Compiled, err)
	}
	if err := finish(ctx, m, o); err != nil {
		return Result{}, err
	}
	return pack(version, m.Encode())
}

// finish takes a compiled module through the steps up to o.Last.
func finish(ctx context.Context, m *module.Module, o Options) error {
	steps := []struct {
		step Step
		do   func() (line string, err error)
	}{
		{Compiled, func() (string, error) { return "", nil }},
		{Restructured, func() (string, error) {
			return describe(restructure.Module(m, restructure.Options{Match: isHot}))
		}},
		{Linked, func() (string, error) { return "", linkKernels(m) }},
		{Snapshot, func() (string, error) {
			return describe(snapshot.Module(ctx, m, snapshot.Options{Warm: o.Warm, Env: environment}))
		}},
		{Shrunk, func() (string, error) { return describe(shrink.Module(m)) }},
		{Dispatched, func() (string, error) { return describe(dispatch.Module(m)) }},
	}
	for _, s := range steps {
		line, err := s.do()
		if err != nil {
			return fmt.Errorf("build %s: %w", s.step, err)
		}
		if o.Each != nil {
			o.Each(s.step, m.Encode(), line)
		}
		if s.step == o.Last {
			return nil
		}
	}
	if o.Last != "" {
		return fmt.Errorf("build: there is no step %q", o.Last)
	}
	return nil
}

// describe turns a step's report into a line.
func describe[T any](report T, err error) (string, error) {
	return fmt.Sprintf("%+v", report), err
}

// linkKernels resolves what the module imports of the kernels.
func linkKernels(m *module.Module) error {
	imports, err := m.Imports()
	if err != nil {
		return err
	}
	for _, k := range kernels {
		target := link.Import{Module: "edge_kernel", Name: k.name}
		if !slices.ContainsFunc(imports, func(i module.Imported) bool { return i.Module == target.Module && i.Name == target.Name }) {
			continue
		}
		typ, body := k.write()
		if err := link.Function(m, target, typ, body); err != nil {
			return err
		}
	}
	return nil
}
