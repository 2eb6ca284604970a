package webtest_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

// A note that names a colleague reaches it wherever it is: a notice and a number in
// its inbox and among the contacts, the number on every page, a list of what it has
// not seen, and none of that any more once the conversation is open in front of it.
func TestMentionReachesTheColleague(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.say(text(asking, "Berapa biaya kuliahnya?"))
		s.say(text(chatty, "Halo"))
		dewi := s.member("Dewi Contoh", "member")
		there, elsewhere := s.signIn(t, dewi), s.signIn(t, dewi)
		count := func(tab *tab) string {
			return evaluate[string](tab, `document.querySelector("#mentions-bell .count")?.textContent ?? ""`)
		}
		elsewhere.open("/leads")
		there.size(1600, 900)
		writer := s.signIn(t, s.Owner)
		writer.size(1600, 900) // the contact stands beside
		writer.open(s.thread(asking))
		writer.fill("textbox", writer.word("panel.note_hint"), "@dewi contoh tolong hitung, @"+s.Owner.Name+" setuju")
		writer.click("button", writer.word("panel.add_note"))
		for _, tab := range []*tab{there, elsewhere} {
			tab.see("tolong hitung") // the notice
			tab.until("the bell counts it", func() bool { return count(tab) == "1" })
		}
		if count(writer) != "" {
			t.Errorf("who wrote the note has %s of its own to see", count(writer))
		}
		for _, path := range []string{"/dashboard", "/settings/canned", "/leads"} {
			elsewhere.open(path)
			if got := count(elsewhere); got != "1" {
				t.Errorf("%s counts %q mentions, want 1", path, got)
			}
		}

		there.clickOn("#mentions-bell")
		there.see(there.word("mentions.new"), "tolong hitung")
		there.clickOn(".mentions li a")
		there.see("Berapa biaya kuliahnya?")
		elsewhere.until("the bell of the other tab is quiet", func() bool { return count(elsewhere) == "" })

		// What stands before its eyes needs no notice.
		writer.fill("textbox", writer.word("panel.note_hint"), "@Dewi Contoh sekali lagi")
		writer.click("button", writer.word("panel.add_note"))
		there.see("sekali lagi")
		there.until("it is seen", func() bool {
			n, err := s.Host.People.UnseenMentions(t.Context(), access.OfMember(dewi))
			return err == nil && n == 0
		})
		if there.count(".toast") > 0 {
			t.Error("a notice tells of a note that is open")
		}

		// All at once, from the list.
		card, err := s.Host.People.ByPhone(t.Context(), s.owner(), chatty, "ID")
		if err == nil {
			_, err = s.Host.People.AddNote(t.Context(), s.owner(), people.NewNote{ContactID: card.Contact.ID, Body: "@Dewi Contoh untuk nanti"})
		}
		if err != nil {
			t.Fatal(err)
		}
		elsewhere.open("/mentions?which=new")
		elsewhere.see("untuk nanti")
		elsewhere.miss("tolong hitung")
		elsewhere.click("button", elsewhere.word("mentions.see_all"))
		elsewhere.miss(elsewhere.word("mentions.new"))
		if unseen, err := s.Host.People.Mentions(t.Context(), access.OfMember(dewi), people.MentionQuery{Unseen: true, Limit: crm.MaxPageRows}); err != nil || len(unseen) > 0 {
			t.Errorf("%d mentions are not seen, %v", len(unseen), err)
		}
	})
}
