package lead_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

// TestWASM has 10,000 leads scored by the package compiled for WASI, and compares
// every byte of it with what native code makes of them.
func TestWASM(t *testing.T) {
	t.Parallel()
	const leads = 10_000
	file := filepath.Join(t.TempDir(), "lead.wasm")
	build := exec.Command("go", "build", "-o", file, "./testdata/wasi")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	module, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	runtime := wazero.NewRuntime(t.Context())
	defer func() { _ = runtime.Close(t.Context()) }()
	wasi_snapshot_preview1.MustInstantiate(t.Context(), runtime)
	var got, stderr bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs("lead", strconv.Itoa(leads)).WithStdout(&got).WithStderr(&stderr)
	if _, err := runtime.InstantiateWithConfig(t.Context(), module, config); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	var want bytes.Buffer
	if err := profiles.Write(&want, leads); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(want.Bytes(), []byte("\n")); n != leads {
		t.Fatalf("wrote %d lines, want %d", n, leads)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		lines, others := bytes.Split(got.Bytes(), []byte("\n")), bytes.Split(want.Bytes(), []byte("\n"))
		for i := range min(len(lines), len(others)) {
			if !bytes.Equal(lines[i], others[i]) {
				t.Fatalf("lead %d: wasm says\n%s\nnative code\n%s", i, lines[i], others[i])
			}
		}
		t.Fatalf("wasm wrote %d bytes, native code %d", got.Len(), want.Len())
	}
}
