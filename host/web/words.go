package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/language"
)

//go:embed words
var wordFiles embed.FS

// lang is a language the pages speak.
type lang string

// The languages, the default first.
const (
	indonesian lang = "id"
	english    lang = "en"
)

var langs = []lang{indonesian, english}

// phrase is one entry of the catalogue: the same in every language, for
// fmt.Sprintf. EnOne is what English says when the first number is one;
// Indonesian does not tell one from many.
type phrase struct {
	ID    string `json:"id"`
	En    string `json:"en"`
	EnOne string `json:"en_one"`
}

func (p phrase) in(l lang, args []any) string {
	format := p.ID
	if l == english {
		format = p.En
		if p.EnOne != "" && isOne(args) {
			format = p.EnOne
		}
		if !strings.Contains(format, "%") { // "once" says the number itself
			return format
		}
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// isOne reports whether the first number among what is put into a phrase is one.
func isOne(args []any) bool {
	for _, arg := range args {
		switch n := arg.(type) {
		case int:
			return n == 1
		case int64:
			return n == 1
		}
	}
	return false
}

// catalogue has every phrase by "area.name"; the areas are the files.
var catalogue = readWords(wordFiles)

func readWords(files fs.FS) map[string]phrase {
	all := map[string]phrase{}
	names, err := fs.Glob(files, "words/*.json")
	for _, name := range names {
		var body []byte
		if body, err = fs.ReadFile(files, name); err != nil {
			break
		}
		var area map[string]phrase
		if err = json.Unmarshal(body, &area); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			break
		}
		for key, p := range area {
			all[strings.TrimSuffix(path.Base(name), ".json")+"."+key] = p
		}
	}
	if err != nil {
		panic(fmt.Sprintf("web: the embedded words cannot be read: %v", err))
	}
	return all
}

// say returns a phrase of the catalogue. The templates call it t.
func (l lang) say(key string, args ...any) (string, error) {
	p, ok := catalogue[key]
	if !ok {
		return "", fmt.Errorf("web: there is no phrase %q", key)
	}
	return p.in(l, args), nil
}

// word returns what a value is called, "status" "open": the catalogue's phrase
// area.value, else the value as it is, which an old program may see of a new one.
func (l lang) word(area string, value any) string {
	text := fmt.Sprint(value)
	if p, ok := catalogue[area+"."+text]; ok {
		return p.in(l, nil)
	}
	return text
}

// known returns the phrase of a word that comes from outside, or "".
func (l lang) known(area, word string, args ...any) string {
	if p, ok := catalogue[area+"."+word]; ok {
		return p.in(l, args)
	}
	return ""
}

// preferred returns the language that fits a browser's Accept-Language best.
func preferred(header string) lang {
	_, i := language.MatchStrings(language.NewMatcher([]language.Tag{language.Indonesian, language.English}), header)
	return langs[i]
}

// langOf returns the language by its code, which may name a region; ok is whether
// the pages speak it.
func langOf(code string) (l lang, ok bool) {
	base, _, _ := strings.Cut(strings.ToLower(code), "-")
	for _, l := range langs {
		if string(l) == base {
			return l, true
		}
	}
	return "", false
}
