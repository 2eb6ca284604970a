package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// actions are what a host does to itself at a fault point.
var actions = []string{"kill", "panic", "error"}

// injectFaults has the host do something to itself at every fault point.
func injectFaults(ctx context.Context, t *torturer, db database, r *result) error {
	known, err := t.readCatalogue(ctx)
	if err != nil {
		return err
	}
	for _, point := range known.Points {
		if t.points != "" && !listed(t.points, point.Name) {
			continue
		}
		r.Planned += t.cycles * len(actions)
		before := r.Done
		if strings.HasPrefix(point.Name, "migrate.") {
			err = t.migrationFaults(ctx, db, r, point.Name)
		} else {
			err = t.pointFaults(ctx, db, r, point.Name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", point.Name, err)
		}
		progress("fault on %s: %s landed %d of %d times, verdicts %s", db.name(), point.Name, r.Done-before, t.cycles*len(actions), r.verdicts())
	}
	r.vacuous()
	return nil
}

func listed(list, name string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == name || strings.HasSuffix(one, ".") && strings.HasPrefix(name, one) {
			return true
		}
	}
	return false
}

// pointFaults has faults of each kind at a point of one installation, under
// load of all sorts.
func (t *torturer) pointFaults(ctx context.Context, db database, r *result, point string) error {
	traffic := t.usual("-chores", "2", "-sends", "80", "-images", "200")
	if aboutWork(point) {
		traffic = t.working(1200)
	}
	return t.install(ctx, run{db: db, result: r, traffic: traffic, evil: func(ctx context.Context, w *world, _ *driver) error {
		h := w.hosts[0]
		for range t.cycles {
			for _, action := range actions {
				if err := h.fault(ctx, r, point, action); err != nil {
					return err
				}
			}
			if aboutWork(point) && strings.HasSuffix(point, "Claim") {
				if err := h.rest(ctx, r); err != nil {
					return err
				}
			}
		}
		took, err := h.start(ctx)
		r.Ready = append(r.Ready, took)
		moment(500*time.Millisecond, 500*time.Millisecond)
		return err
	}})
}

// claimLease is a little more than the product leases work in the background for.
const claimLease = 17 * time.Second

// rest has the host run unharmed until it has claimed again what it left. The
// product gives up a piece of work that was claimed five times without a step
// forward, and who strikes at nothing but claims would bring it to that.
func (h *host) rest(ctx context.Context, r *result) error {
	took, err := h.start(ctx)
	r.Ready = append(r.Ready, took)
	moment(claimLease, claimLease)
	return err
}

// fault starts the host anew with a fault in it, waits until it lands, and ends
// the host.
func (h *host) fault(ctx context.Context, r *result, point, action string) error {
	nth, patience := passes(point), 30*time.Second
	if aboutWork(point) {
		patience = 3 * time.Minute // the leases of the host before run out
	}
	before, err := h.world.landed()
	if err != nil {
		return err
	}
	if err := h.launch(faultEnv(point, action, nth)...); err != nil {
		return err
	}
	if strings.HasPrefix(point, "close.") { // before it is ready nothing would hear of it
		if _, err := h.ready(ctx, time.Now()); err != nil {
			return err
		}
		moment(200*time.Millisecond, 700*time.Millisecond)
		h.signal(syscall.SIGTERM)
	}
	landed, begin := false, time.Now()
	for time.Since(begin) < patience && ctx.Err() == nil && !landed {
		time.Sleep(5 * time.Millisecond)
		now, err := h.world.landed()
		if err != nil {
			return err
		}
		landed = len(now) > len(before)
	}
	if !landed {
		r.fail("%s:%s:%d did not land within %v", point, action, nth, patience)
		return ctx.Err()
	}
	r.Done++
	r.Landed[action]++
	if action == "kill" { // it does it itself
		if _, err := h.wait(5 * time.Second); err != nil {
			r.fail("%s:%s landed and the host lives: %v", point, action, err)
		}
		return nil
	}
	moment(100*time.Millisecond, 500*time.Millisecond) // what it does after it
	return nil
}

func faultEnv(point, action string, nth int) []string {
	return []string{fmt.Sprintf("M21_TORTURE_FAULT=%s:%s:%d", point, action, nth), "M21_RECONCILE_EVERY=1s"}
}

// landed returns the faults that landed so far.
func (w *world) landed() ([]landed, error) { return record.ReadLines[landed](w.faultLog) }

// migrationFaults has faults while the schema is made: the next start must make
// it whole.
func (t *torturer) migrationFaults(ctx context.Context, db database, r *result, point string) error {
	for n := range t.cycles {
		for _, action := range actions {
			t.made++
			dir := filepath.Join(t.dir, fmt.Sprintf("migrate-%s-%d", db.name(), t.made))
			dsn, look, err := db.fresh(ctx)
			if err != nil {
				return err
			}
			w, err := newWorld(ctx, t.programs, dir, filepath.Join(dir, "data"), dsn, look, size{0, 1}, nil)
			if err != nil {
				return err
			}
			h := w.hosts[0]
			if err := h.launch(faultEnv(point, action, 1+n%2)...); err != nil {
				return err
			}
			for begin := time.Now(); time.Since(begin) < 5*time.Second && h.running(); time.Sleep(5 * time.Millisecond) {
				if done, _ := w.landed(); len(done) > 0 && action != "kill" && time.Since(begin) > time.Second {
					break
				}
			}
			done, err := w.landed()
			if err != nil {
				return err
			}
			r.Done += min(len(done), 1)
			r.Landed[action] += min(len(done), 1)
			if len(done) == 0 {
				r.fail("%s:%s:%d did not land", point, action, 1+n%2)
			}
			took, err := h.start(ctx)
			if err != nil {
				return fmt.Errorf("after %s: %w", action, err)
			}
			r.Ready = append(r.Ready, took)
			w.end()
		}
	}
	return nil
}
