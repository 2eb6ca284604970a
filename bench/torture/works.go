package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// working is traffic beside which every workspace's host imports files of so many
// rows, changes, scores and erases whom they name. What has begun is brought to
// its end, for which leases of hosts that died have to run out.
func (t *torturer) working(rows int, more ...string) traffic {
	return t.usual(append([]string{"-rate", fmt.Sprint(t.rate / 4), "-works", fmt.Sprint(rows)}, more...)...)
}

// killWorks kills the host, or asks it to end, in the middle of what it does in
// the background: it has to come out as if nobody had. On a server every other
// installation has two hosts, of which one goes on with what the other leaves.
func killWorks(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles
	for n, cycles := range t.parts() {
		var kills []int64
		hosts := 1
		if db.name() == "postgres" {
			hosts += (n + 1) % 2
		}
		err := t.install(ctx, run{db: db, result: r, size: size{t.workspaces, hosts}, traffic: t.working(1200), evil: func(ctx context.Context, w *world, _ *driver) error {
			for i := range cycles {
				if err := w.workGoesOn(ctx); err != nil {
					return err
				}
				moment(0, 1500*time.Millisecond)
				kills = append(kills, record.Now())
				if err := r.interrupt(ctx, db, w.hosts[i%hosts], i); err != nil {
					return err
				}
				r.Done++
			}
			return nil
		}, after: func(w *world) error { return r.duringWork(w, kills) }})
		if err != nil {
			return err
		}
		progress("works on %s: %d of %d, %d pieces of work, verdicts %s", db.name(), r.Done, r.Planned, r.Counts.Works, r.verdicts())
	}
	r.vacuous()
	if r.Counts.Works == 0 || r.Counts.Erased == 0 || r.InFlight == 0 {
		r.fail("vacuous: %d pieces of work, %d erased, %d ends met some", r.Counts.Works, r.Counts.Erased, r.InFlight)
	}
	for _, kind := range []string{record.Import, record.Bulk, record.Rescore, record.Erase} {
		if r.Landed["an end during "+kind] == 0 && t.cycles > 20 {
			r.fail("vacuous: no end met work of the kind %s", kind)
		}
	}
	return nil
}

// interrupt ends what a host does: it kills the host, sometimes asks it to end,
// and sometimes kills the server that it works on.
func (r *result) interrupt(ctx context.Context, db database, h *host, n int) error {
	ended := time.Now()
	server, apart := db.(*postgres)
	switch {
	case apart && n%4 == 1:
		r.Landed["SIGKILL of PostgreSQL"]++
		server.end(syscall.SIGKILL)
		_, err := server.start(ctx)
		return err
	case n%4 == 3:
		r.Landed["SIGTERM of the host"]++
		if _, err := h.stop(); err != nil {
			return err
		}
	default:
		r.Landed["SIGKILL of the host"]++
		h.kill()
	}
	took, err := h.revive(ctx, ended)
	r.Ready = append(r.Ready, took)
	return err
}

func (w *world) works() ([]record.Work, error) {
	return record.ReadLines[record.Work](filepath.Join(w.dir, "works.jsonl"))
}

// workGoesOn waits until another piece of work has begun or ended.
func (w *world) workGoesOn(ctx context.Context) error {
	before, err := w.works()
	if err != nil {
		return err
	}
	for begin := time.Now(); time.Since(begin) < 3*time.Minute && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		now, err := w.works()
		if err != nil {
			return err
		}
		if len(now) > len(before) {
			return nil
		}
	}
	return fmt.Errorf("the host gets no further with its work: %s", w.hosts[0].tail())
}

// duringWork counts the moments at which each kind of work had been begun and not
// ended.
func (r *result) duringWork(w *world, moments []int64) error {
	lines, err := w.works()
	if err != nil {
		return err
	}
	type piece struct {
		workspace, round, pupil int
		kind                    string
	}
	begun := map[piece]int64{}
	during := map[int64]map[string]bool{}
	for _, line := range lines {
		p := piece{line.Workspace, line.Round, line.Pupil, line.Kind}
		if !line.Done {
			begun[p] = line.At
			continue
		}
		for _, at := range moments {
			if begun[p] <= at && at <= line.At {
				if during[at] == nil {
					during[at] = map[string]bool{}
				}
				during[at][line.Kind] = true
			}
		}
	}
	r.InFlight += len(during)
	for _, kinds := range during {
		for kind := range kinds {
			r.Landed["an end during "+kind]++
		}
	}
	return nil
}

// aboutWork reports whether a fault point is passed only by work in the
// background.
func aboutWork(point string) bool {
	return slices.ContainsFunc([]string{"import.", "bulk.", "rescore.", "erase.", "erasing.", "people."}, func(of string) bool { return strings.HasPrefix(point, of) })
}

// passes says at which of the first passes of a point a fault strikes.
func passes(point string) int {
	switch {
	case strings.HasPrefix(point, "ingest."), strings.HasPrefix(point, "commit."), strings.HasPrefix(point, "figures."):
		return 1 + rand.IntN(30)
	case aboutWork(point) && !strings.HasSuffix(point, "Claim"):
		return 1 + rand.IntN(3)
	}
	return 1
}
