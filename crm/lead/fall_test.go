package lead_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

func TestFalls(t *testing.T) {
	t.Parallel()
	law(t, "a total falls at the second that is told, and not one before", func(m profiles.Maker, r *lead.Rules) string {
		p := profileOf(m.Evidence(r, 30)...)
		at := profiles.Now
		for range 5 {
			before, falls := lead.Total(p, r, at), lead.Falls(p, r, at)
			switch {
			case falls.IsZero():
				if lead.Total(p, r, at.AddDate(40, 0, 0)) != before {
					return "a total fell that never does"
				}
				return ""
			case !falls.After(at):
				return "a total fell before now"
			case lead.Total(p, r, falls) >= before:
				return "a total did not fall"
			case lead.Total(p, r, falls.Add(-time.Second)) != before:
				return "a total fell before it is told to"
			}
			at = falls
		}
		return ""
	})
}

func TestSteady(t *testing.T) {
	t.Parallel()
	law(t, "a total stands within two points as long as it is told to", func(m profiles.Maker, r *lead.Rules) string {
		p := profileOf(m.Evidence(r, 80)...)
		at := profiles.Now.Add(time.Duration(m.IntN(1000)) * time.Hour)
		if lost := lead.Total(p, r, at) - lead.Total(p, r, at.Add(r.Steady())); lost > 2 {
			return fmt.Sprintf("it lost %d points", lost)
		}
		return ""
	})
}

// TestBookAges: a lead that is due is scored as of now and is due again when its
// total falls, until nothing is left to fall. One that is due at another moment has
// been scored since and stays as it is.
func TestBookAges(t *testing.T) {
	t.Parallel()
	r, ws, contact := lead.Education(), crm.WorkspaceID{1}, crm.ContactID{2}
	now := time.Date(2026, 11, 2, 8, 3, 0, 0, time.UTC)
	book := lead.NewBook(ws, r, now, nil)
	book.Said(contact, lead.Said{ID: crm.MessageID{3}, At: now, Content: crm.Text{Body: "Berapa biaya kuliah di Australia? Saya mau daftar bulan ini"}})
	stored := book.Changed()[0]
	if want := now.Add(r.Steady()); stored.DueAt.Before(want) || stored.DueAt.After(want.Add(15*time.Minute)) || stored.DueAt.Minute()%15 != 0 {
		t.Errorf("scored at %v it is due at %v, want within a quarter of an hour of %v", now, stored.DueAt, want)
	}
	if aged := lead.NewBook(ws, r, now, []*crm.Lead{stored}).Aged(stored.DueAt.Add(time.Second)); len(aged) > 0 {
		t.Errorf("a lead that is not due at that moment was scored: %+v", aged[0])
	}
	first := stored.Total
	for steps := 0; !stored.DueAt.IsZero(); steps++ {
		due, before := stored.DueAt, stored.Total
		aged := lead.NewBook(ws, r, due, []*crm.Lead{stored}).Aged(due)
		if len(aged) != 1 || !aged[0].ScoredAt.Equal(due) || steps > 0 && aged[0].Total >= before || steps > first+1 {
			t.Fatalf("after %d steps, of %d points: %+v", steps, before, aged)
		}
		if stored = aged[0]; !stored.DueAt.IsZero() && !stored.DueAt.After(due) {
			t.Fatalf("scored at %v it is due at %v", due, stored.DueAt)
		}
	}
	if score, _ := lead.Read(stored, r, now.AddDate(40, 0, 0)); score.Total != stored.Total || stored.Total >= first {
		t.Errorf("in the end it is stored as %d, is %d and was %d at first", stored.Total, score.Total, first)
	}
}

func BenchmarkFalls(b *testing.B) {
	r := lead.Education()
	p := profiles.New(3).Profile(r, 30)
	for b.Loop() {
		lead.Falls(&p, r, profiles.Now)
	}
}
