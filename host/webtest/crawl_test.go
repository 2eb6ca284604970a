package webtest_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
)

// crawler follows every link of every page, as one member.
type crawler struct {
	tb     testing.TB
	s      *site
	cookie string
	role   string

	from  map[string]string // paths that were asked for, and the page that led there
	alike map[string]int    // how many paths of a shape were asked for
	made  map[string]bool   // elements and their classes that pages so far are made of
	pages []found           // pages that were not made of what those before were made of
	dead  map[string]string // what leads nowhere, by the shapes of both ends, and an instance
}

// found is a page that links lead to.
type found struct {
	shape string // the path with {id} for what is named, and the names of its query
	path  string
}

// instances is how many paths of one shape are followed: of a thousand
// conversations some.
const instances = 4

// crawl follows the links from the inbox on.
func crawl(tb testing.TB, s *site, m *crm.Member) *crawler {
	tb.Helper()
	c := &crawler{tb: tb, s: s, cookie: s.session(m), role: string(m.Role), from: map[string]string{}, alike: map[string]int{}, made: map[string]bool{}, dead: map[string]string{}}
	for next := c.fresh("/", "/inbox"); len(next) > 0; next = next[1:] {
		next = append(next, c.visit(next[0])...)
	}
	return c
}

// session signs a member in without a browser and returns the cookie.
func (s *site) session(m *crm.Member) string {
	s.tb.Helper()
	_, token, _ := strings.Cut(s.link(m), "token=")
	req, err := http.NewRequestWithContext(s.tb.Context(), "POST", s.URL+"/login", strings.NewReader("token="+token))
	if err != nil {
		s.tb.Fatal(err)
	}
	got := s.Send(req, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
	cookie, _, ok := strings.Cut(got.Header.Get("Set-Cookie"), ";")
	if !ok {
		s.tb.Fatalf("signing in answers %d %s", got.Status, got.Body)
	}
	return cookie
}

// visit asks for a path and returns where its page leads that was not seen yet.
func (c *crawler) visit(path string) []string {
	c.tb.Helper()
	got := c.s.Ask("GET", path, nil, "X-Api-Key: ", "Cookie: "+c.cookie, "Accept: text/html")
	switch {
	case got.Status >= 400:
		c.miss(c.from[path], "the link to", path, fmt.Sprintf("answers %d", got.Status))
		return nil
	case got.Status >= 300:
		return c.fresh(path, got.Header.Get("Location"))
	case !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html"):
		return nil
	}
	page := string(got.Body)
	if shape := shapeOf(path); c.differs(shape, page) {
		c.pages = append(c.pages, found{shape, path})
	}
	c.anchors(path, page)
	c.forms(path, page)
	var next []string
	for _, attribute := range attributes.FindAllStringSubmatch(page, -1) {
		next = append(next, c.fresh(path, html.UnescapeString(attribute[1]))...)
	}
	return next
}

var (
	attributes = regexp.MustCompile(`<(?:a|link|img|script|source|audio|video|image|use)\b[^>]*? (?:href|src)="([^"]*)"`)
	form       = regexp.MustCompile(`<form\b([^>]*)>|<button\b([^>]*formaction="[^"]*"[^>]*)>`)
	attribute  = regexp.MustCompile(`(method|action|formaction)="([^"]*)"`)
	parts      = regexp.MustCompile(`<[a-z0-9]+|class="[^"]*"`)
	named      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|/[0-9]+(/|$)`)
)

// differs reports whether a page has something that none before it had: it is at
// another path, or made of other elements.
func (c *crawler) differs(shape, page string) bool {
	path, _, _ := strings.Cut(shape, "?")
	differs := !c.made[path]
	c.made[path] = true
	for _, tag := range parts.FindAllString(page, -1) {
		differs = differs || !c.made[tag]
		c.made[tag] = true
	}
	return differs
}

// shapeOf returns what a path has in common with those like it.
func shapeOf(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	shape := named.ReplaceAllString(u.Path, "{id}")
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 0 {
		shape += "?" + strings.Join(names, "&")
	}
	return shape
}

// fresh returns the path that an address on a page names, if it is the host's and
// was not followed yet.
func (c *crawler) fresh(page, address string) []string {
	base, err := url.Parse(c.s.URL + page)
	if err != nil {
		c.tb.Fatal(err)
	}
	u, err := base.Parse(address)
	if err != nil {
		c.miss(page, "the address", address, "is none")
		return nil
	}
	path := u.RequestURI()
	if u.Scheme+"://"+u.Host != c.s.URL || c.from[path] != "" {
		return nil
	}
	c.from[path] = page
	shape := shapeOf(path)
	if c.alike[shape]++; c.alike[shape] > instances && !strings.HasPrefix(path, "/static/") {
		return nil
	}
	return []string{path}
}

// miss notes that something on a page leads nowhere; once for all that are alike.
func (c *crawler) miss(page, what, where, why string) {
	c.dead[what+shapeOf(page)+shapeOf(where)] = fmt.Sprintf("%s: on the page %s %s %s %s", c.role, page, what, where, why)
}

// anchors looks for links within the page that lead nowhere.
func (c *crawler) anchors(path, page string) {
	for _, a := range attributes.FindAllStringSubmatch(page, -1) {
		if id, ok := strings.CutPrefix(a[1], "#"); ok && !strings.Contains(page, ` id="`+id+`"`) {
			c.miss(path, "the link to", "#"+id, "finds nothing of that name")
		}
	}
}

// forms looks for forms that nobody answers. Without the page's token nothing
// happens, but an address that exists says so.
func (c *crawler) forms(path, page string) {
	for _, tag := range form.FindAllStringSubmatch(page, -1) {
		method, action := "get", path
		if tag[2] != "" {
			method = "post"
		}
		for _, a := range attribute.FindAllStringSubmatch(tag[1]+tag[2], -1) {
			if a[1] == "method" {
				method = a[2]
			} else {
				action = html.UnescapeString(a[2])
			}
		}
		for _, action := range c.fresh(path, action) {
			if method != "post" {
				c.visit(action)
				continue
			}
			req, err := http.NewRequestWithContext(c.tb.Context(), "POST", c.s.URL+action, strings.NewReader("x=1"))
			if err != nil {
				c.tb.Fatal(err)
			}
			got := c.s.Send(req, "Content-Type: application/x-www-form-urlencoded", "Cookie: "+c.cookie, "Accept: text/html", "Sec-Fetch-Site: same-origin")
			if got.Status == 404 || got.Status == 405 {
				c.miss(path, "the form that posts to", action, fmt.Sprintf("is answered %d", got.Status))
			}
			delete(c.from, action) // a page may have the same address
		}
	}
}

// Every link, form and file that a page names is there, for each role.
func TestNoLinkIsDead(t *testing.T) {
	t.Parallel()
	s := furnished(newSite(t, hosttest.Options{}))
	for _, m := range []*crm.Member{s.Owner, s.member("Rina Contoh", crm.Admin), s.member("Dewi Contoh", crm.Agent)} {
		c := crawl(t, s, m)
		var shapes []string
		for _, page := range c.pages {
			shapes = append(shapes, page.shape)
		}
		for _, want := range []string{"/inbox", "/inbox/{id}", "/account"} {
			if !slices.Contains(shapes, want) {
				t.Errorf("%s: no link leads to %s", c.role, want)
			}
		}
		for _, dead := range c.dead {
			t.Error(dead)
		}
		t.Logf("%s: %d addresses, %d shapes of pages: %v", c.role, len(c.from), len(shapes), shapes)
	}
}
