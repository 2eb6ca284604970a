package webtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

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
	tick := time.NewTicker(time.Second)
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

// BenchmarkOpenConversation measures from the click on a conversation in the list
// until its messages are on the screen.
func BenchmarkOpenConversation(b *testing.B) {
	s := furnished(newSite(b, hosttest.Options{}))
	tab := s.signIn(b, s.Owner)
	paths := []string{s.thread(chatty), s.thread(asking)}
	tab.open(paths[1])
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		path := paths[i%2]
		if tab.count(`a[href^="`+path+`"]`) == 0 {
			tab.open("/inbox")
		}
		begin := time.Now()
		tab.clickOn(`a[href^="` + path + `"]`)
		tab.until("the conversation is open", func() bool {
			open, _ := try(tab, onScreen(path))
			return open
		})
		times = append(times, time.Since(begin))
	}
	report(b, times)
}

// BenchmarkCommitToScreen measures from the request that commits a note of a
// colleague until it is on the screen of who looks at the conversation. The page
// had nothing to do before, as mostly in life: of what comes in a rush it shows a
// few states a second, so as not to keep the person from working.
func BenchmarkCommitToScreen(b *testing.B) {
	s := newSite(b, hosttest.Options{})
	s.say(text(asking, "Halo"))
	tab := s.signIn(b, s.Owner)
	tab.open(s.thread(asking))
	conversation := strings.TrimPrefix(s.thread(asking), "/inbox/")
	var times []time.Duration
	for i := 0; b.Loop(); i++ {
		words := fmt.Sprintf("catatan %d.", i)
		evaluate[any](tab, `new Promise((done) => setTimeout(done, 1000))`)
		evaluate[any](tab, fmt.Sprintf(`window.seen = new Promise((done) => new MutationObserver((_, o) => {
			if (!document.body.textContent.includes(%q)) return;
			o.disconnect();
			requestAnimationFrame(() => done(performance.timeOrigin + performance.now()));
		}).observe(document.body, { subtree: true, childList: true, characterData: true })), undefined`, words))
		begin := time.Now()
		s.ask("POST", "/api/conversations/"+conversation+"/notes", object{"body": words})
		seen := evaluate[float64](tab, "window.seen")
		times = append(times, time.UnixMicro(int64(seen*1000)).Sub(begin))
	}
	report(b, times)
}

func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms/p50")
	b.ReportMetric(float64(times[len(times)*95/100].Microseconds())/1000, "ms/p95")
}

// onScreen reports whether a conversation is open with its messages.
func onScreen(path string) chromedp.Action[bool] {
	return chromedp.Evaluate[bool](fmt.Sprintf(`location.pathname === %q && document.querySelectorAll(".message").length > 0`, path))
}
