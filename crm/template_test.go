package crm_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestTemplateFill(t *testing.T) {
	t.Parallel()
	positional := crm.Template{Body: "Halo {{1}}, kelas {{2}} mulai. {{1}}!"}
	named := crm.Template{Body: "Halo {{nama}}"}
	for _, c := range []struct {
		template         crm.Template
		components, want string
	}{
		{positional, `[{"type":"body","parameters":[{"type":"text","text":"Dewi"},{"type":"text","text":"A {{1}}"}]}]`, "Halo Dewi, kelas A {{1}} mulai. Dewi!"},
		{positional, `[{"type":"BODY","parameters":[{"type":"text","text":"Dewi"}]}]`, "Halo Dewi, kelas {{2}} mulai. Dewi!"},
		{positional, `[{"type":"header","parameters":[{"type":"text","text":"Dewi"}]}]`, positional.Body},
		{named, `[{"type":"body","parameters":[{"type":"text","parameter_name":"nama","text":"Dewi"}]}]`, "Halo Dewi"},
		{named, ``, named.Body},
		{named, `{`, named.Body},
	} {
		if got := c.template.Fill([]byte(c.components)); got != c.want {
			t.Errorf("%q filled with %s = %q, want %q", c.template.Body, c.components, got, c.want)
		}
	}
}
