package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that runs beside this one, with its output in a file.
type process struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	output string
}

// spawn starts a program. Its environment is env and nothing else.
func spawn(output string, env []string, stdin *os.File, name string, args ...string) (*process, error) {
	out, err := os.OpenFile(output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{cmd: exec.Command(name, args...), ended: make(chan struct{}), output: output}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, out, out
	if stdin != nil {
		p.cmd.Stdin = stdin
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is ours to hand on
	if err := start(p.cmd.SysProcAttr, p.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(name), err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.ended)
	}()
	return p, nil
}

// signal sends a signal; one to a process that has ended is none.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// running reports whether it has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// wait waits for the end and returns the exit code, -1 for a process a signal
// ended.
func (p *process) wait(patience time.Duration) (int, error) {
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		return 0, fmt.Errorf("%s does not end within %v", filepath.Base(p.cmd.Path), patience)
	}
}

// kill ends it, whatever it does.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// tail returns the end of what it said.
func (p *process) tail() string {
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// call runs a program to its end and returns what it printed.
func call(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var out, problem strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problem
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, problem.String())
	}
	return out.String(), err
}

// programs are the binaries under test and the ones that test.
type programs struct {
	host, load, check string
	pinned            bool // the driver has the last processor to itself, and no other
}

// keepApart leaves the last processor to the driver from now on.
func (p *programs) keepApart() error {
	if runtime.NumCPU() < 2 {
		return errors.New("to keep the driver apart takes two processors")
	}
	p.pinned = true
	return pin(0, runtime.NumCPU()-1)
}

// asDriver begins a program on the processor that is the driver's.
func (p *programs) asDriver(begin func() error) error {
	if !p.pinned {
		return begin()
	}
	n := runtime.NumCPU()
	if err := pin(n-1, n); err != nil {
		return err
	}
	return errors.Join(begin(), pin(0, n-1))
}

// build compiles the programs into a folder.
func build(ctx context.Context, root, into, tags string, race bool) (*programs, error) {
	p := &programs{host: filepath.Join(into, "my21staff"), load: filepath.Join(into, "load"), check: filepath.Join(into, "check")}
	var all error
	for target, source := range map[string]string{p.host: "./host/cmd/my21staff", p.load: "./bench/load", p.check: "./bench/check"} {
		args := []string{"build", "-o", target, source}
		if target == p.host {
			args = []string{"build", "-tags", tags, "-race=" + strconv.FormatBool(race), "-o", target, source}
		}
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			all = errors.Join(all, fmt.Errorf("build %s: %w: %s", source, err, out))
		}
	}
	return p, all
}
