package webtest_test

import (
	"fmt"
	"testing"
)

// Who goes away says so itself, and its colleagues see it where they would give it
// something.
func TestAwayIsSeen(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.say(text(asking, "Halo"))
		colleague := s.signIn(t, s.Owner)
		colleague.open(s.thread(asking))
		tab := s.signIn(t, s.member("Dewi Contoh", "member"))
		offered := func(label string) {
			t.Helper()
			colleague.until("the menu offers "+label, func() bool {
				return evaluate[bool](colleague, fmt.Sprintf(`[...document.querySelectorAll("#assign-menu button")].some((b) => b.textContent.includes(%q))`, label))
			})
		}
		offered("Dewi Contoh")
		stay := colleague.mark()
		tab.clickOn(".who summary")
		tab.click("button", tab.word("account.go_away"))
		tab.see(tab.word("done.away"))
		offered(colleague.word("inbox.away", "Dewi Contoh"))
		tab.clickOn(".who summary")
		tab.see(tab.word("account.is_away"))
		tab.click("button", tab.word("account.come_back"))
		tab.see(tab.word("done.back"))
		colleague.until("Dewi is back", func() bool {
			return !evaluate[bool](colleague, fmt.Sprintf(`document.getElementById("assign-menu").textContent.includes(%q)`, colleague.word("inbox.away", "Dewi Contoh")))
		})
		stay()
	})
}

// What happens is on every screen that shows it, without a reload: in two tabs of
// one person, in a colleague's, and after the server was restarted under them.
func TestNewsIsOnEveryScreen(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.say(text(asking, "Halo, saya mau bertanya"))
		list := s.signIn(t, s.Owner)
		thread := list.another()
		thread.open(s.thread(asking))
		thread.see("Halo, saya mau bertanya")
		colleague := s.signIn(t, s.member("Dewi Contoh", "member"))
		all := []*tab{list, thread, colleague}
		s.say(text(asking, "Apakah kuliah sambil bekerja boleh?"))
		for _, tab := range all {
			tab.see("Apakah kuliah sambil bekerja boleh?")
		}
		for _, tab := range all {
			tab.allow("net::ERR_") // while nobody answers
		}
		s.Restart(nil)
		s.say(text(asking, "Masih ada orang di sana?"))
		for _, tab := range all {
			tab.see("Masih ada orang di sana?")
		}
		if n := thread.count(`form[action="/login"]`); n > 0 {
			t.Error("the restart signed somebody out")
		}
	})
}
