package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// report is everything that was measured.
type report struct {
	Go         string `json:"go"`
	Processors int    `json:"processors"`
	Shape      shape  `json:"shape"`
	Rows       []row  `json:"rows"`
	Facts      []fact `json:"facts"`
	Sizes      []size `json:"sizes,omitempty"`
}

// row is one path: what one client waits (or as many as are named), what is
// done a second, and what would limit it.
type row struct {
	Database string `json:"database"`
	Part     string `json:"part"`
	Name     string `json:"name"`
	Messages int    `json:"messages,omitempty"` // of a growth step
	Clients  int    `json:"clients,omitempty"`
	result
	Before     *result `json:"before,omitempty"` // the program it was measured against
	Cost       *cost   `json:"cost,omitempty"`   // of a message
	CostBefore *cost   `json:"cost_before,omitempty"`
	Limits     []bound `json:"limits,omitempty"`
	Goal       float64 `json:"goal_p50_ms,omitempty"`
	Goal99     float64 `json:"goal_p99_ms,omitempty"`
}

// bound is a limit, measured in the same run.
type bound struct {
	Name   string `json:"name"`
	result `json:"result"`
}

// fact is a single figure.
type fact struct {
	Database string  `json:"database"`
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Value    float64 `json:"value"`
}

func newReport(s settings) *report {
	return &report{Go: runtime.Version(), Processors: runtime.GOMAXPROCS(0), Shape: s.shape}
}

func (r *report) add(row row) { r.Rows = append(r.Rows, row) }

func (r *report) fact(database, name, unit string, value float64) {
	r.Facts = append(r.Facts, fact{database, name, unit, value})
}

// share returns the part of its first limit that the path reaches, 0 without.
func (r row) share() float64 {
	if len(r.Limits) == 0 || r.Limits[0].Rate == 0 {
		return 0
	}
	return r.Rate / r.Limits[0].Rate
}

// verdict says whether the goals are met, "" without one.
func (r row) verdict() string {
	switch {
	case r.Goal == 0 && r.Goal99 == 0:
		return ""
	case r.Goal > 0 && r.P50 > r.Goal:
		return fmt.Sprintf("P50 over %g", r.Goal)
	case r.Goal99 > 0 && r.P99 > r.Goal99:
		return fmt.Sprintf("P99 over %g", r.Goal99)
	case r.Part == "read" && r.share() < 0.5:
		return "share under 0.5"
	}
	return "met"
}

func (r row) String() string {
	text := fmt.Sprintf("%-8s %-46s P50 %.3f  P95 %.3f  P99 %.3f  mean %.3f ms  %.0f/s", r.Database, r.Name, r.P50, r.P95, r.P99, r.Mean, r.Rate)
	if r.CPU > 0 {
		text += fmt.Sprintf("  host %.0f us", r.CPU)
	}
	if r.Cost != nil {
		text += "  (" + r.Cost.String() + ")"
	}
	if r.Before != nil {
		text += fmt.Sprintf("  (before: P50 %.3f, %.0f/s, host %.0f us)", r.Before.P50, r.Before.Rate, r.Before.CPU)
	}
	if r.CostBefore != nil {
		text += "  (before: " + r.CostBefore.String() + ")"
	}
	for _, l := range r.Limits {
		text += fmt.Sprintf("  [%s: P50 %.3f, %.0f/s: %.2f]", l.Name, l.P50, l.Rate, r.Rate/l.Rate)
	}
	return text
}

// write prints the table and writes it in every form.
func (r *report) write(out io.Writer, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text := r.markdown()
	name := "crm"
	if len(r.Sizes) > 0 {
		name, text = "contacts", r.sizes()
	}
	if len(r.Rows) > 0 && r.Rows[0].Messages > 0 {
		name = "growth"
	}
	fmt.Fprint(out, text)
	files := map[string][]byte{name + ".md": []byte(text), name + ".json": append(encoded, '\n')}
	for chart, svg := range r.charts() {
		files[name+"-"+chart+".svg"] = svg
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The product over HTTP\n\n%s, %d processors shared by driver, host and database. ", r.Go, r.Processors)
	if len(r.Rows) > 0 && r.Rows[0].Messages == 0 {
		fmt.Fprintf(&b, "%d conversations and %d messages in %d workspaces, 55 %% of them in the one that is asked. ",
			r.Shape.Conversations, r.Shape.Messages, r.Shape.Workspaces)
	}
	fmt.Fprintf(&b, "Latencies in milliseconds: of reads with one client, of writes with the clients named. "+
		"Rates of reads with %d clients. The share is the rate over the first limit's, both taken in turn in this run.\n\n", busyClients)
	b.WriteString("| database | path | clients | P50 | P95 | P99 | mean | a second | host CPU, us | before | limit | its P50 | its rate | share | goal |\n" +
		"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | --- |\n")
	for _, row := range r.Rows {
		row.markdown(&b)
	}
	r.costs(&b)
	if len(r.Facts) > 0 {
		b.WriteString("\n| database | figure | | unit |\n| --- | --- | ---: | --- |\n")
	}
	for _, f := range r.Facts {
		fmt.Fprintf(&b, "| %s | %s | %.4g | %s |\n", f.Database, f.Name, f.Value, f.Unit)
	}
	return b.String()
}

// costs writes what a message cost, where that was measured.
func (r *report) costs(b *strings.Builder) {
	head := "\nWhat a message costs, in microseconds of processor time:\n\n" +
		"| database | path | clients | driver | host | server | messages in a commit |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n"
	for _, row := range r.Rows {
		for i, c := range []*cost{row.Cost, row.CostBefore} {
			if c != nil {
				fmt.Fprintf(b, "%s| %s | %s%s | %d | %.0f | %.0f | %.0f | %.0f |\n", head, row.Database, row.Name, []string{"", ", before"}[i], row.Clients, c.Driver, c.Host, c.Server, c.Commit)
				head = ""
			}
		}
	}
}

func (r row) markdown(b *strings.Builder) {
	name, clients, before := r.Name, "", ""
	if r.Messages > 0 {
		name = fmt.Sprintf("%s, of %d messages", name, r.Messages)
	}
	if r.Clients > 0 {
		clients = fmt.Sprint(r.Clients)
	}
	if r.Before != nil {
		before = fmt.Sprintf("%.3f, %.0f/s, %.0f us", r.Before.P50, r.Before.Rate, r.Before.CPU)
	}
	cpu := ""
	if r.CPU > 0 {
		cpu = fmt.Sprintf("%.0f", r.CPU)
	}
	fmt.Fprintf(b, "| %s | %s | %s | %.3f | %.3f | %.3f | %.3f | %.0f | %s | %s ", r.Database, name, clients, r.P50, r.P95, r.P99, r.Mean, r.Rate, cpu, before)
	for i, l := range r.Limits {
		if i > 0 {
			b.WriteString("| | | | | | | | | | ")
		}
		verdict := ""
		if i == 0 {
			verdict = r.verdict()
		}
		fmt.Fprintf(b, "| %s | %.3f | %.0f | %.2f | %s |\n", l.Name, l.P50, l.Rate, r.Rate/l.Rate, verdict)
	}
	if len(r.Limits) == 0 {
		b.WriteString("| | | | | |\n")
	}
}
