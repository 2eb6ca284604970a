package lead_test

import (
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

func signalsOf(evidence []lead.Evidence) []string {
	var ids []string
	for _, e := range evidence {
		ids = append(ids, e.Signal())
	}
	slices.Sort(ids)
	return ids
}

func TestMessageEvents(t *testing.T) {
	t.Parallel()
	now := profiles.Now
	for _, tt := range []struct {
		name string
		said lead.Said
		want []string
	}{
		{"text", lead.Said{Content: crm.Text{Body: "halo"}}, []string{"recent", "writes"}},
		{"no content", lead.Said{}, nil},
		{"a reaction", lead.Said{Content: crm.Reaction{Emoji: "👍"}}, nil},
		{"a system message", lead.Said{Content: crm.System{Body: "daftar"}}, nil},
		{"a picture with words", lead.Said{Content: crm.Media{Type: crm.KindImage, Caption: "daftar"}}, []string{"asks_to_register", "recent", "sends_file", "writes"}},
		{"a choice", lead.Said{Content: crm.Choice{Title: "Beasiswa"}}, []string{"asks_scholarship", "recent", "writes"}},
		{"a form", lead.Said{Content: crm.FlowReply{Response: `{"flow_token":"daftar","target":["Malaysia"],"budget":50000000,"x":false}`}},
			[]string{"budget", "form", "names_country", "recent", "writes"}},
		{"a form that is no object", lead.Said{Content: crm.FlowReply{Response: `malaysia`}}, []string{"form", "names_country", "recent", "writes"}},
		{"a reply", lead.Said{Content: crm.Text{Body: "ya"}, Asked: now.Add(-time.Hour)}, []string{"recent", "replies", "writes"}},
		{"a fast reply", lead.Said{Content: crm.Text{Body: "ya"}, Asked: now.Add(-10 * time.Minute)}, []string{"recent", "replies", "replies_fast", "writes"}},
		{"a reply to what came later", lead.Said{Content: crm.Text{Body: "ya"}, Asked: now.Add(time.Second)}, []string{"recent", "writes"}},
	} {
		tt.said.At = now
		if got := signalsOf(lead.Education().Message(nil, tt.said)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := signalsOf(lead.Sales().Message(nil, lead.Said{At: now, Content: crm.Order{Text: "besok"}})); !slices.Equal(got, []string{"cart", "recent", "time", "writes"}) {
		t.Errorf("an order: %v", got)
	}
	if got := signalsOf(lead.Sales().Message(nil, lead.Said{At: now, Content: crm.Location{}})); !slices.Equal(got, []string{"recent", "sends_place", "writes"}) {
		t.Errorf("a location: %v", got)
	}
}

func TestContactAndNote(t *testing.T) {
	t.Parallel()
	r := lead.Education()
	c := &crm.Contact{
		ProfileName: "Dewi", Identities: []crm.Identity{{Kind: crm.ByWaID, Value: "6281200000001"}},
		Fields: map[string]string{"City": "Bandung", "jurusan": "Kedokteran", "email": " "},
		Source: crm.Source{Kind: "ad"}, LeadStatus: "qualified",
	}
	want := []string{"ad", "declared_need", "known", "known", "known", "qualified"}
	if got := signalsOf(r.Contact(nil, c, nil)); !slices.Equal(got, want) {
		t.Errorf("a contact: %v, want %v", got, want)
	}
	c = &crm.Contact{OptOut: crm.OptOut{Out: true}, BlockedAt: profiles.Now, LeadStatus: "lost"}
	if got := signalsOf(r.Contact(nil, c, nil)); !slices.Equal(got, []string{"blocked", "lost", "opted_out"}) {
		t.Errorf("a contact who does not want: %v", got)
	}
	note := &crm.Note{ID: crm.NoteID{1}, Body: "Sudah siap bayar, mau daftar", CreatedAt: profiles.Now}
	if got := signalsOf(r.Note(nil, note)); !slices.Equal(got, []string{"team_says"}) {
		t.Errorf("a note: %v: words of the team's are looked for only where the rules say note", got)
	}
	doc := r.Document()
	doc.Signals[0] = lead.Signal{ID: "vip", Category: lead.Fit, Points: 1, Why: lead.Text{ID: "a", EN: "b"}, Tags: []string{"VIP"}}
	tagged, err := lead.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	if got := signalsOf(tagged.Contact(nil, &crm.Contact{}, []string{"new", "vip"})); !slices.Equal(got, []string{"vip"}) {
		t.Errorf("a tag: %v", got)
	}
}

func TestKnowAndForget(t *testing.T) {
	t.Parallel()
	r := lead.Education()
	var p lead.Profile
	p.Add(r.Message(nil, lead.Said{ID: crm.MessageID{1}, At: profiles.Now, Content: crm.Text{Body: "harga?"}})...)
	before := p.Clone()
	c := &crm.Contact{Name: "Dewi", OptOut: crm.OptOut{Out: true}}
	if !p.Know(r.Contact(nil, c, nil)...) || p.Know(r.Contact(nil, c, nil)...) {
		t.Error("Know does not say whether it learnt anything")
	}
	if s := lead.Of(&p, r, profiles.Now); s.Total != 0 {
		t.Errorf("who opted out scores %d", s.Total)
	}
	c.OptOut.Out, c.Name = false, ""
	p.Know(r.Contact(nil, c, nil)...)
	if !p.Equal(&before) {
		t.Error("Know did not take back what is no longer so")
	}
	if !p.Forget(lead.Ref{Kind: lead.OfMessage, ID: crm.MessageID{1}}) || p.Len() != 0 || p.Forget(lead.Ref{Kind: lead.OfMessage, ID: crm.MessageID{1}}) {
		t.Error("a message taken back is still evidence")
	}
}

// TestOneMessageManyTimes: a message is one piece of evidence of a signal, however
// often its words are in it, and after an edit the newer word counts.
func TestOneMessageManyTimes(t *testing.T) {
	t.Parallel()
	r := lead.Education()
	said := lead.Said{ID: crm.MessageID{1}, At: profiles.Now, Content: crm.Text{Body: "harga harga biaya HARGA"}}
	once := lead.Said{ID: crm.MessageID{1}, At: profiles.Now, Content: crm.Text{Body: "harga"}}
	if a, b := lead.Of(profileOf(r.Message(nil, said)...), r, profiles.Now), lead.Of(profileOf(r.Message(nil, once)...), r, profiles.Now); a.Total != b.Total {
		t.Errorf("said three times it scores %d, once %d", a.Total, b.Total)
	}
}
