package edge_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// planted are differences that a module may have from the source: a bound, an
// escape and a rule for a header. Bytes that are changed at random, which all
// such tests begin with, found none of the first two.
var planted = []struct{ name, file, old, new string }{
	{"depth", "crm/webhook/tape/parser.go", "MaxDepth = 48 ", "MaxDepth = 47 "},
	{"escape", "crm/webhook/tape/scan.go", `'f': true, `, ``},
	{"header", "edge/signature.go", "text := trim(header.Value)", "text := trim(header.Value); for i, c := range text { if c-'A' <= 5 { text[i] = c|0x20 } }"},
}

// plant builds the module with one line of the source changed.
func plant(t *testing.T, file, old, new string) []byte {
	t.Helper()
	folder, source := t.TempDir(), filepath.Join(crmtest.ModuleRoot(t), file)
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), old); n != 1 {
		t.Fatalf("%s has %q %d times: plant the difference elsewhere", file, old, n)
	}
	changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err := buildModule(t, folder, "-overlay", overlay)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestParityFindsPlanted holds modules with a planted difference against the
// source: a property that misses it proves nothing.
func TestParityFindsPlanted(t *testing.T) {
	t.Parallel()
	for _, tt := range planted {
		t.Run(tt.name, func(t *testing.T) {
			module, err := compile(plant(t, tt.file, tt.old, tt.new), "")
			if err != nil {
				t.Fatal(err)
			}
			p := newPair(t, module.open(t))
			parameters := gopter.DefaultTestParameters()
			parameters.MinSuccessfulTests = 400
			result := prop.ForAllNoShrink(func(seed uint64) string { return p.block(seed, caseBlock) }, gen.UInt64()).Check(parameters)
			if result.Status != gopter.TestFailed {
				t.Errorf("%d cases do not find that %s has %q: %v", 400*caseBlock, tt.file, tt.new, result.Status)
			}
			t.Logf("found after %d blocks of %d cases", result.Succeeded, caseBlock)
		})
	}
}

// TestFuzzFindsPlanted does the same with the fuzzing engine, if M21_TEST_PARITY
// is set: an engine for each difference takes some time.
func TestFuzzFindsPlanted(t *testing.T) {
	t.Parallel()
	if os.Getenv("M21_TEST_PARITY") == "" {
		t.Log("left out: M21_TEST_PARITY is not set")
		return
	}
	folder := t.TempDir()
	program := filepath.Join(folder, "edge.test")
	build := exec.Command("go", "test", "-c", "-fuzz", "FuzzParity", "-o", program, "./edge")
	build.Dir = crmtest.ModuleRoot(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, tt := range planted {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir() // what is found is written to testdata there
			module := filepath.Join(folder, "planted.wasm")
			if err := os.WriteFile(module, plant(t, tt.file, tt.old, tt.new), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "go.mod"), []byte("module planted\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			fuzz := exec.Command(program, "-test.run", "^$", "-test.fuzz", "^FuzzParity$", "-test.fuzztime", "20s", "-test.fuzzminimizetime", "10x", "-test.fuzzcachedir", filepath.Join(folder, "cache"), "-test.parallel", "2")
			fuzz.Dir = folder
			fuzz.Env = append(os.Environ(), "M21_TEST_MODULE="+module, "M21_SHARED="+crmtest.Shared(t), "TMPDIR="+folder)
			out, err := fuzz.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "native") {
				t.Errorf("20 s of fuzzing do not find that %s has %q: %v\n%.2000s", tt.file, tt.new, err, out)
			}
			t.Logf("%.600s", out)
		})
	}
}
