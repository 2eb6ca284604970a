package runtimetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// instance is the module on wazero, by nothing but its ABI. Package edge/runner
// is what a Go program uses.
type instance struct {
	ctx    context.Context
	module api.Module
}

func newInstance(tb testing.TB, file, document []byte) *instance {
	tb.Helper()
	runtime := wazero.NewRuntime(background)
	tb.Cleanup(func() { _ = runtime.Close(background) })
	if _, err := wasi_snapshot_preview1.Instantiate(background, runtime); err != nil {
		tb.Fatal(err)
	}
	module, err := runtime.InstantiateWithConfig(background, file, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		tb.Fatal(err)
	}
	i := &instance{background, module}
	answer, err := i.call("edge_configure", document)
	if err != nil || len(answer) != 5 || answer[0] != 0 {
		tb.Fatalf("edge_configure = %q, %v", answer, err)
	}
	return i
}

func (i *instance) decide(frame []byte) ([]byte, error) { return i.call("edge_handle", frame) }

// call writes the input into the module's buffer and copies the answer.
func (i *instance) call(name string, input []byte) ([]byte, error) {
	n := uint64(len(input))
	address, err := i.module.ExportedFunction("edge_buffer").Call(i.ctx, n)
	if err != nil {
		return nil, err
	}
	memory := i.module.Memory()
	if !memory.Write(uint32(address[0]), input) {
		return nil, errors.New("the buffer is not in the memory")
	}
	result, err := i.module.ExportedFunction(name).Call(i.ctx, n)
	if err != nil {
		return nil, err
	}
	answer, ok := memory.Read(uint32(result[0]>>32), uint32(result[0]))
	if !ok {
		return nil, fmt.Errorf("the answer %x is not in the memory", result[0])
	}
	return slices.Clone(answer), nil
}
