package main

import (
	"context"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// killHost kills the host in the middle of its work, over and over.
func killHost(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles
	for _, cycles := range t.parts() {
		var kills []int64
		err := t.install(ctx, run{db: db, result: r, traffic: t.busy(), evil: func(ctx context.Context, w *world, _ *driver) error {
			for range cycles {
				moment(300*time.Millisecond, 1200*time.Millisecond)
				kills = append(kills, record.Now())
				ended := time.Now()
				w.hosts[0].kill()
				took, err := w.hosts[0].revive(ctx, ended)
				if err != nil {
					return err
				}
				r.Ready = append(r.Ready, took)
				r.Done++
			}
			return nil
		}, after: func(w *world) error { return r.inFlight(w, kills, "SIGKILL") }})
		if err != nil {
			return err
		}
		progress("kill on %s: %d of %d, %d met requests under way", db.name(), r.Done, r.Planned, r.InFlight)
	}
	r.bar(t.bars, "from SIGKILL to ready, P99", quantile(r.Ready, 0.99), 2*time.Second)
	r.vacuous()
	if r.InFlight == 0 {
		r.fail("vacuous: no kill met a request under way")
	}
	return nil
}

// inFlight counts the moments at which requests were under way that then got no
// answer.
func (r *result) inFlight(w *world, moments []int64, what string) error {
	counts, err := w.underWay(moments)
	if err != nil {
		return err
	}
	for _, n := range counts {
		if n > 0 {
			r.InFlight++
			r.Landed[what+" with requests under way"]++
		}
	}
	return nil
}

// drainHost asks the host to end under load, and kills it if it takes long.
func drainHost(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles
	var ends []time.Duration
	for _, cycles := range t.parts() {
		err := t.install(ctx, run{db: db, result: r, traffic: t.busy(), evil: func(ctx context.Context, w *world, _ *driver) error {
			for i := range cycles {
				moment(300*time.Millisecond, 1200*time.Millisecond)
				h, begin := w.hosts[0], time.Now()
				if i%2 == 0 { // let it drain
					took, err := h.stop()
					if err != nil {
						return err
					}
					ends = append(ends, took)
					r.Landed["SIGTERM to the end"]++
				} else { // kill it in the middle of the drain
					h.signal(syscall.SIGTERM)
					moment(0, 60*time.Millisecond)
					if h.running() {
						r.Landed["SIGKILL during the drain"]++
					}
					h.kill()
				}
				took, err := h.revive(ctx, begin)
				if err != nil {
					return err
				}
				r.Ready = append(r.Ready, took)
				r.Done++
			}
			return nil
		}, after: func(w *world) error { return r.askedBack(w) }})
		if err != nil {
			return err
		}
	}
	if r.Landed["readers asked to come back"] == 0 {
		r.fail("no reader of a stream was asked to come back")
	}
	r.note("from SIGTERM to the end: P50 %v, P99 %v", quantile(ends, 0.5).Round(time.Millisecond), quantile(ends, 0.99).Round(time.Millisecond))
	r.bar(t.bars, "from SIGTERM to the end, longest", quantile(ends, 1), 10*time.Second)
	r.vacuous()
	if r.Landed["SIGKILL during the drain"] == 0 && t.cycles > 3 {
		r.fail("vacuous: no SIGKILL met a drain")
	}
	return nil
}
