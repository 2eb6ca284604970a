package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
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

// desk is a browser with a conversation open.
type desk struct {
	*browser
	address string
}

// do sends a form of the conversation and wants to be led back to it.
func (d desk) do(form string, pairs ...string) {
	d.t.Helper()
	got := d.post(d.address+"/"+form, fill(d.get(d.address), pairs...))
	if got.Status != 303 || !strings.HasPrefix(got.Header.Get("Location"), d.address) {
		d.t.Errorf("%s with %v answers %d %s", form, pairs, got.Status, got.Body)
	}
}

// shows wants words on the page of the conversation.
func (d desk) shows(words ...string) {
	d.t.Helper()
	text := string(d.get(d.address).Body)
	for _, word := range words {
		if !strings.Contains(text, word) {
			d.t.Errorf("the page lacks %q", word)
		}
	}
}

// Everything about a conversation is done with plain forms.
func TestInboxFormsInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		d := desk{signIn(t, w), thread(t, w, "Halo *Kak*")}
		who := access.System(w.Workspace.ID)
		mate, err := w.Host.Directory.SaveMember(t.Context(), who, crm.Member{Name: "Dewi Rekan", Role: crm.Agent})
		if err != nil {
			t.Fatal(err)
		}
		tag, err := w.Host.People.SaveTag(t.Context(), who, crm.Tag{Name: "Beasiswa", Color: "#2f80ed"})
		if err != nil {
			t.Fatal(err)
		}
		d.shows("Halo <strong>Kak</strong>", "Dewi Rekan", `<option value="`+tag.ID.String()+`"`)

		d.do("assign", "to", mate.ID.String())
		d.shows("Assigned to Dewi Rekan")
		d.do("assign", "to", "nobody")
		d.shows("Unassigned")
		d.do("status", "status", "snoozed", "at", "2099-01-02T08:00")
		d.shows("Snoozed until 2 Jan 2099 08:00")
		d.do("status", "status", "pending")
		d.shows("Pending")
		d.do("tags", "add", tag.ID.String())
		d.shows("Remove the tag Beasiswa")
		d.do("tags", "remove", tag.ID.String())
		d.shows("No tags yet")
		d.do("tasks", "title", "Kirim brosur", "due", "2020-01-02")
		task := regexp.MustCompile(`name="done" value="([^"]*)"`).FindSubmatch(d.get(d.address).Body)
		if task == nil {
			t.Fatal("the page has no task")
		}
		d.shows("Kirim brosur", "due 2 Jan 2020", `class="late"`)
		d.do("tasks", "done", string(task[1]))
		if text := string(d.get(d.address).Body); strings.Contains(text, "Kirim brosur") {
			t.Error("a task that is done still stands there")
		}
		d.do("consent", "consent", "out")
		d.shows("Opted out of marketing messages")
		d.do("consent", "consent", "in")
		d.shows("Accepts marketing messages")

		quoted := regexp.MustCompile(`data-quote="([^"]*)"`).FindSubmatch(d.get(d.address).Body)
		if quoted == nil {
			t.Fatal("the customer's message cannot be quoted")
		}
		if page := string(d.get(d.address + "?quote=" + string(quoted[1])).Body); !strings.Contains(page, `name="reply_to" value="`+string(quoted[1])) {
			t.Error("quoting without a script does not name the message")
		}
		d.do("messages", "text", "Jawaban", "reply_to", string(quoted[1]))
		d.shows(`<a class="quote" href="#m-`+string(quoted[1])+`"`, "Jawaban")

		for form, pairs := range map[string][]string{
			"assign": {"to", "x"}, "status": {"status", "snoozed", "at", "yesterday"}, "tags": {"add", "x"}, "consent": {"consent", "maybe"},
			"tasks": {"done", "x"}, "again": {"message", "x"}, "templates": {"template", "x"},
		} {
			if got := d.post(d.address+"/"+form, fill(d.get(d.address), pairs...)); got.Status != 400 {
				t.Errorf("%s with %v answers %d, want 400", form, pairs, got.Status)
			}
		}
		if got := d.post(d.address+"/again", fill(d.get(d.address), "message", string(quoted[1]))); got.Status != 422 && got.Status != 409 && got.Status != 403 {
			t.Errorf("sending the customer's message again answers %d", got.Status)
		}
	})
}

