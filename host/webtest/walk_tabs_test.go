package webtest_test

import (
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/host/hosttest"
)

// More tabs than a browser opens connections to a host: each of them opens and has the
// news, and one that went elsewhere has it when it comes back.
func TestManyTabs(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Halo"))
	tabs := []*tab{s.signIn(t, s.Owner)}
	for range 7 {
		next := tabs[0].another()
		next.open(s.thread(asking))
		tabs = append(tabs, next)
	}
	for i, tab := range tabs {
		words := fmt.Sprintf("pesan untuk tab %d", i)
		s.say(text(asking, words))
		tab.holds(words)
	}
	tabs[0].open(s.thread(asking))
	tabs[0].open("/leads")
	s.say(text(asking, "selagi pergi"))
	evaluate[any](tabs[0], "history.back(), null")
	tabs[0].holds("selagi pergi")
}
