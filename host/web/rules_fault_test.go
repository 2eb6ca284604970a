package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/lead"
)

// faultFormats are the sentences with which package lead says what is wrong with
// rules, before their values are put in.
func faultFormats(t *testing.T) map[string]bool {
	t.Helper()
	formats := map[string]bool{}
	for _, call := range calls(t, "crm/lead") {
		if name := nameOf(call.Fun); name == "when" && len(call.Args) >= 3 {
			formats[literal(call.Args[2])] = true
		} else if name == "wrong" && len(call.Args) >= 2 {
			formats[literal(call.Args[1])] = true
		}
	}
	delete(formats, "") // what is handed on
	return formats
}

// calls returns the calls in a package's files, without its tests.
func calls(t *testing.T, folder string) (all []*ast.CallExpr) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(crmtest.ModuleRoot(t), folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				all = append(all, call)
			}
			return true
		})
	}
	return all
}

// nameOf returns the name of a function or method that is called.
func nameOf(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// literal returns a text that stands in the source, "" for anything else.
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value) // the parser took it
	return text
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
