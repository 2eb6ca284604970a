package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// scenario is a kind of evil.
type scenario struct {
	name      string
	databases string // those it is about
	run       func(ctx context.Context, t *torturer, db database, r *result) error
}

// scenarios lists them in the order they are run.
func scenarios() []scenario {
	return []scenario{
		{"kill", "sqlite postgres", killHost},
		{"drain", "sqlite postgres", drainHost},
		{"postgres", "postgres", killPostgres},
		{"cut", "postgres", cutCommits},
		{"reset", "sqlite postgres", resetProvider},
		{"diskfull", "sqlite postgres", fillDisk},
		{"works", "sqlite postgres", killWorks},
		{"storms", "sqlite postgres", cutCrowd},
		{"two-hosts", "postgres", twoHosts},
		{"outage", "sqlite postgres", outageOfProvider},
		{"slowloris", "sqlite postgres", slowloris},
		{"readers", "sqlite postgres", slowReaders},
		{"batches", "sqlite postgres", bigBatches},
		{"overload", "sqlite postgres", overload},
		{"fault", "sqlite postgres", injectFaults},
		{"bugs", "sqlite postgres", plantBugs},
	}
}

func names() []string {
	var all []string
	for _, s := range scenarios() {
		all = append(all, s.name)
	}
	return all
}

// choose returns the scenarios of a list of names.
func choose(list string) ([]scenario, error) {
	if list == "all" {
		list = strings.Join(names(), ",")
	}
	var chosen []scenario
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names(), name)
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q, but: %s", name, strings.Join(names(), ", "))
		}
		chosen = append(chosen, scenarios()[i])
	}
	return chosen, nil
}

// torturer runs scenarios.
type torturer struct {
	*options
	*programs
	made   int // installations
	server *postgres
}

// all runs the scenarios on the chosen databases.
func (t *torturer) all(ctx context.Context, chosen []scenario) []*result {
	var results []*result
	for _, s := range chosen {
		for _, name := range []string{"sqlite", "postgres"} {
			if !strings.Contains(s.databases, name) || t.database != "both" && t.database != name || ctx.Err() != nil {
				continue
			}
			r := newResult(s.name, name, 0)
			results = append(results, r)
			progress("%s on %s", s.name, name)
			begin := time.Now()
			db, err := t.open(ctx, name)
			if err == nil {
				err = s.run(ctx, t, db, r)
			}
			if err != nil {
				r.fail("%v", err)
			}
			r.Seconds = time.Since(begin).Seconds()
			progress("%s on %s: %d of %d done, verdicts %s, %d problems, %.0f s", s.name, name, r.Done, r.Planned, r.verdicts(), len(r.Problems), r.Seconds)
		}
	}
	return results
}

// run is one installation from its making to its judgement.
type run struct {
	db      database
	result  *result
	size    size
	traffic traffic
	data    string   // the hosts' data folder; empty: one of the installation
	env     []string // of the hosts when they are started first, and of the commands that furnish
	evil    func(ctx context.Context, w *world, d *driver) error
	after   func(w *world) error // looks at the journals, when the driver has ended
	discard bool                 // the folder is not kept, whatever is found
}

// install makes an installation, drives it, does evil to it, and judges it.
func (t *torturer) install(ctx context.Context, r run) error {
	t.made++
	dir := filepath.Join(t.dir, fmt.Sprintf("%s-%s-%d", r.result.Scenario, r.db.name(), t.made))
	w, err := t.furnished(ctx, r, dir)
	if err != nil {
		return err
	}
	defer w.end()
	for _, h := range w.hosts {
		if _, err := h.start(ctx, r.env...); err != nil {
			return err
		}
	}
	d, err := w.drive(r.traffic)
	if err != nil {
		return err
	}
	defer d.kill()
	if err := r.evil(ctx, w, d); err != nil {
		return errors.Join(fmt.Errorf("in %s: %w", dir, err), d.finish())
	}
	if err := d.finish(); err != nil {
		return err
	}
	if r.after != nil {
		if err := r.after(w); err != nil {
			return err
		}
	}
	before := r.result.verdicts()
	if err := t.judgement(ctx, w, r.result); err != nil {
		return err
	}
	if r.result.verdicts() != before && !r.discard {
		r.result.Kept = append(r.result.Kept, dir)
	} else if !t.keep {
		w.end()
		return os.RemoveAll(dir)
	}
	return ctx.Err()
}

func (t *torturer) furnished(ctx context.Context, r run, dir string) (*world, error) {
	if r.size == (size{}) {
		r.size = size{t.workspaces, 1}
	}
	data := r.data
	if data == "" {
		data = filepath.Join(dir, "data")
	}
	dsn, look, err := r.db.fresh(ctx)
	if err != nil {
		return nil, err
	}
	return newWorld(ctx, t.programs, dir, data, dsn, look, r.size, r.env)
}

func (t *torturer) judgement(ctx context.Context, w *world, r *result) error {
	found, err := w.judge(ctx)
	if err != nil {
		return err
	}
	r.add(found)
	return nil
}

// end ends what still runs.
func (w *world) end() {
	for _, h := range w.hosts {
		if h.process != nil {
			h.kill()
		}
	}
}

// usual is the driver's traffic where a scenario needs nothing of its own.
func (t *torturer) usual(more ...string) traffic {
	return traffic{drain: 30 * time.Second, args: append([]string{
		"-rate", fmt.Sprint(t.rate), "-clients", "256", "-peers", fmt.Sprint(t.peers), "-streams", "3", "-readers", "1",
	}, more...)}
}

// busy is traffic that always has requests under way, so that a kill meets some
// however fast the host is.
func (t *torturer) busy() traffic { return t.usual("-rate", "0", "-clients", "6") }

// parts splits cycles among installations.
func (t *torturer) parts() []int {
	var all []int
	for left := t.cycles; left > 0; left -= t.per {
		all = append(all, min(left, t.per))
	}
	return all
}

// moment waits for a random while, so that evil meets the work anywhere.
func moment(least, most time.Duration) { time.Sleep(least + rand.N(most-least+1)) }
