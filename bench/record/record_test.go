package record_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/bench/record"
)

func TestTagIsReadBack(t *testing.T) {
	t.Parallel()
	for _, tag := range []record.Tag{{Run: "ab12", Workspace: 3, N: 7}, {Run: "0", Workspace: 0, Sent: true, N: 123456789}} {
		for _, behind := range []string{"", " halo kak"} {
			if got, ok := record.TagOf(tag.String() + behind); !ok || got != tag {
				t.Errorf("TagOf(%q) = %+v, %t, want %+v", tag.String()+behind, got, ok, tag)
			}
		}
	}
	for _, text := range []string{"", "halo kak", "m21", "m21 ab w1", "m21 ab x1 n1", "m21 ab w1 x1", "m21 ab w1 n", "m21 ab wx n1", "m22 ab w1 n1"} {
		if got, ok := record.TagOf(text); ok {
			t.Errorf("TagOf(%q) = %+v, want none", text, got)
		}
	}
}

func FuzzTagOf(f *testing.F) {
	f.Add("m21 ab12 w3 n7 halo")
	f.Add("m21 ab12 w3 s-7")
	f.Fuzz(func(t *testing.T, text string) {
		tag, ok := record.TagOf(text)
		if !ok {
			return
		}
		if again, ok := record.TagOf(tag.String()); !ok || again != tag {
			t.Errorf("TagOf(%q) = %+v, written and read again %+v", text, tag, again)
		}
	})
}

// The statuses stand in one line.
func TestRanksAscend(t *testing.T) {
	t.Parallel()
	last := 0
	for _, word := range []string{"nonsense", "queued", "sending", "unknown", "sent", "failed", "delivered", "read", "played"} {
		if rank := record.Rank(word); rank < last || rank == last && word != "nonsense" {
			t.Errorf("Rank(%s) = %d, after %d", word, rank, last)
		} else {
			last = rank
		}
	}
}

// What Append returned for is in the file, whole and once, whoever wrote beside
// it.
func TestJournalKeepsWhatWasAppended(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := record.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 50
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := range each {
				line := record.Line{T: record.Intent, D: int64(w*each + n)}
				if err := j.Append(line, record.Line{T: record.Outcome, D: line.D}); err != nil {
					t.Errorf("Append = %v", err)
				}
				if n == each-1 { // before Close, so by the fsync
					if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), fmt.Sprintf(`"d":%d`, max(line.D, 1))) {
						t.Errorf("what was appended is not in the file: %v", err)
					}
				}
			}
		})
	}
	group.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(record.Line{}); err == nil {
		t.Error("a closed journal takes a line")
	}
	lines, err := record.ReadLines[record.Line](path)
	if err != nil || len(lines) != 2*writers*each {
		t.Fatalf("%d lines are there, %v, want %d", len(lines), err, 2*writers*each)
	}
	seen := map[int64]int{}
	for i := 0; i < len(lines); i += 2 {
		if lines[i].D != lines[i+1].D || lines[i].T != record.Intent {
			t.Fatalf("lines %d and %d were torn apart", i, i+1)
		}
		seen[lines[i].D]++
	}
	if len(seen) != writers*each {
		t.Errorf("%d different lines, want %d", len(seen), writers*each)
	}
}

// A killed writer leaves half a line, which counts as not written; half a line
// in the middle is damage.
func TestHalfALineIsNotWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		text  string
		lines int
		good  bool
	}{
		"whole":   {"{\"d\":1}\n{\"d\":2}\n", 2, true},
		"cut off": {"{\"d\":1}\n{\"d\":", 1, true},
		"damaged": {"{\"d\":\n{\"d\":2}\n", 0, false},
		"empty":   {"", 0, true},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		lines, err := record.ReadLines[record.Line](path)
		if len(lines) != tt.lines || (err == nil) != tt.good {
			t.Errorf("%s: %d lines, %v, want %d", name, len(lines), err, tt.lines)
		}
	}
	if lines, err := record.ReadLines[record.Line](filepath.Join(dir, "missing")); lines != nil || err != nil {
		t.Errorf("a missing file has %v, %v", lines, err)
	}
}

func TestPlanIsReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "plan.json")
	p := &record.Plan{Run: "ab", Workspaces: []record.Workspace{{}, {Key: "key", Numbers: []record.Number{{ID: "555", Secret: "s"}}}}}
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the plan, which holds keys, has mode %v, %v", info.Mode(), err)
	}
	got, err := record.ReadPlan(path)
	if err != nil {
		t.Fatal(err)
	}
	if w, n, ok := got.Number("555"); !ok || w != 1 || n.Secret != "s" {
		t.Errorf("Number = %d, %+v, %t", w, n, ok)
	}
	if _, _, ok := got.Number("556"); ok {
		t.Error("a number that is not there is found")
	}
}