// A message that answers or reacts to one further up shows its words, and leads without
// a script to a page that has it.
func TestQuotesFromFurtherUp(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b := signIn(t, w)
		say := func(customer string, in simulator.Inbound) {
			in.Chat = simulator.Chat{Provider: crm.Kapso, Customer: customer}
			if _, err := w.Sim.Say(in); err != nil {
				t.Fatal(err)
			}
			w.Settle()
		}
		address := func(customer string) string {
			card, err := w.Host.People.ByPhone(t.Context(), access.System(w.Workspace.ID), customer, "ID")
			if err != nil {
				t.Fatal(err)
			}
			return "/inbox/" + card.Conversations[0].ID.String()
		}
		message := func(page, words string) string {
			found := regexp.MustCompile(`data-quote="([^"]*)" data-author="[^"]*" data-text="` + words + `"`).FindStringSubmatch(page)
			if found == nil {
				t.Fatalf("no message on the page says %q", words)
			}
			return found[1]
		}
		const asking, other = "6281200000001", "6281200000002"
		say(asking, simulator.Inbound{ID: "wamid.before", Text: "Halo kak"})
		say(asking, simulator.Inbound{ID: "wamid.first", Text: "Kapan ujian masuknya?"})
		d := desk{b, address(asking)}
		first := message(string(d.get(d.address).Body), "Kapan ujian masuknya\\?")
		say(asking, simulator.Inbound{Text: "di antaranya", Count: 60})
		say(asking, simulator.Inbound{Text: "Bagaimana yang ini?", ReplyTo: "wamid.first"})
		say(asking, simulator.Inbound{Kind: "reaction", Text: "🙏", ReplyTo: "wamid.first"})
		say(other, simulator.Inbound{ID: "wamid.other", Text: "Punya orang lain", ReplyTo: "wamid.first"})

		for _, part := range []string{"", "?part=open", "?part=live", "?status=all"} {
			page := string(d.get(d.address + part).Body)
			quotes := regexp.MustCompile(`<a class="quote" href="([^"]*)#m-`+first+`"><strong dir="auto">[^<]+</strong><span dir="auto">Kapan ujian masuknya\?</span></a>`).FindAllStringSubmatch(page, -1)
			if len(quotes) != 2 {
				t.Fatalf("page %q has %d quotes of the message further up, want that of the answer and that of the reaction", part, len(quotes))
			}
			there := string(d.get(strings.ReplaceAll(quotes[0][1], "&amp;", "&")).Body)
			if !strings.Contains(there, `<li id="m-`+first) || !strings.Contains(there, "Halo kak") {
				t.Errorf("the quote's address on page %q, %s, has not the message and the one before", part, quotes[0][1])
			}
		}
		if page := string(b.get(address(other)).Body); strings.Contains(page, "ujian masuknya") || !strings.Contains(page, "In reply to an earlier message") {
			t.Error("a message of another conversation is quoted")
		}

		reply := `name="reply_to" value="`
		page := string(d.get(d.address + "?quote=" + first).Body)
		if !strings.Contains(page, reply+first+`"`) || strings.Count(page, "Kapan ujian masuknya?</span>") != 3 {
			t.Error("a message further up is not quoted for an answer")
		}
		for _, none := range []string{message(string(b.get(address(other)).Body), "Punya orang lain"), crm.MessageID{1}.String(), "x"} {
			if page := d.get(d.address + "?quote=" + none); page.Status != 200 || !strings.Contains(string(page.Body), reply+`"`) {
				t.Errorf("quote=%s, which is no message of the conversation, answers %d and is quoted", none, page.Status)
			}
		}
		d.do("messages", "text", "Bulan Maret", "reply_to", first)
	})
}

