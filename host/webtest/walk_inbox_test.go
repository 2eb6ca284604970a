package webtest_test

import (
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// A conversation opens with a screen of its messages. What was said before comes when one
// scrolls up, and what one looks at stays; on a high screen it comes by itself.
func TestEarlierMessagesCome(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	in := text(asking, "Halo kak")
	in.Count = 90
	s.hear(in)
	s.say(text(asking, "Yang terakhir"))
	tab := s.signIn(t, s.Owner)
	tab.size(1280, 1200)     // nearly as high as what comes first
	tab.has("html.scripted") // or the click would load a whole page
	tab.follow("Customer 0002")
	tab.has(".message")
	tab.settle()
	few := tab.count(".message")
	if few > 30 {
		t.Errorf("a conversation opens with %d messages", few)
	}
	top := `document.querySelectorAll(".message")[%d].getBoundingClientRect().top - document.getElementById("messages").getBoundingClientRect().top`
	evaluate[any](tab, `document.getElementById("messages").scrollTop = 100, undefined`)
	was := evaluate[float64](tab, fmt.Sprintf(top, 3))
	tab.until("earlier messages come", func() bool { return tab.count(".message") > few })
	if is := evaluate[float64](tab, fmt.Sprintf(top, 3+tab.count(".message")-few)); math.Abs(is-was) > 2 {
		t.Errorf("what one looked at moved from %.0f to %.0f", was, is)
	}

	tab.size(1280, 4000)
	tab.open("/inbox")
	tab.has("html.scripted")
	tab.follow("Customer 0002")
	tab.until("a high screen is filled", func() bool { return tab.count(".message") > few })
}

// A quote leads to its message: what lies between comes first, or a page that has it.
func TestQuotesLeadFurtherUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	first := text(asking, "Kapan ujian masuknya?")
	first.ID = "wamid.first"
	between := text(asking, "Halo kak")
	between.Count = 90
	answer := text(asking, "Yang ini maksudnya")
	answer.ReplyTo = first.ID
	for _, in := range []simulator.Inbound{first, between, answer} {
		s.say(in)
	}
	tab := s.signIn(t, s.Owner)
	tab.size(1280, 900)
	tab.has("html.scripted")
	tab.follow("Customer 0002")
	tab.has("a.quote")
	tab.settle()
	first.ID = evaluate[string](tab, `document.querySelector("a.quote").hash`)
	if few := tab.count(".message"); few > 30 || tab.count(first.ID) > 0 {
		t.Fatalf("the message is on the page already, one of %d", few)
	}
	seen := fmt.Sprintf(`(() => {
		const [one, box] = [document.querySelector("li%s"), document.getElementById("messages")].map((node) => node?.getBoundingClientRect());
		return Boolean(one) && one.top >= box.top && one.bottom <= box.bottom;
	})()`, first.ID)
	tab.clickOn("a.quote")
	tab.until("the message is in sight", func() bool { return evaluate[bool](tab, seen) })
	tab.has(first.ID + ".found")
	if got := tab.count(".message"); got != 92 {
		t.Errorf("there are %d messages on the page, want all 92", got)
	}

	// What is very far up is looked at on a page of its own.
	between.Count = 400
	s.say(between)
	s.say(answer)
	tab.open("/inbox")
	tab.has("html.scripted")
	tab.follow("Customer 0002")
	tab.has("a.quote")
	tab.settle()
	tab.clickOn("a.quote")
	tab.until("the page opens", func() bool { return strings.Contains(tab.where(), "older=") })
	tab.until("the message is in sight", func() bool { return evaluate[bool](tab, seen) })
}

