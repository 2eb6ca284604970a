package lead_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestMessages explains the score of a lead that wrote one message and nothing
// else, for each line of testdata/messages. What any message adds is left out.
func TestMessages(t *testing.T) {
	t.Parallel()
	rows := 0
	for _, r := range []*lead.Rules{lead.Education(), lead.Sales()} {
		name := map[string]string{"Education consultant": "education", "Sales team": "sales"}[r.Document().Name]
		source, err := os.ReadFile(filepath.Join("testdata", "messages", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for text := range strings.Lines(string(source)) {
			if text = strings.TrimSuffix(text, "\n"); strings.HasPrefix(text, "#") {
				continue
			}
			rows++
			var p lead.Profile
			p.Add(r.Message(nil, lead.Said{ID: crm.MessageID{1}, At: profiles.Now, Content: crm.Text{Body: strings.ReplaceAll(text, `\n`, "\n")}})...)
			fmt.Fprintf(&b, "%s\n%s", text, explain(lead.Of(&p, r, profiles.Now)))
		}
		compare(t, filepath.Join("testdata", "golden", name+".txt"), b.String())
	}
	if rows < 200 {
		t.Errorf("explained %d messages, want 200 and more", rows)
	}
}

// explain lists a score's lines but those of any message.
func explain(s lead.Score) string {
	var b strings.Builder
	for _, part := range s.Parts {
		for _, line := range part.Lines {
			if line.Match != "" {
				fmt.Fprintf(&b, "    %-10s %+3d  %-18s %-24s %s | %s\n", part.Category, sign(part.Category)*line.Worth/1000, line.Signal, "<"+line.Match+">", line.Why.ID, line.Why.EN)
			}
		}
	}
	if b.Len() == 0 {
		return "    -\n"
	}
	return b.String()
}

func sign(c lead.Category) int {
	if c == lead.Negative {
		return -1
	}
	return 1
}

// compare holds a text against a golden file, or writes it.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines, others := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(lines), len(others)) {
		if lines[i] != others[i] {
			t.Fatalf("%s:%d\ngot  %s\nwant %s\nIf that is meant, run the test with -update.", file, i+1, lines[i], others[i])
		}
	}
	if len(lines) != len(others) {
		t.Errorf("%s has %d lines, want %d", file, len(others), len(lines))
	}
}
