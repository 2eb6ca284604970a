package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/my21staff/my21staff/host"
)

// smallSize is how many contacts the first of two sizes has.
const smallSize = 10_000

// size is a path of the lead database at two sizes.
type size struct {
	Database string     `json:"database"`
	Name     string     `json:"name"`
	Shapes   [2]shape   `json:"shapes"`
	Product  [2]result  `json:"product"`
	Bare     [2]result  `json:"bare_sql"`
	Plans    [2]planned `json:"plans"` // PostgreSQL
}

// side is a database of one size with a host on it.
type side struct {
	*world
	host  *process
	limit bare
	paths []path
	close func()
}

// compareSizes measures the contacts' lists on a small and on a large database,
// in turn, so that what the machine does besides is the same for both.
func (b *bench) compareSizes(ctx context.Context, kind string) error {
	var sides [2]*side
	for i, shape := range b.sizes {
		var err error
		if sides[i], err = b.side(ctx, kind, shape); err != nil {
			return fmt.Errorf("%d contacts: %w", shape.Conversations, err)
		}
		defer sides[i].close()
	}
	for n := range sides[0].paths {
		row, err := b.compareSides(ctx, sides, n)
		if err != nil {
			return fmt.Errorf("%s: %w", row.Name, err)
		}
		b.report.Sizes = append(b.report.Sizes, row)
		b.say("%s", row)
	}
	return nil
}

func (b *bench) side(ctx context.Context, kind string, shape shape) (_ *side, err error) {
	w, err := b.newWorld(ctx, kind, shape)
	if err != nil {
		return nil, err
	}
	s := &side{world: w, close: w.close}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	bytes, err := w.size(ctx)
	if err != nil {
		return nil, err
	}
	b.report.fact(kind, fmt.Sprintf("seeding %d contacts with %d messages", shape.Conversations, shape.Messages), "s", w.seeding.Seconds())
	b.report.fact(kind, fmt.Sprintf("size of %d contacts with %d messages", shape.Conversations, shape.Messages), "MB", float64(bytes)/1e6)
	hosts, callers, err := b.serveAll(ctx, w)
	if err != nil {
		return nil, err
	}
	s.host, s.close = hosts[0], func() { stopAll(hosts); w.close() }
	if s.limit, err = w.bare(ctx); err != nil {
		return nil, err
	}
	s.close = func() { s.limit.close(); stopAll(hosts); w.close() }
	services, err := host.OpenServices(ctx, w.config())
	if err != nil {
		return nil, err
	}
	defer services.Close()
	s.paths, err = w.contactPaths(ctx, services, callers[0])
	for i := range s.paths {
		p := &s.paths[i]
		for j := range p.requests {
			request := p.requests[j]
			p.calls = append(p.calls, func() error { return callers[0].do(request, nil) })
		}
		if file, is := s.limit.(*bareFile); is {
			for j := range p.trips {
				err = errors.Join(err, file.prepare(ctx, &p.trips[j]))
			}
		}
	}
	return s, err
}

// compareSides measures the n-th path on both sides.
func (b *bench) compareSides(ctx context.Context, sides [2]*side, n int) (size, error) {
	row := size{Database: sides[0].kind, Name: sides[0].paths[n].name}
	var calls []call
	for _, s := range sides {
		p := &s.paths[n]
		calls = append(calls, func(n int) error { return p.calls[n%len(p.calls)]() })
	}
	for _, s := range sides {
		p := &s.paths[n]
		calls = append(calls, func(n int) error { return s.limit.run(ctx, &p.trips[n%len(p.trips)]) })
	}
	measured, err := b.inTurn(ctx, calls, []*process{sides[0].host, sides[1].host})
	if err != nil {
		return row, err
	}
	for i, s := range sides {
		row.Shapes[i], row.Product[i], row.Bare[i] = s.shape, measured[i], measured[2+i]
		if row.Plans[i], err = s.plan(ctx, &s.paths[n].trips[0]); err != nil {
			return row, err
		}
	}
	return row, nil
}

func (s size) growth() float64     { return s.Product[1].P50 / s.Product[0].P50 }
func (s size) bareGrowth() float64 { return s.Bare[1].P50 / s.Bare[0].P50 }

func (s size) String() string {
	return fmt.Sprintf("%-8s %-46s P50 %.3f -> %.3f (%.2f)  P95 %.3f -> %.3f  host %.0f -> %.0f us  bare SQL %.3f -> %.3f (%.2f)  plan %s",
		s.Database, s.Name, s.Product[0].P50, s.Product[1].P50, s.growth(), s.Product[0].P95, s.Product[1].P95, s.Product[0].CPU, s.Product[1].CPU,
		s.Bare[0].P50, s.Bare[1].P50, s.bareGrowth(), s.Plans[1])
}

// sizes returns the table of both sizes.
func (r *report) sizes() string {
	var b strings.Builder
	first := r.Sizes[0].Shapes
	fmt.Fprintf(&b, "# The lead database as it grows\n\n%s, %d processors shared by driver, hosts and databases. A database of %d contacts with %d messages beside one of %d with %d, "+
		"in %d workspaces each, 55 %% of them in the one that is asked; both are measured in turn, with one client, in milliseconds. "+
		"Growth is that of the median. Bare SQL is the same statements without the product. The plan is the larger one's: what it does beyond looking a page up in indexes.\n\n",
		r.Go, r.Processors, first[0].Conversations, first[0].Messages, first[1].Conversations, first[1].Messages, first[0].Workspaces)
	b.WriteString("| database | path | P50 small | P95 small | P50 large | P95 large | growth | bare P50 small | bare P50 large | bare growth | plan |\n" +
		"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, s := range r.Sizes {
		fmt.Fprintf(&b, "| %s | %s | %.3f | %.3f | %.3f | %.3f | %.2f | %.3f | %.3f | %.2f | %s |\n", s.Database, s.Name,
			s.Product[0].P50, s.Product[0].P95, s.Product[1].P50, s.Product[1].P95, s.growth(), s.Bare[0].P50, s.Bare[1].P50, s.bareGrowth(), s.Plans[1])
	}
	b.WriteString("\n| database | figure | | unit |\n| --- | --- | ---: | --- |\n")
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "| %s | %s | %.4g | %s |\n", f.Database, f.Name, f.Value, f.Unit)
	}
	return b.String()
}
