package crm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestNamings(t *testing.T) {
	t.Parallel()
	names := []string{"Dewi", "Dewi Lestari", "", "Éko", "Budi"}
	for _, tt := range []struct {
		text string
		want []string // what stands in the text, and whom it names
	}{
		{"", nil},
		{"no one is named", nil},
		{"@Dewi", []string{"@Dewi=Dewi"}},
		{"@Dewi Lestari, tolong", []string{"@Dewi Lestari=Dewi Lestari"}},
		{"@Dewi Lestariani", []string{"@Dewi=Dewi"}},
		{"tanya @dewi lestari dan @BUDI!", []string{"@dewi lestari=Dewi Lestari", "@BUDI=Budi"}},
		{"(@éko)", []string{"@éko=Éko"}},
		{"@Dewis @Budi2 dewi@Dewi 7@Budi", nil}, // a longer word, and addresses
		{"@@Budi", []string{"@Budi=Budi"}},
		{"@Budi@Budi", []string{"@Budi=Budi"}}, // the second stands inside a word
		{"@", nil},
		{"@ Budi", nil},
		{"@Bud\xff", nil},
		{"\xff@Budi\xff", []string{"@Budi=Budi"}},
	} {
		var got []string
		for _, n := range crm.Namings(tt.text, names) {
			got = append(got, tt.text[n.From:n.To]+"="+names[n.Name])
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("Namings(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// FuzzNamings: what is named stands there, one behind the other.
func FuzzNamings(f *testing.F) {
	f.Add("@Dewi Lestari, @budi", "Dewi", "Dewi Lestari")
	f.Add("@\xff", "\xff", "")
	f.Fuzz(func(t *testing.T, text, one, other string) {
		names, at := []string{one, other}, 0
		for _, n := range crm.Namings(text, names) {
			if n.From < at || n.To <= n.From || n.To > len(text) || text[n.From] != '@' {
				t.Fatalf("Namings(%q, %q) names text[%d:%d] behind %d", text, names, n.From, n.To, at)
			}
			if name := names[n.Name]; name == "" || !strings.EqualFold(strings.ToValidUTF8(text[n.From+1:n.To], "\ufffd"), strings.ToValidUTF8(name, "\ufffd")) {
				t.Fatalf("Namings(%q, %q) takes %q for %q", text, names, text[n.From:n.To], name)
			}
			at = n.To
		}
	})
}
