package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

//go:embed templates
var templateFiles embed.FS

// policy lets a page load its own files and nothing else, and run no script
// that stands in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// templates has one for each page: the layout, the partials and the page.
var templates = parse(templateFiles)

// Frame is what every page has round it.
type Frame struct {
	Title     string
	Address   string // of the page, if it is not the one asked for
	Workspace string // empty for nobody
	Member    string
	Token     string // for the forms
	Live      bool   // whether the page shows news by itself
}

// problemPage says what went wrong.
type problemPage struct {
	Frame
	Detail    string
	RequestID string
}

func parse(files fs.FS) map[string]*template.Template {
	base := template.Must(template.New("layout.html").Funcs(template.FuncMap{"asset": assetPath}).
		ParseFS(files, "templates/layout.html", "templates/partials/*.html"))
	pages := map[string]*template.Template{}
	paths, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(fmt.Sprintf("web: the embedded templates cannot be read: %v", err))
	}
	for _, file := range paths {
		if name := strings.TrimSuffix(path.Base(file), ".html"); name != "layout" {
			pages[name] = template.Must(template.Must(base.Clone()).ParseFS(files, file))
		}
	}
	return pages
}

// render writes a page. Nothing is sent of one that fails half way.
func render(ctx *fasthttp.RequestCtx, page string, view any) error {
	var out bytes.Buffer
	if err := templates[page].Execute(&out, view); err != nil {
		return &crm.Error{Op: "render " + page, Code: crm.Internal, Err: err}
	}
	ctx.SetContentType("text/html; charset=utf-8")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.Response.Header.Set(fasthttp.HeaderContentSecurityPolicy, policy)
	ctx.SetBody(out.Bytes())
	return nil
}

func (v *visitor) frame(title string) Frame {
	return Frame{Title: title, Workspace: v.workspace.Name, Member: v.members[v.Member.String()], Token: formToken(v.session), Live: true}
}
