package restructure_test

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/restructure"
)

// FuzzBody takes any bytes for a function's body. What is no valid code must
// not panic, what is must be valid afterwards, and what is not rewritten must
// stay as it is.
func FuzzBody(f *testing.F) {
	f.Add(sum)
	f.Add(asm(locals, globalGet, 0, set, 1, block, plain, get, 0, brTable, 0, 0, end, i32(0), end))
	for seed := range int64(20) {
		f.Add(program{rand.New(rand.NewSource(seed)), 2 + int(seed)%6}.body())
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		binary := built(body)
		out, report := restructured(t, binary)
		if report.Restructured == 0 && !bytes.Equal(out, binary) {
			t.Errorf("% x is not rewritten, but the module changed", body)
		}
		if report.Restructured > 0 && compiles(t, binary) == nil {
			if err := compiles(t, out); err != nil {
				t.Errorf("% x is valid, rewritten it is not: %v", body, err)
			}
		}
	})
}

// compiles returns why a module is not valid, or nil.
func compiles(t *testing.T, binary []byte) error {
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = r.Close(t.Context()) }()
	_, err := r.CompileModule(t.Context(), binary)
	return err
}

// FuzzModule takes any bytes for a module.
func FuzzModule(f *testing.F) {
	f.Add(built(sum))
	f.Fuzz(func(t *testing.T, binary []byte) {
		m, err := module.Parse(bytes.Clone(binary))
		if err != nil {
			return
		}
		report, err := restructure.Module(m, restructure.Options{})
		if err == nil && report.Restructured == 0 && !bytes.Equal(m.Encode(), reencoded(t, binary)) {
			t.Errorf("% x changed though nothing is rewritten", binary)
		}
	})
}

// reencoded returns a module's file as this package would write it, with each
// length in as few bytes as it needs.
func reencoded(t *testing.T, binary []byte) []byte {
	m, err := module.Parse(binary)
	if err != nil {
		t.Fatal(err)
	}
	return m.Encode()
}
