package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// resetProvider has the provider accept messages and cut the connection before
// it answers.
func resetProvider(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles * 10
	const long = 15 * time.Second
	for r.Done < r.Planned && ctx.Err() == nil {
		before := r.Done
		traffic := t.usual("-sends", "300", "-provider-reset", "400")
		err := t.install(ctx, run{db: db, result: r, traffic: traffic, evil: func(ctx context.Context, w *world, _ *driver) error {
			for end := time.Now().Add(long); time.Now().Before(end) && r.Done < r.Planned && ctx.Err() == nil; {
				time.Sleep(100 * time.Millisecond)
				calls, err := record.ReadLines[record.Call](filepath.Join(w.dir, "provider.jsonl"))
				if err != nil {
					return err
				}
				r.Done = before
				for _, call := range calls {
					if call.Answer == "reset" {
						r.Done++
					}
				}
			}
			return ctx.Err()
		}})
		if err != nil {
			return err
		}
		if r.Done == before {
			break
		}
	}
	r.Landed["reset after accepting"] = r.Done
	r.vacuous()
	return nil
}

// twoHosts runs two hosts on one database. First it measures how long it takes
// until a stream on one sees what the other took in; then it kills them in turn.
func twoHosts(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles
	two := size{t.workspaces, 2}
	var crossings []time.Duration
	err := t.install(ctx, run{db: db, result: r, size: two, traffic: t.usual(), evil: func(ctx context.Context, _ *world, _ *driver) error {
		moment(10*time.Second, 10*time.Second)
		return ctx.Err()
	}, after: func(w *world) (err error) {
		crossings, err = w.crossing()
		return err
	}})
	if err != nil {
		return err
	}
	r.note("from one host's acknowledgement to the other's stream: P50 %v of %d events", quantile(crossings, 0.5).Round(100*time.Microsecond), len(crossings))
	r.bar(t.bars, "from one host's acknowledgement to the other's stream, P99", quantile(crossings, 0.99), 50*time.Millisecond)
	if len(crossings) == 0 {
		r.fail("vacuous: no event crossed from one host to the other")
	}
	for _, cycles := range t.parts() {
		var kills []int64
		err := t.install(ctx, run{db: db, result: r, size: two, traffic: t.busy(), evil: func(ctx context.Context, w *world, _ *driver) error {
			for i := range cycles {
				moment(300*time.Millisecond, 1500*time.Millisecond)
				h, ended := w.hosts[i%2], time.Now()
				kills = append(kills, record.Now())
				h.kill()
				took, err := h.revive(ctx, ended)
				if err != nil {
					return err
				}
				r.Ready = append(r.Ready, took)
				r.Done++
			}
			return nil
		}, after: func(w *world) error { return r.inFlight(w, kills, "SIGKILL of one of two") }})
		if err != nil {
			return err
		}
	}
	r.vacuous()
	if r.InFlight == 0 {
		r.fail("vacuous: no kill met a request under way")
	}
	return nil
}