// A day in the inbox: a customer writes, it appears; one answers, sees the ticks
// turn, takes the conversation on, notes something down, and puts it off.
func TestInboxWalk(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.Sim.PutCustomer(simulator.Customer{Phone: asking, Name: "Siswa Contoh"})
		tab := s.signIn(t, s.Owner)
		tab.size(1600, 900) // the contact stands beside
		s.say(text(asking, "Kak, kapan ujian masuknya?"))
		tab.see("Siswa Contoh", "Kak, kapan ujian masuknya?")
		tab.follow("Siswa Contoh")
		tab.see(tab.word("inbox.nobodys"))

		tab.fill("textbox", tab.word("thread.message_to", "Siswa Contoh"), "Gelombang pertama bulan Maret.")
		tab.keys(kb.Enter)
		tab.see("Gelombang pertama bulan Maret.")
		s.shows(asking, "Gelombang pertama bulan Maret.")
		tab.has(`.message.mine .tick[title="` + tab.word("tick.delivered") + `"]`)
		if _, err := s.Sim.Read(simulator.Chat{Provider: crm.Kapso, Customer: asking}, false); err != nil {
			t.Fatal(err)
		}
		tab.has(`.message.mine .tick[title="` + tab.word("tick.read") + `"]`)

		tab.clickOn(".message.theirs .reacting")
		tab.clickOn(".message.theirs .react button[value=👍]")
		tab.has(".message.theirs .reactions")
		s.reacted(asking, "👍")
		tab.until("the emoji are gone", func() bool { return tab.count(".react") == 0 })

		tab.clickOn("#assign-menu summary")
		tab.click("button", tab.word("thread.assign_me"))
		tab.see(tab.word("inbox.assigned_to", "Owner"))
		tab.fill("textbox", tab.word("panel.note_hint"), "Mau ikut gelombang pertama.")
		tab.click("button", tab.word("panel.add_note"))
		tab.has(".notes li")
		tab.see("Mau ikut gelombang pertama.")

		tab.clickOn("#snooze-menu summary")
		tab.clickOn("#snooze-menu button[name=until]")
		tab.until("the list of open conversations is empty", func() bool { return tab.count(".row") == 0 })
		tab.click("link", tab.word("status.snoozed"))
		tab.see("Siswa Contoh")
	})
}

// follow clicks a customer's row and waits until the conversation is open.
func (t *tab) follow(name string) {
	t.Helper()
	t.until("the row of "+name+" can be clicked", func() bool {
		for i := range t.count(".row") {
			row, err := t.nth(".row > a", i)
			if err == nil && strings.Contains(t.textOf(row), name) && t.press(row) == nil {
				return true
			}
		}
		return false
	})
	t.until("the conversation is open", func() bool {
		title, err := t.first("#thread-title")
		return err == nil && t.textOf(title) == name
	})
}

// shows waits until the newest message on a customer's phone holds a text.
func (s *site) shows(customer, words string) simulator.Message {
	s.tb.Helper()
	var last simulator.Message
	hosttest.Until(s.tb, "the phone shows "+words, func() bool {
		on := s.phone(customer)
		last = on[len(on)-1]
		return strings.Contains(string(last.Content), words)
	})
	return last
}

// Searching and filtering narrow the list, and say so when nothing is left.
func TestInboxIsNarrowed(t *testing.T) {
	t.Parallel()
	s := furnished(newSite(t, hosttest.Options{}))
	tab := s.signIn(t, s.Owner)
	tab.see("Ibu Contoh", "Siswa Contoh", "Calon Contoh")
	tab.fill("searchbox", tab.word("inbox.search"), "IELTS")
	tab.keys(kb.Enter)
	tab.until("one conversation is left", func() bool { return tab.count(".row") == 1 })
	tab.see("Siswa Contoh")
	tab.fill("searchbox", tab.word("inbox.search"), "zzzz")
	tab.keys(kb.Enter)
	tab.see(tab.word("inbox.none_found"))

	tab.open("/inbox")
	tab.clickOn(".filters > summary")
	tab.choose(tab.word("inbox.tag"), "Pameran Jakarta")
	tab.click("button", tab.word("inbox.show"))
	tab.until("the tagged conversation is left", func() bool { return tab.count(".row") == 1 })
	tab.see("Ibu Contoh")
}

