package inbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
)

// The newest word wins, whenever it comes, and only the customer's own.
func TestWordsOfConsent(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	at := func(minutes int) time.Time { return crmtest.Start.Add(time.Duration(minutes-60) * time.Minute) }
	word := func(id string, minutes int, content crm.Content) webhook.Fact {
		f := said(id, content)
		f.Time = at(minutes)
		return f
	}
	ours := written("0", "STOP", "")
	ours.Time = at(59)
	for _, step := range []struct {
		fact webhook.Fact
		want crm.OptOut
	}{
		{word("1", 1, crm.Text{Body: "Halo, berhenti di halte mana?"}), crm.OptOut{}},
		{word("2", 10, crm.Text{Body: "Berhenti."}), crm.OptOut{Out: true, At: at(10), Reason: "BERHENTI"}},
		{word("3", 5, crm.Text{Body: "MULAI"}), crm.OptOut{Out: true, At: at(10), Reason: "BERHENTI"}}, // older, and late
		{word("4", 11, crm.Text{Body: "terima kasih"}), crm.OptOut{Out: true, At: at(10), Reason: "BERHENTI"}},
		{word("5", 20, crm.Text{Body: "mulai"}), crm.OptOut{At: at(20), Reason: "MULAI"}},
		{word("6", 30, crm.Choice{Source: "quick_reply", Title: "Stop"}), crm.OptOut{Out: true, At: at(30), Reason: "STOP"}},
		{word("5", 40, crm.Text{Body: "mulai"}), crm.OptOut{Out: true, At: at(30), Reason: "STOP"}}, // told again: no news
		{word("7", 50, crm.Text{Body: "start"}), crm.OptOut{At: at(50), Reason: "START"}},
		{ours, crm.OptOut{At: at(50), Reason: "START"}},
	} {
		tl.tell(step.fact)
		if got := tl.Contacts[0].OptOut; got != step.want {
			t.Fatalf("after %q of %v the contact's wish is %+v, want %+v", step.fact.Message.Content.Preview(), step.fact.Time, got, step.want)
		}
	}
	heard := 0
	for _, f := range tl.facts {
		if f.Kind == crm.ContactChanged && strings.Contains(string(f.Data), `"opt_out"`) {
			heard++
		}
	}
	if heard != 4 {
		t.Errorf("the feed tells %d times what the contact wants, want 4", heard)
	}
}
