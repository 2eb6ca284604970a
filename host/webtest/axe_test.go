package webtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// axeScript returns axe-core, which looks for barriers on a page.
func axeScript(tb testing.TB) string {
	tb.Helper()
	source, err := os.ReadFile(filepath.Join(crmtest.Packages(tb, "host/webtest/axe"), "node_modules/axe-core/axe.min.js"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(source)
}

// barrier is a violation that axe-core found.
type barrier struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target         json.RawMessage
		HTML           string
		FailureSummary string
	}
}

// barriers returns the violations of level serious and critical on the page, of
// all rules or of one.
func (t *tab) barriers(axe string, rule ...string) []barrier {
	t.Helper()
	evaluate[any](t, "void (window.axe || (() => {"+axe+"\n})())")
	options := `{ resultTypes: ["violations"] }`
	if len(rule) > 0 {
		options = fmt.Sprintf(`{ resultTypes: ["violations"], runOnly: [%q] }`, rule[0])
	}
	all := evaluate[[]barrier](t, "axe.run(document, "+options+").then((found) => found.violations)")
	var heavy []barrier
	for _, b := range all {
		if b.Impact == "serious" || b.Impact == "critical" {
			heavy = append(heavy, b)
		}
	}
	return heavy
}

// accessible fails the test for each serious barrier on the page. By night only
// the colours are others.
func (t *tab) accessible(page, theme, axe string) {
	t.Helper()
	var rule []string
	if theme == "dark" {
		rule = []string{"color-contrast"}
	}
	for _, b := range t.barriers(axe, rule...) {
		var instances strings.Builder
		for _, node := range b.Nodes[:min(3, len(b.Nodes))] {
			fmt.Fprintf(&instances, "\n  %.200s\n    %s", node.HTML, strings.ReplaceAll(node.FailureSummary, "\n", " "))
		}
		t.Errorf("%s, %s: %s (%s), %d times: %s%s", page, theme, b.ID, b.Impact, len(b.Nodes), b.Help, &instances)
	}
}
