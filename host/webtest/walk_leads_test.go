package webtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/hosttest"
)

// lead makes a contact.
func (s *site) lead(name string, n int) *crm.Contact {
	s.tb.Helper()
	made, err := s.Host.People.Create(s.tb.Context(), access.OfMember(s.Owner), people.Edit{
		Name: &name, AddIdentities: []crm.Identity{{Kind: crm.ByPhone, Value: fmt.Sprintf("+62812000%05d", n)}},
	}, "ID")
	if err != nil {
		s.tb.Fatal(err)
	}
	return made
}

// leadNow returns a contact as it is stored.
func (s *site) leadNow(id crm.ContactID) *crm.Contact {
	s.tb.Helper()
	card, err := s.Host.People.Card(s.tb.Context(), access.OfMember(s.Owner), id)
	if err != nil {
		s.tb.Fatal(err)
	}
	return card.Contact
}

func TestRowsAreEditedInPlace(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	dewi, tono := s.lead("Dewi", 1), s.lead("Tono", 2)
	tab := s.signIn(t, s.Owner)
	tab.open("/leads")
	stay := tab.mark()

	tab.click("link", "Ubah Dewi")
	tab.fill("textbox", "Nama", "Dewi Lestari")
	tab.choose("Tahap", "Menang")
	tab.keys(kb.Enter)
	tab.find("link", "Dewi Lestari")
	if now := s.leadNow(dewi.ID); now.Name != "Dewi Lestari" || now.LeadStatus != "won" {
		t.Errorf("the contact edited in the table is %q, %s", now.Name, now.LeadStatus)
	}

	tab.click("link", "Ubah Tono")
	tab.fill("textbox", "Nama", "Toni")
	tab.keys(kb.Escape)
	tab.find("link", "Tono")
	tab.allow("answers 400")
	tab.click("link", "Ubah Tono")
	tab.fill("textbox", "Nama", strings.Repeat("x", 201))
	tab.keys(kb.Enter)
	tab.has("tr.failed")
	tab.keys(kb.Escape)
	tab.find("link", "Tono")
	if now := s.leadNow(tono.ID); now.Name != "Tono" {
		t.Errorf("an edit that was taken back, and one that was refused, left %q", now.Name)
	}
	stay()

	// What a colleague does is seen without loading the page.
	if _, err := s.Host.People.Edit(t.Context(), access.OfMember(s.Owner), tono.ID, people.Edit{Name: new("Tono S")}, "ID"); err != nil {
		t.Fatal(err)
	}
	tab.find("link", "Tono S")
	stay()
}

func TestManyAreChangedAndChangedBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	dewi, _ := s.lead("Dewi", 1), s.lead("Tono", 2)
	tab := s.signIn(t, s.Owner)
	tab.open("/leads")
	tab.click("checkbox", "Pilih Dewi")
	tab.until("one is counted", func() bool { return strings.Contains(tab.text(), "(1)") })
	tab.click("checkbox", "Pilih semua di halaman ini")
	tab.until("two are counted", func() bool { return strings.Contains(tab.text(), "(2)") })
	tab.clickOn(".leads-bulk > summary")
	tab.choose("Pindahkan ke tahap", "Penawaran")
	tab.clickOn("#bulk button.primary")
	tab.see("Kontak yang dipilih sudah diubah")
	if now := s.leadNow(dewi.ID).LeadStatus; now != "proposal" {
		t.Errorf("a contact that was chosen is %s", now)
	}
	tab.click("button", "Urungkan")
	tab.see("Perubahan tadi sudah dibatalkan")
	if now := s.leadNow(dewi.ID).LeadStatus; now != "new" {
		t.Errorf("after the undo the contact is %s", now)
	}
}

