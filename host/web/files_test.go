package web

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every template is a page that the program makes or a part that another
// template, or the program, asks for; every file that is served is named by one of
// them or by another file. What nothing uses is named here.
func TestEveryFileIsUsed(t *testing.T) {
	t.Parallel()
	pages, program := sources(t)
	markup, code, modules := together(pages), together(program), served(t)
	for _, found := range regexp.MustCompile(`\{\{define "([^"]+)"`).FindAllStringSubmatch(markup, -1) {
		used := regexp.MustCompile(`\{\{-? *(template|block) "` + found[1] + `"`)
		if !used.MatchString(markup) && !strings.Contains(code, `"`+found[1]+`"`) {
			t.Errorf("nothing uses the template %q", found[1])
		}
	}
	for name := range templates()[english] {
		if !strings.Contains(code, `"`+name+`"`) {
			t.Errorf("no page is made of %s.html", name)
		}
	}
	for name := range assetNames {
		if !strings.Contains(code+markup, `"`+name+`"`) && !strings.Contains(modules, `"./`+name+`"`) {
			t.Errorf("the file %s is served, and nothing names it", name)
		}
	}
}

// together joins the texts of files.
func together(files map[string]string) string {
	return strings.Join(slices.Collect(maps.Values(files)), "\n")
}

// served returns the modules and style sheets as they are written.
func served(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for name := range assetNames {
		body, err := fs.ReadFile(staticFiles, "static/"+name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(body)
	}
	return all.String()
}
