package runtimetest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/wasm/internal/build"
)

// edgeModule is the file that is shipped, built once for all tests.
var edgeModule struct {
	once sync.Once
	file []byte
	err  error
}

// edgeWasm returns the edge module's file.
func edgeWasm(tb testing.TB) []byte {
	tb.Helper()
	m := &edgeModule
	m.once.Do(func() {
		var result build.Result
		result, m.err = build.Edge(background, build.Options{Root: crmtest.ModuleRoot(tb)})
		m.file = result.Module
	})
	if m.err != nil {
		tb.Fatal(m.err)
	}
	return m.file
}

// compiled returns the file of a main of this module, compiled for WASI
// preview 1. A reactor exports functions, else it is a command.
func compiled(tb testing.TB, name string, reactor bool) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), name+".wasm")
	args := []string{"build", "-trimpath", "-o", file}
	if reactor {
		args = append(args, "-buildmode=c-shared")
	}
	command := exec.Command("go", append(args, "./wasm/"+name)...)
	command.Dir = crmtest.ModuleRoot(tb)
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("go build ./wasm/%s: %v\n%s", name, err, out)
	}
	return file
}

// staged returns a copy of wasm/js as it is shipped with the module beside it,
// in wasm/dist, where the examples look for it.
func staged(tb testing.TB) string {
	tb.Helper()
	wasm := tb.TempDir()
	js := filepath.Join(wasm, "js")
	shipped := filepath.Join(crmtest.ModuleRoot(tb), "wasm", "js")
	for _, folder := range []string{"examples", "test"} {
		if err := os.CopyFS(filepath.Join(js, folder), os.DirFS(filepath.Join(shipped, folder))); err != nil {
			tb.Fatal(err)
		}
	}
	shim, err := os.ReadFile(filepath.Join(shipped, "edge.mjs"))
	if err != nil {
		tb.Fatal(err)
	}
	write(tb, filepath.Join(js, "edge.mjs"), shim)
	write(tb, filepath.Join(wasm, "dist", "edge.wasm"), edgeWasm(tb))
	return js
}

func write(tb testing.TB, file string, contents []byte) string {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, contents, 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}
