package main

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/my21staff/my21staff/bench/check/verdict"
)

// bugFound is how a planted bug fared.
type bugFound struct {
	Name     string          `json:"name"`
	Expected verdict.Verdict `json:"expected"`
	Found    string          `json:"found"`
	Seconds  float64         `json:"seconds"`
	Good     bool            `json:"good"`
}

// plantBugs has hosts with a bug each, and looks whether the checker sees it by
// the verdict it should break.
func plantBugs(ctx context.Context, t *torturer, db database, r *result) error {
	known, err := t.readCatalogue(ctx)
	if err != nil {
		return err
	}
	for _, bug := range known.Bugs {
		if t.bugs != "" && !listed(t.bugs, bug.Name) || bug.On != "" && bug.On != db.name() || ctx.Err() != nil {
			continue // or the database holds it back on its own
		}
		r.Planned++
		found, err := t.plant(ctx, db, bug.Name, verdict.Verdict(bug.Verdict), bug.Needs == "work")
		if err != nil {
			return fmt.Errorf("%s: %w", bug.Name, err)
		}
		if found.Good {
			r.Done++
		} else {
			r.fail("the planted bug %s was not found by its verdict, %s", bug.Name, bug.Verdict)
		}
		r.Bugs = append(r.Bugs, found)
		progress("bugs on %s: %s, expected %s, found %s, %.0f s", db.name(), found.Name, found.Expected, found.Found, found.Seconds)
	}
	return nil
}

// plant runs hosts with a bug, one installation after the other, until it is
// found or the time is over. One that shows in what is done in the background
// needs that, and nobody who ends the host in the middle.
func (t *torturer) plant(ctx context.Context, db database, name string, expected verdict.Verdict, work bool) (bugFound, error) {
	found := bugFound{Name: name, Expected: expected}
	env := []string{"M21_TORTURE_BUG=" + name}
	all, begin := newResult("bug-"+name, db.name(), 0), time.Now()
	for time.Since(begin) < t.seconds && ctx.Err() == nil {
		planted := run{
			db: db, result: all, env: env, size: size{3, 1}, discard: true,
			traffic: traffic{drain: 8 * time.Second, args: []string{
				"-rate", fmt.Sprint(t.rate), "-clients", "128", "-peers", "8", "-batch", "20", "-streams", "3", "-readers", "2", "-chores", "1",
				"-again", "120", "-rewrap", "80", "-batches", "60", "-statuses", "40", "-twins", "30", "-forged", "20", "-crossed", "20", "-sends", "100",
				"-provider-slow", "80", "-provider-reset", "60",
			}},
			evil: func(ctx context.Context, w *world, _ *driver) error { return w.hosts[0].trouble(ctx, env) },
		}
		if work {
			planted.traffic = t.working(200, "-peers", "8")
			planted.evil = func(ctx context.Context, w *world, _ *driver) error { return w.workGoesOn(ctx) }
		}
		if err := t.install(ctx, planted); err != nil {
			return found, err
		}
		if found.Good = all.Verdicts[expected] > 0; found.Good {
			break
		}
	}
	found.Found, found.Seconds = all.verdicts(), time.Since(begin).Seconds()
	return found, nil
}

// trouble is what a host lives through in a few seconds: load, crashes, load, a
// stop, and load.
func (h *host) trouble(ctx context.Context, env []string) error {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGKILL} {
		moment(600*time.Millisecond, 1200*time.Millisecond)
		h.signal(signal)
		if _, err := h.wait(20 * time.Second); err != nil {
			return err
		}
		if _, err := h.start(ctx, env...); err != nil {
			return err
		}
	}
	moment(1500*time.Millisecond, 1500*time.Millisecond)
	return ctx.Err()
}

// printBugs writes the table of planted bugs.
func printBugs(out io.Writer, r *result) error {
	if len(r.Bugs) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "BUG (%s)\tEXPECTED\tFOUND\tSECONDS\t\n", r.Database)
	for _, b := range r.Bugs {
		note := ""
		if !b.Good {
			note = "NOT FOUND"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.0f\t%s\n", b.Name, b.Expected, b.Found, b.Seconds, note)
	}
	return table.Flush()
}
