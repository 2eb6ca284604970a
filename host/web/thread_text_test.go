package web

import (
	"reflect"
	"strings"
	"testing"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	plain := func(text string) span { return span{Text: text} }
	link := func(text string) span { return span{Text: text, Address: text} }
	for text, want := range map[string][]span{
		"":                          nil,
		"Halo Kak":                  {plain("Halo Kak")},
		"*tebal*":                   {{Text: "tebal", Style: "strong"}},
		"a *b c* d":                 {plain("a "), {Text: "b c", Style: "strong"}, plain(" d")},
		"_miring_, ~coret~":         {{Text: "miring", Style: "em"}, plain(", "), {Text: "coret", Style: "s"}},
		"`kode` ```a\n*b*```":       {{Text: "kode", Style: "code"}, plain(" "), {Text: "a\n*b*", Style: "code"}},
		"2*3*4":                     {plain("2*3*4")},
		"snake_case_name":           {plain("snake_case_name")},
		"* butir\n* lain":           {plain("* butir\n* lain")},
		"*a\nb*":                    {plain("*a\nb*")},
		"**":                        {plain("**")},
		"*a* *":                     {{Text: "a", Style: "strong"}, plain(" *")},
		"lihat https://a.id/b?c=1.": {plain("lihat "), link("https://a.id/b?c=1"), plain(".")},
		"(http://a.id)":             {plain("("), link("http://a.id"), plain(")")},
		"https://":                  {plain("https://")},
		"javascript:alert(1)":       {plain("javascript:alert(1)")},
		"é*x*":                      {plain("é*x*")},
		"🙏*x*🙏":                     {plain("🙏"), {Text: "x", Style: "strong"}, plain("🙏")},
	} {
		if got := spans(text); !reflect.DeepEqual(got, want) {
			t.Errorf("spans(%q) = %+v, want %+v", text, got, want)
		}
	}
}

// The pieces of a text are the text: nothing is lost but the marks, and only an
// address of the web becomes a link.
func FuzzSpans(f *testing.F) {
	for _, text := range []string{"*a* _b_ ~c~ `d` ```e```", "https://a.id/*b*", "*https://a.id*", "\xff*a\xff*", "****", "`*_~```"} {
		f.Add(text)
	}
	unmarked := strings.NewReplacer("*", "", "_", "", "~", "", "`", "")
	f.Fuzz(func(t *testing.T, text string) {
		shown := ""
		for _, s := range spans(text) {
			if s.Text == "" {
				t.Errorf("%q has an empty piece", text)
			}
			if s.Address != "" && !strings.HasPrefix(strings.ToLower(s.Address), "http") {
				t.Errorf("%q links to %q", text, s.Address)
			}
			shown += s.Text
		}
		if unmarked.Replace(shown) != unmarked.Replace(text) {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}
