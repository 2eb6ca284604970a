package webtest_test

import "testing"

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
