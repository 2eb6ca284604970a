// Package buildtest compiles a module that exercises Go's runtime and runs it,
// for the tests of the build steps: what a step made of the module must answer
// as the module does.
package buildtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/my21staff/my21staff/wasm/internal/kernel"
	"github.com/my21staff/my21staff/wasm/internal/link"
	"github.com/my21staff/my21staff/wasm/internal/module"
)

// Call is a call of an export of the guest, and what it answers.
type Call struct {
	Export   string
	Argument uint64
	Answer   uint64
}

// Calls are what tests ask of the guest, in this order. The answers are of the
// module as it is compiled, which the test of this package proves.
var Calls = []Call{
	{"guest_hash", 1, 0x7af2f77ecd829008},
	{"guest_hash", 57, 0xbe9b873763abe054},
	{"guest_maps", 2000, 0x585927fb4f57e115},
	{"guest_text", 300, 0x63b142bd1e24f95a},
	{"guest_garbage", 500, 0x4e07c8f12bcae4ee},
	{"guest_recursion", 30_000, 450060001},
	{"guest_panics", 24, 0xc125eab8786f3734},
	{"guest_callers", 20, 24},
	{"guest_reflect", 20, 0x15987ab31545d4d7},
	{"guest_goroutines", 40, 0x9247c50be44a936a},
	{"guest_recursion", 200_000, 20000400001},
	{"guest_garbage", 200, 0x9647baac2c52c5c4},
	{"guest_maps", 10, 0xb6b28607a5225f24},
}

// Guest returns the module as Go's linker writes it, with its names. It
// imports a function edge_kernel.sha256_blocks, which Start provides.
func Guest(tb testing.TB) *module.Module {
	tb.Helper()
	binary, err := compiled()
	if err != nil {
		tb.Fatal(err)
	}
	m, err := module.Parse(binary)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// Linked returns the guest with its import resolved.
func Linked(tb testing.TB) *module.Module {
	tb.Helper()
	m := Guest(tb)
	typ, body := kernel.Blocks()
	if err := link.Function(m, link.Import{Module: "edge_kernel", Name: "sha256_blocks"}, typ, body); err != nil {
		tb.Fatal(err)
	}
	return m
}

// compiled compiles once per process.
var compiled = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "guest.wasm")
	_, here, _, _ := runtime.Caller(0)
	source := filepath.Join(filepath.Dir(here), "..", "testdata", "guest")
	// A test is run anew if a file that it read has changed, not if one that
	// the go command read has.
	if _, err := os.ReadFile(filepath.Join(source, "main.go")); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-trimpath", "-buildmode=c-shared", "-o", file, ".")
	build.Dir = source
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// Instance is a module that runs.
type Instance struct {
	module api.Module
	stderr bytes.Buffer
}

// Start compiles a module with wazero and starts it: with WASI, with
// edge_kernel, which is done by crypto/sha256, and by calling start unless it
// is empty.
func Start(tb testing.TB, binary []byte, start string) *Instance {
	tb.Helper()
	ctx := tb.Context()
	r := wazero.NewRuntime(ctx)
	tb.Cleanup(func() { _ = r.Close(context.Background()) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	host := r.NewHostModuleBuilder("edge_kernel").NewFunctionBuilder().WithFunc(blocks).Export("sha256_blocks")
	if _, err := host.Instantiate(ctx); err != nil {
		tb.Fatal(err)
	}
	in := &Instance{}
	config := wazero.NewModuleConfig().WithStartFunctions(strings.Fields(start)...).WithStderr(&in.stderr)
	m, err := r.InstantiateWithConfig(ctx, binary, config)
	if err != nil {
		tb.Fatalf("start: %v\n%s", err, &in.stderr)
	}
	in.module = m
	return in
}

// Call returns the result of an export, which has one.
func (in *Instance) Call(tb testing.TB, export string, arguments ...uint64) uint64 {
	tb.Helper()
	result, printed, err := in.Try(tb, export, arguments...)
	if err != nil {
		tb.Fatalf("%s(%d): %v\n%s", export, arguments, err, printed)
	}
	return append(result, 0)[0]
}

// Try calls an export that may fail, and returns what the module has printed.
func (in *Instance) Try(tb testing.TB, export string, arguments ...uint64) ([]uint64, string, error) {
	tb.Helper()
	f := in.module.ExportedFunction(export)
	if f == nil {
		tb.Fatalf("the module does not export %s", export)
	}
	result, err := f.Call(tb.Context(), arguments...)
	return result, in.stderr.String(), err
}

// Agree fails the test if the module answers Calls otherwise than the guest.
func Agree(tb testing.TB, binary []byte, start string) {
	tb.Helper()
	in := Start(tb, binary, start)
	for _, c := range Calls {
		if got := in.Call(tb, c.Export, c.Argument); got != c.Answer {
			tb.Errorf("%s(%d) = %#x, want %#x", c.Export, c.Argument, got, c.Answer)
		}
	}
}

// blocks is the function that the guest imports.
func blocks(_ context.Context, m api.Module, state, data, count uint32) {
	memory := m.Memory()
	words, _ := memory.Read(state, 32)
	body, _ := memory.Read(data, count*sha256.BlockSize)
	saved := []byte("sha\x03")
	for i := range 8 {
		saved = binary.BigEndian.AppendUint32(saved, binary.LittleEndian.Uint32(words[4*i:]))
	}
	h := sha256.New()
	_ = h.(encoding.BinaryUnmarshaler).UnmarshalBinary(append(saved, make([]byte, sha256.BlockSize+8)...))
	h.Write(body)
	saved, _ = h.(encoding.BinaryMarshaler).MarshalBinary()
	for i := range 8 {
		binary.LittleEndian.PutUint32(words[4*i:], binary.BigEndian.Uint32(saved[4+4*i:]))
	}
}
