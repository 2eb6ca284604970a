package lead_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/lead"
)

// Rules that name a tag are stored with its id, and shown with its name of today.
func TestTagsAreNamedAndIdentified(t *testing.T) {
	t.Parallel()
	mint := crmtest.NewClock().Mint(1)
	vip, cold := &crm.Tag{ID: crm.NewID[crm.Tag](mint), Name: "VIP"}, &crm.Tag{ID: crm.NewID[crm.Tag](mint), Name: "Tidak minat"}
	tags := []*crm.Tag{vip, cold}
	named := func(names ...string) *lead.Rules {
		t.Helper()
		doc := lead.Sales().Document()
		doc.Signals = append(doc.Signals[:1:1], lead.Signal{ID: "tagged", Category: lead.Fit, Points: 5, Why: lead.Text{ID: "Berlabel.", EN: "Has a tag."}, Tags: names})
		rules, err := lead.New(doc)
		if err != nil {
			t.Fatal(err)
		}
		return rules
	}
	rules, err := named("vip", cold.ID.String()).Identified(tags)
	if err != nil {
		t.Fatal(err)
	}
	if got := rules.Document().Signals[1].Tags; len(got) != 2 || got[0] != vip.ID.String() || got[1] != cold.ID.String() {
		t.Errorf("the tags are stored as %v", got)
	}
	var profile lead.Profile
	profile.Know(rules.Contact(nil, &crm.Contact{Tags: []crm.TagID{vip.ID}}, nil)...)
	if score := lead.Of(&profile, rules, mint.Now()); score.Total != 5 {
		t.Errorf("a contact with the tag scores %d", score.Total)
	}
	vip.Name = "Penting"
	if got := rules.Named(tags).Document().Signals[1].Tags; got[0] != "Penting" || got[1] != "Tidak minat" {
		t.Errorf("the tags are shown as %v", got)
	}
	if got := rules.Document().Signals[1].Tags[0]; got != vip.ID.String() {
		t.Errorf("naming tags changed the rules: %s", got)
	}
	_, err = named("VIP", "Vvip").Identified(tags)
	if problems := lead.Problems(err); len(problems) != 2 || problems[1].Path != "signals[1].tags[1]" || !strings.Contains(problems[1].Sentence, `"Vvip"`) {
		t.Errorf("tags that are not there are %v", problems)
	}
}
