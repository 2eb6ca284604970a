package web

import (
	"go/ast"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/lead"
)

// faultFormats are the sentences with which package lead says what is wrong with
// rules, before their values are put in.
func faultFormats(t *testing.T) map[string]bool {
	t.Helper()
	formats := map[string]bool{}
	for _, call := range nodes[*ast.CallExpr](t, "crm/lead") {
		if name := nameOf(call.Fun); name == "when" && len(call.Args) >= 3 {
			formats[literal(call.Args[2])] = true
		} else if name == "wrong" && len(call.Args) >= 2 {
			formats[literal(call.Args[1])] = true
		}
	}
	delete(formats, "") // what is handed on
	return formats
}

// Whatever is wrong with rules is said in the visitor's language.
func TestEveryFaultOfRulesIsTranslated(t *testing.T) {
	t.Parallel()
	formats := faultFormats(t)
	if len(formats) < 30 {
		t.Errorf("only %d sentences are found in package lead", len(formats))
	}
	for format := range formats {
		p, ok := catalogue["rules_fault."+slug(format)]
		if !ok || p.En != format {
			t.Errorf("rules_fault.json has no phrase %q for the sentence %q", slug(format), format)
		}
		if strings.Count(p.ID, "%") != strings.Count(format, "%") {
			t.Errorf("%q in Indonesian takes other values: %q", format, p.ID)
		}
		delete(formats, format)
	}
	known := faultFormats(t)
	for key, p := range catalogue {
		if strings.HasPrefix(key, "rules_fault.") && !known[p.En] {
			t.Errorf("nothing says what the phrase %q translates", key)
		}
	}
	v := someone()
	v.lang = indonesian
	_, err := lead.Parse([]byte(`{"version": 1, "name": "x", "caps": {"fit": 200}, "signals": []}`))
	for _, problem := range lead.Problems(err) {
		if said := v.fault(problem); said == problem.Sentence || strings.Contains(said, "%!") {
			t.Errorf("%s: %q is said in English, or badly: %q", problem.Path, problem.Sentence, said)
		}
	}
}
