package web

import (
	"reflect"
	"testing"
)

func TestMentionsStandOut(t *testing.T) {
	t.Parallel()
	v := someone()
	v.members = map[string]string{v.Member.String(): "Rina", "2": "Dewi", "3": "Dewi Lestari", "4": ""}
	text, mention, me := func(s string) span { return span{Text: s} }, func(s string) span { return span{Text: s, Style: "mention"} }, func(s string) span { return span{Text: s, Style: "me"} }
	for note, want := range map[string][]span{
		"":                                   nil,
		"telepon @Dewi Lestari, lalu @Rina.": {text("telepon "), mention("@Dewi Lestari"), text(", lalu "), me("@Rina"), text(".")},
		"@Dewi":                              {mention("@Dewi")},
		"@Dewina dan @dewi":                  {text("@Dewina dan "), mention("@dewi")},
		"tulis ke a@Dewi atau @":             {text("tulis ke a@Dewi atau @")},
		"@Dewi@Rina":                         {mention("@Dewi"), text("@Rina")},
		"@Dewi @Dewi Lestari":                {mention("@Dewi"), text(" "), mention("@Dewi Lestari")},
		"é@Rina (@Rina)":                     {text("é@Rina ("), me("@Rina"), text(")")},
	} {
		if got := v.mentioning(note); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is cut into %+v, want %+v", note, got, want)
		}
	}
}
