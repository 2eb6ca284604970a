package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's template and style
	"encoding/base64"
	"html/template"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/host/problem"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

var docsTemplate = template.Must(template.New("docs").Parse(docsHTML))

// docsPolicy allows the page its own style and nothing else.
var docsPolicy = func() string {
	sum := sha256.Sum256([]byte(docsCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// docsPage is what the page shows.
type docsPage struct {
	Version  string
	Style    template.CSS
	Groups   []docsGroup
	Schemas  []docsSchema
	Problems []problem.Class
}

type docsGroup struct {
	Name   string
	Routes []docsRoute
}

// ID is what a link to the group names.
func (g docsGroup) ID() string { return strings.ReplaceAll(strings.ToLower(g.Name), " ", "-") }

type docsRoute struct {
	Route
	Params  []docsField
	Body    docsType
	Answers []docsAnswer
}

type docsAnswer struct {
	Status int
	About  string
	Type   docsType
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

type docsField struct {
	Name     string
	Type     docsType
	Required bool
	About    string
}

// docsType is a schema in words; Ref names the schema it is made of, if it is
// made of one.
type docsType struct {
	Words string
	Ref   string
}

// docs makes the page from what the description is made of.
func (a *API) docs() ([]byte, error) {
	s := &schemas{components: object{}}
	s.problem()
	page := docsPage{Version: a.Version, Style: template.CSS(docsCSS), Problems: problem.Classes}
	for _, r := range a.Described() {
		i := slices.IndexFunc(page.Groups, func(g docsGroup) bool { return g.Name == r.Tag })
		if i < 0 {
			i = len(page.Groups)
			page.Groups = append(page.Groups, docsGroup{Name: r.Tag})
		}
		page.Groups[i].Routes = append(page.Groups[i].Routes, s.docsRoute(r))
	}
	for _, name := range slices.Sorted(maps.Keys(s.components)) {
		page.Schemas = append(page.Schemas, docsSchema{name, docsFields(s.components[name].(object))})
	}
	var html bytes.Buffer
	err := docsTemplate.Execute(&html, page)
	return html.Bytes(), err
}

func (s *schemas) docsRoute(r Route) docsRoute {
	shown := docsRoute{Route: r}
	for _, p := range r.parameters() {
		name := p["name"].(string)
		if p["in"] == "header" {
			name += " header"
		}
		if about, ok := p["description"].(string); ok { // not the path's
			shown.Params = append(shown.Params, docsField{name, docsTypeOf(p["schema"].(object)), p["required"].(bool), about})
		}
	}
	if r.Doc.Body != nil {
		shown.Body = docsTypeOf(s.of(reflect.TypeOf(r.Doc.Body)))
	}
	for _, answer := range r.Doc.Answers {
		of := docsType{}
		for kind, media := range s.content(answer.Value) {
			of = docsTypeOf(media.(object)["schema"].(object))
			of.Words = cmp.Or(of.Words, kind)
		}
		shown.Answers = append(shown.Answers, docsAnswer{answer.Status, answer.About, of})
	}
	return shown
}

func docsFields(schema object) []docsField {
	properties, _ := schema["properties"].(object)
	required, _ := schema["required"].([]string)
	var fields []docsField
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := properties[name].(object)
		about, _ := property["description"].(string)
		fields = append(fields, docsField{name, docsTypeOf(property), slices.Contains(required, name), about})
	}
	return fields
}

// docsTypeOf puts a schema into words.
func docsTypeOf(schema object) docsType {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		return docsType{name, name}
	}
	if options, ok := schema["anyOf"].([]object); ok {
		return docsChoice(options)
	}
	switch kind := schema["type"].(type) {
	case []string:
		if len(kind) > 2 {
			return docsType{Words: "any JSON"}
		}
		return docsTypeOf(with(schema, "type", kind[0])).or("null")
	case string:
		return docsSimple(kind, schema)
	}
	return docsType{}
}

func docsChoice(options []object) docsType {
	all := docsTypeOf(options[0])
	for _, option := range options[1:] {
		all = all.or(docsTypeOf(option).Words)
	}
	return all
}

func docsSimple(kind string, schema object) docsType {
	if words, ok := schema["enum"].([]string); ok {
		return docsType{Words: strings.Join(words, ", ")}
	}
	format, _ := schema["format"].(string)
	switch {
	case kind == "array":
		of := docsTypeOf(schema["items"].(object))
		return docsType{"list of " + of.Words, of.Ref}
	case kind == "object":
		of := docsTypeOf(schema["additionalProperties"].(object))
		return docsType{"table of " + of.Words, of.Ref}
	case format == "uuid":
		return docsType{Words: "id"}
	case format == "date-time":
		return docsType{Words: "time"}
	case kind == "string":
		return docsType{Words: "text"}
	}
	return docsType{Words: kind}
}

func (t docsType) or(words string) docsType {
	t.Words += " or " + words
	return t
}
