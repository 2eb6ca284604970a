package webtest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/my21staff/my21staff/host/hosttest"
)

// screenshotEnv asks for pictures of the pages; "all" is the only value.
const screenshotEnv = "M21_SCREENSHOTS"

// TestScreenshots writes a picture of every page in each language, wide and as on
// a phone, by day and by night, into .build/screenshots, if M21_SCREENSHOTS is
// "all". People look at them; no program does.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	switch which := os.Getenv(screenshotEnv); which {
	case "":
		t.Logf("%s=all writes pictures of every page", screenshotEnv)
		return
	case "all":
	default:
		t.Fatalf("%s is %q; it may be all, or not set", screenshotEnv, which)
	}
	s := furnished(newSite(t, hosttest.Options{}))
	outside, inside := newTab(t, s.URL), s.signIn(t, s.Owner)
	inside.allow("/nothing answers 404")
	all := furnishedPages(t, s)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"wide", 1280, 800}, {"phone", 360, 740}} {
		for _, language := range []string{"id", "en"} {
			for _, theme := range themes {
				picture := func(tab *tab, name, path string, height int64) {
					tab.size(size.width, height)
					tab.speak(language)
					tab.theme(theme)
					tab.open(path)
					tab.settle()
					file := photographs(t, strings.Join([]string{slug(name), size.name, language, theme}, ".")+".png")
					if err := os.WriteFile(file, do(tab, chromedp.CaptureScreenshot()), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				picture(outside, "login", "/login", size.height)
				for _, page := range all {
					height := size.height
					if page.shape == everyKind {
						height *= 5 // all of them at once
					}
					picture(inside, page.shape, page.path, height)
				}
			}
		}
	}
}

var unsafe = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes a file's name of a page's shape.
func slug(shape string) string { return strings.Trim(unsafe.ReplaceAllString(shape, "-"), "-") }

// settle waits until the page's pictures have come and it was drawn.
func (t *tab) settle() {
	t.Helper()
	evaluate[any](t, `Promise.all([...document.images].filter((i) => i.loading !== "lazy").map((i) => i.decode().catch(() => {})))
		.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))`)
}
