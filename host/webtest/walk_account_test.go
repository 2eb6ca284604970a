package webtest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/host/hosttest"
)

func TestSignInByLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.signIn(t, s.Owner)
}

// Somebody sets a password and signs in with it. A wrong one is told from a right
// one, and too many wrong ones are said to be so.
func TestSignInByPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	const password = "kuda hijau di atas awan"
	tab := s.signIn(t, s.Owner)
	tab.speak("id") // else the sign-in page, which is of no workspace yet, takes the browser's
	tab.allow("/login answers 401", "/login answers 429")
	tab.open("/account")
	tab.fill("textbox", tab.word("account.fresh"), password)
	tab.fill("textbox", tab.word("account.again"), password)
	tab.click("button", tab.word("account.save_password"))
	tab.see(tab.word("done.password"))
	tab.signOut()

	tab.enter(s.Owner.Email, "bukan yang ini")
	tab.see(tab.word("login.wrong"))
	if typed := evaluate[string](tab, `document.getElementById("email").value`); typed != s.Owner.Email {
		t.Errorf("after a wrong password the e-mail address is %q, want it kept", typed)
	}
	tab.enter(s.Owner.Email, password)
	tab.until("the inbox is open", func() bool { return tab.path() == "/inbox" })
	tab.signOut()

	for n := 0; s.guess(s.Owner.Email, fmt.Sprint("tebakan ", n)) != http.StatusTooManyRequests; n++ {
		if n > 100 {
			t.Fatal("somebody may guess a hundred times in a minute")
		}
	}
	tab.enter(s.Owner.Email, password)
	tab.see(tab.word("login.limited"))
}

// signOut leaves by the menu of the account.
func (t *tab) signOut() {
	t.Helper()
	t.clickOn(".who > summary")
	t.click("button", t.word("frame.sign_out"))
	t.until("the sign-in page is open", func() bool { return t.path() == "/login" })
}

// enter fills in the form of the sign-in page.
func (t *tab) enter(email, password string) {
	t.Helper()
	t.fill("textbox", t.word("login.email"), email)
	t.fill("textbox", t.word("login.password"), password)
	t.click("button", t.word("login.enter"))
}

// guess tries a password without a browser, and returns the status.
func (s *site) guess(email, password string) int {
	s.tb.Helper()
	form := url.Values{"email": {email}, "password": {password}}
	req, err := http.NewRequestWithContext(s.tb.Context(), "POST", s.URL+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		s.tb.Fatal(err)
	}
	return s.Send(req, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin").Status
}
