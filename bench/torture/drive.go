package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/my21staff/my21staff/bench/check/verdict"
	"github.com/my21staff/my21staff/bench/record"
)

// traffic is what the driver is told beside where.
type traffic struct {
	args  []string
	drain time.Duration
}

// driver is the load driver's process.
type driver struct {
	*process
	world    *world
	told     *os.File      // its standard input
	patience time.Duration // with its end: it ends by itself when nothing goes on any more
}

// drive starts the driver on the world.
func (w *world) drive(t traffic) (*driver, error) {
	in, told, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	args := append([]string{"-plan", w.planFile(), "-dir", w.dir, "-drain", t.drain.String()}, t.args...)
	var p *process
	err = w.asDriver(func() (err error) {
		p, err = spawn(filepath.Join(w.dir, "load.log"), os.Environ(), in, w.load, args...)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, told.Close())
	}
	return &driver{process: p, world: w, told: told, patience: t.drain + 10*time.Minute}, nil
}

// finish lets the driver drain and end.
func (d *driver) finish() error {
	_, _ = d.told.WriteString("drain\n") // one that has ended says so below
	defer d.told.Close()
	code, err := d.wait(d.patience)
	if err != nil {
		d.kill()
		return fmt.Errorf("%w: %s", err, d.tail())
	}
	if code != 0 {
		return fmt.Errorf("the driver ended with %d: %s", code, d.tail())
	}
	return nil
}

// judge runs the checker on what was left, with a host running.
func (w *world) judge(ctx context.Context) (*verdict.Report, error) {
	file := filepath.Join(w.dir, "report.json")
	cmd := exec.CommandContext(ctx, w.check, "-plan", w.planFile(), "-dir", w.dir, "-database", w.look, "-json", file)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, errors.Join(fmt.Errorf("check: %w: %s", err, out), w.fallen())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	report := &verdict.Report{}
	return report, json.Unmarshal(text, report)
}

// fallen says which hosts have ended, and what they said last.
func (w *world) fallen() (all error) {
	for _, h := range w.hosts {
		if !h.running() {
			all = errors.Join(all, fmt.Errorf("host %d has ended: %s", h.n, h.tail()))
		}
	}
	return all
}

// underWay returns for each moment (microseconds since 1970) how many requests
// were under way and got no answer.
func (w *world) underWay(moments []int64) ([]int, error) {
	lines, err := record.ReadLines[record.Line](filepath.Join(w.dir, "journal.jsonl"))
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(moments))
	for _, line := range lines {
		if line.T != record.Outcome || line.Class != record.Info {
			continue
		}
		for i, at := range moments {
			if line.Start <= at && at <= line.Start+line.Took {
				counts[i]++
			}
		}
	}
	return counts, nil
}
