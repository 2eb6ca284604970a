package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// broken builds the program with what breaks it, once, beside the other one.
var broken = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(binary), "torture")
	out, err := exec.Command("go", "build", "-tags", "torture", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the torture build fails: %w: %s", err, out)
	}
	return path, nil
})

func torture(t *testing.T) string {
	t.Helper()
	path, err := broken()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The build that everybody runs has nothing in it that breaks it; the one that
// has says so.
func TestOnlyTheTortureBuildCanBeBroken(t *testing.T) {
	t.Parallel()
	for _, build := range []struct {
		path    string
		tagged  bool
		command string // in what "my21staff torture" prints
		refusal string // of a fault that is not known
	}{
		{binary, false, "There is no command", "There is no setting M21_TORTURE_FAULT"},
		{torture(t), true, `"name": "ingest.afterRead"`, "There is no fault point"},
	} {
		image, err := os.ReadFile(build.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"M21_TORTURE", "host/torture", "ingest.afterRead", "close.midDrain", "ack-before-commit"} {
			if there := bytes.Contains(image, []byte(word)); there != build.tagged {
				t.Errorf("with -tags torture: %t; %q is in the program: %t", build.tagged, word, there)
			}
		}
		i := install(t, "")
		i.program = build.path
		if r := i.run("torture"); !strings.Contains(r.out+r.errors, build.command) || build.tagged != json.Valid([]byte(r.out)) {
			t.Errorf("with -tags torture: %t; the command prints %.200s%s", build.tagged, r.out, r.errors)
		}
		i.env = append(i.env, "M21_TORTURE_FAULT=nowhere:kill")
		if r := i.run("serve"); r.code == 0 || !strings.Contains(r.errors, build.refusal) {
			t.Errorf("with -tags torture: %t; with an unknown fault it ends with %d and says %s", build.tagged, r.code, r.errors)
		}
	}
}

// A fault ends a whole host where it is told to, and what was committed is there
// when it is started again.
func TestFaultStrikesAWholeHost(t *testing.T) {
	t.Parallel()
	i := install(t, "")
	i.program = torture(t)
	i.must(`workspace`, "workspace", "create", "-name", "Kill", "-owner", "Owner", "-email", "owner@example.com")
	i.must(`channel`, "channel", "add", "-provider", "meta", "-phone-number-id", killNumber, "-number", "+62 812 0000 0102", "-webhook-secret", killSecret)
	key := i.must(`key  (m21_\S+)`, "key", "create", "-name", "kill")
	d := &driver{t: t, key: key, answered: make([]atomic.Bool, 3)}
	log := filepath.Join(t.TempDir(), "torture.log")
	env := i.env
	i.env = append(i.env, "M21_TORTURE_FAULT=ingest.afterCommit:kill:3", "M21_TORTURE_LOG="+log)
	host := i.serve()
	if !d.post(host, 0) || !d.post(host, 1) || d.post(host, 2) {
		t.Error("of three webhooks the third and no other is to get no answer")
	}
	_ = host.cmd.Wait()
	if status, ok := host.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("the host ended with %v", host.cmd.ProcessState)
	}
	if text, err := os.ReadFile(log); err != nil || bytes.Count(text, []byte("\n")) != 1 || !bytes.Contains(text, []byte(`"point":"ingest.afterCommit","action":"kill"}`)) {
		t.Errorf("the log says %q, %v", text, err)
	}
	i.env = env
	host = i.serve()
	d.post(host, 2) // the provider tries again
	if stored := d.stored(host); len(stored) != 3 || stored[name(2)] != 1 {
		t.Errorf("stored are %v", stored)
	}
}
