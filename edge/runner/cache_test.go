package runner_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge/runner"
)

// decides starts a pool with a cache and lets it decide; the answer is the
// decision's HTTP status.
func decides(t *testing.T, module []byte, dir string) int {
	t.Helper()
	pool := newPool(t, runner.Options{Module: module, CacheDir: dir})
	var d runner.Decision
	if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.Epoch != 17 {
		t.Errorf("Decide = %v, epoch %d, want 17", err, d.Epoch)
	}
	return d.Status
}

// answering is a guest whose decisions have a status of two bytes.
func answering(low int64) []byte {
	set := append(append(constant(decisionAt), constant(low)...), store8(6)...)
	return guest{handle: append(set, answer(decisionAt, 64)...)}.module()
}

// cached returns what a cache holds, by name.
func cached(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files[name], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The translation is kept and taken again, as it is.
func TestCacheIsUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	decides(t, guest{}.module(), dir)
	before := cached(t, dir)
	if len(before) != 1 {
		t.Fatalf("the cache has %d files for a module, want 1", len(before))
	}
	for name, content := range before {
		broken := bytes.Clone(content)
		clear(broken[len(broken)/2:])
		if err := os.WriteFile(name, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		o := runner.Options{Module: guest{}.module(), CacheDir: dir, Config: document(17)}
		if _, err := runner.New(t.Context(), o); crm.CodeOf(err) != crm.Invalid {
			t.Errorf("New with a cache that is broken = %v, want class invalid", err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		decides(t, guest{}.module(), dir)
		if after := cached(t, dir); len(after) != 1 || !bytes.Equal(after[name], content) {
			t.Error("a second start changed the cache")
		}
	}
}

// Modules of the same form have each their own code.
func TestCacheKeepsModulesApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		for _, low := range []int64{0x91, 0x92} {
			if got := decides(t, answering(low), dir); got != 0x100+int(low) {
				t.Errorf("the decision's status is %d, want %d", got, 0x100+low)
			}
		}
	}
}

// A shell that wazero translated itself is found out.
func TestCacheOfAShell(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	module := guest{}.module()
	decides(t, module, dir)
	good := cached(t, dir)
	shellIn(t, module, other)
	shells := cached(t, other)
	for name, content := range good {
		relative, _ := filepath.Rel(dir, name)
		shell := shells[filepath.Join(other, relative)]
		if len(shells) != 1 || len(shell) == 0 || bytes.Equal(shell, content) {
			t.Fatalf("the shell's file is not %s, or has the code", relative)
		}
		if err := os.WriteFile(name, shell, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	decides(t, module, dir)
	for name, content := range cached(t, dir) {
		if !bytes.Equal(content, good[name]) {
			t.Errorf("%s is not what it was", name)
		}
	}
}

// shellIn has wazero translate the shell of a module into a cache.
func shellIn(t *testing.T, module []byte, dir string) {
	t.Helper()
	code, _, ok := runner.Split(module, 1<<20)
	open, _, exposed := runner.Expose(code)
	shell, hollow := runner.Hollow(open)
	if !ok || !exposed || !hollow {
		t.Fatal("the module cannot be read")
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close(context.Background())
	runtime := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer runtime.Close(context.Background())
	if _, err := runtime.CompileModule(t.Context(), shell); err != nil {
		t.Fatal(err)
	}
}

// A module that is not sound, and one that is but traps, are what they are
// without a cache.
func TestCacheOfABadModule(t *testing.T) {
	t.Parallel()
	unsound := guest{handle: constant(1)}.module() // 32 bits for 64
	for _, dir := range []string{"", t.TempDir()} {
		for range 2 {
			_, err := runner.New(t.Context(), runner.Options{Module: unsound, CacheDir: dir, Config: document(17)})
			if crm.CodeOf(err) != crm.Invalid || !strings.Contains(err.Error(), "cannot use i32") {
				t.Errorf("New with an unsound module = %v, want class invalid", err)
			}
			_, err = runner.New(t.Context(), runner.Options{Module: guest{abiTraps: true}.module(), CacheDir: dir, Config: document(17)})
			if !errors.Is(err, runner.ErrModule) || !strings.Contains(err.Error(), "out of bounds") {
				t.Errorf("New with a module that traps = %v, want ErrModule", err)
			}
		}
	}
}

// Whatever bytes a module has, its shell has as many functions and names it: the
// shell of a shell differs by the name.
func FuzzHollow(f *testing.F) {
	f.Add(guest{}.module())
	f.Add(sectioned(section(10, vector([]byte{3, 0, 1, 0x0b}))))
	f.Fuzz(func(t *testing.T, module []byte) {
		shell, ok := runner.Hollow(module)
		if !ok {
			return
		}
		again, ok := runner.Hollow(shell)
		if !ok || !bytes.HasPrefix(again, shell) || len(again) == len(shell) {
			t.Fatalf("the shell of a shell is %x, %v, of %x", again, ok, shell)
		}
	})
}
