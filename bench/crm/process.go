package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// build builds the program to measure.
func (b *bench) build(ctx context.Context) error {
	binary := b.binary
	if binary == "" {
		b.say("building the program")
		binary = filepath.Join(b.work, "my21staff")
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./host/cmd/my21staff")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, output)
		}
	}
	b.binaries = []string{binary}
	if b.against != "" {
		b.binaries = append(b.binaries, b.against)
	}
	return nil
}

// process is a program that runs and has said where it listens.
type process struct {
	cmd     *exec.Cmd
	address string
	pprof   string        // where its profiles are; empty: nowhere
	start   time.Duration // until it listened
}

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// serve starts the host.
func (b *bench) serve(ctx context.Context, d *database, binary string, args ...string) (*process, error) {
	cmd := exec.Command(binary, append([]string{"serve"}, args...)...)
	cmd.Env = []string{"HOME=" + d.dir, "M21_DATA_DIR=" + d.dir, "M21_DATABASE=" + d.dsn, "M21_LISTEN=127.0.0.1:0",
		"M21_MAX_STREAMS=20000", "M21_RECONCILE_EVERY=24h", "TZ=UTC"}
	return b.launch(ctx, cmd)
}

// launch starts a program and waits for its line. What it logs goes to a file,
// as it does where the program is run.
func (b *bench) launch(ctx context.Context, cmd *exec.Cmd) (*process, error) {
	log, err := os.CreateTemp(b.work, "log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr, cmd.SysProcAttr = log, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(log.Name())
		if found := listening.FindSubmatch(text); found != nil {
			p.address, p.start = string(found[1]), time.Since(began)
			if found := profiling.FindSubmatch(text); found != nil {
				p.pprof = string(found[1])
			}
			return p, nil
		}
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			return nil, errors.Join(fmt.Errorf("%s does not listen: %s", filepath.Base(cmd.Path), text), err, cmd.Wait())
		case <-tick.C:
		}
	}
}

// stop ends the program in order.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	_ = p.cmd.Wait()
}

// What the kernel says of a process's resident memory: now, and at most so far.
var (
	rssLine  = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
)

// memory returns the bytes the process has resident.
func (p *process) memory() int64 { return residentOf(p.cmd.Process.Pid, rssLine) }

// residentOf returns the bytes that a line of a process's status tells, 0 on a system
// that has no such file.
func residentOf(pid int, line *regexp.Regexp) int64 {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	found := line.FindSubmatch(text)
	if found == nil {
		return 0
	}
	kb, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return kb << 10
}

// cpu returns the processor time the process has had, in ticks of 10 ms. It is
// the figure that another program on the machine changes least.
func (p *process) cpu() time.Duration {
	if p == nil {
		return 0
	}
	return processorTime(strconv.Itoa(p.cmd.Process.Pid))
}
