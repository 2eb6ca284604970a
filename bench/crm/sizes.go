package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
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
	Rows     [2]int     `json:"rows"` // that the page has
	Product  [2]result  `json:"product"`
	Before   *[2]result `json:"before,omitempty"` // of an older program
	Bare     [2]result  `json:"bare_sql"`
	Plans    [2]planned `json:"plans"` // PostgreSQL
}

// side is a database of one size with the hosts on it.
type side struct {
	*world
	hosts   []*process // the program, then an older one that it is measured against
	callers []*caller
	limit   bare
	paths   []path
	close   func()
}

// compareSizes measures the contacts' lists on a small and on a large database,
// in turn, so that what the machine does besides is the same for both. With -again
// it keeps the databases until its input ends, and measures again after each line:
// what took long was to fill them.
func (b *bench) compareSizes(ctx context.Context, kind string) error {
	var worlds [2]*world
	for i, shape := range b.sizes {
		var err error
		if worlds[i], err = b.filled(ctx, kind, shape); err != nil {
			return fmt.Errorf("%d contacts: %w", shape.Conversations, err)
		}
		defer worlds[i].close()
	}
	for lines := bufio.NewScanner(os.Stdin); ; {
		err := b.compareWorlds(ctx, worlds)
		if !b.again {
			return err
		}
		if err != nil {
			b.say("%v", err)
		}
		b.say("%s: with a line the program is built and measured again", kind)
		if !lines.Scan() {
			return lines.Err()
		}
		if err := b.build(ctx); err != nil {
			b.say("%v", err) // the program is as it was
		}
	}
}

// filled makes a world and says what it took.
func (b *bench) filled(ctx context.Context, kind string, shape shape) (*world, error) {
	w, err := b.newWorld(ctx, kind, shape)
	if err != nil {
		return nil, err
	}
	bytes, err := w.size(ctx)
	if err != nil {
		w.close()
		return nil, err
	}
	b.report.fact(kind, fmt.Sprintf("seeding %d contacts with %d messages", shape.Conversations, shape.Messages), "s", w.seeding.Seconds())
	b.report.fact(kind, fmt.Sprintf("size of %d contacts with %d messages", shape.Conversations, shape.Messages), "MB", float64(bytes)/1e6)
	return w, nil
}