// What a page that is open asks for, to show news.
func TestPiecesOfTheInbox(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	address := thread(t, w, "Halo Kak")
	id := strings.TrimPrefix(address, "/inbox/")
	for path, c := range map[string]struct{ has, lacks string }{
		"/inbox?part=rows":                           {`id="c-` + id, "<html"},
		"/inbox?part=list":                           {`class="tabs"`, "<html"},
		address + "?part=live&peek=1":                {`id="thread-head"`, `id="panel"`},
		address + "?part=messages&peek=1":            {`id="bubbles"`, `id="thread-head"`},
		address + "?part=panel&peek=1":               {`id="panel"`, `id="bubbles"`},
		address + "/row":                             {`id="c-` + id, "<html"},
		address + "/row?status=resolved":             {`class="conversations"`, `id="c-` + id},
		address + "/row?unread=1":                    {`class="row unread"`, "<html"},
		address + "/templates?part=templates&peek=1": {`id="templates"`, "<html"},
		address + "/templates?assignee=me&peek=1":    {"<html", `id="c-` + id}, // the list beside stays narrowed
		"/inbox?q=Kak&part=rows":                     {`id="c-` + id, "<html"},
		"/inbox?q=tidakada&status=all":               {"Nothing matches", `id="c-` + id},
		"/inbox?assignee=me&part=rows":               {`class="conversations"`, `id="c-` + id},
		"/inbox?temperature=hot&part=rows":           {`class="conversations"`, `id="c-` + id},
		address + "?part=open&peek=1&status=all":     {`href="/inbox?status=all"`, "<html"},
	} {
		got := b.get(path)
		if text := string(got.Body); got.Status != 200 || !strings.Contains(text, c.has) || strings.Contains(text, c.lacks) {
			t.Errorf("%s answers %d with %.300s, want %q in it and not %q", path, got.Status, text, c.has, c.lacks)
		}
	}
	for _, path := range []string{"/inbox", address + "?peek=1", address + "/templates?peek=1"} { // or news between the page and its stream would be lost
		if page := string(b.get(path).Body); !regexp.MustCompile(`data-seq="[1-9][0-9]*"`).MatchString(page) {
			t.Errorf("%s does not say which fact is the newest it shows", path)
		}
	}
	if b.get(address + "?part=open"); strings.Contains(string(b.get(address+"/row").Body), "row unread") {
		t.Error("a conversation that was opened is still unread")
	}
}

// A mark on rows of the list changes them all at once.
func TestBulkInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	first, second := thread(t, w, "Satu"), ""
	live := events(t, w, -1)
	if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000002"}, Text: "Dua"}); err != nil {
		t.Fatal(err)
	}
	second = "/inbox/" + live.until("it came in", func(e event) bool { return e.Kind == "message.received" }).Data.ConversationID
	tag, err := w.Host.People.SaveTag(t.Context(), access.System(w.Workspace.ID), crm.Tag{Name: "Beasiswa"})
	if err != nil {
		t.Fatal(err)
	}
	change := func(do string, want int, ids ...string) {
		t.Helper()
		form := fill(b.get("/inbox?status=all"), "do", do)
		form["id"] = ids
		if got := b.post("/inbox/bulk?status=all", form); got.Status != want || want == 303 && got.Header.Get("Location") != "/inbox?status=all&done=changed" {
			t.Errorf("%s answers %d %s", do, got.Status, got.Header.Get("Location"))
		}
	}
	both := []string{strings.TrimPrefix(first, "/inbox/"), strings.TrimPrefix(second, "/inbox/"), crm.ConversationID{15: 9}.String()}
	change("assign me", 303, both...)
	change("tag "+tag.ID.String(), 303, both...)
	change("read", 303, both...)
	change("status snoozed", 303, both...)
	for path, want := range map[string]int{"/inbox?status=snoozed&assignee=me&tag=" + tag.ID.String(): 2, "/inbox?status=all&unread=1": 0, "/inbox": 0} {
		if n := strings.Count(string(b.get(path).Body), `<li id="c-`); n != want {
			t.Errorf("%s lists %d conversations, want %d", path, n, want)
		}
	}
	change("status open", 303, both[0])
	change("explode", 400, both...)
	change("read", 400, "x")
	change("read", 400, strings.Split(strings.Repeat(both[0]+" ", 201), " ")...)
	if got := b.post("/inbox/bulk", url.Values{"do": {"read"}}); got.Status != 403 {
		t.Errorf("without the form's token it answers %d", got.Status)
	}
}

