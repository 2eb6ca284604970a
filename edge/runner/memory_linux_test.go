package runner_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/my21staff/my21staff/edge/runner"
)

// The kernel's lists of maps and files show that an instance's memory is given back. The
// test runs alone, other pools would be on the list too.
func TestMemoryIsGivenBack(t *testing.T) {
	pool, err := runner.New(t.Context(), runner.Options{
		Module: guest{evil: forever}.module(), Config: document(17), Size: 1, Untrusted: true, Timeout: deadline,
	})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(when string, mapped, open int) {
		t.Helper()
		if m, o := mappedImages(t), openImages(t); m != mapped || o != open {
			t.Errorf("%s %d memories are mapped of %d images, want %d of %d", when, m, o, mapped, open)
		}
	}
	expect("after New", 1, 2) // the module's and the configured instance's
	var d runner.Decision
	_ = pool.Decide(t.Context(), evil(), now, &d)
	expect("after a deadline", 0, 2)
	if err := pool.Decide(t.Context(), request(), now, &d); err != nil {
		t.Fatal(err)
	}
	expect("after a call", 1, 2)
	if err := pool.Configure(document(18)); err != nil {
		t.Fatal(err)
	}
	expect("after Configure", 1, 2) // nothing has the old secrets
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	expect("after Close", 0, 0)
	if _, err := runner.New(t.Context(), runner.Options{Module: guest{start: trap}.module(), Config: document(17)}); err == nil {
		t.Error("New took a module that traps")
	}
	expect("after a New that failed", 0, 0)
}

// A call that gets no instance leaves the slot to the next one.
func TestWithoutMemory(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{evil: trap}.module(), Size: 1})
	var d runner.Decision
	_ = pool.Decide(t.Context(), evil(), now, &d)
	pool.ExhaustModule()
	pool.ExhaustState()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a call that had to wait would fail with that
	for range 3 {
		if err := pool.Decide(ctx, request(), now, &d); !errors.Is(err, runner.ErrModule) || !errors.Is(err, syscall.EINVAL) {
			t.Errorf("Decide = %v, want ErrModule because of mmap", err)
		}
	}
}

func mappedImages(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(maps, []byte("edge-image"))
}

func openImages(t *testing.T) (n int) {
	t.Helper()
	const folder = "/proc/self/fd"
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name, err := os.Readlink(filepath.Join(folder, f.Name())); err == nil && strings.Contains(name, "edge-image") {
			n++
		}
	}
	return n
}
