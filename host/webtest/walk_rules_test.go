package webtest_test

import (
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// Somebody adds a signal to the rules: tries it before it is saved, saves it, sees
// the contacts scored again, and a colleague's screen has the new score without a
// reload.
func TestRulesAreChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		const said = "Saya mau ikut lokakarya tembikar"
		s.say(text(asking, said))
		colleague := s.signIn(t, s.member("Dewi Contoh", crm.Agent))
		colleague.size(1600, 900) // the contact stands beside
		colleague.open(s.thread(asking))
		colleague.see(said)
		stay := colleague.mark()

		tab := s.signIn(t, s.Owner)
		tab.allow("/settings/rules/try answers 422")
		tab.open("/settings/rules")
		fresh := evaluate[int](tab, `Number(document.querySelector("[name^=fresh]").name.slice("fresh".length))`)
		field := func(name, words string) {
			t.Helper()
			tab.clickOn(fmt.Sprint("#", name, fresh))
			evaluate[any](tab, "document.activeElement.select()")
			tab.insert(words)
		}
		tab.clickOn(fmt.Sprintf("#signal-%d summary", fresh))
		field("why_id", "Menanyakan tembikar")
		field("why_en", "Asks for pottery")
		field("points", "banyak")
		field("list", "tembikar")
		tab.clickOn(fmt.Sprint("#in_messages", fresh))
		// Another goes out.
		out := evaluate[string](tab, `[...document.querySelectorAll("li[id^=signal]")].find((s) => s.innerText.includes("Mencari pekerjaan")).id`)
		tab.clickOn("#" + out + " summary")
		tab.clickOn("#" + out + " [name^=remove]")
		tab.fill("textbox", tab.word("settings.said"), said)
		tab.click("button", tab.word("settings.try_it"))
		tab.see(tab.word("settings.rules_wrong")) // "banyak" is no number
		field("points", "9")
		tab.click("button", tab.word("settings.try_it"))
		tab.see("Menanyakan tembikar", tab.word("settings.found"), "tembikar")
		if rules, stored, err := s.Host.People.LeadRules(t.Context(), s.owner()); err != nil || stored != nil {
			t.Fatalf("trying the rules has stored version %d, %v", rules.Version(), err)
		}

		tab.click("button", tab.word("settings.save_rules"))
		tab.see(tab.word("done.saved"))
		tab.click("link", tab.word("settings.rescore_see"))
		tab.see(tab.word("rescore_state.done"), tab.word("settings.rescore_done_of", 1, 1))
		colleague.until("the contact's score has the new signal", func() bool {
			return evaluate[bool](colleague, `document.getElementById("panel").textContent.includes("Menanyakan tembikar")`)
		})
		stay()
	})
}