// Outside the window a template is sent by its form, with its variables filled in.
func TestTemplateFormSends(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	address := thread(t, w, "Halo")
	var template string
	for end := time.Now().Add(20 * time.Second); template == "" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // the first sync
		page := string(b.get(address + "/templates").Body)
		if found := regexp.MustCompile(`(?s)order_confirmation.*?name="(body\.[^"]*)".*?name="template" value="([^"]*)"`).FindStringSubmatch(page); found != nil {
			template = found[2]
			if got := b.post(address+"/templates", fill(b.get(address), "template", template, found[1], "Ibu Sari")); got.Status != 303 {
				t.Fatalf("the template's form answers %d %s", got.Status, got.Body)
			}
		}
	}
	if template == "" {
		t.Fatal("the page never offers the template")
	}
	if text := string(b.get(address).Body); !strings.Contains(text, "Ibu Sari") || !strings.Contains(text, "Template order_confirmation") {
		t.Error("the conversation does not show the template as the customer reads it")
	}
}

// A file is sent by a form, without a script: as what it is, once however often the
// form is sent, and not by a form of another session.
func TestFileIsSentByForm(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b := signIn(t, w)
		address := thread(t, w, "Boleh minta brosur?")
		hidden := fill(b.get(address))
		send := func(token, nonce, name, kind, file string) hosttest.Answer {
			t.Helper()
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			for _, field := range [][2]string{{"csrf", token}, {"nonce", nonce}, {"reply_to", ""}, {"caption", "Ini <b>brosur</b>"}} {
				if err := form.WriteField(field[0], field[1]); err != nil {
					t.Fatal(err)
				}
			}
			part, err := form.CreatePart(textproto.MIMEHeader{
				"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {kind},
			})
			if err == nil {
				_, err = part.Write([]byte(file))
			}
			if err = errors.Join(err, form.Close()); err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+address+"/files", &body)
			if err != nil {
				t.Fatal(err)
			}
			return w.Send(req, "Content-Type: "+form.FormDataContentType(), b.cookies(), "Accept: text/html", "Sec-Fetch-Site: same-origin")
		}
		csrf := hidden.Get("csrf")
		for range 2 {
			if got := send(csrf, "one", "brosur.pdf", "application/pdf", "%PDF-1.7 brochure"); got.Status != 303 {
				t.Fatalf("sending a file answers %d %s", got.Status, text(got))
			}
		}
		page := string(b.get(address).Body)
		if strings.Count(page, "brosur.pdf") != 1 || strings.Contains(page, "<b>brosur") {
			t.Errorf("a file that was sent twice by one form is there %d times: %s", strings.Count(page, "brosur.pdf"), page)
		}
		for _, name := range []string{"harga.pdf", "jadwal.pdf"} {
			send(csrf, "", name, "application/pdf", "%PDF-1.7")
			if page := string(b.get(address).Body); !strings.Contains(page, name) {
				t.Errorf("of two forms without a nonce one is taken for the other: %s is not sent", name)
			}
		}
		for _, c := range []struct {
			token, name, word string
			status            int
		}{{"x", "brosur.pdf", "out of date", 403}, {csrf, "", "Choose a file first", 422}} {
			if got := send(c.token, "two", c.name, "application/pdf", "%PDF"); got.Status != c.status || !strings.Contains(string(got.Body), c.word) {
				t.Errorf("a file called %q answers %d %s, want %d with %q", c.name, got.Status, text(got), c.status, c.word)
			}
		}
		if got := b.post(address+"/files", url.Values{"csrf": {csrf}}); got.Status != 422 {
			t.Errorf("a form without a file answers %d", got.Status)
		}
		if got := (&browser{t: t, w: w, site: "same-origin"}).post(address+"/files", nil); got.Status != 303 || got.Header.Get("Location") != "/login" {
			t.Errorf("nobody sends a file: %d %s", got.Status, got.Header.Get("Location"))
		}
	})
}
