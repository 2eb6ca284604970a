package webtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// bad serves a page with nothing right about it.
func bad(t *testing.T) string {
	t.Helper()
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src *")
		fmt.Fprint(w, `<!doctype html><title>Bad</title>
<p onclick="1" style="color: #ccc; background: white">too pale</p>
<input><button>Press</button><button hidden>Hidden</button>
<script>inline()</script>
<script src="/bad.js"></script>
<img src="http://example.com/pixel.png">
<img src="/missing.png">`)
	})
	pages.HandleFunc("GET /bad.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `console.error("said", 1);
document.querySelector("button").onclick = () => { document.title = "pressed"; alert("canary"); };
throw new Error("thrown");`)
	})
	pages.HandleFunc("GET /form", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>Form</title>
<form><label>Name <input name="name" value="old"></label><label for="why">Why</label> <textarea id="why" name="why"></textarea>
<label>Colour <select name="colour"><option value="r">red<option value="g">green</select></label>
<input type="file" name="file" aria-label="File"><button name="sent" value="yes">Send</button></form>
<p hidden>not to be seen</p><p>to be seen</p>`)
	})
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	return server.URL
}

// A page is open once it is there, also when the one that is left changes its
// address meanwhile.
func TestTabWaitsForThePage(t *testing.T) {
	t.Parallel()
	tab := newTab(t, bad(t))
	tab.allow("favicon.ico")
	for range 10 {
		tab.open("/form?left")
		evaluate[any](tab, "setInterval(() => history.replaceState(null, '', location.href), 0), null")
		tab.open("/form?reached")
		if got := evaluate[string](tab, "document.readyState + location.search"); got != "complete?reached" {
			t.Fatalf("the page is %s", got)
		}
	}
}

// What a browser complains of is heard: otherwise no other test here says
// anything.
func TestBrowserIsHeard(t *testing.T) {
	t.Parallel()
	tab := newTab(t, bad(t))
	tab.open("/")
	for _, want := range []string{
		"a request to elsewhere: http://example.com/pixel.png", "/missing.png answers 404", `the console says: "said" 1`,
		"an exception nobody caught: Uncaught Error: thrown", "Executing inline script violates", "Applying inline style violates",
		"inline event handler violates", "a request fails: net::ERR_NAME_NOT_RESOLVED",
	} {
		tab.until("it is heard: "+want, func() bool {
			return slices.ContainsFunc(tab.complaints(), func(p string) bool { return strings.Contains(p, want) })
		})
	}
	tab.click("button", "Press")
	tab.until("the dialog is heard", func() bool { return slices.Contains(tab.complaints(), "a dialog of a script: canary") })
	tab.allow("") // all of it was waited for
	if n := len(tab.all("button", "Hidden")); n != 0 {
		t.Errorf("a hidden button is found %d times", n)
	}
	var found []string
	for _, b := range tab.barriers(axeScript(t)) {
		found = append(found, b.ID)
	}
	for _, want := range []string{"image-alt", "label"} {
		if !slices.Contains(found, want) {
			t.Errorf("axe-core finds %v, and not %s", found, want)
		}
	}
}

// What a test does to a page is what a person would have done.
func TestFormIsFilled(t *testing.T) {
	t.Parallel()
	tab := newTab(t, bad(t))
	tab.allow("/favicon.ico")
	tab.open("/form")
	tab.fill("textbox", "Name", "Ani")
	tab.fill("textbox", "Why", "so")
	tab.keys(" what")
	tab.choose("Colour", "green")
	tab.attach("[type=file]", filepath.Join(crmtest.ModuleRoot(t), "go.mod"))
	tab.click("button", "Send")
	tab.until("the form was sent", func() bool { return tab.path() == "/form?name=Ani&why=so+what&colour=g&file=go.mod&sent=yes" })
	tab.see("to be seen")
	tab.miss("not to be seen")
	tab.has("form input")
	tab.reload()
	if got := tab.path(); !strings.HasSuffix(got, "sent=yes") {
		t.Errorf("after the reload the tab is at %s", got)
	}
}

// Where a tab is can be asked while it leaves a page.
func TestTabIsSomewhere(t *testing.T) {
	t.Parallel()
	tab := newTab(t, bad(t))
	tab.allow("/favicon.ico")
	tab.open("/form")
	for range 40 {
		_, _ = try(tab, chromedp.Evaluate[any]("setTimeout(() => location.reload()), undefined")) // it may be leaving still
		if at := tab.path(); at != "/form" {
			t.Fatalf("a tab that loads /form again is at %s", at)
		}
	}
}
