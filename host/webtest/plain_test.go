package webtest_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/host/hosttest"
)

// Without JavaScript one reads and answers all the same.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Apakah ada beasiswa?"))
	tab := newTab(t, s.URL)
	tab.withoutScript()
	tab.open(s.link(s.Owner))
	tab.clickOn(`form:has([name="token"]) button`)
	tab.see("Apakah ada beasiswa?")
	tab.clickOn(`a[href^="` + s.thread(asking) + `"]`)
	tab.until("the thread is open", func() bool { return strings.HasPrefix(tab.path(), s.thread(asking)) })
	tab.clickOn(`form[action*="/messages"] textarea`)
	tab.insert("Ada, sampai separuh biaya kuliah.")
	tab.clickOn(`form[action*="/messages"] button[type=submit]`)
	hosttest.Until(t, "the phone shows the answer", func() bool {
		on := s.phone(asking)
		return strings.Contains(string(on[len(on)-1].Content), "separuh biaya kuliah")
	})
	tab.see("Ada, sampai separuh biaya kuliah.")

	tab.attach("#file", picture(t))
	tab.clickOn("#caption")
	tab.insert("Ini brosurnya")
	tab.clickOn(`form[action*="/files"] button`)
	if got := s.shows(asking, "Ini brosurnya"); got.Type != "image" {
		t.Errorf("the phone shows a message of type %s, want image", got.Type)
	}
	tab.see("Ini brosurnya")

	tab.clickOn(".message.theirs .reacting")
	tab.clickOn(".message.theirs .react button[value=🙏]")
	tab.has(".message.theirs .reactions")
	s.reacted(asking, "🙏")
}

// reacted waits until a customer's phone shows the emoji as the last that came.
func (s *site) reacted(customer, emoji string) {
	s.tb.Helper()
	hosttest.Until(s.tb, "the phone shows the reaction", func() bool {
		on := s.phone(customer)
		last := on[len(on)-1]
		return last.Type == "reaction" && strings.Contains(string(last.Content), emoji)
	})
}
