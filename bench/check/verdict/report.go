package verdict

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// samples is how many findings of a kind are kept in words.
const samples = 5

// Report is what was found.
type Report struct {
	Verdicts map[Verdict]int      `json:"verdicts"`
	Samples  map[Verdict][]string `json:"samples,omitempty"`
	Counts   Counts               `json:"counts"`
}

// Counts say how much was compared.
type Counts struct {
	Deliveries int `json:"deliveries"`
	Tries      int `json:"tries"`
	Retries    int `json:"retries"`
	Infos      int `json:"infos"` // attempts of which nobody knows how they ended
	Messages   int `json:"messages"`
	Absorbed   int `json:"duplicates_absorbed"` // acknowledged repeats that made no second message
	Sends      int `json:"sends"`
	Accepted   int `json:"accepted"`
	Unknown    int `json:"unknown_sends"`
	Facts      int `json:"facts"`
	Events     int `json:"events"`
	Resumes    int `json:"resumes"`
	Resyncs    int `json:"resyncs"`
	Bodies     int `json:"bodies"`
	Works      int `json:"works"`  // pieces of work in the background
	Erased     int `json:"erased"` // contacts
	Figures    int `json:"figures"`
	Overseen   int `json:"overseen"` // requests the webhook journal says came more often than they were sent: a commit without an answer was made again
}

// Clean reports whether nothing was found.
func (r *Report) Clean() bool { return len(r.Verdicts) == 0 }

func (r *Report) add(v Verdict, format string, args ...any) {
	r.Verdicts[v]++
	if len(r.Samples[v]) < samples {
		r.Samples[v] = append(r.Samples[v], fmt.Sprintf(format, args...))
	}
}

// Print writes the table.
func (r *Report) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "compared\t%d deliveries, %d attempts (%d retries, %d without an answer), %d messages, %d duplicates absorbed\n",
		r.Counts.Deliveries, r.Counts.Tries, r.Counts.Retries, r.Counts.Infos, r.Counts.Messages, r.Counts.Absorbed)
	if r.Counts.Overseen > 0 {
		fmt.Fprintf(table, "\t%d requests came, says the webhook journal, more often than they were sent\n", r.Counts.Overseen)
	}
	fmt.Fprintf(table, "\t%d sends (%d accepted, %d unknown), %d facts, %d events heard, %d resumes, %d resyncs, %d bodies\n",
		r.Counts.Sends, r.Counts.Accepted, r.Counts.Unknown, r.Counts.Facts, r.Counts.Events, r.Counts.Resumes, r.Counts.Resyncs, r.Counts.Bodies)
	fmt.Fprintf(table, "\t%d pieces of work, %d contacts erased, %d figures\n", r.Counts.Works, r.Counts.Erased, r.Counts.Figures)
	for _, v := range All {
		fmt.Fprintf(table, "%s\t%d\n", v, r.Verdicts[v])
		for _, words := range r.Samples[v] {
			fmt.Fprintf(table, "\t  %s\n", words)
		}
	}
	return table.Flush()
}
