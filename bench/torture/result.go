package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/my21staff/my21staff/bench/check/verdict"
)

// result is what came of a scenario on a database.
type result struct {
	Scenario string         `json:"scenario"`
	Database string         `json:"database"`
	Seconds  float64        `json:"seconds"`
	Planned  int            `json:"planned"` // evil things
	Done     int            `json:"done"`
	InFlight int            `json:"in_flight"` // of them, those that met a request under way
	Landed   map[string]int `json:"landed,omitempty"`

	Verdicts map[verdict.Verdict]int      `json:"verdicts"`
	Samples  map[verdict.Verdict][]string `json:"samples,omitempty"`
	Counts   verdict.Counts               `json:"counts"`
	Ready    []time.Duration              `json:"ready,omitempty"`
	Healed   []time.Duration              `json:"healed,omitempty"` // from the end of an outage to the first acknowledgement
	Bugs     []bugFound                   `json:"bugs,omitempty"`
	Flood    *flood                       `json:"flood,omitempty"`
	Problems []string                     `json:"problems,omitempty"` // why the run failed, beside the verdicts
	Notes    []string                     `json:"notes,omitempty"`
	Kept     []string                     `json:"kept,omitempty"` // folders with the evidence of what was found
}

func newResult(scenario, database string, planned int) *result {
	return &result{
		Scenario: scenario, Database: database, Planned: planned, Landed: map[string]int{},
		Verdicts: map[verdict.Verdict]int{}, Samples: map[verdict.Verdict][]string{},
	}
}

// fail notes why the run is not good.
func (r *result) fail(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// bar holds a time against what is promised.
func (r *result) bar(strict bool, what string, took, most time.Duration) {
	words := fmt.Sprintf("%s: %v, the bar is %v", what, took.Round(100*time.Microsecond), most)
	if strict && took > most {
		r.Problems = append(r.Problems, words)
	} else {
		r.Notes = append(r.Notes, words)
	}
}

// hold notes how something did, and as a problem if it is not as it should be.
func (r *result) hold(strict, good bool, format string, args ...any) {
	if strict && !good {
		r.fail(format, args...)
	} else {
		r.note(format, args...)
	}
}

func (r *result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// good reports whether nothing was found and everything planned took place.
func (r *result) good() bool { return len(r.Problems) == 0 && len(r.Verdicts) == 0 }

// add takes over a checker's report.
func (r *result) add(found *verdict.Report) {
	for v, n := range found.Verdicts {
		r.Verdicts[v] += n
		r.Samples[v] = append(r.Samples[v], found.Samples[v]...)
	}
	c, f := &r.Counts, found.Counts
	for _, sum := range []struct {
		into *int
		n    int
	}{
		{&c.Deliveries, f.Deliveries}, {&c.Tries, f.Tries}, {&c.Retries, f.Retries}, {&c.Infos, f.Infos}, {&c.Messages, f.Messages},
		{&c.Absorbed, f.Absorbed}, {&c.Sends, f.Sends}, {&c.Accepted, f.Accepted}, {&c.Unknown, f.Unknown}, {&c.Facts, f.Facts},
		{&c.Events, f.Events}, {&c.Resumes, f.Resumes}, {&c.Resyncs, f.Resyncs}, {&c.Bodies, f.Bodies}, {&c.Overseen, f.Overseen},
		{&c.Works, f.Works}, {&c.Erased, f.Erased}, {&c.Figures, f.Figures},
	} {
		*sum.into += sum.n
	}
}

// vacuous fails a run in which something planned did not take place.
func (r *result) vacuous() {
	switch {
	case r.Planned > 0 && r.Done == 0:
		r.fail("vacuous: none of %d planned things were done", r.Planned)
	case r.Counts.Messages == 0:
		r.fail("vacuous: no message was stored")
	case r.Counts.Events == 0:
		r.fail("vacuous: no event was heard")
	case r.Counts.Absorbed == 0:
		r.fail("vacuous: no duplicate was absorbed")
	}
}

// quantile returns the value below which so much of a sample lies.
func quantile(sample []time.Duration, q float64) time.Duration {
	if len(sample) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(sample))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (r *result) verdicts() string {
	var words []string
	for _, v := range verdict.All {
		if n := r.Verdicts[v]; n > 0 {
			words = append(words, fmt.Sprintf("%s %d", v, n))
		}
	}
	if len(words) == 0 {
		return "all 0"
	}
	return strings.Join(words, ", ")
}

// printTable writes the results, one a line, and below what was wrong.
func printTable(out io.Writer, results []*result) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENARIO\tDATABASE\tDONE\tIN FLIGHT\tLANDED\tMESSAGES\tRETRIES\tNO ANSWER\tABSORBED\tSENDS\tEVENTS\tREADY P50\tP99\tVERDICTS\tSECONDS")
	for _, r := range results {
		landed := 0
		for _, n := range r.Landed {
			landed += n
		}
		fmt.Fprintf(table, "%s\t%s\t%d/%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%v\t%v\t%s\t%.0f\n", r.Scenario, r.Database, r.Done, r.Planned, r.InFlight, landed,
			r.Counts.Messages, r.Counts.Retries, r.Counts.Infos, r.Counts.Absorbed, r.Counts.Accepted, r.Counts.Events,
			quantile(r.Ready, 0.5).Round(time.Millisecond), quantile(r.Ready, 0.99).Round(time.Millisecond), r.verdicts(), r.Seconds)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if r.Counts.Overseen > 0 {
			r.note("%d requests came, says the webhook journal, more often than they were sent", r.Counts.Overseen)
		}
		for _, key := range slices.Sorted(maps.Keys(r.Landed)) {
			r.note("landed: %s %d times", key, r.Landed[key])
		}
		if err := printBugs(out, r); err != nil {
			return err
		}
		if r.Flood != nil {
			if err := r.Flood.print(out, r.Database); err != nil {
				return err
			}
		}
		for _, words := range slices.Concat(r.Problems, r.Notes) {
			fmt.Fprintf(out, "%s %s: %s\n", r.Scenario, r.Database, words)
		}
		for _, v := range verdict.All {
			for _, words := range r.Samples[v] {
				fmt.Fprintf(out, "%s %s: %s: %s\n", r.Scenario, r.Database, v, words)
			}
		}
		for _, dir := range r.Kept {
			fmt.Fprintf(out, "%s %s: the evidence is in %s\n", r.Scenario, r.Database, dir)
		}
	}
	return nil
}

// encode returns the results as JSON.
func encode(results []*result) ([]byte, error) { return json.MarshalIndent(results, "", "  ") }
