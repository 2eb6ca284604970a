package webtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"github.com/my21staff/my21staff/host/hosttest"
)

// maxFirstPage is how many bytes the first page of the inbox may take on the
// wire, with all it is made of.
const maxFirstPage = 60 << 10

func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	s := furnished(newSite(t, hosttest.Options{}))
	for i := range 40 {
		s.hear(text(fmt.Sprintf("62812000011%02d", i), "Halo, saya ingin bertanya tentang jurusan."))
	}
	s.Settle()
	tab := newTab(t, s.URL)
	call(tab, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	tab.open(s.link(s.Owner))
	tab.clear()
	tab.clickOn(`form:has([name="token"]) button`)
	tab.see("Halo, saya ingin")
	tab.settle()
	bytes, requests := tab.loaded()
	if bytes > maxFirstPage {
		t.Errorf("the first page takes %d bytes, at most %d are allowed: %v", bytes, maxFirstPage, requests)
	}
	if len(requests) < 3 {
		t.Errorf("the first page is made of %v only", requests)
	}
	t.Logf("the first page: %d requests, %d bytes", len(requests), bytes)
}

// clear forgets what was loaded so far.
func (t *tab) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests, t.bytes = nil, 0
}

// loaded returns what was asked for since clear, and the bytes that came.
func (t *tab) loaded() (bytes int, requests []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.bytes), slices.Clone(t.requests)
}

// watchTasks notes how long the page did not answer.
const watchTasks = `window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => Math.round(e.duration)))).observe({ type: "longtask" })`

// rush has two thousand messages come in so many seconds: half of them in the
// conversation with asking, half from twenty others.
func (s *site) rush(seconds int) {
	tick := time.NewTicker(time.Duration(seconds) * time.Second / 20)
	defer tick.Stop()
	for i := range 20 {
		in := text(asking, fmt.Sprintf("pesan nomor %d", i))
		in.Count = 50
		s.hear(in)
		in = text(fmt.Sprintf("62812000012%02d", i), "Selamat siang")
		in.Count = 50
		s.hear(in)
		<-tick.C
	}
}

// Two thousand events do not freeze a page: all of them arrive, what was being
// typed is there, and the page answers. They come in a third of the minute that
// they may take.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Halo"))
	tab := s.signIn(t, s.Owner)
	tab.open(s.thread(asking))
	evaluate[any](tab, watchTasks)
	tab.clickOn(`form[action*="/messages"] textarea`)
	tab.insert("Yang sedang saya ketik")
	s.rush(20)
	s.say(text(asking, "pesan terakhir"))
	tab.see("pesan terakhir")
	typed := evaluate[string](tab, `document.querySelector('form[action*="/messages"] textarea').value`)
	if typed != "Yang sedang saya ketik" {
		t.Errorf("what was being typed has become %q", typed)
	}
	tab.clickOn(`form[action*="/messages"] button[type=submit]`)
	hosttest.Until(t, "the phone shows what was typed", func() bool {
		on := s.phone(asking)
		return strings.Contains(string(on[len(on)-1].Content), "sedang saya ketik")
	})
	tasks := evaluate[[]int](tab, "window.tasks ?? []")
	slices.Sort(tasks)
	if len(tasks) > 0 {
		t.Logf("%d tasks took longer than 50 ms, the longest %d ms", len(tasks), tasks[len(tasks)-1])
	}
}
