package inbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/webhook"
)

// lead returns the one lead there is with its score, as of now.
func (tl *teller) lead(t *testing.T) (*crm.Lead, lead.Score) {
	t.Helper()
	if len(tl.Leads) != 1 {
		t.Fatalf("there are %d leads, want one", len(tl.Leads))
	}
	score, _ := lead.Read(tl.Leads[0], lead.Education(), tl.mint.Now())
	return tl.Leads[0], score
}

// points returns what a signal adds to a score.
func points(s lead.Score, signal string) int {
	sum := 0
	for _, part := range s.Parts {
		for _, line := range part.Lines {
			if line.Signal == signal {
				sum += line.Points
			}
		}
	}
	return sum
}

func TestMessagesMakeALead(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	tl.tell(said("1", crm.Text{Body: "Halo"}))
	_, cold := tl.lead(t)
	if tl.Contacts[0].Temperature != crm.Cold || tl.Conversations[0].Temperature != crm.Cold {
		t.Errorf("who said Halo is %q", tl.Contacts[0].Temperature)
	}
	for _, f := range tl.facts {
		if f.Kind == crm.ContactChanged {
			t.Errorf("that a new contact is cold is told as news: %s", f.Data)
		}
	}
	tl.tell(said("2", crm.Text{Body: "Brp biaya kuliah di Malaysia? Mau daftar tahun depan, budget 50jt"}))
	stored, warm := tl.lead(t)
	if points(warm, "asks_price") != 12 || points(warm, "names_country") != 5 || warm.Total <= cold.Total || stored.Total != warm.Total {
		t.Errorf("a question about the price leaves %d, then %d with %+v", cold.Total, warm.Total, warm.Parts)
	}
	if c, cv := tl.Contacts[0], tl.Conversations[0]; c.Temperature != crm.Hot || cv.Temperature != crm.Hot || stored.Temperature != crm.Hot {
		t.Errorf("the lead is %s with %d, the contact %s, the conversation %s", stored.Temperature, stored.Total, c.Temperature, cv.Temperature)
	}
	last := tl.facts[len(tl.facts)-1]
	if last.Kind != crm.ContactChanged || string(last.Data) != `{"temperature":"hot"}` {
		t.Errorf("the last news is %s %s, want the temperature", last.Kind, last.Data)
	}
	before := *stored
	tl.tell(said("2", crm.Text{Body: "Brp biaya kuliah di Malaysia? Mau daftar tahun depan, budget 50jt"}))
	if again, _ := tl.lead(t); again.Total != before.Total || string(again.Profile) != string(before.Profile) {
		t.Error("a message told again changed the lead")
	}
	later, _ := lead.Read(stored, lead.Education(), tl.mint.Now().Add(60*24*time.Hour))
	if later.Total >= stored.Total {
		t.Errorf("after two months of silence the lead reads %d, it was %d", later.Total, stored.Total)
	}
}

func TestEditsAndStopsChangeALead(t *testing.T) {
	t.Parallel()
	amended := func(id string, content crm.Content) webhook.Fact {
		f := said("edit-"+id, nil)
		f.Kind, f.Message, f.Amendment = webhook.Amendment, nil, &webhook.AmendmentPart{Target: id, Content: content}
		f.Time = f.Time.Add(time.Minute)
		return f
	}
	tl := newTeller()
	tl.tell(said("1", crm.Text{Body: "berapa biayanya?"}))
	tl.tell(amended("1", crm.Text{Body: "mau daftar"}))
	_, edited := tl.lead(t)
	if points(edited, "asks_price") != 0 || points(edited, "asks_to_register") != 14 || points(edited, "writes") != 3 {
		t.Errorf("after the edit: %+v", edited.Parts)
	}
	back := amended("1", nil)
	back.ProviderID, back.Time = "back", back.Time.Add(time.Minute)
	tl.tell(back)
	if _, s := tl.lead(t); points(s, "asks_to_register") != 0 || points(s, "writes") != 0 {
		t.Errorf("after the message was taken back: %+v", s.Parts)
	}
	early := newTeller()
	early.tell(amended("1", nil))
	early.tell(said("1", crm.Text{Body: "berapa biayanya?"}))
	if _, s := early.lead(t); points(s, "asks_price") != 0 {
		t.Errorf("a message that was taken back before it came counts: %+v", s.Parts)
	}
	stop := newTeller()
	stop.tell(said("1", crm.Text{Body: "berapa biayanya? mau daftar"}))
	stop.tell(said("2", crm.Text{Body: "STOP"}))
	if l, s := stop.lead(t); s.Total != 0 || l.Temperature != crm.Cold {
		t.Errorf("who said STOP has %d and is %s", s.Total, l.Temperature)
	}
}

// TestLeadsDoNotDependOnRepeatsOrBatches: what is told again, and in how many
// transactions, leaves the same leads. The order does matter to one thing: a
// message that comes late was no reply to what the business had written since.
func TestLeadsDoNotDependOnRepeatsOrBatches(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("repeated and split facts give the same leads", prop.ForAll(
		func(seed uint64, n, size int) string {
			told := history(seed, n)
			want := scores(tell(told, len(told)))
			var again []inbox.Item
			r := rand.New(rand.NewPCG(seed, 23))
			for i, item := range told {
				again = append(again, item)
				if r.IntN(2) == 0 {
					again = append(again, told[r.IntN(i+1)])
				}
			}
			if got := scores(tell(again, size)); got != want {
				return fmt.Sprintf("once:\n%s\nagain:\n%s", want, got)
			}
			return ""
		}, gen.UInt64(), gen.IntRange(1, 60), gen.IntRange(1, 20)))
	properties.TestingRun(t)
}

// scores lists what each contact's lead comes to, now and a week later.
func scores(m *memory) string {
	var lines []string
	for _, c := range m.Contacts {
		for _, l := range m.Leads {
			if l.ContactID == c.ID {
				now, _ := lead.Read(l, lead.Education(), crmtest.Start)
				later, _ := lead.Read(l, lead.Education(), crmtest.Start.AddDate(0, 0, 7))
				lines = append(lines, fmt.Sprint(c.Identities[0], l.Total, now.Total, later.Total, l.Temperature == c.Temperature))
			}
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(len(m.Contacts) == len(m.Leads), lines)
}
