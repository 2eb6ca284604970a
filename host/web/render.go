package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

//go:embed templates
var templateFiles embed.FS

// policy lets a page load its own files and nothing else, and run no script
// that stands in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// templates returns, for each language, one template for each page: the layout, the
// partials and the page. The layout and the partials are read once, by a host and not
// by a command that shows no page. A page is read when it is first shown, in a few
// milliseconds: it takes half a megabyte, most of it the partials again, and few
// of all pages in all languages are what people look at. (All at once they were 35 MB,
// nine tenths of what a host that has just begun keeps.)
var templates = sync.OnceValue(func() map[lang]map[string]func() *template.Template { return parse(templateFiles) })

// problemPage says what went wrong.
type problemPage struct {
	Frame
	Detail    string
	RequestID string
}

func parse(files fs.FS) map[lang]map[string]func() *template.Template {
	all := map[lang]map[string]func() *template.Template{}
	for _, l := range langs {
		all[l] = parseIn(files, l)
	}
	return all
}

// parseIn reads the templates with the words of a language.
func parseIn(files fs.FS, l lang) map[string]func() *template.Template {
	base := template.Must(template.New("layout.html").Funcs(template.FuncMap{"asset": assetPath, "icon": icon, "initials": initials, "t": l.say, "word": l.word}).
		ParseFS(files, "templates/layout.html", "templates/partials/*.html"))
	pages := map[string]func() *template.Template{}
	paths, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(fmt.Sprintf("web: the embedded templates cannot be read: %v", err))
	}
	for _, file := range paths {
		if name := strings.TrimSuffix(path.Base(file), ".html"); name != "layout" {
			pages[name] = sync.OnceValue(func() *template.Template { return template.Must(template.Must(base.Clone()).ParseFS(files, file)) })
		}
	}
	return pages
}

// render writes a page in a language. Nothing is sent of one that fails half way.
func render(ctx *fasthttp.RequestCtx, l lang, page string, view any) error {
	return fragment(ctx, l, page, "layout.html", view)
}

// fragment writes one of the templates that a page is made of: what a page that
// is open asks for to show news.
func fragment(ctx *fasthttp.RequestCtx, l lang, page, part string, view any) error {
	var out bytes.Buffer
	if err := templates()[l][page]().ExecuteTemplate(&out, part, view); err != nil {
		return &crm.Error{Op: "render " + page + " " + part, Code: crm.Internal, Err: err}
	}
	ctx.SetContentType("text/html; charset=utf-8")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.Response.Header.Set(fasthttp.HeaderContentSecurityPolicy, policy)
	ctx.SetBody(out.Bytes())
	return nil
}

// initials are the first letters of a name's first and last word, for where its
// face would be.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	letters := first(words[0])
	if len(words) > 1 {
		letters += first(words[len(words)-1])
	}
	return strings.ToUpper(letters)
}

func first(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	return string(r)
}
