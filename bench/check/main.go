// Command check is the independent checker: it reads what the load driver wrote
// down, the provider's record, the rows of the database by SQL of its own, the
// API and the transcripts of the streams, and prints what is wrong, each kind
// apart. It ends with 1 if anything is, with 2 if it could not look.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/bench/check/verdict"
	"github.com/my21staff/my21staff/bench/record"
)

// options are the flags.
type options struct {
	plan, dir, database, json string
	api                       bool
	settle                    time.Duration
	bodies                    int
}

func main() {
	o := &options{}
	flag.StringVar(&o.plan, "plan", "plan.json", "the installation")
	flag.StringVar(&o.dir, "dir", ".", "folder with the driver's journals")
	flag.StringVar(&o.database, "database", "", "the database: a postgres:// DSN of a superuser, or the path of the SQLite file")
	flag.StringVar(&o.json, "json", "", "file for the report as JSON")
	flag.BoolVar(&o.api, "api", true, "ask the API too; the host has to run")
	flag.DurationVar(&o.settle, "settle", 20*time.Second, "how long to wait until no send waits")
	flag.IntVar(&o.bodies, "bodies", 3000, "raw bodies to fetch from each workspace's webhook log, at most")
	flag.Parse()
	report, err := check(context.Background(), o)
	if err == nil {
		err = report.Print(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	if !report.Clean() {
		os.Exit(1)
	}
}

func check(ctx context.Context, o *options) (*verdict.Report, error) {
	e, err := gather(ctx, o)
	if err != nil {
		return nil, err
	}
	report := verdict.Examine(e)
	if o.json == "" {
		return report, nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return nil, err
	}
	return report, os.WriteFile(o.json, append(text, '\n'), 0o600)
}

// gather reads the evidence. The API is asked before the store is read, when
// nothing moves any more.
func gather(ctx context.Context, o *options) (*verdict.Evidence, error) {
	plan, err := record.ReadPlan(o.plan)
	if err != nil {
		return nil, err
	}
	e := &verdict.Evidence{Plan: plan}
	if e.Journal, err = record.ReadLines[record.Line](filepath.Join(o.dir, "journal.jsonl")); err != nil {
		return nil, err
	}
	if e.Calls, err = record.ReadLines[record.Call](filepath.Join(o.dir, "provider.jsonl")); err != nil {
		return nil, err
	}
	if e.Works, err = record.ReadLines[record.Work](filepath.Join(o.dir, "works.jsonl")); err != nil {
		return nil, err
	}
	if e.Transcripts, err = transcripts(o.dir); err != nil {
		return nil, err
	}
	db, err := openStore(ctx, o.database)
	if err != nil {
		return nil, err
	}
	defer db.close()
	if err := db.settle(ctx, o.settle); err != nil {
		return nil, err
	}
	if o.api {
		if e.API, err = crawl(ctx, plan, o.bodies); err != nil {
			return nil, err
		}
	}
	if err := db.settle(ctx, o.settle); err != nil { // leases of hosts that died may have run out while the API was read
		return nil, err
	}
	e.Now = time.Now().UnixMilli()
	if e.Store, err = db.read(ctx); err != nil {
		return nil, err
	}
	for w := range plan.Workspaces {
		ws := &plan.Workspaces[w]
		ws.ID = bare(ws.ID)
		for i := range ws.Numbers {
			ws.Numbers[i].ChannelID = bare(ws.Numbers[i].ChannelID)
		}
	}
	for i := range e.Calls {
		e.Calls[i].Opaque = bare(e.Calls[i].Opaque)
	}
	return e, nil
}

// bare returns an id without its dashes, as one database writes it.
func bare(id string) string { return strings.ReplaceAll(strings.ToLower(id), "-", "") }

// transcripts reads the readers' transcripts: stream-<workspace>-...jsonl.
func transcripts(dir string) ([]record.Transcript, error) {
	files, err := filepath.Glob(filepath.Join(dir, "stream-*.jsonl"))
	if err != nil {
		return nil, err
	}
	var all []record.Transcript
	for _, file := range files {
		reader := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		w, err := strconv.Atoi(strings.SplitN(reader, "-", 3)[1])
		if err != nil {
			return nil, fmt.Errorf("%s does not say whose it is: %w", file, err)
		}
		lines, err := record.ReadLines[record.Heard](file)
		if err != nil {
			return nil, err
		}
		for i := range lines {
			lines[i].MessageID = bare(lines[i].MessageID)
		}
		all = append(all, record.Transcript{Reader: reader, Workspace: w, Lines: lines})
	}
	more, err := crowds(dir)
	return append(all, more...), err
}

// crowds reads the transcripts of crowds: crowd-<workspace>.jsonl has those of
// all its readers.
func crowds(dir string) ([]record.Transcript, error) {
	files, err := filepath.Glob(filepath.Join(dir, "crowd-*.jsonl"))
	if err != nil {
		return nil, err
	}
	var all []record.Transcript
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		w, err := strconv.Atoi(strings.TrimPrefix(name, "crowd-"))
		if err != nil {
			return nil, fmt.Errorf("%s does not say whose it is: %w", file, err)
		}
		lines, err := record.ReadLines[record.Heard](file)
		if err != nil {
			return nil, err
		}
		of := map[int][]record.Heard{}
		for _, line := range lines {
			of[line.Reader] = append(of[line.Reader], line)
		}
		for _, n := range slices.Sorted(maps.Keys(of)) {
			all = append(all, record.Transcript{Reader: fmt.Sprintf("%s-%d", name, n), Workspace: w, Lines: of[n]})
		}
	}
	return all, nil
}
