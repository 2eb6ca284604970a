package webtest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/network"

	"github.com/my21staff/my21staff/host/hosttest"
)

// themes are what people prefer.
var themes = []string{"light", "dark"}

// pages returns a page of each shape that there is: those that links lead to, and
// those that nobody is led to.
func pages(t testing.TB, s *site) []found {
	t.Helper()
	all := slices.DeleteFunc(crawl(t, s, s.Owner).pages, func(f found) bool { return f.path == "/docs" }) // host/api's own
	return append(all, found{"nothing", "/nothing"})
}

// everyKind is the page of the conversation that has a message of every kind.
const everyKind = "every kind"

// furnishedPages are those of a furnished site, and the one on which there is most to see.
func furnishedPages(t testing.TB, s *site) []found {
	t.Helper()
	return append(pages(t, s), found{everyKind, s.thread(chatty)})
}

// speak chooses the language of the pages that come.
func (t *tab) speak(language string) {
	t.Helper()
	call(t, network.SetCookie, network.SetCookieParams{Name: "lang", Value: language, URL: t.base})
}

// No page has a serious barrier, by day or by night or on a small phone, and none
// is wider than that.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	axe := axeScript(t)
	s := furnished(newSite(t, hosttest.Options{}))
	all := furnishedPages(t, s)
	outside, inside := newTab(t, s.URL), s.signIn(t, s.Owner)
	inside.allow("/nothing answers 404")
	for _, theme := range themes {
		outside.theme(theme)
		outside.open("/login")
		outside.accessible("/login", theme, axe)
		inside.theme(theme)
		for _, page := range all {
			inside.open(page.path)
			inside.accessible(page.shape, theme, axe)
		}
	}
	inside.size(320, 640)
	for _, page := range all {
		inside.open(page.path)
		inside.accessible(page.shape, "small", axe) // other things are shown there
		if over := evaluate[string](inside, tooWide); over != "" {
			t.Errorf("%s is wider than a phone of 320 pixels: %s", page.path, over)
		}
	}
}

// tooWide names what makes a page scroll sideways.
const tooWide = `(() => {
	const room = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= room) return "";
	const clips = (e) => e && e !== document.body && (getComputedStyle(e).overflowX !== "visible" || clips(e.parentElement));
	const wide = (e) => e.getBoundingClientRect().right > room + 1 && !clips(e.parentElement);
	const over = [...document.querySelectorAll("main, main *")].filter((e) => wide(e) && ![...e.children].some(wide));
	return document.documentElement.scrollWidth + ": " + over.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | ");
})()`

// TestKeyboard walks through every page with the Tab key alone: each control is
// reached, and one sees where one is.
func TestKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	s := furnished(newSite(t, hosttest.Options{}))
	tab := s.signIn(t, s.Owner)
	tab.allow("/nothing answers 404")
	for _, page := range furnishedPages(t, s) {
		tab.open(page.path)
		tab.walk(page.shape)
	}
}

// walk presses Tab until the focus has been everywhere.
func (t *tab) walk(page string) {
	t.Helper()
	want := evaluate[int](t, reachable)
	for range 3*want + 5 { // a player has several stops within
		if evaluate[bool](t, "window.wanted.every((e) => !e.isConnected || window.reached.has(e))") {
			break
		}
		t.keys("\t")
		if where := evaluate[string](t, unseenFocus); where != "" {
			t.Errorf("%s: one does not see that the focus is on %s", page, where)
		}
	}
	if missed := evaluate[string](t, `window.wanted.filter((e) => e.isConnected && !window.reached.has(e)).map((e) => e.outerHTML.slice(0, 160)).join("\n")`); missed != "" {
		t.Errorf("%s: of %d controls the Tab key does not reach\n%s", page, want, missed)
	}
}

// reachable notes what the Tab key is to reach: all that can be used and seen. Of
// a group of radio buttons it reaches one, and the arrows do the rest.
var reachable = fmt.Sprintf(`(() => {
	const groups = new Set();
	window.reached = new Set();
	window.wanted = [...document.querySelectorAll(%q)].filter((e) => {
		if (e.disabled || e.tabIndex < 0 || !e.checkVisibility({ visibilityProperty: true }) || e.closest("[inert]")) return false;
		if (e.type !== "radio") return true;
		const group = e.form?.action + e.name;
		return groups.has(group) ? false : groups.add(group);
	});
	document.addEventListener("focusin", (event) => {
		window.reached.add(event.target);
		if (event.target.type === "radio") {
			window.wanted.filter((e) => e.type === "radio" && e.name === event.target.name).forEach((e) => window.reached.add(e));
		}
	});
	return window.wanted.length;
})()`, "a[href], button, input:not([type=hidden]), select, textarea, summary, audio[controls], video[controls], [tabindex]")

// unseenFocus names what has the focus without showing it.
const unseenFocus = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body || ["date", "time", "datetime-local", "file"].includes(e.type) || e.matches("audio, video")) return ""; // their parts have marks
	const style = getComputedStyle(e), box = e.getBoundingClientRect();
	const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none" ||
		(e.closest("label, .field") && [...(e.closest("label, .field").children)].some((c) => getComputedStyle(c).outlineStyle !== "none"));
	const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
	return marked && inView ? "" : (marked ? "[out of view] " : "[no mark] ") + e.outerHTML.slice(0, 160);
})()`