func TestCardsMoveOnTheBoard(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	dewi, tono := s.lead("Dewi", 1), s.lead("Tono", 2)
	tab := s.signIn(t, s.Owner)
	tab.open("/leads?board=1")
	stay := tab.mark()
	in := func(stage string, c *crm.Contact) func() bool {
		return func() bool { return tab.count(fmt.Sprintf("[data-stage=%s] [data-id=%q]", stage, c.ID)) == 1 }
	}

	// By the menu, which a keyboard reaches.
	tab.clickOn(fmt.Sprintf("[data-id=%q] summary", dewi.ID))
	tab.clickOn(fmt.Sprintf("[data-id=%q] [value=qualified]", dewi.ID))
	tab.until("the card is in its new column", in("qualified", dewi))
	hosttest.Until(t, "the contact was moved", func() bool { return s.leadNow(dewi.ID).LeadStatus == "qualified" })

	// With the mouse.
	drop := func(c *crm.Contact, stage string) {
		evaluate[any](tab, fmt.Sprintf(`(() => {
			const card = document.querySelector('[data-id="%s"]'), column = document.querySelector("[data-stage=%s]"), data = new DataTransfer();
			for (const [what, on] of [["dragstart", card], ["dragover", column], ["drop", column], ["dragend", card]])
				on.dispatchEvent(new DragEvent(what, { bubbles: true, cancelable: true, dataTransfer: data }));
		})()`, c.ID, stage))
	}
	drop(tono, "won")
	tab.until("the card was dropped", in("won", tono))
	hosttest.Until(t, "the contact was moved", func() bool { return s.leadNow(tono.ID).LeadStatus == "won" })
	tab.see("Dipindahkan: Menang")

	// A move that the host refuses goes back, also when news came before the answer.
	evaluate[any](tab, `(() => {
		const fetched = window.fetch;
		window.pages = 0;
		window.fetch = async (address, options = {}) => {
			if (options.method === "PATCH") {
				await new Promise((answer) => { window.refuse = answer; });
				options = { ...options, body: "{}}" };
			}
			const answer = await fetched(address, options);
			if (options.method === undefined) setTimeout(() => window.pages++, 100);
			return answer;
		};
	})()`)
	tab.allow("answers 400")
	drop(tono, "lost")
	tab.until("the card moved before the answer", in("lost", tono))
	if _, err := s.Host.People.Edit(t.Context(), access.OfMember(s.Owner), dewi.ID, people.Edit{LeadStatus: new("won")}, "ID"); err != nil {
		t.Fatal(err)
	}
	tab.until("the page was asked for again", func() bool { return evaluate[int](tab, "window.pages") > 0 })
	if !in("lost", tono)() {
		t.Error("news took a card from where it was put before the host answered")
	}
	evaluate[any](tab, `window.refuse()`)
	tab.see("Belum tersimpan")
	tab.until("the card is back", in("won", tono))
	tab.until("the card of a colleague's move is seen", in("won", dewi))
	stay()
}

func TestFileIsImported(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	tab := s.signIn(t, s.Owner)
	file := filepath.Join(t.TempDir(), "kontak.csv")
	var rows strings.Builder
	rows.WriteString("Nama;No. HP;Kota\nTono;6,28E+12;Medan\n")
	for i := range 3000 {
		fmt.Fprintf(&rows, "Nomor %d;0812 000%05d;Medan\n", i, i)
	}
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.open("/imports")
	tab.attach("#file", file)
	tab.click("button", "Unggah dan periksa")
	tab.see("kontak.csv", "3.001 baris", "Excel menyingkat nomor ini")
	tab.click("button", "Coba dulu")
	tab.see("Kalau diimpor, hasilnya begini", "3.000")
	tab.click("button", "Impor sekarang")
	tab.see("Hasil impor", "3.000", "Unduh berkas galat")
	tab.open("/leads?q=nomor+2999")
	tab.find("link", "Nomor 2999")
}

func TestContactIsSeenLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.say(text("6281200000001", "Halo kak"))
	tab := s.signIn(t, s.Owner)
	found, err := s.Host.People.ByPhone(t.Context(), access.OfMember(s.Owner), "6281200000001", "ID")
	if err != nil {
		t.Fatal(err)
	}
	tab.open("/contacts/" + found.Contact.ID.String())
	tab.see("Halo kak", "Skor")
	stay := tab.mark()
	tab.fill("textbox", "Catatan untuk tim, tidak pernah terkirim", "Belum selesai ditulis")
	s.say(text("6281200000001", "Berapa biayanya? Budget saya 50 juta"))
	tab.see("Berapa biayanya")
	if typed := evaluate[string](tab, `document.getElementById("note").value`); typed != "Belum selesai ditulis" {
		t.Errorf("news took what was being typed: %q", typed)
	}
	stay()
}

// mark notes that the page is this one; what it returns says if it was loaded
// again since.
func (t *tab) mark() func() {
	t.Helper()
	evaluate[any](t, "window.marked = true")
	return func() {
		t.Helper()
		if !evaluate[bool](t, "window.marked === true") {
			t.Error("the page was loaded again")
		}
	}
}
