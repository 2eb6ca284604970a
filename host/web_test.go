package host_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// browser is a person's browser: it keeps the session and says where a form
// comes from.
type browser struct {
	t      *testing.T
	w      *hosttest.World
	cookie string
	site   string // Sec-Fetch-Site of what it posts
	lang   string // of the pages; empty: English
}

// cookies is the header that says who asks, and in which language.
func (b *browser) cookies() string { return "Cookie: lang=" + cmp.Or(b.lang, "en") + "; " + b.cookie }

func (b *browser) get(path string) hosttest.Answer {
	b.t.Helper()
	return b.w.Ask("GET", path, nil, "X-Api-Key: ", b.cookies(), "Accept: text/html")
}

func (b *browser) post(path string, form url.Values) hosttest.Answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "POST", b.w.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.w.Send(req, "Content-Type: application/x-www-form-urlencoded", b.cookies(), "Accept: text/html", "Sec-Fetch-Site: "+b.site)
}

var fieldPattern = regexp.MustCompile(`name="(csrf|nonce)" value="([^"]*)"`)

// fill returns the hidden fields of a page's forms with the given ones.
func fill(page hosttest.Answer, pairs ...string) url.Values {
	form := url.Values{}
	for _, field := range fieldPattern.FindAllSubmatch(page.Body, -1) {
		form.Set(string(field[1]), string(field[2]))
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// signIn returns a browser that the workspace's owner is signed in with.
func signIn(t *testing.T, w *hosttest.World) *browser {
	t.Helper()
	link, err := w.Host.Directory.SignInLink(t.Context(), w.Workspace.ID, w.Owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, w: w, site: "same-origin"}
	got := b.post("/login", url.Values{"token": {string(link)}})
	if got.Status != 303 || got.Header.Get("Location") != "/inbox" {
		t.Fatalf("signing in answers %d %s", got.Status, got.Body)
	}
	b.cookie, _, _ = strings.Cut(got.Header.Get("Set-Cookie"), ";")
	return b
}

// thread lets a customer write and returns the address of the conversation.
func thread(t *testing.T, w *hosttest.World, text string) string {
	t.Helper()
	live := events(t, w, -1)
	if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}, Text: text}); err != nil {
		t.Fatal(err)
	}
	e := live.until("the message came in", func(e event) bool { return e.Kind == "message.received" })
	return "/inbox/" + e.Data.ConversationID
}

func TestSignInLinkWorksOnceAndNotByLooking(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	link, err := w.Host.Directory.SignInLink(t.Context(), w.Workspace.ID, w.Owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, w: w, site: "same-origin"}
	for range 3 { // previews
		if got := b.get("/login?token=" + url.QueryEscape(string(link))); got.Status != 200 || got.Header.Get("Set-Cookie") != "" {
			t.Fatalf("looking at the link answers %d, %v", got.Status, got.Header)
		}
	}
	b.site = "cross-site"
	if got := b.post("/login", url.Values{"token": {string(link)}}); got.Status != 403 {
		t.Errorf("another site may sign somebody in: %d", got.Status)
	}
	b.site = "same-origin"
	if got := b.post("/login", url.Values{"token": {string(link)}}); got.Status != 303 || !strings.Contains(got.Header.Get("Set-Cookie"), "HttpOnly") {
		t.Errorf("the button answers %d, %v", got.Status, got.Header)
	}
	got := b.post("/login", url.Values{"token": {string(link)}})
	if got.Status != 401 || !strings.Contains(string(got.Body), "used before") {
		t.Errorf("the link used twice answers %d %s", got.Status, got.Body)
	}
}

func TestPasswordInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		const password = "kopi susu gula aren"
		w := hosttest.Start(t, o)
		b, elsewhere := signIn(t, w), signIn(t, w)
		account := func(want int, word string, pairs ...string) {
			t.Helper()
			got := b.post("/account/password", fill(b.get("/account"), pairs...))
			if got.Status != want || !strings.Contains(string(got.Body)+got.Header.Get("Location"), word) {
				t.Errorf("setting a password with %v answers %d %s, want %d with %q", pairs, got.Status, got.Body, want, word)
			}
		}
		if page := string(b.get("/account").Body); !strings.Contains(page, "Set a password") || strings.Contains(page, `name="old"`) {
			t.Errorf("the account of who has no password is %s", page)
		}
		account(422, "at least 10", "fresh", "short", "again", "short")
		account(422, "not the same", "fresh", password, "again", password+"!")
		account(303, "done=password", "fresh", password, "again", password)
		if page := string(b.get("/account?done=password").Body); !strings.Contains(page, "Change your password") || !strings.Contains(page, "is set") {
			t.Errorf("the account of who has a password is %s", page)
		}
		if got := elsewhere.get("/inbox"); got.Status != 303 {
			t.Errorf("another browser is still signed in: %d", got.Status)
		}
		in := &browser{t: t, w: w, site: "same-origin"}
		enter := func(email, password string) hosttest.Answer {
			return in.post("/login", url.Values{"email": {email}, "password": {password}})
		}
		for _, wrong := range [][2]string{{"owner@example.com", "wrong wrong wrong"}, {"nobody@example.com", password}, {`"><b>`, password}, {"", ""}} {
			if got := enter(wrong[0], wrong[1]); got.Status != 401 || got.Header.Get("Set-Cookie") != "" || strings.Contains(string(got.Body), "<b>") ||
				!strings.Contains(string(got.Body), "is not right") {
				t.Errorf("signing in as %q with a wrong password answers %d %s", wrong[0], got.Status, got.Body)
			}
		}
		got := enter("Owner@Example.com", password)
		if got.Status != 303 || got.Header.Get("Location") != "/inbox" || !strings.Contains(got.Header.Get("Set-Cookie"), "HttpOnly") {
			t.Fatalf("signing in answers %d %s", got.Status, got.Body)
		}
		in.cookie, _, _ = strings.Cut(got.Header.Get("Set-Cookie"), ";")
		if got := in.get("/inbox"); got.Status != 200 {
			t.Errorf("the inbox answers %d", got.Status)
		}
		if got := in.post("/account/password", fill(in.get("/account"), "old", "wrong wrong wrong", "fresh", password+"2", "again", password+"2")); got.Status != 422 {
			t.Errorf("a change with a wrong old password answers %d", got.Status)
		}
		if got := in.post("/account/others", fill(in.get("/account"))); got.Status != 303 || b.get("/inbox").Status != 303 {
			t.Errorf("signing out everywhere else answers %d and leaves the other browser", got.Status)
		}
		in.site = "cross-site"
		if got := enter("owner@example.com", password); got.Status != 403 {
			t.Errorf("another site may sign somebody in: %d", got.Status)
		}
	})
}

// Wrong passwords for an account are held against it, whatever address they come
// from.
func TestTooManyWrongPasswords(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{Settings: map[string]string{"trusted_proxies": "127.0.0.1/32"}})
	try := func(email string, n int) int {
		form := url.Values{"email": {email}, "password": {fmt.Sprint("wrong wrong ", n)}}
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/login", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		return w.Send(req, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin", fmt.Sprintf("X-Forwarded-For: 203.0.113.%d", n)).Status
	}
	for n := range 20 {
		if got := try("owner@example.com", n); got != 401 {
			t.Fatalf("the wrong password number %d answers %d", n+1, got)
		}
	}
	if got := try(" OWNER@example.com", 20); got != 429 {
		t.Errorf("one more answers %d, want 429", got)
	}
	if got := try("somebody@example.com", 21); got != 401 {
		t.Errorf("another account answers %d, want 401", got)
	}
}

func TestInboxInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b := signIn(t, w)
		address := thread(t, w, "Halo <b>dari</b> kami")
		list := b.get("/inbox")
		for _, want := range []string{"Halo &lt;b&gt;dari&lt;/b&gt; kami", address, "unread", "Owner"} {
			if !strings.Contains(string(list.Body), want) {
				t.Errorf("the list lacks %q", want)
			}
		}
		page := b.get(address)
		live := events(t, w, -1)
		if got := b.post(address+"/messages", fill(page, "text", "Baris satu\r\nBaris dua")); got.Status != 303 {
			t.Fatalf("the reply answers %d %s", got.Status, got.Body)
		}
		live.until("the reply was delivered", func(e event) bool { return e.Data.Data.Status == "delivered" })
		chat, err := w.Sim.Chat(simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"})
		if err != nil || !strings.Contains(string(chat.Messages[len(chat.Messages)-1].Content), `Baris satu\nBaris dua`) {
			t.Errorf("the phone shows %+v (%v)", chat.Messages, err)
		}
		if got := b.post(address+"/messages", fill(page, "text", "Baris satu\r\nBaris dua")); got.Status != 303 {
			t.Errorf("the same form sent again answers %d", got.Status)
		}
		for path, form := range map[string]url.Values{
			"/assign": fill(page, "to", "me"), "/status": fill(page, "status", "resolved"), "/notes": fill(page, "body", "Calls back on Monday"),
		} {
			if got := b.post(address+path, form); got.Status != 303 {
				t.Errorf("%s answers %d %s", path, got.Status, got.Body)
			}
		}
		text := string(b.get(address).Body)
		for _, want := range []string{"Baris satu\nBaris dua", "delivered", "Assigned to Owner", "Reopen", "Unassign", "Calls back on Monday"} {
			if !strings.Contains(text, want) {
				t.Errorf("the thread lacks %q", want)
			}
		}
		if n := strings.Count(text, `">Baris satu`); n != 1 {
			t.Errorf("the reply sent twice is there %d times", n)
		}
		if strings.Contains(string(b.get("/inbox?status=open").Body), address) || !strings.Contains(string(b.get("/inbox?status=resolved").Body), address) {
			t.Error("the filters do not tell open from resolved")
		}
	})
}

func TestOutsideTheWindowTheFormSaysWhy(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	late := simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}, Text: "Long ago", At: time.Now().Add(-30 * time.Hour)}
	live := events(t, w, -1)
	if _, err := w.Sim.Say(late); err != nil {
		t.Fatal(err)
	}
	e := live.until("the message came in", func(e event) bool { return e.Kind == "message.received" })
	address := "/inbox/" + e.Data.ConversationID
	page := b.get(address)
	if strings.Contains(string(page.Body), "<textarea id=\"text\"") || !strings.Contains(string(page.Body), "24 hours") {
		t.Errorf("the page offers what WhatsApp refuses, or does not say why: %s", page.Body)
	}
	got := b.post(address+"/messages", fill(page, "text", "Are you still there?", "nonce", "n"))
	if got.Status != 422 || !strings.Contains(string(got.Body), "Are you still there?") || !strings.Contains(string(got.Body), "template") {
		t.Errorf("a reply all the same answers %d without what was typed and why not: %s", got.Status, got.Body)
	}
}

func TestPagesAreForWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	address := thread(t, w, "Halo")
	page := b.get(address)
	nobody := &browser{t: t, w: w, site: "same-origin"}
	for _, path := range []string{"/inbox", address} {
		want := "/login"
		if path != "/inbox" {
			want += "?next=" + url.QueryEscape(path)
		}
		if got := nobody.get(path); got.Status != 303 || got.Header.Get("Location") != want {
			t.Errorf("%s answers nobody with %d %s", path, got.Status, got.Header.Get("Location"))
		}
	}
	if got := w.Ask("GET", "/inbox", nil); got.Status != 303 {
		t.Errorf("a page answers an API key with %d", got.Status)
	}
	if got := b.get("/"); got.Status != 303 || got.Header.Get("Location") != "/inbox" {
		t.Errorf("/ answers %d %s", got.Status, got.Header.Get("Location"))
	}
	for name, got := range map[string]hosttest.Answer{
		"without the form's token": b.post(address+"/notes", url.Values{"body": {"x"}}),
		"with a wrong token":       b.post(address+"/notes", fill(page, "body", "x", "csrf", "x")),
		"of another site, with it": (&browser{t: t, w: w, cookie: b.cookie, site: "cross-site"}).post(address+"/notes", fill(page, "body", "x")),
	} {
		if got.Status != 403 {
			t.Errorf("a form %s answers %d", name, got.Status)
		}
	}
	if got := nobody.post(address+"/notes", fill(page, "body", "x")); got.Header.Get("Location") != "/login" {
		t.Errorf("a form of nobody, with the token, answers %d", got.Status)
	}
	if strings.Contains(string(b.get(address).Body), "<ul class=\"notes\">") {
		t.Error("a refused form left a note")
	}
	for _, path := range []string{"/inbox/nothing", "/inbox/" + crm.ConversationID{15: 1}.String(), "/nothing"} {
		if got := b.get(path); got.Status != 404 || !strings.Contains(string(got.Body), "<h1>Not found</h1>") {
			t.Errorf("%s answers %d %s", path, got.Status, got.Body)
		}
	}
	for _, path := range []string{"/inbox?status=strange", "/inbox?before=x", address + "?older=x.y", "/inbox?assignee=x", "/inbox?tag=x", "/inbox?temperature=boiling"} {
		if got := b.get(path); got.Status != 400 {
			t.Errorf("%s answers %d", path, got.Status)
		}
	}
	if got := b.post("/logout", fill(page)); got.Status != 303 || !strings.Contains(got.Header.Get("Set-Cookie"), "m21_session=;") {
		t.Errorf("signing out answers %d %v", got.Status, got.Header)
	}
	if got := b.get("/inbox"); got.Status != 303 || got.Header.Get("Location") != "/login" {
		t.Errorf("the cookie of a session that ended is answered %d", got.Status)
	}
}

func TestListAndThreadHavePages(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	live := events(t, w, -1)
	for i := range 35 { // conversations
		from := "628120000" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + "01"
		if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: from}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}, Count: 60}); err != nil {
		t.Fatal(err)
	}
	for range 95 {
		live.until("a message came in", func(e event) bool { return e.Kind == "message.received" })
	}
	rows := regexp.MustCompile(`<a href="(/inbox/[0-9a-f-]{36})">`)
	next := regexp.MustCompile(`<a class="button small" href="([^"]*)" rel="next">`)
	seen := map[string]int{}
	for path := "/inbox"; path != ""; {
		page := string(b.get(path).Body)
		for _, found := range rows.FindAllStringSubmatch(page, -1) {
			seen[found[1]]++
		}
		path = ""
		if found := next.FindStringSubmatch(page); found != nil {
			path = strings.ReplaceAll(found[1], "&amp;", "&")
		}
	}
	for address, n := range seen {
		if n != 1 {
			t.Errorf("%s is on %d pages", address, n)
		}
	}
	if len(seen) != 35 {
		t.Errorf("the pages hold %d conversations, want 35", len(seen))
	}
	card, err := w.Host.People.ByPhone(t.Context(), access.System(w.Workspace.ID), "6281200000001", "ID")
	if err != nil {
		t.Fatal(err)
	}
	path, shown := "/inbox/"+card.Conversations[0].ID.String(), 0
	older := regexp.MustCompile(`<a id="older" class="button small" href="([^"]*)"`)
	for path != "" {
		page := string(b.get(path).Body)
		shown += strings.Count(page, `<li id="m-`)
		path = ""
		if found := older.FindStringSubmatch(page); found != nil {
			path = strings.ReplaceAll(found[1], "&amp;", "&")
		}
	}
	if shown != 61 {
		t.Errorf("the thread's pages hold %d messages, want 61", shown)
	}
}