func (b *bench) compareWorlds(ctx context.Context, worlds [2]*world) error {
	var sides [2]*side
	small := map[string]int{} // what the smaller world's pages have
	for i, w := range worlds {
		var err error
		if sides[i], err = b.side(ctx, w, small); err != nil {
			return fmt.Errorf("%d contacts: %w", w.shape.Conversations, err)
		}
		defer sides[i].close()
		for _, p := range sides[i].paths {
			small[p.name] = p.rows
		}
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

// side starts the hosts on a world and makes its paths: of a list of which the
// smaller world has less than a page, that much too.
func (b *bench) side(ctx context.Context, w *world, small map[string]int) (_ *side, err error) {
	s := &side{world: w}
	s.close = func() { stopAll(s.hosts) }
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.hosts, s.callers, err = b.serveAll(ctx, w); err != nil {
		return nil, err
	}
	limit, err := w.bare(ctx)
	if err != nil {
		return nil, err
	}
	s.limit, s.close = limit, func() { limit.close(); stopAll(s.hosts) }
	services, err := host.OpenServices(ctx, w.config(), nil)
	if err != nil {
		return nil, err
	}
	defer services.Close()
	if s.paths, err = w.contactPaths(ctx, services, s.callers[0], small); err != nil {
		return nil, err
	}
	if file, is := limit.(*bareFile); is {
		for i := range s.paths {
			for j := range s.paths[i].trips {
				err = errors.Join(err, file.prepare(ctx, &s.paths[i].trips[j]))
			}
		}
	}
	return s, err
}

// compareSides measures the n-th path on both sides.
func (b *bench) compareSides(ctx context.Context, sides [2]*side, n int) (size, error) {
	row := size{Database: sides[0].kind, Name: sides[0].paths[n].name}
	var calls []call
	var hosts []*process
	for program := range sides[0].hosts {
		for _, s := range sides {
			p, c := &s.paths[n], s.callers[program]
			calls = append(calls, func(n int) error { return c.do(p.requests[n%len(p.requests)], nil) })
			hosts = append(hosts, s.hosts[program])
		}
	}
	for _, s := range sides {
		p := &s.paths[n]
		calls = append(calls, func(n int) error { return s.limit.run(ctx, &p.trips[n%len(p.trips)]) })
	}
	measured, err := b.inTurn(ctx, calls, hosts)
	if err != nil {
		return row, err
	}
	if len(hosts) > 2 {
		row.Before = (*[2]result)(measured[2:4])
	}
	for i, s := range sides {
		row.Shapes[i], row.Rows[i], row.Product[i], row.Bare[i] = s.shape, s.paths[n].rows, measured[i], measured[len(hosts)+i]
		if row.Plans[i], err = s.plan(ctx, &s.paths[n].trips[0]); err != nil {
			return row, err
		}
	}
	return row, nil
}

func (s size) growth() float64     { return s.Product[1].P50 / s.Product[0].P50 }
func (s size) bareGrowth() float64 { return s.Bare[1].P50 / s.Bare[0].P50 }

func (s size) String() string {
	before := ""
	if was := s.Before; was != nil {
		before = fmt.Sprintf("  before %.3f -> %.3f (%.2f)", was[0].P50, was[1].P50, was[1].P50/was[0].P50)
	}
	return fmt.Sprintf("%-8s %-60s rows %d -> %d  P50 %.3f -> %.3f (%.2f)  P95 %.3f -> %.3f  host %.0f -> %.0f us  bare SQL %.3f -> %.3f (%.2f)  plan %s%s",
		s.Database, s.Name, s.Rows[0], s.Rows[1], s.Product[0].P50, s.Product[1].P50, s.growth(), s.Product[0].P95, s.Product[1].P95, s.Product[0].CPU, s.Product[1].CPU,
		s.Bare[0].P50, s.Bare[1].P50, s.bareGrowth(), s.Plans[1], before)
}

// sizes returns the table of both sizes.
func (r *report) sizes() string {
	var b strings.Builder
	first := r.Sizes[0].Shapes
	fmt.Fprintf(&b, "# The lead database as it grows\n\n%s, %d processors shared by driver, hosts and databases. A database of %d contacts with %d messages beside one of %d with %d, "+
		"in %d workspaces each, 55 %% of them in the one that is asked; both are measured in turn, with one client, in milliseconds. "+
		"Growth is that of the median; rows are those of the page, and where the smaller database has less than a page, as much is asked of both besides. Bare SQL is the same statements without the product. The plan is the larger one's: what it does beyond looking a page up in indexes.\n\n",
		r.Go, r.Processors, first[0].Conversations, first[0].Messages, first[1].Conversations, first[1].Messages, first[0].Workspaces)
	b.WriteString("| database | path | rows small | rows large | P50 small | P95 small | P50 large | P95 large | growth | bare P50 small | bare P50 large | bare growth | plan |\n" +
		"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, s := range r.Sizes {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %.3f | %.3f | %.3f | %.3f | %.2f | %.3f | %.3f | %.2f | %s |\n", s.Database, s.Name, s.Rows[0], s.Rows[1],
			s.Product[0].P50, s.Product[0].P95, s.Product[1].P50, s.Product[1].P95, s.growth(), s.Bare[0].P50, s.Bare[1].P50, s.bareGrowth(), s.Plans[1])
	}
	b.WriteString("\n| database | figure | | unit |\n| --- | --- | ---: | --- |\n")
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "| %s | %s | %.4g | %s |\n", f.Database, f.Name, f.Value, f.Unit)
	}
	return b.String()
}
