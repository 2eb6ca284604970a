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
)

// syntax returns the files of a package, without its tests.
func syntax(t *testing.T, folder string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(crmtest.ModuleRoot(t), folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// nodes returns what there is of a kind in a package.
func nodes[N ast.Node](t *testing.T, folder string) (all []N) {
	t.Helper()
	for _, file := range syntax(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			if one, ok := n.(N); ok {
				all = append(all, one)
			}
			return true
		})
	}
	return all
}

// nameOf returns the name of a function, a method or a type.
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
