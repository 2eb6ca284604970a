package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

func TestDocsShowEveryRouteAndProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.do("", "GET", "/docs", "")
	for _, r := range w.api.Described() {
		if !strings.Contains(page.body, `<span class="method">`+r.Method+`</span> <code>`+r.Path+`</code>`) {
			t.Errorf("the page does not show %s %s", r.Method, r.Path)
		}
	}
	// A problem's type leads to where it is explained.
	kind := w.us("GET", "/api/contacts/1", "").fails(404, "not_found").text("type")
	if path, anchor, _ := strings.Cut(kind, "#"); path != "/docs" || !strings.Contains(page.body, `id="`+anchor+`"`) {
		t.Errorf("the page does not explain %s", kind)
	}
}

func TestDocsLinksLead(t *testing.T) {
	t.Parallel()
	page := newWorld(t).do("", "GET", "/docs", "").body
	links := regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 50 {
		t.Errorf("the page has %d links, want one for each schema that is named", len(links))
	}
	for _, link := range links {
		if n := strings.Count(page, `id="`+link[1]+`"`); n != 1 {
			t.Errorf("#%s is there %d times", link[1], n)
		}
	}
}

// The page's policy allows its own style and nothing else, and it needs nothing
// else.
func TestDocsPolicy(t *testing.T) {
	t.Parallel()
	page := newWorld(t).do("", "GET", "/docs", "")
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page.body)
	if style == nil {
		t.Fatal("the page has no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if got := page.header.Get("Content-Security-Policy"); got != want {
		t.Errorf("the page's policy is %q, want %q", got, want)
	}
	for _, active := range []string{"<script", " style=", " onclick", "http://", "https://", "<img"} {
		if strings.Contains(page.body, active) {
			t.Errorf("the page holds %s", active)
		}
	}
}
