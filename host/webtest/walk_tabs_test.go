package webtest_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/hosttest"
)

// beside opens a tab in the window of this one, which is behind it then.
func (t *tab) beside() *tab {
	t.Helper()
	return openTab(t.TB, t.ctx, t.base, chromedp.WithNewWindow(false))
}

// front puts a tab before the others of its window.
func (t *tab) front() {
	t.Helper()
	call(t, page.BringToFront, cdp.Empty{})
	t.until("it is looked at", func() bool { return evaluate[bool](t, "!document.hidden") })
}

// rings has a tab note in the browser each time that it rings, for somebody who wants to
// hear it.
const rings = `if (location.protocol === "http:") localStorage.setItem("notify", "on");
globalThis.Notification = class {
  static permission = "granted";
  constructor() { localStorage.setItem("rang " + crypto.randomUUID(), ""); }
}`

// rang returns how often tabs of the browser rang.
func (t *tab) rang() int {
	t.Helper()
	return evaluate[int](t, `Object.keys(localStorage).filter((name) => name.startsWith("rang ")).length`)
}

// noLocks takes away what a browser has only on a safe connection.
const noLocks = `Object.defineProperty(Navigator.prototype, "locks", { value: undefined })`

// before has a script run before those of each page that comes.
func (t *tab) before(script string) {
	t.Helper()
	call(t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// crowd opens the conversation with asking in eight tabs of one window, two more than a
// browser opens connections to a host.
func (s *site) crowd(t *testing.T, script string) []*tab {
	t.Helper()
	tabs := []*tab{s.signIn(t, s.Owner)}
	for i := range 8 {
		if i > 0 {
			tabs = append(tabs, tabs[0].beside())
		}
		tabs[i].before(script)
		tabs[i].open(s.thread(asking))
	}
	return tabs
}

// A window with more tabs than a browser opens connections to a host: all of them open,
// the one in front is live, and one that comes to the front has what it missed, a
// browser's locks or not.
func TestManyTabs(t *testing.T) {
	for name, script := range map[string]string{"locks": "", "no locks": noLocks} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, hosttest.Options{})
			s.say(text(asking, "Halo"))
			tabs := s.crowd(t, script)
			for i, tab := range tabs {
				tab.front()
				for j := range i {
					tab.holds(fmt.Sprintf("pesan untuk tab %d", j))
				}
				words := fmt.Sprintf("pesan untuk tab %d", i)
				s.say(text(asking, words))
				tab.holds(words)
			}
			tabs[0].front()
			tabs[0].open("/leads")
			s.say(text(asking, "selagi pergi"))
			evaluate[any](tabs[0], "history.back(), null")
			tabs[0].has("#inbox")
			tabs[0].holds("selagi pergi")
		})
	}
}

// Of all tabs one rings, whoever is in front and whatever becomes of the one that kept
// watch; none does for what is read, or was told of before; and nothing is lost while one
// goes to and fro.
func TestOneTabRings(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Halo"))
	s.say(text(chatty, "Permisi"))
	tabs := s.crowd(t, rings)
	front, want := tabs[len(tabs)-1], 0
	check := func(what string) {
		t.Helper()
		front.until(fmt.Sprintf("they rang %d times: %s", want, what), func() bool { return front.rang() >= want })
		if n := front.rang(); n > want {
			t.Fatalf("%s: they rang %d times, want %d", what, n, want)
		}
	}
	for i := range 3 {
		s.say(text(chatty, fmt.Sprintf("kabar %d", i)))
		want++
		check("a message")
	}
	s.say(text(asking, "sudah dibaca"))
	front.see("sudah dibaca")
	newest := "kabar 2"
	for i, tab := range tabs {
		tab.front()
		tab.holds(newest)
		tab.holds("sudah dibaca")
		check("what was told of or read")
		newest = fmt.Sprintf("sambil pindah %d", i)
		s.hear(text(chatty, newest))
		want++
	}
	check("while others come to the front")
	s.hear(text(chatty, "sambil pergi"))
	want++
	tabs[0].open("/leads") // it kept watch
	check("while the one that keeps watch leaves")
	s.say(text(chatty, "sesudah itu"))
	want++
	check("and after")
}

// A contact's page behind another has not been read: what mentions somebody there is
// seen when the page is.
func TestContactBehindIsNotSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Halo"))
	card, err := s.Host.People.ByPhone(t.Context(), s.owner(), asking, "ID")
	if err != nil {
		t.Fatal(err)
	}
	dewi := s.member("Dewi Contoh", "member")
	unseen := func() int {
		n, err := s.Host.People.UnseenMentions(t.Context(), access.OfMember(dewi))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	behind := s.signIn(t, dewi)
	inbox := behind.beside()
	inbox.open("/inbox")
	behind.front()
	behind.open("/contacts/" + card.Contact.ID.String())
	inbox.front()
	if _, err := s.Host.People.AddNote(t.Context(), s.owner(), people.NewNote{ContactID: card.Contact.ID, Body: "@Dewi Contoh tolong hitung"}); err != nil {
		t.Fatal(err)
	}
	inbox.see("tolong hitung") // the notice
	_, _ = try(behind, chromedp.Evaluate[any]("new Promise((done) => setTimeout(done, 1_000))", chromedp.EvalAwaitPromise))
	if n := unseen(); n != 1 {
		t.Errorf("%d mentions are not seen, want the one on the page behind", n)
	}
	behind.front()
	behind.see("tolong hitung")
	behind.until("it is seen", func() bool { return unseen() == 0 })
}
