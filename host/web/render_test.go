// These tests stand inside the package: a page's view is nobody else's business,
// and each template is to meet every field of it.
package web

import (
	"encoding/json"
	"os"
	"regexp"
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

// views returns each page's view with x wherever a text comes from outside.
func views(x string) map[string]any {
	frame := Frame{Title: x, Address: "/inbox/1", Workspace: x, Member: x, Token: x, Live: true}
	return map[string]any{
		"login":   loginPage{Frame: Frame{Title: "Sign in"}, Link: x, Email: x, Problem: x},
		"account": accountPage{Frame: frame, Name: x, HasPassword: true, Done: x, Problem: x},
		"problem": problemPage{Frame: Frame{Title: x}, Detail: x, RequestID: x},
		"inbox": inboxPage{Frame: frame, Filters: filters(crm.Open), Next: "/inbox?before=1", Rows: []row{{
			Address: "/inbox/1", Name: x, Handle: x, Preview: x, Mine: true, Tick: tickOf(crm.Read), At: "10:00", AtISO: "2026-11-02T08:00:00Z",
			Unread: 2, Assignee: x, Status: crm.ConversationStatus(x), Temperature: crm.Temperature(x),
		}}},
		"thread": threadPage{
			Frame: frame, Name: x, Handle: x, Status: crm.Open, Assignee: x, Tags: []string{x}, Older: "/inbox/1?before=1", CanWrite: true,
			Notes: []note{{Author: x, Body: x, At: x, AtISO: x}},
			Messages: []message{
				{ID: "1", Label: x, Body: x, At: x, AtISO: x, Edited: true},
				{ID: "2", Mine: true, Author: x, Body: x, Tick: tickOf(crm.Failed), Failure: x},
				{ID: "3", Revoked: true},
			},
			Composer: composer{Allowed: true, Why: x, Templates: []string{x, x}, Text: x, Nonce: x},
		},
	}
}

// empty returns each page's view with as little as there can be.
func empty() map[string]any {
	return map[string]any{
		"login": loginPage{Email: "", Problem: ""}, "account": accountPage{}, "problem": problemPage{}, "inbox": inboxPage{}, "thread": threadPage{},
	}
}

func page(t *testing.T, name string, view any) string {
	t.Helper()
	var ctx fasthttp.RequestCtx
	if err := render(&ctx, name, view); err != nil {
		t.Fatalf("the page %s cannot be made: %v", name, err)
	}
	return string(ctx.Response.Body())
}

func TestEveryPageHasATest(t *testing.T) {
	t.Parallel()
	for name := range templates {
		if views("")[name] == nil || empty()[name] == nil {
			t.Errorf("the page %s is not among those tested", name)
		}
	}
}

func TestPagesHoldWhatTheyShow(t *testing.T) {
	t.Parallel()
	for name, view := range views("Budi Santoso") {
		text := page(t, name, view)
		for _, want := range []string{"Budi Santoso", "<!doctype html>", `<html lang="en">`, "<h1", `name="viewport"`, `<main id="main">`} {
			if !strings.Contains(text, want) {
				t.Errorf("the page %s lacks %s", name, want)
			}
		}
	}
	for name, view := range empty() {
		if text := page(t, name, view); !strings.Contains(text, "</html>") {
			t.Errorf("the empty page %s ends too early", name)
		}
	}
}

// Every text field needs a name, and every form that changes something the
// token.
func TestFormsAreComplete(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)".*?</form>`)
	area := regexp.MustCompile(`<(?:textarea|input) id="([^"]*)"`)
	for name, view := range views("x") {
		text := page(t, name, view)
		for _, found := range form.FindAllStringSubmatch(text, -1) {
			if found[1] != "/login" && !strings.Contains(found[0], `name="csrf"`) {
				t.Errorf("the form %s on the page %s has no token", found[1], name)
			}
		}
		for _, found := range area.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(text, `<label for="`+found[1]+`"`) {
				t.Errorf("the field %s on the page %s has no label", found[1], name)
			}
		}
	}
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
	for name, view := range views("x") {
		harmless[name] = shape(page(t, name, view))
	}
	for _, text := range hostile(t) {
		for name, view := range views(text) {
			if got := shape(page(t, name, view)); got != harmless[name] {
				t.Errorf("on the page %s this text became markup: %q", name, text)
			}
		}
	}
}

func TestPagesAllowNoScriptOfTheirOwn(t *testing.T) {
	t.Parallel()
	var ctx fasthttp.RequestCtx
	if err := render(&ctx, "thread", views("x")["thread"]); err != nil {
		t.Fatal(err)
	}
	rules := string(ctx.Response.Header.Peek("Content-Security-Policy"))
	if !strings.Contains(rules, "default-src 'none'") || !strings.Contains(rules, "frame-ancestors 'none'") || strings.Contains(rules, "unsafe") {
		t.Errorf("the policy is %q", rules)
	}
	inline := regexp.MustCompile(`(?i)<script(>|[^>]*[^c]>[^<])| on[a-z]+=| style=|<style`)
	for name, view := range views("x") {
		if found := inline.FindString(page(t, name, view)); found != "" {
			t.Errorf("the page %s has %q in it, which its own policy forbids", name, found)
		}
	}
}

func TestFilesAreNamedAfterTheirContent(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"style.css", "live.js", "icon.svg"} {
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
	for _, name := range []string{"style.css", "../templates/layout.html", ""} {
		var ctx fasthttp.RequestCtx
		ctx.SetUserValue("name", name)
		if err := static(&ctx); crm.CodeOf(err) != crm.NotFound {
			t.Errorf("/static/%s gets %v, want not found", name, err)
		}
	}
}
