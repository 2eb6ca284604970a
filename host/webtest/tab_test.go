package webtest_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/my21staff/my21staff/crm/crmtest"
)

const (
	// patience is how long a page may take to show what it is to show. It is
	// long because a machine that runs all tests at once is slow, and costs
	// nothing where all is well.
	patience = time.Minute
	// glance is the time between two looks.
	glance = 20 * time.Millisecond
)

// tab is a page in the browser that a test looks at. Its session's cookies are
// shared with the tabs that it opened.
type tab struct {
	testing.TB
	ctx  context.Context
	base string // of the host, without a slash at the end

	mu       sync.Mutex
	requests []string // addresses asked for, in order
	bytes    float64  // that came over the wire
	problems []string // what the browser complained of
	allowed  []string // parts of complaints that a test waits for
}

// newTab opens an empty tab with a session of its own: what it complains of fails
// the test at its end.
func newTab(tb testing.TB, base string) *tab {
	tb.Helper()
	return openTab(tb, started(tb), base, chromedp.WithNewBrowserContext())
}

// another opens a tab with the same session.
func (t *tab) another() *tab {
	t.Helper()
	return openTab(t.TB, t.ctx, t.base)
}

func openTab(tb testing.TB, parent context.Context, base string, options ...chromedp.ContextOption) *tab {
	tb.Helper()
	t := &tab{TB: tb, base: base}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(t.hear))...)
	t.ctx = ctx
	tb.Cleanup(func() {
		if tb.Failed() {
			t.photograph()
		}
		cancel()
		t.complain()
	})
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("no tab opens: %v", err)
	}
	call(t, network.Enable, network.EnableParams{})
	call(t, log.Enable, cdp.Empty{})
	t.size(1280, 800)
	return t
}

// do runs an action, within the test's patience.
func do[T any](t *tab, action chromedp.Action[T]) T {
	t.Helper()
	result, err := try(t, action)
	if err != nil {
		t.Fatalf("%s: %v", t.where(), err)
	}
	return result
}

// try is do for what may fail.
func try[T any](t *tab, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// call sends a command of the DevTools protocol.
func call[P, R any](t *tab, command cdp.Command[P, R], params P) R {
	t.Helper()
	return do(t, send(command, params))
}

func send[P, R any](command cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	}
}

// hear keeps what the browser says about the page.
func (t *tab) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.requests = append(t.requests, e.Request.URL)
		if !t.ours(e.Request.URL) {
			t.problems = append(t.problems, "a request to elsewhere: "+e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			t.problems = append(t.problems, fmt.Sprintf("%s answers %d", e.Response.URL, e.Response.Status))
		}
	case *network.EventLoadingFinished:
		t.bytes += e.EncodedDataLength
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			t.problems = append(t.problems, fmt.Sprintf("a request fails: %s %s", e.ErrorText, e.BlockedReason))
		}
	case *log.EventEntryAdded:
		// What failed on the network is told above, with its address.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			t.problems = append(t.problems, fmt.Sprintf("the browser reports (%s): %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			t.problems = append(t.problems, "the console says: "+arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		t.problems = append(t.problems, "an exception nobody caught: "+thrown(e.ExceptionDetails))
	case *page.EventJavascriptDialogOpening:
		t.problems = append(t.problems, "a dialog of a script: "+e.Message)
		go func() { _, _ = try(t, send(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})) }()
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, arg := range args {
		words = append(words, string(arg.Value)+arg.Description)
	}
	return strings.Join(words, " ")
}

func thrown(e *runtime.ExceptionDetails) string {
	if e.Exception == nil {
		return e.Text
	}
	return e.Text + " " + e.Exception.Description
}

// ours reports whether an address is the host's, or none that is asked for over
// a network.
func (t *tab) ours(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "about", "data":
		return true
	case "blob":
		return strings.HasPrefix(u.Opaque, t.base+"/")
	}
	return u.Scheme+"://"+u.Host == t.base
}

// allow lets complaints pass that contain one of the parts.
func (t *tab) allow(parts ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.allowed = append(t.allowed, parts...)
}

// complain fails the test for each complaint that nobody allowed.
func (t *tab) complain() {
	t.Helper()
	for _, problem := range t.complaints() {
		t.Errorf("in the browser: %.1000s", problem)
	}
}

// complaints returns what the browser complained of so far, each once.
func (t *tab) complaints() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var left []string
	for _, problem := range t.problems {
		passes := slices.ContainsFunc(t.allowed, func(part string) bool { return strings.Contains(problem, part) })
		if !passes && !slices.Contains(left, problem) {
			left = append(left, problem)
		}
	}
	return left
}

// open goes to a path of the host and waits until it is loaded.
func (t *tab) open(path string) {
	t.Helper()
	t.come(chromedp.Navigate(t.base + path))
}

// reload asks for the page again.
func (t *tab) reload() {
	t.Helper()
	t.come(chromedp.Reload())
}

// come waits for another page. The one that is left may still change its address,
// as a list does whose search is answered late, and that passes for having come.
func (t *tab) come(action chromedp.Action[chromedp.Void]) {
	t.Helper()
	_, _ = try(t, chromedp.Evaluate[bool]("globalThis.left = true"))
	do(t, action)
	t.until("another page has come", func() bool {
		there, err := try(t, chromedp.Evaluate[bool](`!globalThis.left && document.readyState === "complete"`))
		return err == nil && there
	})
}

// path returns where the tab is, with the query. A page that is just being left does
// not say it; the next one does.
func (t *tab) path() string {
	t.Helper()
	var place string
	t.until("the tab is somewhere", func() (there bool) {
		var err error
		place, err = try(t, chromedp.Location())
		return err == nil
	})
	return strings.TrimPrefix(place, t.base)
}

// where names the place for a failure; it never fails itself.
func (t *tab) where() string {
	place, _ := try(t, chromedp.Location())
	return strings.TrimPrefix(place, t.base)
}

// size makes the tab so many CSS pixels wide and high. Below 600 it is a phone.
func (t *tab) size(width, height int64) {
	t.Helper()
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	do(t, chromedp.EmulateViewport(width, height, options...))
}

// theme is what the person prefers: light or dark. Nothing moves by itself then,
// so that a picture shows what stays.
func (t *tab) theme(theme string) {
	t.Helper()
	call(t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// withoutScript turns JavaScript off for the pages that come.
func (t *tab) withoutScript() {
	t.Helper()
	call(t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// evaluate runs an expression in the page, and waits for it if it is a promise.
func evaluate[T any](t *tab, expression string) T {
	t.Helper()
	return do(t, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until looks until something is so.
func (t *tab) until(what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(glance) {
		if time.Now().After(end) {
			t.Fatalf("%s: after %v it is still not so that %s. The page says:\n%.3000s", t.where(), patience, what, t.text())
		}
	}
}

// photographs are where pictures of pages are kept.
func photographs(tb testing.TB, elem ...string) string {
	tb.Helper()
	name := filepath.Join(append([]string{crmtest.ModuleRoot(tb), ".build", "screenshots"}, elem...)...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		tb.Fatal(err)
	}
	return name
}

// photograph keeps a picture of the page on which a test failed.
func (t *tab) photograph() {
	picture, err := try(t, chromedp.CaptureScreenshot())
	if err != nil {
		return // the browser is gone; the test says why
	}
	name := photographs(t, "failed", strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+".png")
	if err := os.WriteFile(name, picture, 0o644); err == nil {
		t.Logf("the page is in %s", name)
	}
}
