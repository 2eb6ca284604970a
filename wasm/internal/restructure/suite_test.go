package restructure_test

import (
	"bytes"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// suites are packages of the standard library whose own tests prove the pass:
// each is compiled to WebAssembly and restructured whole, the runtime included.
// The first few run always, all of them if M21_TEST_SUITES is "all".
var suites = []string{
	"encoding/json", "sort", "strconv", "sync", "crypto/sha256", "container/list",
	"bytes", "strings", "regexp", "crypto/hmac", "unicode/utf8", "unicode/utf16", "encoding/binary", "time", "context",
	"bufio", "slices", "maps", "math/bits",
}

const always = 6

// skipped are tests that fail in WebAssembly as Go compiled it, too: wasip1 has
// no network to listen on.
const skipped = "ExampleAfterFunc_connection"

func TestStandardLibrary(t *testing.T) {
	t.Parallel()
	suites := suites
	if testing.Short() {
		suites = suites[always-1 : always]
	} else if os.Getenv("M21_TEST_SUITES") != "all" {
		suites = suites[:always]
	}
	running := make(chan struct{}, 2) // compilers of two cores each
	for _, path := range suites {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			running <- struct{}{}
			defer func() { <-running }()
			output := runTests(t, path, rewritten(t, goBuild(t, "test", "-c", path)))
			passed := strings.Count(output, "--- PASS: ")
			if passed == 0 || !strings.HasSuffix(strings.TrimSpace(output), "\nPASS") {
				t.Errorf("%d tests of %s passed:\n%s", passed, path, output)
			}
			t.Logf("%d tests of %s passed", passed, path)
		})
	}
}

// runTests runs a test binary where its package is and returns what it printed.
func runTests(t *testing.T, path string, binary []byte) string {
	t.Helper()
	goroot := build.Default.GOROOT
	var output bytes.Buffer
	ctx := t.Context()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer func() { _ = r.Close(ctx) }()
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	config := wazero.NewModuleConfig().
		WithArgs("test", "-test.v", "-test.short", "-test.skip="+skipped).
		WithEnv("PWD", filepath.Join(goroot, "src", path)).
		WithEnv("GOROOT", goroot).
		WithFSConfig(wazero.NewFSConfig().WithReadOnlyDirMount(goroot, goroot).WithDirMount(t.TempDir(), "/tmp")).
		WithStdout(&output).WithStderr(&output).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep()
	_, err := r.InstantiateWithConfig(ctx, binary, config)
	if exit, ok := err.(*sys.ExitError); err != nil && (!ok || exit.ExitCode() != 0) {
		t.Error(fmt.Errorf("run the tests of %s: %w", path, err))
	}
	return output.String()
}
