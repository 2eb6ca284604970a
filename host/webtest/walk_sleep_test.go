package webtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
)

// A tab that slept catches up: with the facts it missed while they are kept, and with
// all that it shows once they are not.
func TestSleeperCatchesUp(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.say(text(asking, "Sebelum tidur"))
		s.say(text(chatty, "Saya juga"))
		list := s.signIn(t, s.Owner)
		thread := list.beside()
		thread.size(1600, 900) // the contact stands beside
		thread.open(s.thread(asking))
		thread.see("Sebelum tidur")
		for _, forgotten := range []bool{false, true} {
			what := map[bool]string{false: "ingat", true: "lupa"}[forgotten]
			stays := []func(){list.mark(), thread.mark()}
			for _, tab := range []*tab{list, thread} {
				tab.allow("net::ERR_")
				tab.state(page.SetWebLifecycleStateStateFrozen)
			}
			s.Restart(nil) // who sleeps does not hear that its connection ended
			for i := range 40 {
				s.hear(text(asking, fmt.Sprintf("%s %d", what, i)))
			}
			s.Settle()
			s.say(text(asking, what+" sampai akhir"))
			if forgotten {
				for taken := 1; taken > 0; {
					var err error
					if taken, err = s.Host.Feed.Expire(t.Context(), time.Now().Add(time.Hour), 1000); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, tab := range []*tab{list, thread} {
				tab.state(page.SetWebLifecycleStateStateActive)
				tab.front() // who comes back looks
				tab.holds(what + " sampai akhir")
			}
			for i := range 40 {
				thread.holds(fmt.Sprintf("%s %d", what, i))
			}
			s.say(text(chatty, "Sudah bangun? "+what)) // and what comes next comes as ever
			list.holds("Sudah bangun? " + what)
			for _, stay := range stays {
				stay()
			}
		}
	})
}

// holds waits until a text is on the page, if it is drawn or not: a page that was frozen
// and that nobody looks at yet is not.
func (t *tab) holds(text string) {
	t.Helper()
	t.until(fmt.Sprintf("it has %q", text), func() bool {
		return evaluate[bool](t, fmt.Sprintf(`document.getElementById("inbox").textContent.includes(%q)`, text))
	})
}

// state freezes a page, as a browser does with one that nobody looks at, or thaws it.
func (t *tab) state(state page.SetWebLifecycleStateState) {
	t.Helper()
	call(t, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
}
