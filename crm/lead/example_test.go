package lead_test

import (
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// A contact is scored from what it wrote and what is known of it, and the score
// says why.
func Example() {
	rules, now := lead.Education(), time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	var profile lead.Profile
	profile.Add(rules.Message(nil, lead.Said{
		ID: crm.MessageID{1}, At: now.Add(-time.Hour), Asked: now.Add(-65 * time.Minute),
		Content: crm.Text{Body: "Kak, brp biayaaa kuliah di Malaysia? Mau daftar tahun depan, budget 50jt"},
	})...)
	profile.Know(rules.Contact(nil, &crm.Contact{Name: "Dewi", Source: crm.Source{Kind: "ad"}}, nil)...)

	score := lead.Of(&profile, rules, now)
	fmt.Println(score.Total, rules.Temperature("", score.Total))
	for _, part := range score.Parts {
		fmt.Println(part.Category, part.Points)
		for _, line := range part.Lines {
			fmt.Printf("  %+d %s (%s)\n", line.Points, line.Why.EN, line.Match)
		}
	}
	// Output:
	// 72 hot
	// fit 12
	//   +5 Names a country to study in. (malaysia)
	//   +5 Names a programme or a degree. (kuliah)
	//   +2 A field of the contact is filled in. (name)
	// intent 31
	//   +14 Wants to register. (daftar)
	//   +12 Asks about the price. (biaya)
	//   +5 Came from an ad. (ad)
	// engagement 16
	//   +7 Was in touch lately. ()
	//   +3 Replied to us. ()
	//   +3 Replied within ten minutes. ()
	//   +3 Wrote a message. ()
	// readiness 13
	//   +7 Names a budget. (budget)
	//   +6 Says when it wants to start. (tahun depan)
	// negative 0
}
