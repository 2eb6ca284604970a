package webtest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/my21staff/my21staff/host/hosttest"
)

// timesEnv asks how fast the pages are; "all" is the only value.
const timesEnv = "M21_TIMES"

// What is measured, how often.
const (
	openings = 100
	notes    = 50
)

// settling is how long a browser and a host that have just started still have to do
// with that.
const settling = 5 * time.Second

// TestTimes prints how long somebody waits for the inbox in a browser, if M21_TIMES is
// "all". It asserts nothing: what else the machine does is in every figure.
func TestTimes(t *testing.T) {
	switch which := os.Getenv(timesEnv); which {
	case "":
		t.Logf("%s=all measures how fast the pages are", timesEnv)
		return
	case "all":
	default:
		t.Fatalf("%s is %q; it may be all, or not set", timesEnv, which)
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "milliseconds\tgoal\tmedian\tP95\tmost\ttimes\t")
	row := func(what, goal string, times []float64) {
		slices.Sort(times)
		at := func(percent int) float64 { return times[min(len(times)*percent/100, len(times)-1)] }
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%.1f\t%.1f\t%d\t\n", what, goal, at(50), at(95), at(100), len(times))
	}
	row("click to conversation on screen", "100", openingTimes(t))
	row("commit to screen, the page idle", "50", commitTimes(t))
	frames, tasks := rushTimes(t)
	row("between frames, 2,000 events a minute", "", frames)
	if len(tasks) > 0 {
		row("tasks over 50 ms meanwhile", "", tasks)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s%d tasks over 50 ms while 2,000 events came", table.String(), len(tasks))
}

// openingTimes measures in the page from the click on a conversation in the list until
// the frame is drawn that has its newest messages, more than fit the screen. Both
// conversations have several pages of them.
func openingTimes(t *testing.T) (times []float64) {
	s := furnished(newSite(t, hosttest.Options{}))
	for _, customer := range []string{chatty, asking} {
		in := text(customer, "Kak, kapan pendaftaran dibuka untuk tahun depan?")
		in.Count = 60
		s.hear(in)
	}
	s.say(text(asking, "Terakhir"))
	tab := s.signIn(t, s.Owner)
	paths := []string{s.thread(chatty), s.thread(asking)}
	tab.open(paths[1])
	tab.settle()
	time.Sleep(settling)
	for i := range openings {
		id := strings.TrimPrefix(paths[i%2], "/inbox/")
		evaluate[any](tab, fmt.Sprintf(`window.opened = new Promise((done) => {
			addEventListener("click", (click) => new MutationObserver((_, o) => {
				if (document.getElementById("thread")?.dataset.id !== %q || document.querySelectorAll(".message").length < 25) return;
				o.disconnect();
				requestAnimationFrame(() => setTimeout(() => done(performance.now() - click.timeStamp)));
			}).observe(document.getElementById("opened"), { childList: true, subtree: true }), { once: true, capture: true });
		}), undefined`, id))
		tab.clickOn("#c-" + id + " > a")
		times = append(times, evaluate[float64](tab, "window.opened"))
	}
	return times
}

// commitTimes measures from the request that commits a colleague's note until it is on
// the screen of who looks at the conversation. The page had nothing to do before, as
// mostly in life: of what comes in a rush it shows a few states a second, so as not to
// keep the person from working.
func commitTimes(t *testing.T) (times []float64) {
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Halo"))
	tab := s.signIn(t, s.Owner)
	tab.size(1600, 900) // the contact stands beside
	tab.open(s.thread(asking))
	conversation := strings.TrimPrefix(s.thread(asking), "/inbox/")
	for i := range notes {
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
		times = append(times, seen-float64(begin.UnixMicro())/1000)
	}
	return times
}

// rushTimes measures how long the page is between two frames, and its long tasks, while
// two thousand messages come in a minute and half of them are in sight.
func rushTimes(t *testing.T) (frames, tasks []float64) {
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Halo"))
	tab := s.signIn(t, s.Owner)
	tab.open(s.thread(asking))
	evaluate[any](tab, watchTasks)
	evaluate[any](tab, `window.frameTimes = [];
		let before = performance.now();
		requestAnimationFrame(function next() {
			const now = performance.now();
			frameTimes.push(now - before);
			before = now;
			requestAnimationFrame(next);
		}), undefined`)
	s.rush(60)
	s.say(text(asking, "pesan terakhir"))
	tab.see("pesan terakhir")
	return evaluate[[]float64](tab, "frameTimes"), evaluate[[]float64](tab, "tasks")
}
