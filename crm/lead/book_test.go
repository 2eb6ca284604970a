package lead_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

func TestBook(t *testing.T) {
	t.Parallel()
	ws, dewi, budi := crm.WorkspaceID{9}, &crm.Contact{ID: crm.ContactID{2}, Name: "Dewi"}, &crm.Contact{ID: crm.ContactID{1}}
	now, rules := profiles.Now, lead.Education()
	said := lead.Said{ID: crm.MessageID{1}, At: now, Content: crm.Text{Body: "harga? mau daftar, transfer kemana"}}

	book := lead.NewBook(ws, rules, now, nil)
	book.Said(dewi.ID, said)
	book.Known(dewi)
	book.Known(budi)
	written := book.Changed()
	if len(written) != 2 || written[0].ContactID != budi.ID || written[1].WorkspaceID != ws || written[1].Rules != rules.Version() {
		t.Fatalf("the book has %+v", written)
	}
	score, temperature := lead.Read(written[1], rules, now)
	if score.Total != written[1].Total || temperature != written[1].Temperature || temperature != crm.Warm {
		t.Errorf("a lead written with %d, %s reads as %d, %s", written[1].Total, written[1].Temperature, score.Total, temperature)
	}

	written[0].Rules = rules.Version() + 1 // who gathered it is no reason to write it
	again := lead.NewBook(ws, rules, now.Add(time.Hour), written)
	again.Said(dewi.ID, said)
	again.Known(dewi)
	if changed := again.Changed(); len(changed) != 0 {
		t.Errorf("what was known already is to be written: %+v", changed)
	}
	again.Unsaid(dewi.ID, said.ID)
	again.Noted(&crm.Note{ID: crm.NoteID{1}, ContactID: budi.ID, Body: "siap bayar", CreatedAt: now.Add(time.Hour)})
	changed := again.Changed()
	if len(changed) != 2 || changed[0].Total != 6 || changed[1].Total != 2 || changed[1].Temperature != crm.Cold {
		t.Errorf("after a note and a message taken back: %+v and %+v", changed[0], changed[1])
	}
	spoilt := *written[1]
	spoilt.Profile = []byte("?")
	anew := lead.NewBook(ws, rules, now, []*crm.Lead{&spoilt})
	anew.Said(dewi.ID, said)
	anew.Known(dewi)
	if got := anew.Changed(); len(got) != 1 || !reflect.DeepEqual(got[0], written[1]) {
		t.Errorf("a profile that cannot be read was not begun anew: %+v", got)
	}
	if score, temperature := lead.Read(nil, rules, now); score.Total != 0 || temperature != crm.Cold {
		t.Errorf("a contact nobody has scored: %d, %s", score.Total, temperature)
	}
}

// TestBookKeepsWhatNewRulesKnow: of evidence that other rules found only what the
// rules in force know stays, and with whatever they find beside it a profile is
// never too large to be read back.
func TestBookKeepsWhatNewRulesKnow(t *testing.T) {
	t.Parallel()
	law(t, "a lead of other rules goes on under these", func(m profiles.Maker, r *lead.Rules) string {
		other := lead.Sales()
		if r == other {
			other = lead.Education()
		}
		doc := r.Document()
		doc.Version = 2
		for i := range doc.Signals {
			doc.Signals[i].Most = m.IntN(max(doc.Signals[i].Most, 1) + 1)
		}
		rules, err := lead.New(doc)
		if err != nil {
			return err.Error()
		}
		before := m.Profile(other, 60)
		stored := &crm.Lead{ContactID: crm.ContactID{1}, Profile: before.Append(nil), Rules: other.Version()}
		book := lead.NewBook(crm.WorkspaceID{9}, rules, profiles.Now, []*crm.Lead{stored})
		for range m.IntN(60) {
			book.Said(stored.ContactID, m.Message(rules))
		}
		book.Said(stored.ContactID, lead.Said{ID: crm.MessageID{255}, At: profiles.Now, Content: crm.Text{Body: "x"}})
		kept := stored // it is written only if something came or went
		if written := book.Changed(); len(written) > 0 {
			kept = written[0]
			if kept.Rules != 2 {
				return "it is written under the rules it had"
			}
		}
		after, err := lead.Decode(kept.Profile)
		if err != nil {
			return "the profile does not read back"
		}
		shown := 0
		for _, part := range lead.Of(&after, rules, profiles.Now).Parts {
			shown += len(part.Lines)
		}
		if shown != after.Len() {
			return "something is kept that these rules do not count"
		}
		return ""
	})
}
