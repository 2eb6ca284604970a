package host_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/hosttest"
)

// jar keeps the cookies of a browser's answers, as a browser does.
func (b *browser) jar(got hosttest.Answer) {
	b.t.Helper()
	kept := map[string]string{}
	for pair := range strings.SplitSeq(b.cookie, "; ") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			kept[name] = value
		}
	}
	for _, line := range got.Header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			b.t.Fatalf("the cookie %q: %v", line, err)
		}
		kept[c.Name] = c.Value
	}
	var pairs []string
	for name, value := range kept {
		if value != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	b.cookie = strings.Join(pairs, "; ")
}

// open signs in and wants to be led to a path.
func (b *browser) open(want string, pairs ...string) {
	b.t.Helper()
	got := b.post("/login", fill(hosttest.Answer{}, pairs...))
	if got.Status != 303 || got.Header.Get("Location") != want {
		b.t.Fatalf("signing in answers %d %s, want %s", got.Status, got.Header.Get("Location"), want)
	}
	b.jar(got)
}

// switchTo presses the button of another workspace.
func (b *browser) switchTo(id crm.WorkspaceID) hosttest.Answer {
	b.t.Helper()
	got := b.post("/account/workspace", fill(b.get("/account"), "workspace", id.String()))
	b.jar(got)
	return got
}

// wantIn checks in which workspace the browser is, and which it could switch to.
func (b *browser) wantIn(here string, others ...string) {
	b.t.Helper()
	page := string(b.get("/account").Body)
	if !strings.Contains(page, "You are in "+here+".") {
		b.t.Errorf("the browser is not in %s", here)
	}
	for _, name := range []string{"Test", "Second", "Third"} {
		if got, want := strings.Contains(page, "Switch to "+name), slices.Contains(others, name); got != want {
			b.t.Errorf("in %s the menu offers %s: %t, want %t", here, name, got, want)
		}
	}
}

func TestSignInLeadsBack(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	nobody := &browser{t: t, w: w, site: "same-origin"}
	got := nobody.get("/inbox?status=all&tag=a%20b")
	at, err := url.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != 303 || at.Path != "/login" || at.Query().Get("next") != "/inbox?status=all&tag=a%20b" {
		t.Fatalf("a page answers nobody with %d %s", got.Status, got.Header.Get("Location"))
	}
	if page := string(nobody.get(at.String()).Body); !strings.Contains(page, `name="next" value="/inbox?status=all&amp;tag=a%20b"`) {
		t.Errorf("the form forgets where to go: %s", page)
	}
	for next, want := range map[string]string{
		"/inbox?status=all": "/inbox?status=all", "": "/inbox", "https://evil.example/": "/inbox", "//evil.example": "/inbox",
		`/\evil.example`: "/inbox", "/\n/evil.example": "/inbox", "javascript:alert(1)": "/inbox",
	} {
		link, err := w.Host.Directory.SignInLink(t.Context(), w.Workspace.ID, w.Owner.ID)
		if err != nil {
			t.Fatal(err)
		}
		(&browser{t: t, w: w, site: "same-origin"}).open(want, "token", string(link), "next", next)
		if page := string(nobody.get("/login?next=" + url.QueryEscape(next)).Body); strings.Contains(page, "evil.example") {
			t.Errorf("the form would lead to %q", next)
		}
	}
}

// company makes another workspace whose owner has an address and a password.
func company(t *testing.T, w *hosttest.World, name, email string, password crm.Secret) *crm.Workspace {
	t.Helper()
	ws, owner, err := w.Host.Directory.CreateWorkspace(t.Context(), crm.Workspace{Name: name}, crm.Member{Name: "Owner", Email: email})
	if err != nil {
		t.Fatal(err)
	}
	setPassword(t, w, owner, password)
	return ws
}

