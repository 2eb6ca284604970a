package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"
)

// step is a step of a flood as bench/load reports it; see there.
type step struct {
	Name                            string
	Factor                          float64
	Began, Ended                    int64
	Offered, Sent, Goodput, Refused float64
	Unclear, Impolite, Rejected     int
	P50, P99, FromSending           float64
	RefusalP50, RefusalP99, LateP99 float64
	Dry                             bool
	Memory                          int64   // peak resident bytes of the host, from here on added by watching
	HostCPU, DriverCPU              float64 // processors busy
	Alive                           time.Duration
}

// flood is what a flood came to.
type flood struct {
	Messages int
	Capacity float64 // requests a second
	Steps    []step
	Settled  float64 // seconds; -1: never
	Accepted int
}

func (f *flood) named(name string) *step {
	for i := range f.Steps {
		if f.Steps[i].Name == name {
			return &f.Steps[i]
		}
	}
	return &step{}
}

// read reads what the driver left.
func (f *flood) read(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "flood.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, f)
}

// The bars of an overload, from facts that every P8 is held to.
const (
	leastGoodput = 0.9       // of the peak, at the highest multiple
	mostSlower   = 2         // times the normal P99
	mostMemory   = 512 << 20 // resident bytes
	mostSettling = 10.0      // seconds
	mostAlive    = 100 * time.Millisecond
)

// overload offers a host multiples of what it can take.
func overload(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = 4
	var seen *watch
	f := &flood{}
	step := max(time.Duration(t.cycles)*time.Second, time.Second)
	err := t.install(ctx, run{db: db, result: r, traffic: traffic{drain: 30 * time.Second, args: []string{
		"-flood", "1,2,5,10", "-flood-step", step.String(), "-flood-messages", fmt.Sprint(t.messages), "-clients", fmt.Sprint(t.connections),
		"-peers", fmt.Sprint(t.peers), "-streams", "1", "-readers", "0", "-images", "0",
	}}, evil: func(ctx context.Context, w *world, d *driver) error {
		seen = w.watch(ctx, d)
		return ctx.Err()
	}, after: func(w *world) error { return f.read(w.dir) }})
	if err != nil {
		return err
	}
	seen.tell(f)
	r.Flood, r.Done = f, len(f.Steps)-4 // the capacity twice, what is normal, and what came after
	f.judge(t, r)
	return nil
}

// judge holds a flood against the bars. They are ratios of one run, so that
// they say the same of any machine.
func (f *flood) judge(t *torturer, r *result) {
	normal, most := f.Steps[1], f.named("10x")
	peak := f.Capacity
	var memory int64
	var alive time.Duration
	for _, s := range f.Steps {
		peak, memory, alive = max(peak, s.Goodput), max(memory, s.Memory), max(alive, s.Alive)
		s.clean(r)
		if s.Sent < 0.95*s.Offered || s.Dry {
			r.note("at %s the driver was the bound: %.0f of %.0f requests a second were sent", s.Name, s.Sent, s.Offered)
		}
	}
	if most.Refused == 0 {
		r.fail("vacuous: nothing was refused at ten times the capacity: no overload happened")
	}
	if r.Counts.Messages == 0 || r.Counts.Events == 0 || r.Counts.Absorbed == 0 {
		r.fail("vacuous: %d messages stored, %d events heard, %d duplicates absorbed", r.Counts.Messages, r.Counts.Events, r.Counts.Absorbed)
	}
	if t.apart {
		r.note("the driver had a processor to itself, the host and its database the other %d", runtime.NumCPU()-1)
	} else {
		r.note("at 10x the driver used %.2f of the %d processors, %.0f µs a request: what it uses the host has not", most.DriverCPU, runtime.NumCPU(), most.DriverCPU/max(most.Sent, 1)*1e6)
	}
	r.hold(t.bars, most.Goodput >= leastGoodput*peak, "goodput at 10x is %.2f of the peak, the bar is %.1f", most.Goodput/peak, leastGoodput)
	r.note("goodput at 10x is %.2f of what the host took in a closed loop once all was over", most.Goodput/max(f.named("again").Goodput, 1))
	r.hold(t.bars, most.P99 <= mostSlower*normal.P99, "P99 of what was accepted at 10x is %.2f of the normal one, the bar is %d", most.P99/normal.P99, mostSlower)
	r.hold(t.bars, memory <= mostMemory, "the host had at most %d MB resident, the bar is %d", memory>>20, mostMemory>>20)
	r.hold(t.bars, f.Settled >= 0 && f.Settled <= mostSettling, "%.1f s after the flood all was normal, the bar is %.0f", f.Settled, mostSettling)
	r.hold(t.bars, alive <= mostAlive, "the health check took at most %v, the bar is %v", alive.Round(time.Millisecond), mostAlive)
}

// clean fails a step in which a request got no answer, or one that is neither an
// acceptance nor a refusal that says when to come back.
func (s *step) clean(r *result) {
	for words, n := range map[string]int{
		"got no answer": s.Unclear, "were refused for what they are": s.Rejected, "were not told when to come back": s.Impolite,
	} {
		if n > 0 {
			r.fail("at %s %d requests %s", s.Name, n, words)
		}
	}
}

// print prints the steps.
func (f *flood) print(out io.Writer, database string) error {
	fmt.Fprintf(out, "\n%s: %d messages a request, capacity %.0f requests/s in a closed loop; normal %.1f s after the flood\n", database, f.Messages, f.Capacity, f.Settled)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "STEP\tOFFERED/s\tSENT/s\tACCEPTED/s\tREFUSED/s\tP50 ms\tP99\tFROM SENDING\tREFUSAL P50\tP99\tDRIVER LATE P99\tHOST CPU\tDRIVER CPU\tMB\tHEALTH\t")
	for _, s := range f.Steps {
		fmt.Fprintf(table, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\t%d\t%v\t\n", s.Name, s.Offered, s.Sent, s.Goodput, s.Refused,
			s.P50, s.P99, s.FromSending, s.RefusalP50, s.RefusalP99, s.LateP99, s.HostCPU, s.DriverCPU, s.Memory>>20, s.Alive.Round(time.Millisecond))
	}
	return table.Flush()
}
