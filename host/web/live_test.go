package web

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// A page hears every kind of fact there is, but for those that no page shows, and
// none that there is not.
func TestPagesHearEveryFact(t *testing.T) {
	t.Parallel()
	body, err := staticFiles.ReadFile("static/live.js")
	if err != nil {
		t.Fatal(err)
	}
	list, _, _ := strings.Cut(string(body), "];")
	var heard, facts []string
	for _, found := range regexp.MustCompile(`"([a-z_.]+)"`).FindAllStringSubmatch(list, -1) {
		heard = append(heard, found[1])
	}
	files, err := filepath.Glob(filepath.Join(crmtest.ModuleRoot(t), "crm", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`FactKind += "([a-z_.]+)"`).FindAllStringSubmatch(string(source), -1) {
			facts = append(facts, found[1])
		}
	}
	shownNowhere := []string{"lead_rules.changed", "canned_reply.changed", "provider.event", "member.invited", "member.joined", "member.reset"}
	for _, kind := range facts {
		if slices.Contains(heard, kind) == slices.Contains(shownNowhere, kind) {
			t.Errorf("the pages hear facts of the kind %s: %t", kind, slices.Contains(heard, kind))
		}
	}
	for _, kind := range heard {
		if !slices.Contains(facts, kind) && kind != "typing" && kind != "resync" { // these two are of the stream alone
			t.Errorf("live.js waits for facts of the kind %q, which there is not", kind)
		}
	}
	if len(facts) < 20 || len(heard) < 20 {
		t.Errorf("of %d kinds of facts %d are heard", len(facts), len(heard))
	}
}
