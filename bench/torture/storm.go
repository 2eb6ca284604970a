package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// stormed is how many events a second a crowd is to hear in all: the driver and
// the host share the machine.
const stormed = 20_000

// cutCrowd cuts a crowd of readers off all at once, over and over, while events
// flow: every second time by killing the host. All come back with the last id
// they have.
func cutCrowd(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles
	env := "M21_MAX_STREAMS=" + strconv.Itoa(2*t.browsers+100) // those that were cut count until they are missed
	traffic := t.usual("-crowd", strconv.Itoa(t.browsers), "-again", "200", "-rate", fmt.Sprint(max(2, min(t.rate, float64(stormed/t.browsers)))))
	var spread struct {
		Events int64   `json:"crowd_events"`
		P50    float64 `json:"crowd_p50_ms"`
		P99    float64 `json:"crowd_p99_ms"`
	}
	err := t.install(ctx, run{db: db, result: r, traffic: traffic, env: []string{env}, evil: func(ctx context.Context, w *world, d *driver) error {
		came, err := w.together(ctx, 0)
		if err != nil {
			return err
		}
		r.note("%d readers came within %v", t.browsers, came.Round(time.Millisecond))
		for i := range t.cycles {
			moment(300*time.Millisecond, 1200*time.Millisecond)
			kill := i%2 == 1
			if kill {
				w.hosts[0].kill()
			}
			if _, err := d.told.WriteString("cut\n"); err != nil {
				return err
			}
			if kill {
				if _, err := w.hosts[0].start(ctx, env); err != nil {
					return err
				}
				r.Landed["SIGKILL of the host under a crowd"]++
			}
			back, err := w.together(ctx, i+1)
			if err != nil {
				return err
			}
			r.Ready = append(r.Ready, back)
			r.Landed["readers cut off"] += t.browsers
			r.Done++
		}
		moment(time.Second, time.Second) // the last ones hear live events too
		return nil
	}, after: func(w *world) error {
		text, err := os.ReadFile(filepath.Join(w.dir, "load.json"))
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &spread)
	}})
	if err != nil {
		return err
	}
	r.note("the crowd of %d heard %d events; from the fact to a stream that was open then: P50 %.0f ms, P99 %.0f ms", t.browsers, spread.Events, spread.P50, spread.P99)
	r.bar(t.bars, "from the cut until all are back, longest", quantile(r.Ready, 1), 15*time.Second)
	if spread.Events == 0 {
		r.fail("vacuous: the crowd heard nothing")
	}
	r.vacuous()
	return nil
}

// together waits until a crowd is back from a storm, and returns how long that
// took.
func (w *world) together(ctx context.Context, storm int) (time.Duration, error) {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		storms, err := record.ReadLines[record.Storm](filepath.Join(w.dir, "storms.jsonl"))
		if err != nil {
			return 0, err
		}
		for _, s := range storms {
			if s.N == storm {
				return time.Duration(s.Took) * time.Microsecond, nil
			}
		}
	}
	return 0, fmt.Errorf("after two minutes not all of the crowd are back from storm %d, %w", storm, ctx.Err())
}
