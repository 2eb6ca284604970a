// Command torture starts hosts, has bench/load talk to them, does evil to them
// in the middle, lets the driver finish, and has bench/check look what is there.
// A run in which something planned did not take place fails, as one does in
// which something was found.
//
//	torture -scenario kill -database sqlite -cycles 200
//	torture -scenario all -database both -cycles 5
//
// It needs Go, the repository it is run in, and for PostgreSQL the server's
// binaries, which it starts on a folder of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := &options{}
	o.flags(flag.CommandLine)
	flag.Parse()
	good, err := torture(ctx, o)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "torture:", err)
		stop()
		os.Exit(2)
	case !good:
		stop()
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	scenario, database string
	cycles, per        int
	seconds            time.Duration
	rate               float64
	workspaces, peers  int
	browsers           int
	dir, json, tags    string
	points, bugs       string
	messages           int
	connections        int
	keep, race, bars   bool
	apart              bool
}

func (o *options) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.scenario, "scenario", "all", "what to do, with commas: "+strings.Join(names(), ", ")+" or all")
	fs.StringVar(&o.database, "database", "both", "sqlite, postgres or both")
	fs.IntVar(&o.cycles, "cycles", 5, "evil things of each kind")
	fs.IntVar(&o.per, "per", 10, "evil things to one installation, before it is checked and a new one made")
	fs.DurationVar(&o.seconds, "seconds", 60*time.Second, "how long a scenario that counts no cycles lasts; how long a planted bug may stay hidden")
	fs.Float64Var(&o.rate, "rate", 200, "requests a second of the driver")
	fs.IntVar(&o.workspaces, "workspaces", 4, "workspaces of an installation")
	fs.IntVar(&o.peers, "peers", 100, "customers of each number")
	fs.IntVar(&o.browsers, "browsers", 1000, "readers of the event streams that storms cut off; 10,000 need 20,000 open files a process (ulimit -Hn)")
	fs.IntVar(&o.messages, "messages", 20, "messages of a webhook in a flood, which tries a host's limits and not the driver's, on the same processors")
	fs.IntVar(&o.connections, "connections", 1024, "connections of a flood; with no more than a host lets in at once nothing is refused")
	fs.StringVar(&o.dir, "dir", "", "folder to work in (default: a temporary one)")
	fs.StringVar(&o.json, "json", "", "file for the results as JSON")
	fs.StringVar(&o.points, "points", "", "fault points, with commas (default: all)")
	fs.StringVar(&o.bugs, "bugs", "", "planted bugs, with commas (default: all)")
	fs.BoolVar(&o.keep, "keep", false, "keep every folder, not only those in which something was found")
	fs.StringVar(&o.tags, "tags", "torture", "build tags of the host")
	fs.BoolVar(&o.bars, "bars", true, "fail a run whose times are above their bars, which a busy machine's are")
	fs.BoolVar(&o.apart, "apart", false, "keep the last processor for the driver and the others for hosts and databases, as if it were another machine's")
	fs.BoolVar(&o.race, "race", false, "build the host with the race detector")
}

// torture runs the scenarios and reports whether all was good.
func torture(ctx context.Context, o *options) (bool, error) {
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "m21torture-")
		if err != nil {
			return false, err
		}
		o.dir = dir
		if err := os.Chmod(dir, 0o755); err != nil { // the database server is another user
			return false, err
		}
	}
	chosen, err := choose(o.scenario)
	if err != nil {
		return false, err
	}
	t := &torturer{options: o}
	defer t.close()
	progress("building into %s", o.dir)
	if t.programs, err = build(ctx, ".", o.dir, o.tags, o.race); err != nil {
		return false, err
	}
	if o.apart {
		if err := t.keepApart(); err != nil {
			return false, err
		}
	}
	results := t.all(ctx, chosen)
	if err := printTable(os.Stdout, results); err != nil {
		return false, err
	}
	if o.json != "" {
		text, err := encode(results)
		if err != nil {
			return false, err
		}
		if err := os.WriteFile(o.json, append(text, '\n'), 0o644); err != nil {
			return false, err
		}
	}
	good := true
	for _, r := range results {
		good = good && r.good()
	}
	if good && !o.keep {
		_ = os.RemoveAll(filepath.Clean(o.dir)) // what is left of it harms nobody
	}
	return good, ctx.Err()
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
