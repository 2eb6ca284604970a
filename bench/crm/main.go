// Command crm measures the product over HTTP, each figure beside what would
// limit it, taken in the same run:
//
//	go run ./bench/crm            # both databases, 50,000 conversations, 500,000 messages
//	go run ./bench/crm -quick     # everything small, in two minutes
//	go run ./bench/crm -growth    # the reads from 10 thousand to 10 million messages
//	go run ./bench/crm -contacts 1000000 -database postgres
//	                              # the contacts' lists at 10 thousand and at a million contacts
//
// The host is the built program in a process of its own, on loopback, with a
// data folder or a PostgreSQL of its own. The data is the same at every run. It
// prints one table and writes crm.md, crm.json and charts to bench/results.
//
// The machines this runs on are shared and noisy, and the driver, the host and
// the database share the processors. So what is compared is measured in short
// slices taken in turn, rates are medians of the slices, and the share of a
// limit is the figure to look at.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if child := os.Getenv(childVariable); child != "" {
		exit(runChild(ctx, child))
	}
	exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/crm:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// settings are how much, how long and where to.
type settings struct {
	shape    shape
	rounds   int           // slices of each thing that is compared
	slice    time.Duration // of one
	ingest   time.Duration // of each ingestion run
	streams  int
	sessions bool    // each stream is of a session of its own, not all of one key
	rate     float64 // single webhooks a second, open loop
	batches  float64 // updates a second in batches, open loop
	steps    []int   // of the growth: messages
	sizes    []shape // at which the contacts' lists are measured beside each other
	again    bool    // and measured again on the same data
	database string
	only     string
	binary   string // the host; empty: it is built
	against  string // an older one, measured in turn with it
	profile  string // folder for the profiles of each path
	out      string
}

func readFlags(args []string) (settings, error) {
	s := settings{
		shape: shape{Workspaces: 20, Conversations: 50_000, Messages: 500_000}, rounds: 5, slice: 400 * time.Millisecond,
		ingest: 15 * time.Second, streams: 10_000, rate: 1500, batches: 3300,
	}
	flags := flag.NewFlagSet("crm", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "a tenth of the data and of the time")
	growth := flags.Bool("growth", false, "measure the reads from 10 thousand to 10 million messages, and nothing else")
	contacts := flags.Int("contacts", 0, "measure the contacts' lists at 10,000 contacts and at this many, and nothing else")
	flags.BoolVar(&s.again, "again", false, "with -contacts: keep the data, and build the program and measure it again after each line of input")
	messages := flags.Int("messages", 0, "how many, ten in a conversation unless -contacts says how many there are; 0: 500,000, or 50,000 with -quick")
	most := flags.Int("most", 10_000_000, "messages of the last step of -growth")
	flags.StringVar(&s.database, "database", "both", "sqlite, postgres or both")
	flags.StringVar(&s.only, "only", "", "reads, pages, writes, crowd, send, streams or import: only this part")
	flags.StringVar(&s.binary, "binary", "", "the program to measure; built when empty")
	flags.StringVar(&s.against, "against", "", "an older program, whose reads or contacts' lists are measured in turn")
	streams := flags.Int("streams", 0, "event streams that are open; 0: 10,000, or 2,000 with -quick")
	flags.BoolVar(&s.sessions, "sessions", false, "with -only streams: each stream is of somebody signed in by itself, in place of one API key for all")
	flags.StringVar(&s.profile, "profile", "", "folder for CPU and allocation profiles of each read")
	flags.StringVar(&s.out, "out", "bench/results", "folder for crm.md, crm.json and the charts")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("%q is one word too many", flags.Arg(0))
	}
	if *quick {
		s.shape.Conversations, s.shape.Messages = 5_000, 50_000
		s.rounds, s.slice, s.ingest, s.streams = 2, 80*time.Millisecond, 2*time.Second, 2000
	}
	if *streams > 0 {
		s.streams = *streams
	}
	if *messages > 0 {
		s.shape.Conversations, s.shape.Messages = max(1, *messages/10), *messages
	}
	if *contacts > 0 {
		each := 10
		if *messages > 0 {
			each = max(1, *messages / *contacts)
		}
		for _, n := range []int{min(smallSize, *contacts), *contacts} {
			s.sizes = append(s.sizes, shape{Workspaces: s.shape.Workspaces, Conversations: n, Messages: n * each})
		}
	}
	if *growth {
		for n := 10_000; n <= *most; n *= 10 {
			s.steps = append(s.steps, n)
		}
	}
	return s, nil
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	s, err := readFlags(args)
	if err != nil {
		return err
	}
	kinds := map[string][]string{"sqlite": {"sqlite"}, "postgres": {"postgres"}, "both": {"sqlite", "postgres"}}[s.database]
	if kinds == nil {
		return fmt.Errorf("there is no database %q", s.database)
	}
	work, err := os.MkdirTemp("", "m21bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{settings: s, work: work, progress: progress, report: newReport(s)}
	if err := b.build(ctx); err != nil {
		return err
	}
	for _, kind := range kinds {
		do := b.measure
		switch {
		case len(s.sizes) > 0:
			do = b.compareSizes
		case len(s.steps) > 0:
			do = b.grow
		}
		if err := do(ctx, kind); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", kind, err), b.report.write(out, s.out))
		}
	}
	return b.report.write(out, s.out)
}

// bench is one run.
type bench struct {
	settings
	work     string
	binaries []string // the program, then the one it is measured against
	progress io.Writer
	report   *report
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "%s  "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}

// measure measures everything on one database.
func (b *bench) measure(ctx context.Context, kind string) error {
	w, err := b.newWorld(ctx, kind, b.shape)
	if err != nil {
		return err
	}
	defer w.close()
	for _, part := range []struct {
		name string
		do   func(context.Context, *world) error
	}{{"reads", b.reads}, {"pages", b.pages}, {"writes", b.writes}, {"crowd", b.crowds}, {"send", b.sendsAlone}, {"streams", b.streamsOpen}, {"import", b.imports}} {
		if b.only != part.name && (b.only != "" || part.name == "send" || part.name == "crowd" && b.against == "") { // the writes send too
			continue
		}
		b.say("%s: %s", kind, part.name)
		if err := part.do(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}
