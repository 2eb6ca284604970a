// These tests stand inside the package: a page's view is nobody else's business,
// and each template is to meet every field of it.
package web

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// hostile returns texts that try to become markup or script.
func hostile(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(crmtest.Shared(t, "vectors", "dompurify", "payloads.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct{ Payload string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	texts := []string{`"><script>alert(1)</script>`, `javascript:alert(1)`, `' onmouseover='alert(1)`, "</textarea><img src=x onerror=alert(1)>", "\u202e\u0000\ufeff"}
	for _, c := range file.Cases {
		texts = append(texts, c.Payload)
	}
	if len(texts) < 200 {
		t.Fatalf("there are %d hostile texts, want some hundreds", len(texts))
	}
	return texts
}

// A sample is a page's view as some test wants to see it. What it shows of the
// outside comes from x: a name, or a text that tries to become markup.
type sample func(x string) any

// samples are the views of each page by what they are like: "empty" shows as
// little as there can be, "typical" has x wherever a text comes from outside.
// Each area adds its own in its *_views_test.go.
var samples = map[string]map[string]sample{}

// show adds a sample of a page; every page needs one "empty" and one "typical".
func show(page, like string, s sample) {
	if samples[page] == nil {
		samples[page] = map[string]sample{}
	}
	samples[page][like] = s
}

// outside is a frame with x in every place a text comes from outside.
func outside(x string) Frame {
	return Frame{
		Lang: english, Theme: x, Title: x, Address: "/inbox/1", Here: x, Workspace: x, Me: x, Seq: x, Member: x, Away: true, Token: x, Done: x,
		Beside:   []neighbour{{ID: x, Name: x}},
		bell:     func() (mentionBell, error) { return bellOf(x), nil },
		Sections: sections, Styles: []string{"base.css"}, Scripts: []string{"live.js"},
	}
}

func init() {
	show("problem", "empty", func(string) any { return problemPage{} })
	show("problem", "typical", func(x string) any {
		return problemPage{Frame: Frame{Lang: indonesian, Title: x}, Detail: x, RequestID: x}
	})
}

// made returns a page in a language.
func made(t *testing.T, l lang, name string, view any) string {
	t.Helper()
	var ctx fasthttp.RequestCtx
	if err := render(&ctx, l, name, view); err != nil {
		t.Fatalf("the page %s cannot be made: %v", name, err)
	}
	return string(ctx.Response.Body())
}

// each calls do with every sample of every page in every language.
func each(t *testing.T, x string, do func(name, text string)) {
	t.Helper()
	for name, some := range samples {
		for like, s := range some {
			for _, l := range langs {
				do(name+", "+like+", "+string(l), made(t, l, name, s(x)))
			}
		}
	}
}

func TestEveryPageHasSamples(t *testing.T) {
	t.Parallel()
	for name := range templates()[english] {
		if samples[name]["empty"] == nil || samples[name]["typical"] == nil {
			t.Errorf("the page %s has no sample that is empty, or none that is typical", name)
		}
	}
	for name := range samples {
		if templates()[english][name] == nil {
			t.Errorf("there are samples of %s, which is no page", name)
		}
	}
}

func TestPagesHoldWhatTheyShow(t *testing.T) {
	t.Parallel()
	each(t, "Budi Santoso", func(name, text string) {
		wanted := []string{"<!doctype html>", "<h1", `name="viewport"`, `<main id="main"`, "</html>"}
		if strings.Contains(name, "typical") {
			wanted = append(wanted, "Budi Santoso")
		}
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("the page %s lacks %s", name, want)
			}
		}
		if n := strings.Count(text, "<h1"); n != 1 {
			t.Errorf("the page %s has %d headings of the first level", name, n)
		}
	})
}

// Every text field needs a name, and every form that changes something the
// token.
func TestFormsAreComplete(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)".*?</form>`)
	unsigned := map[string]bool{"/login": true, "/preferences": true}
	area := regexp.MustCompile(`<(?:textarea|input|select)[^>]* id="([^"]*)"`)
	each(t, "x", func(name, text string) {
		for _, found := range form.FindAllStringSubmatch(text, -1) {
			if !unsigned[found[1]] && strings.Contains(found[0], `method="post"`) && !strings.Contains(found[0], `name="csrf"`) {
				t.Errorf("the form %s on the page %s has no token", found[1], name)
			}
		}
		for _, found := range area.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(text, `for="`+found[1]+`"`) {
				t.Errorf("the field %s on the page %s has no label", found[1], name)
			}
		}
	})
}

// With a hostile text in every place a page has the same elements and
// attributes, in the same order, as with a harmless one: nothing of the text
// became markup.
func TestHostileTextsStayText(t *testing.T) {
	t.Parallel()
	markup := regexp.MustCompile(`<[/!]?[A-Za-z][^>]*>`)
	value := regexp.MustCompile(`"[^"]*"`)
	shape := func(text string) string {
		return value.ReplaceAllString(strings.Join(markup.FindAllString(text, -1), "\n"), `""`)
	}
	harmless := map[string]string{}
	each(t, "x", func(name, text string) { harmless[name] = shape(text) })
	for texts := range slices.Chunk(hostile(t), 16) { // a page at a time for each would take minutes
		each(t, strings.Join(texts, " "), func(name, got string) {
			if shape(got) != harmless[name] {
				t.Errorf("on the page %s one of these texts became markup: %q", name, texts)
			}
		})
	}
}

func TestPagesAllowNoScriptOfTheirOwn(t *testing.T) {
	t.Parallel()
	var ctx fasthttp.RequestCtx
	if err := render(&ctx, indonesian, "problem", problemPage{}); err != nil {
		t.Fatal(err)
	}
	rules := string(ctx.Response.Header.Peek("Content-Security-Policy"))
	if !strings.Contains(rules, "default-src 'none'") || !strings.Contains(rules, "frame-ancestors 'none'") || strings.Contains(rules, "unsafe") {
		t.Errorf("the policy is %q", rules)
	}
	inline := regexp.MustCompile(`(?i)<script(>|[^>]*[^c]>[^<])| on[a-z]+=| style=|<style`)
	each(t, "x", func(name, text string) {
		if found := inline.FindString(text); found != "" {
			t.Errorf("the page %s has %q in it, which its own policy forbids", name, found)
		}
	})
}

func TestFilesAreNamedAfterTheirContent(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"base.css", "live.js", "icon.svg"} {
		path, err := assetPath(file)
		if err != nil || !regexp.MustCompile(`^/static/[a-z]+\.[0-9a-f]{12}\.[a-z]+$`).MatchString(path) {
			t.Errorf("%s is at %q, %v", file, path, err)
		}
		var ctx fasthttp.RequestCtx
		ctx.SetUserValue("name", strings.TrimPrefix(path, "/static/"))
		if err := static(&ctx); err != nil || len(ctx.Response.Body()) == 0 || !strings.Contains(string(ctx.Response.Header.Peek("Cache-Control")), "immutable") {
			t.Errorf("%s is not answered: %v", path, err)
		}
	}
	if _, err := assetPath("missing.js"); err == nil {
		t.Error("a file that is missing has an address")
	}
	for _, name := range []string{"base.css", "../templates/layout.html", ""} {
		var ctx fasthttp.RequestCtx
		ctx.SetUserValue("name", name)
		if err := static(&ctx); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("/static/%s gets %v, want not found", name, err)
		}
	}
}
