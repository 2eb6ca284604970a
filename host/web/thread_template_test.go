package web

import (
	"reflect"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

var order = &crm.Template{
	ID: crm.TemplateID{1}, Name: "order", Language: "id", Category: "utility", Status: "approved", Body: "Halo {{1}}, pesanan {{2}} untuk {{1}}.",
	Components: []byte(`[{"type":"HEADER","format":"TEXT","text":"Pesanan {{1}}"},{"type":"BODY","text":"Halo {{1}}, pesanan {{2}} untuk {{1}}."},
		{"type":"FOOTER","text":"Terima kasih"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"OK"},{"type":"URL","text":"Lihat","url":"https://example.com/{{1}}"}]}]`),
}

func TestTemplateFormAsksForEachVariableOnce(t *testing.T) {
	t.Parallel()
	f := someone().templateForm(order)
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	if want := []string{"header.1", "body.1", "body.2", "button.1"}; !reflect.DeepEqual(names, want) {
		t.Errorf("the form asks for %v, want %v", names, want)
	}
	want := []templatePiece{{Text: "Halo "}, {"1", "body.1"}, {Text: ", pesanan "}, {"2", "body.2"}, {Text: " untuk "}, {"1", "body.1"}, {Text: "."}}
	if !reflect.DeepEqual(f.Body, want) || f.Footer != "Terima kasih" || !reflect.DeepEqual(f.Buttons, []string{"OK", "Lihat"}) {
		t.Errorf("the form shows %+v", f)
	}
	for _, broken := range []string{"", "{", "null", "[]", `{"type":"BODY"}`} {
		odd := *order
		odd.Components = []byte(broken)
		if f := someone().templateForm(&odd); len(f.Fields) != 2 {
			t.Errorf("with the parts %q the form asks for %+v, want the body's two variables", broken, f.Fields)
		}
	}
}

func TestFillTemplate(t *testing.T) {
	t.Parallel()
	named := *order
	named.Body, named.Components = "Halo {{name}}", []byte(`[{"type":"header","format":"IMAGE"},{"type":"body","text":"Halo {{name}}"}]`)
	plain := *order
	plain.Components, plain.Body = nil, "Halo"
	for _, c := range []struct {
		name string
		of   *crm.Template
		want string
	}{
		{"by number", order, `[{"type":"header","parameters":[{"type":"text","text":"<header.1>"}]},` +
			`{"type":"body","parameters":[{"type":"text","text":"<body.1>"},{"type":"text","text":"<body.2>"}]},` +
			`{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"<button.1>"}]}]`},
		{"by name, with a picture", &named, `[{"type":"header","parameters":[{"type":"image","image":{"link":"<header.link>"}}]},` +
			`{"type":"body","parameters":[{"type":"text","parameter_name":"name","text":"<body.name>"}]}]`},
		{"without variables", &plain, ""},
	} {
		got := fillTemplate(c.of, func(field string) string { return "<" + field + ">" })
		want := crm.FilledTemplate{Name: "order", Language: "id", Category: "utility"}
		if c.want != "" {
			want.Components = []byte(c.want)
		}
		// JSON writes the angle brackets as escapes, which mean the same.
		if unescaped(string(got.Components)) != c.want || got.Name != want.Name || got.Language != want.Language || crm.CheckContent(got) != nil {
			t.Errorf("%s: %s, want %s", c.name, unescaped(string(got.Components)), c.want)
		}
		if shown := c.of.Fill(got.Components); variablePattern.MatchString(shown) {
			t.Errorf("%s: the customer reads %q", c.name, shown)
		}
	}
}

func unescaped(text string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(text)
}
