package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"strings"
)

//go:embed icons
var iconFiles embed.FS

// icons are the drawings in the pages, by name. They stand in the page itself: a
// sprite would be one more request before anything is seen.
var icons = readIcons(iconFiles)

func readIcons(files fs.FS) map[string]template.HTML {
	all := map[string]template.HTML{}
	names, err := fs.Glob(files, "icons/*.svg")
	for _, name := range names {
		var body []byte
		if body, err = fs.ReadFile(files, name); err != nil {
			break
		}
		all[strings.TrimSuffix(path.Base(name), ".svg")] = template.HTML(strings.TrimSpace(string(body))) // our own file
	}
	if err != nil {
		panic(fmt.Sprintf("web: the embedded icons cannot be read: %v", err))
	}
	return all
}

// icon returns a drawing, which says nothing to a screen reader: what it means
// stands beside it.
func icon(name string) (template.HTML, error) {
	drawn, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("web: there is no icon %q", name)
	}
	return drawn, nil
}

// iconAddress returns a drawing as an address, for style sheets.
func iconAddress(name string) string {
	body, err := icon(name)
	if err != nil {
		panic(err)
	}
	alone := strings.Replace(string(body), "<svg", `<svg xmlns="http://www.w3.org/2000/svg"`, 1)
	return "data:image/svg+xml," + url.PathEscape(alone)
}
