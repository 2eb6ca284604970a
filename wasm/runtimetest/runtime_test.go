// Package runtimetest_test runs the edge module in the runtimes it is for and
// holds its decisions against those of package edge in this process, byte for
// byte; and the shipped examples against an origin. Nothing leaves the loopback
// interface, except that npm fetches the runtimes the first time.
//
// With M21_TEST_RUNTIMES=all the other programs under wasm run too: the command,
// the http-wasm middleware and the wasi:http component.
package runtimetest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// runtime is a JavaScript runtime and its ready example.
type runtime struct {
	name string
	// start starts the example below the staged folder of wasm/js, with a
	// configuration.
	start func(tb testing.TB, js string, document []byte) *server
}

var runtimes = []runtime{
	{"workerd", func(tb testing.TB, js string, document []byte) *server {
		config := filepath.Join(js, "examples", "workerd", "config.capnp")
		command := exec.Command(filepath.Join(crmtest.Packages(tb, "wasm/js"), "node_modules/workerd/bin/workerd"),
			"serve", config, "--socket-addr", "http=127.0.0.1:0", "--control-fd=1")
		command.Env = append(os.Environ(), "M21_EDGE_CONFIG_JSON="+string(document))
		return start(tb, command)
	}},
	{"deno", func(tb testing.TB, js string, document []byte) *server {
		return startExample(tb, document, filepath.Join(crmtest.Packages(tb, "wasm/js"), "node_modules/deno/deno"),
			"run", "--allow-net", "--allow-env", "--allow-read", filepath.Join(js, "examples/deno/server.mjs"))
	}},
	{"bun", func(tb testing.TB, js string, document []byte) *server {
		return startExample(tb, document, filepath.Join(crmtest.Packages(tb, "wasm/js"), "node_modules/bun/bin/bun.exe"), // everywhere
			filepath.Join(js, "examples/bun/server.mjs"))
	}},
	{"node", func(tb testing.TB, js string, document []byte) *server {
		return startExample(tb, document, "node", filepath.Join(js, "examples/node/server.mjs"))
	}},
}

func startExample(tb testing.TB, document []byte, name string, args ...string) *server {
	tb.Helper()
	command := exec.Command(name, args...)
	file := write(tb, filepath.Join(tb.TempDir(), "edge.json"), document)
	command.Env = append(os.Environ(), "PORT=0", "M21_EDGE_CONFIG="+file, "DENO_NO_UPDATE_CHECK=1")
	return start(tb, command)
}

// driven returns a staged wasm/js whose examples show decisions: in each,
// test/driver.mjs stands in the place of forward, and all else is as shipped.
func driven(tb testing.TB) string {
	tb.Helper()
	js := staged(tb)
	examples, err := filepath.Glob(filepath.Join(js, "examples", "*", "*.mjs"))
	if err != nil || len(examples) != len(runtimes) {
		tb.Fatalf("found the examples %q, %v; want one for each runtime", examples, err)
	}
	for _, example := range examples {
		replace(tb, example, `import { Edge, forward } from "../../edge.mjs";`,
			`import { Edge } from "../../edge.mjs"; import { drive as forward } from "../../test/driver.mjs";`)
	}
	module := `(name = "js/edge.mjs", esModule = embed "../../edge.mjs"),`
	replace(tb, filepath.Join(js, "examples/workerd/config.capnp"), module,
		module+strings.ReplaceAll(module, "edge.mjs", "test/driver.mjs"))
	return js
}

// replace replaces a text that is in a file once.
func replace(tb testing.TB, file, old, new string) {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if n := bytes.Count(text, []byte(old)); n != 1 {
		tb.Fatalf("%s has %q %d times, want once", file, old, n)
	}
	write(tb, file, bytes.Replace(text, []byte(old), []byte(new), 1))
}

// TestShim runs the tests of edge.mjs itself.
func TestShim(t *testing.T) {
	t.Parallel()
	crmtest.Packages(t, "wasm/js") // says what is missing
	command := exec.Command("node", "--test", "test/edge.test.mjs")
	command.Dir = staged(t)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("node --test: %v\n%s", err, out)
	}
}
