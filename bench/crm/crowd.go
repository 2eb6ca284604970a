package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// crowd is how many clients the crowd has.
const crowd = 256

// crowds measures single webhooks of many clients on each program in turn, with
// the durable insert of one row before each turn: what is compared has had the
// same moments of the machine, and the same data.
func (b *bench) crowds(ctx context.Context, w *world) error {
	limit, err := w.bare(ctx)
	if err != nil {
		return err
	}
	defer limit.close()
	in := &ingestion{bench: b, world: w, limit: limit}
	var one bound
	var rates []float64
	runs := make([]crowdRun, len(b.binaries))
	for range b.rounds {
		durable, err := in.oneRow(ctx, &one)
		if err != nil {
			return err
		}
		rates = append(rates, durable)
		for i, binary := range b.binaries {
			if err := in.turn(ctx, binary, &runs[i]); err != nil {
				return err
			}
		}
	}
	one.Rate = median(rates)
	made := row{Database: w.kind, Part: "ingest", Name: "single webhooks, closed loop, in turn", Clients: crowd,
		result: runs[0].result(), Cost: runs[0].cost(), Limits: []bound{one}}
	if len(runs) > 1 {
		before := runs[1].result()
		made.Before, made.CostBefore = &before, runs[1].cost()
	}
	b.report.add(made)
	b.say("%s", made)
	return nil
}

// oneRow measures one durable row at a time, for the limit.
func (in *ingestion) oneRow(ctx context.Context, one *bound) (rate float64, err error) {
	const clients = 32
	took, rate, err := closedLoop(ctx, clients, in.slice, &in.n, func(int) error { return in.limit.insert(ctx, 1) })
	*one = bound{fmt.Sprintf("one durable row, %d clients", clients), result{summary: took.summary()}}
	return rate, err
}

// crowdRun is what the turns of one program came to.
type crowdRun struct {
	took  times
	rates []float64
	spent spent
}

// turn starts a program, warms it up and measures it for a while.
func (in *ingestion) turn(ctx context.Context, binary string, run *crowdRun) error {
	p, err := in.serve(ctx, in.database, binary, in.profiled()...)
	if err != nil {
		return err
	}
	defer p.stop()
	in.host, in.caller = p, newCaller(p.address)
	if _, _, err := closedLoop(ctx, crowd, in.slice, &in.n, in.single); err != nil {
		return err
	}
	before := in.spent()
	took, rate, err := closedLoop(ctx, crowd, in.ingest, &in.n, in.single)
	if err != nil {
		return err
	}
	used := in.spent().minus(before)
	in.say("%s  %s  %.0f/s  %s", in.kind, binary, rate, used.per(len(took)))
	run.took, run.rates, run.spent = append(run.took, took...), append(run.rates, rate), run.spent.plus(used)
	if in.profile == "" {
		return nil
	}
	return in.profileDuring(ctx, p, fmt.Sprintf("%s-crowd-%s", in.kind, filepath.Base(binary)), crowd, &in.n, in.single)
}

func (r *crowdRun) result() result { return result{summary: r.took.summary(), Rate: median(r.rates)} }
func (r *crowdRun) cost() *cost    { return r.spent.per(len(r.took)) }
