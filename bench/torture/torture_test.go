package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The short form of make torture: a few of everything that needs no mounting,
// and a sample of the planted bugs. It is held to two minutes on a quiet
// machine.
func TestTortureShort(t *testing.T) {
	program := filepath.Join(t.TempDir(), "torture")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("the program cannot be built: %v: %s", err, out)
	}
	for _, args := range []string{
		"-scenario kill,cut,reset,fault,bugs -database both -cycles 1 -rate 100 -bars=false -points ingest.afterCommit -bugs half-batch,erase-keeps-bodies",
		"-scenario works -database sqlite -cycles 1 -rate 100 -bars=false",
	} {
		out, err := run(t, program, strings.Fields(args)...)
		t.Logf("torture %s:\n%s", args, out)
		if err != nil {
			t.Errorf("torture %s: %v", args, err)
		}
	}
}

// run runs the program in the module's root, which it builds, and gives it time
// to end its servers when the test is over.
func run(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	return string(out), err
}
