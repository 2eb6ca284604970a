package lead_test

import (
	"slices"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

// history returns the profile of 200 messages, and these.
func history(r *lead.Rules) (*lead.Profile, []lead.Said) {
	m := profiles.New(7)
	var p lead.Profile
	said := make([]lead.Said, 200)
	for i := range said {
		said[i] = m.Message(r)
		p.Add(r.Message(nil, said[i])...)
	}
	c := m.Contact(r)
	c.OptOut.Out, c.LeadStatus = false, "qualified"
	p.Know(r.Contact(nil, c, nil)...)
	for _, words := range []string{"spam", "says_stop", "wrong_number", "not_interested", "elsewhere", "job_seeker"} {
		e, _ := r.Evidence(words, lead.Ref{}, profiles.Now, 0)
		for i := range said {
			if slices.ContainsFunc(r.Message(nil, said[i]), func(have lead.Evidence) bool { return have.Signal() == e.Signal() }) {
				p.Forget(lead.Ref{Kind: lead.OfMessage, ID: said[i].ID})
			}
		}
	}
	return &p, said
}

var sink lead.Score

// BenchmarkScore scores a lead that wrote 200 messages.
func BenchmarkScore(b *testing.B) {
	r := lead.Education()
	p, _ := history(r)
	b.ReportAllocs()
	b.ReportMetric(float64(p.Len()), "pieces")
	for b.Loop() {
		sink = lead.Of(p, r, profiles.Now)
	}
}

// BenchmarkTotal is BenchmarkScore without the reasons.
func BenchmarkTotal(b *testing.B) {
	r := lead.Education()
	p, _ := history(r)
	b.ReportAllocs()
	total := 0
	for b.Loop() {
		total += lead.Total(p, r, profiles.Now)
	}
	if total == 0 {
		b.Error("200 messages score nothing")
	}
}

// BenchmarkAdd takes in the evidence of a message.
func BenchmarkAdd(b *testing.B) {
	r := lead.Education()
	p, said := history(r)
	var all [][]lead.Evidence
	for _, s := range said {
		all = append(all, r.Message(nil, s))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Add(all[i%len(all)]...)
	}
}

// BenchmarkMessage does all that a message costs: reads the stored profile, finds
// the evidence, takes it in and writes the profile.
func BenchmarkMessage(b *testing.B) {
	r := lead.Education()
	p, said := history(r)
	stored := p.Append(nil)
	var evidence []lead.Evidence
	var written []byte
	b.ReportAllocs()
	b.ReportMetric(float64(len(stored)), "bytes")
	for i := 0; b.Loop(); i++ {
		p, err := lead.Decode(stored)
		if err != nil {
			b.Fatal(err)
		}
		evidence = r.Message(evidence[:0], said[i%len(said)])
		p.Add(evidence...)
		written = p.Append(written[:0])
	}
}

// BenchmarkMatch finds the evidence in a message of 130 letters.
func BenchmarkMatch(b *testing.B) {
	r := lead.Education()
	said := lead.Said{At: profiles.Now, Content: crm.Text{Body: "Halo kak, saya lihat iklannya. Mau tanya program kuliah di Jepang, syaratnya apa, biayanya berapa, dan ada beasiswa? Terima kasih"}}
	var evidence []lead.Evidence
	b.ReportAllocs()
	b.SetBytes(int64(len(said.Content.(crm.Text).Body)))
	for b.Loop() {
		evidence = r.Message(evidence[:0], said)
	}
}

// TestScoreAllocates holds the number of allocations, which unlike time does not
// depend on the machine.
func TestScoreAllocates(t *testing.T) {
	r := lead.Education()
	p, said := history(r)
	if n := testing.AllocsPerRun(100, func() { sink = lead.Of(p, r, profiles.Now) }); n > 10 {
		t.Errorf("a score of 200 messages allocates %.0f times, want at most 10", n)
	}
	evidence := r.Message(nil, said[0])
	text := lead.Said{At: profiles.Now, Content: crm.Text{Body: "Halo kak, biayanya berapa untuk kuliah di Malaysia?"}}
	if n := testing.AllocsPerRun(100, func() { evidence = r.Message(evidence[:0], text) }); n > 0 {
		t.Errorf("to read a text allocates %.0f times", n)
	}
}
