package edge_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// guest is the edge as a WebAssembly module, used as its ABI says and through
// nothing of ours.
type guest struct {
	module                    api.Module
	buffer, configure, handle api.Function
	stack                     [1]uint64
}

// compiled is a module that was compiled once for the whole test binary.
type compiled struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// compile compiles a module. A folder keeps what was compiled for the next
// process: each of a fuzzer's would take ten seconds, its compiler being
// instrumented as well.
func compile(binary []byte, folder string) (*compiled, error) {
	ctx, config := context.Background(), wazero.NewRuntimeConfig()
	if folder != "" {
		cache, err := wazero.NewCompilationCacheWithDir(folder)
		if err != nil {
			return nil, err
		}
		config = config.WithCompilationCache(cache)
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return nil, err
	}
	module, err := runtime.CompileModule(ctx, binary)
	return &compiled{runtime, module}, err
}

// open returns an instance of its own.
func (c *compiled) open(tb testing.TB) *guest {
	tb.Helper()
	module, err := c.runtime.InstantiateModule(context.Background(), c.module, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = module.Close(context.Background()) })
	return &guest{
		module: module, buffer: module.ExportedFunction("edge_buffer"),
		configure: module.ExportedFunction("edge_configure"), handle: module.ExportedFunction("edge_handle"),
	}
}

// Configure and Handle are Door's ConfigureWith and Handle. The answer is good
// until the next call.
func (g *guest) Configure(document []byte) ([]byte, error) { return g.call(g.configure, document) }
func (g *guest) Handle(frame []byte) ([]byte, error)       { return g.call(g.handle, frame) }

func (g *guest) call(f api.Function, in []byte) ([]byte, error) {
	ctx := context.Background()
	g.stack[0] = uint64(len(in))
	if err := g.buffer.CallWithStack(ctx, g.stack[:]); err != nil {
		return nil, err
	}
	if !g.module.Memory().Write(uint32(g.stack[0]), in) || g.stack[0] == 0 {
		return nil, errors.New("the module gives no buffer")
	}
	g.stack[0] = uint64(len(in))
	if err := f.CallWithStack(ctx, g.stack[:]); err != nil {
		return nil, err
	}
	answer, ok := g.module.Memory().Read(uint32(g.stack[0]>>32), uint32(g.stack[0]))
	if !ok {
		return nil, errors.New("the module's answer is outside of its memory")
	}
	return answer, nil
}

var shipped = struct {
	once sync.Once
	*compiled
	from string
	err  error
}{}

// openShipped returns an instance of the module that the repository ships; of
// the file in M21_TEST_MODULE if that is set, and of what the source gives if it
// is "source" or nothing was built yet.
func openShipped(tb testing.TB) *guest {
	tb.Helper()
	shipped.once.Do(func() {
		var binary []byte
		binary, shipped.from, shipped.err = shippedModule(tb)
		if shipped.err == nil {
			shipped.compiled, shipped.err = compile(binary, filepath.Join(os.TempDir(), "my21staff-edge-test"))
		}
	})
	if shipped.err != nil {
		tb.Fatal(shipped.err)
	}
	return shipped.open(tb)
}

func shippedModule(tb testing.TB) (binary []byte, from string, err error) {
	file := os.Getenv("M21_TEST_MODULE")
	if file != "" && file != "source" {
		binary, err = os.ReadFile(file)
		return binary, file, err
	}
	root := crmtest.ModuleRoot(tb)
	if file == "" {
		packed, err := os.ReadFile(filepath.Join(root, "edge", "runner", "edge.wasm.zst"))
		if err == nil && len(packed) > 0 {
			decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return nil, "", err
			}
			defer decoder.Close()
			binary, err = decoder.DecodeAll(packed, nil)
			return binary, "edge/runner/edge.wasm.zst, which `go run ./wasm/internal/build/cmd` builds anew", err
		}
	}
	folder, err := os.MkdirTemp("", "edge")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(folder)
	binary, err = buildModule(tb, folder)
	return binary, "the source", err
}

// buildModule compiles the module without the later steps of its build.
func buildModule(tb testing.TB, folder string, flags ...string) ([]byte, error) {
	file := filepath.Join(folder, "edge.wasm")
	command := exec.Command("go", append(append([]string{"build", "-buildmode=c-shared", "-o", file}, flags...), "./wasm/edge")...)
	command.Dir = crmtest.ModuleRoot(tb)
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	return os.ReadFile(file)
}
