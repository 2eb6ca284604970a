package web

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources returns the text of the templates, and of the package's Go files.
func sources(t *testing.T) (pages, program map[string]string) {
	t.Helper()
	pages, program = map[string]string{}, map[string]string{}
	err := fs.WalkDir(templateFiles, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(templateFiles, name)
		pages[name] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := f.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			program[name] = string(body)
		}
	}
	return pages, program
}

// Every phrase that a page or the program asks for is in the catalogue, and every
// phrase of the catalogue is asked for by something.
func TestEveryPhraseIsThereAndUsed(t *testing.T) {
	t.Parallel()
	pages, program := sources(t)
	asked := map[string]bool{}
	wanted := map[string]bool{"done": true, "problem": true} // areas that are looked up by a word from outside
	collect := func(texts map[string]string, phrases, areas *regexp.Regexp) {
		for name, text := range texts {
			for _, found := range phrases.FindAllStringSubmatch(text, -1) {
				asked[found[1]] = true
				if _, ok := catalogue[found[1]]; !ok {
					t.Errorf("%s asks for %q, which the catalogue lacks", name, found[1])
				}
			}
			for _, found := range areas.FindAllStringSubmatch(text, -1) {
				wanted[found[1]] = true
			}
		}
	}
	collect(pages, regexp.MustCompile(`\bt "([^"]*)"`), regexp.MustCompile(`\bword "([^"]*)"`))
	collect(program, regexp.MustCompile(`\bsay\("([^"]*)"`), regexp.MustCompile(`\b(?:word|known)\("([^"]*)"`))
	for key := range catalogue {
		area, _, _ := strings.Cut(key, ".")
		if !asked[key] && !wanted[area] {
			t.Errorf("nothing asks for the phrase %q", key)
		}
	}
	for area := range wanted {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(catalogue)), func(key string) bool { return strings.HasPrefix(key, area+".") }) {
			t.Errorf("the words of the area %q are asked for, and it has none", area)
		}
	}
}

// A phrase is there in every language, with the same values in the same order.
func TestEveryPhraseIsTranslated(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%(?:\[\d\])?[a-z%]`)
	for key, p := range catalogue {
		if p.ID == "" || p.En == "" {
			t.Errorf("the phrase %q is not there in every language: %+v", key, p)
		}
		if a, b := verb.FindAllString(p.ID, -1), verb.FindAllString(p.En, -1); !slices.Equal(a, b) {
			t.Errorf("the phrase %q takes %v in Indonesian and %v in English", key, a, b)
		}
		if a, b := verb.FindAllString(p.En, -1), verb.FindAllString(p.EnOne, -1); len(b) > 0 && !slices.Equal(a, b) {
			t.Errorf("the phrase %q takes %v for many and %v for one", key, a, b)
		}
	}
}

// A phrase is in its file once: of two, the last would count.
func TestNoPhraseIsThereTwice(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(wordFiles, "words/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		body, err := fs.ReadFile(wordFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, found := range regexp.MustCompile(`(?m)^\s*"([^"]+)": \{`).FindAllStringSubmatch(string(body), -1) {
			if seen[found[1]] {
				t.Errorf("%s has %q twice", name, found[1])
			}
			seen[found[1]] = true
		}
	}
}

// No template has words of its own: they would be the same in every language.
func TestTemplatesHaveNoWordsOfTheirOwn(t *testing.T) {
	t.Parallel()
	pages, _ := sources(t)
	action, tag := regexp.MustCompile(`(?s)\{\{.*?\}\}`), regexp.MustCompile(`(?s)<[^>]*>`)
	spoken := regexp.MustCompile(`(?:alt|title|placeholder|aria-label|content)="([^"]*)"`)
	word, ours := regexp.MustCompile(`\pL{2,}`), regexp.MustCompile(`my21staff|Bahasa Indonesia|English|width=device-width, initial-scale=1|noindex`)
	for name, text := range pages {
		text = action.ReplaceAllString(text, "")
		said := tag.ReplaceAllString(text, " ")
		for _, found := range spoken.FindAllStringSubmatch(text, -1) {
			said += " " + found[1]
		}
		if found := word.FindAllString(ours.ReplaceAllString(said, ""), -1); found != nil {
			t.Errorf("%s says %q without the catalogue", name, found)
		}
	}
}

func TestPhrasesByLanguageAndNumber(t *testing.T) {
	t.Parallel()
	p := phrase{ID: "%d pesan dari %s", En: "%d messages from %s", EnOne: "%d message from %s"}
	for _, c := range []struct {
		l    lang
		n    int
		want string
	}{
		{indonesian, 1, "1 pesan dari Budi"}, {english, 1, "1 message from Budi"}, {english, 2, "2 messages from Budi"}, {english, 0, "0 messages from Budi"},
	} {
		if got := p.in(c.l, []any{c.n, "Budi"}); got != c.want {
			t.Errorf("%d in %s is %q, want %q", c.n, c.l, got, c.want)
		}
	}
	if got := (phrase{ID: "%d kali", En: "%d times", EnOne: "once"}).in(english, []any{1}); got != "once" {
		t.Errorf("a phrase that says one without the number is %q", got)
	}
	for header, want := range map[string]lang{"": indonesian, "en-US,en;q=0.9": english, "id-ID": indonesian, "fr": indonesian, "ms, en;q=0.5": english} {
		if got := preferred(header); got != want {
			t.Errorf("Accept-Language %q is %s, want %s", header, got, want)
		}
	}
}

// Every icon is drawn somewhere.
func TestEveryIconIsUsed(t *testing.T) {
	t.Parallel()
	pages, program := sources(t)
	used := map[string]bool{}
	for _, s := range sections {
		used[s.Name] = true
	}
	for _, found := range drawing.FindAllStringSubmatch(served(t), -1) {
		used[found[1]] = true
	}
	for _, texts := range []map[string]string{pages, program} {
		for _, text := range texts {
			for _, found := range regexp.MustCompile(`\bicon(?: |\()"([^"]*)"`).FindAllStringSubmatch(text, -1) {
				used[found[1]] = true
			}
		}
	}
	for name := range icons {
		if !used[name] {
			t.Errorf("the icon %s is drawn nowhere", name)
		}
	}
}

// A path that leads to another site, however it is written, leads home instead.
func TestPreferencesStayHere(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/inbox?status=all": "/inbox?status=all", "/": "/", "": "/inbox", "https://evil.example": "/inbox", "//evil.example": "/inbox",
		"/\\evil.example": "/inbox", "/\t/evil.example": "/inbox", "javascript:alert(1)": "/inbox", "inbox": "/inbox", "/a\r\nSet-Cookie: x=y": "/inbox",
	} {
		if got := localPath(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}