func setPassword(t *testing.T, w *hosttest.World, m *crm.Member, password crm.Secret) {
	t.Helper()
	link, err := w.Host.Directory.SignInLink(t.Context(), m.WorkspaceID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := w.Host.Directory.SignIn(t.Context(), string(link), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Host.Directory.SetPassword(t.Context(), string(token), "", password); err != nil {
		t.Fatal(err)
	}
}

func TestSwitchingWorkspaces(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		const email, same, other = "owner@example.com", "kopi susu gula aren", "teh manis dan kue"
		w := hosttest.Start(t, o)
		setPassword(t, w, w.Owner, same)
		second := company(t, w, "Second", email, same)
		third := company(t, w, "Third", email, other)
		b := &browser{t: t, w: w, site: "same-origin"}

		b.open("/inbox", "email", email, "password", same) // opens two at once
		b.wantIn("Test", "Second")
		if got := b.switchTo(second.ID); got.Status != 303 {
			t.Fatalf("switching answers %d %s", got.Status, got.Body)
		}
		b.wantIn("Second", "Test")
		if got := b.switchTo(third.ID); got.Status != 404 { // the address is the same, the password is not
			t.Errorf("switching to a workspace one did not sign in to answers %d", got.Status)
		}
		b.wantIn("Second", "Test")

		b.open("/account", "email", email, "password", other, "add", "1", "next", "/account")
		b.wantIn("Third", "Second", "Test")
		before := b.cookie
		b.switchTo(w.Workspace.ID)
		b.wantIn("Test", "Second", "Third")

		got := b.post("/logout", fill(b.get("/account")))
		b.jar(got)
		if b.cookie != "" {
			t.Errorf("after signing out the browser still has %s", b.cookie)
		}
		b.cookie = before
		if got := b.get("/account"); got.Status != 303 {
			t.Errorf("a session beside the one that was signed out is answered %d", got.Status)
		}
	})
}

// Who signs in anew, and not beside, leaves nothing of who was there before.
func TestSigningInAnewEndsWhatWasBeside(t *testing.T) {
	t.Parallel()
	const email, same = "owner@example.com", "kopi susu gula aren"
	w := hosttest.Start(t, hosttest.Options{})
	setPassword(t, w, w.Owner, same)
	company(t, w, "Second", email, same)
	company(t, w, "Third", "other@example.com", "teh manis dan kue")
	b := &browser{t: t, w: w, site: "same-origin"}
	b.open("/inbox", "email", email, "password", same)
	b.wantIn("Test", "Second")
	_, beside, ok := strings.Cut(b.cookie, auth.BesideName+"=")
	beside, _, _ = strings.Cut(beside, ";")
	if !ok || beside == "" {
		t.Fatalf("nothing stands beside: %s", b.cookie)
	}
	b.open("/inbox", "email", "other@example.com", "password", "teh manis dan kue")
	b.wantIn("Third")
	if _, err := w.Host.Directory.Session(t.Context(), beside); crm.CodeOf(err) != crm.Unauthenticated {
		t.Errorf("the session that stood beside is still good: %v", err)
	}
}

// An admin can give a member any address, so an address opens no other workspace.
func TestAnAddressOpensNoOtherWorkspace(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	company(t, w, "Second", "victim@example.com", "kopi susu gula aren")
	thief, err := w.Host.Directory.SaveMember(t.Context(), access.System(w.Workspace.ID), crm.Member{Name: "Thief", Email: "victim@example.com", Role: crm.Admin})
	if err != nil {
		t.Fatal(err)
	}
	setPassword(t, w, thief, "teh manis dan kue")
	b := &browser{t: t, w: w, site: "same-origin"}
	b.open("/inbox", "email", "victim@example.com", "password", "teh manis dan kue")
	b.wantIn("Test")
}

// What the browser shows beside its session is a cookie anybody can write.
func TestMadeUpNeighbours(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	link, err := w.Host.Directory.SignInLink(t.Context(), w.Workspace.ID, w.Owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.cookie += "; " + auth.BesideName + "=x." + string(link) + "..." + strings.Repeat("y", 2000) + strings.Repeat(".z", 100)
	if got := b.get("/account"); got.Status != 200 || strings.Contains(string(got.Body), "Switch to") {
		t.Errorf("the page answers %d", got.Status)
	}
}

// The account shows where its member is signed in, and each of these places but the
// one that asks can be signed out by itself.
func TestSessionsInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		here, there := signIn(t, w), signIn(t, w)
		if page := string(here.get("/account").Body); strings.Count(page, `name="session"`) != 1 || strings.Count(page, ">this browser<") != 1 ||
			!strings.Contains(page, "Unknown browser") || !strings.Contains(page, `action="/account/others"`) {
			t.Errorf("who is signed in twice sees %s", page)
		}
		page := here.get("/account")
		key := regexp.MustCompile(`name="session" value="([0-9a-f]+)"`).FindSubmatch(page.Body)
		if key == nil {
			t.Fatal("no other session can be ended")
		}
		if got := here.post("/account/session", fill(page, "session", string(key[1]))); got.Status != 303 || got.Header.Get("Location") != "/account?done=session" {
			t.Fatalf("ending a session answers %d %s", got.Status, got.Body)
		}
		if got := there.get("/inbox"); got.Status != 303 {
			t.Errorf("the browser that was signed out still gets %d", got.Status)
		}
		if page := string(here.get("/account").Body); strings.Contains(page, `name="session"`) || strings.Contains(page, `action="/account/others"`) {
			t.Errorf("who is signed in once could sign others out: %s", page)
		}
	})
}
