package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// pageSize is the unit of a linear memory.
const pageSize = 64 << 10

// engine is a compiled module and the image its instances begin with.
type engine struct {
	cache    wazero.CompilationCache // nil: none
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	image    *image
	smallest uint64   // bytes of memory of a new instance
	globals  []string // exports of the globals that are, with the memory, all the state of an instance; nil: there is more
}

// newEngine compiles a module, or takes its code from the cache.
func newEngine(ctx context.Context, o *Options) (e *engine, err error) {
	e = new(engine)
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
			e = nil
		}
	}()
	config := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(uint32(o.MaxMemory / pageSize)).
		WithCloseOnContextDone(o.Untrusted)
	if o.CacheDir != "" {
		if e.cache, err = wazero.NewCompilationCacheWithDir(o.CacheDir); err != nil {
			return e, err
		}
		config = config.WithCompilationCache(e.cache)
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, e.runtime); err != nil {
		return e, err
	}
	return e, e.load(ctx, config, o)
}

func (e *engine) load(ctx context.Context, config wazero.RuntimeConfig, o *Options) (err error) {
	code, data, ok := split(o.Module, o.MaxMemory)
	if !ok {
		code, data = o.Module, nil
	} else if open, names, ok := expose(code); ok {
		code, e.globals = open, names
	}
	if e.image, err = newImage(data, o.MaxMemory); err != nil {
		return err
	}
	ctx = experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))
	if err = e.compileCached(ctx, config, code, o); err != nil {
		return err
	}
	return e.check(len(data))
}

func (e *engine) compile(ctx context.Context, module []byte) (err error) {
	e.compiled, err = e.runtime.CompileModule(ctx, module)
	return err
}

// exports is ABI version 1 (package edge, "The frames").
var exports = map[string]struct{ params, results []api.ValueType }{
	"edge_abi":       {nil, []api.ValueType{api.ValueTypeI32}},
	"edge_buffer":    {[]api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}},
	"edge_configure": {[]api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI64}},
	"edge_handle":    {[]api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI64}},
}

// check finds out whether the module has the form of an edge module. Its data
// has to fit into the memory it begins with: wazero would see to that, but the
// data is not wazero's to write.
func (e *engine) check(data int) error {
	functions := e.compiled.ExportedFunctions()
	for name, want := range exports {
		f, ok := functions[name]
		if !ok {
			return fmt.Errorf("the module exports no function %s", name)
		}
		if !slices.Equal(f.ParamTypes(), want.params) || !slices.Equal(f.ResultTypes(), want.results) {
			return fmt.Errorf("the module's %s has other parameters or results", name)
		}
	}
	memory, ok := e.compiled.ExportedMemories()["memory"]
	if !ok {
		return errors.New("the module exports no memory")
	}
	if e.smallest = uint64(memory.Min()) * pageSize; uint64(data) > e.smallest {
		return errors.New("the module's data does not fit into its memory")
	}
	return nil
}

// initialize is the function that initialises a reactor of WASI preview 1. A
// snapshot has none.
const initialize = "_initialize"

// instantiate starts an instance whose memory begins with an image and calls the
// functions named. It has no name, no files, no arguments, no environment, and a
// clock that stands still.
func (e *engine) instantiate(ctx context.Context, i *image, start ...string) (api.Module, *memory, error) {
	memory, err := i.memory()
	if err != nil {
		return nil, nil, err
	}
	allocate := experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory { return memory })
	ctx = experimental.WithMemoryAllocator(ctx, allocate)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions(start...).WithRandSource(rand.Reader)
	module, err := e.runtime.InstantiateModule(ctx, e.compiled, config)
	if err != nil {
		memory.Free()
		return nil, nil, err
	}
	return module, memory, nil
}

// close frees all there is. No instance may be running.
func (e *engine) close() (err error) {
	ctx := context.Background()
	if e.runtime != nil {
		err = e.runtime.Close(ctx)
	}
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(ctx))
	}
	if e.image != nil {
		err = errors.Join(err, e.image.close())
	}
	return err
}