// When the 24 hours are over, only a template can be sent, and the page says why.
func TestTemplateOutsideTheWindow(t *testing.T) {
	t.Parallel()
	s := furnished(newSite(t, hosttest.Options{}))
	tab := s.signIn(t, s.Owner)
	hosttest.Until(t, "the templates have come from WhatsApp", func() bool {
		return len(s.ask("GET", "/api/templates?channel="+s.Kapso.ID.String(), nil)["data"].([]any)) > 0
	})
	tab.open(s.thread(gone))
	tab.see(strings.Split(tab.word("thread.window_closed"), "(")[0])
	if n := tab.count("#text"); n != 0 {
		t.Error("a free reply can be written, which WhatsApp would refuse")
	}
	tab.clickOn("details.template:has(.preview-of mark) summary")
	tab.clickOn("details.template[open] input:not([type=hidden])")
	tab.insert("Pak Contoh")
	tab.see("Halo Pak Contoh, pesanan Anda sudah kami terima.")
	tab.clickOn("details.template[open] button.primary")
	s.shows(gone, "Pak Contoh")
	tab.has(`.message.mine .tick[title="` + tab.word("tick.delivered") + `"]`)
}

// A picture is uploaded, shown before it is sent, and arrives with its words.
func TestImageIsSent(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text(asking, "Boleh lihat asramanya?"))
	tab := s.signIn(t, s.Owner)
	tab.open(s.thread(asking))
	tab.attach("#picker", picture(t))
	tab.has("#files img")
	tab.clickOn("#text")
	tab.insert("Ini kamarnya")
	tab.keys(kb.Enter)
	if got := s.shows(asking, "Ini kamarnya"); got.Type != "image" {
		t.Errorf("the phone shows a message of type %s, want image", got.Type)
	}
	tab.until("the picture is on the page", func() bool {
		return evaluate[bool](tab, `[...document.querySelectorAll(".message.mine:not(.waiting) img")].some((i) => i.naturalWidth === 40)`)
	})
}

// picture writes a picture of forty pixels and returns its path.
func picture(tb testing.TB) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "kamar.png")
	file, err := os.Create(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		tb.Fatal(err)
	}
	return name
}

// The keys that "?" lists do what it says.
func TestInboxByKeyboard(t *testing.T) {
	t.Parallel()
	s := furnished(newSite(t, hosttest.Options{}))
	tab := s.signIn(t, s.Owner)
	focused := func(what, selector string) {
		t.Helper()
		tab.until("the focus is on "+what, func() bool {
			is, _ := try(tab, matches("document.activeElement", selector))
			return is
		})
	}
	tab.has("#keys-open:not([hidden])") // the script is there
	tab.keys("?")
	tab.has("#keys[open]")
	tab.keys(kb.Escape)
	tab.until("the keys are closed", func() bool { return tab.count("#keys[open]") == 0 })
	tab.keys("j")
	focused("the first row", ".row:nth-child(1) > a")
	tab.keys("j")
	focused("the second row", ".row:nth-child(2) > a")
	tab.keys("k")
	focused("the first row", ".row:nth-child(1) > a")
	tab.keys(kb.Enter)
	focused("the message", "#text")
	tab.keys(kb.Escape)
	focused("the row that is open", ".row > a[aria-current]")
	tab.keys("r")
	focused("the message", "#text")
	tab.keys("j")
	if got := evaluate[string](tab, `document.getElementById("text").value`); got != "j" {
		t.Errorf("a key pressed in the message writes %q, want j", got)
	}
	tab.keys(kb.Backspace + kb.Escape)
	tab.keys("/")
	focused("the search", "#q")
	tab.keys(kb.Escape)
	tab.keys("a")
	focused("a choice of who takes it on", "#assign-menu button")
	tab.keys(kb.Enter)
	tab.see(tab.word("inbox.assigned_to", "Owner"))
	tab.keys("s")
	focused("a time to put it off to", "#snooze-menu button")
	tab.keys(kb.Escape)
	tab.keys("e")
	tab.see(tab.word("thread.reopen"))
}
