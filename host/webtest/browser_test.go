// Package webtest_test looks at the pages as people do: a headless Chromium
// walks the real host, with the simulator as its customers' phones. What the
// browser complains of (an error on the console, a request that fails or goes
// to another host, a breach of the content security policy) fails the test that
// looked.
//
// Chromium is driven by github.com/chromedp/chromedp, which speaks the DevTools
// protocol in pure Go: no second language's driver, server or runtime stands
// between a test and the page. Things are found as a screen reader finds them,
// by role and accessible name, so a test fails when who cannot see would.
package webtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// browserEnv names the browser's program when it is not where it usually is.
const browserEnv = "M21_TEST_BROWSER"

// browserNames are what Chromium is called, the first found is taken.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// browser is the one of this process. It starts with the first tab.
var browser struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if browser.stop != nil {
		browser.stop()
	}
	os.Exit(code)
}

// started returns the browser, which it starts if need be.
func started(tb testing.TB) context.Context {
	tb.Helper()
	browser.once.Do(func() { browser.ctx, browser.stop, browser.err = start() })
	if browser.err != nil {
		tb.Fatal(browser.err)
	}
	return browser.ctx
}

// start starts a browser with a profile of its own that is deleted at the end.
// It reaches nothing but this machine, whatever a page asks for.
func start() (context.Context, func(), error) {
	program, err := browserProgram()
	if err != nil {
		return nil, nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("lang", "id"),
	}
	for _, flag := range []string{
		"no-sandbox", // tests run as root in containers, where the sandbox has no place
		"disable-gpu", "disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-extensions",
		"disable-breakpad", "disable-default-apps", "disable-dev-shm-usage", "metrics-recording-only",
		// A tab behind another goes on at full speed: many look at the same time.
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding", "disable-hang-monitor",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop := func() { cancel(); end() }
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, fmt.Errorf("%s does not start: %w", program, err)
	}
	return ctx, stop, nil
}

func browserProgram() (string, error) {
	names := browserNames
	if named := os.Getenv(browserEnv); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the tests look at the pages with Chromium: install it (make deps; Debian: apt-get install chromium), or name its program in " + browserEnv)
}
