package build

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compile returns the version of Go and the module as Go's linker writes it.
func compile(ctx context.Context, o Options) (version string, binary []byte, err error) {
	folder, err := os.MkdirTemp("", "edge")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(folder)
	out, err := goCommand(ctx, o.Root, "env", "GOVERSION")
	if err != nil {
		return "", nil, err
	}
	file := filepath.Join(folder, "edge.wasm")
	if _, err := goCommand(ctx, o.Root, arguments(o, file)...); err != nil {
		return "", nil, err
	}
	binary, err = os.ReadFile(file)
	return strings.TrimSpace(string(out)), binary, err
}

// inlining is how much of the profile's calls Go inlines beyond what it always
// does: with 99 of 100, its default, the code is larger and a little slower, for
// each bound that an engine checks makes what is inlined larger still.
const inlining = "-gcflags=github.com/my21staff/my21staff/...=-d=pgoinlinecdfthreshold=90"

// arguments of go build: what would put the machine or the commit into the file
// is off. The linker keeps the functions' names, which later steps need.
func arguments(o Options, file string) []string {
	args := []string{"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-w -buildid=", inlining}
	if !o.Std {
		args = append(args, "-tags=kernel")
	}
	return append(append(args, o.Flags...), "-o", file, cmp.Or(o.Package, edgePackage))
}

// goCommand runs the go command for WASI with the defaults of everything that
// changes what the compiler writes. The error has what it printed.
func goCommand(ctx context.Context, folder string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWASM=", "GOEXPERIMENT=", "GODEBUG=", "CGO_ENABLED=0")
	var printed bytes.Buffer
	command.Stderr = &printed
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", args[0], err, bytes.TrimSpace(printed.Bytes()))
	}
	return out, nil
}
