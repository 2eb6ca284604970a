// Package profiles makes leads at random, the same ones from the same seed on
// every machine: the property tests draw from it, and a main compiled for WASI
// writes down what it makes of them, to be compared with what native code does.
package profiles

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// Now is about when everything was said.
var Now = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// Maker makes leads.
type Maker struct{ *rand.Rand }

// New returns a maker.
func New(seed uint64) Maker { return Maker{rand.New(rand.NewPCG(seed, 21))} }

// Time returns a time up to 200 days before Now, seldom in its future, and often
// one that it returned before.
func (m Maker) Time() time.Time {
	if m.IntN(3) == 0 {
		return Now.AddDate(0, 0, -m.IntN(4))
	}
	return Now.Add(time.Duration(m.Int64N(200*24*3600)-24*3600) * -time.Second)
}

// Evidence returns up to n pieces of any kind that the rules know.
func (m Maker) Evidence(r *lead.Rules, n int) []lead.Evidence {
	signals := r.Document().Signals
	var all []lead.Evidence
	for range m.IntN(n + 1) {
		all = append(all, m.Piece(r, signals[m.IntN(len(signals))]))
	}
	return all
}

// Piece returns a piece of evidence for a signal.
func (m Maker) Piece(r *lead.Rules, s lead.Signal) lead.Evidence {
	ways := len(s.Words) + len(s.Fields) + len(s.Sources) + len(s.Tags) + len(s.Statuses)
	ref := lead.Ref{Kind: lead.OfMessage, ID: [16]byte{byte(m.IntN(12))}}
	switch {
	case len(s.Words) == 0 && ways > 0, s.Event == lead.OnOptOut, s.Event == lead.OnBlocked:
		ref = lead.Ref{Kind: lead.OfContact}
	case m.IntN(8) == 0:
		ref.Kind = lead.OfNote
	}
	e, _ := r.Evidence(s.ID, ref, m.Time(), m.IntN(max(ways, 1)))
	return e
}

// Profile returns a lead that wrote up to n messages, some of them to answer us,
// and of which this and that is known.
func (m Maker) Profile(r *lead.Rules, n int) lead.Profile {
	var p lead.Profile
	for range m.IntN(n + 1) {
		p.Add(r.Message(nil, m.Message(r))...)
	}
	if m.IntN(2) == 0 {
		p.Know(r.Contact(nil, m.Contact(r), nil)...)
	}
	if m.IntN(4) == 0 {
		p.Add(r.Note(nil, &crm.Note{ID: crm.NoteID{byte(m.IntN(9)), 1}, Body: m.Text(r), CreatedAt: m.Time()})...)
	}
	return p
}

// Message returns a message from a lead.
func (m Maker) Message(r *lead.Rules) lead.Said {
	said := lead.Said{ID: crm.MessageID{byte(m.IntN(200)), byte(m.IntN(4))}, At: m.Time(), Content: crm.Text{Body: m.Text(r)}}
	if m.IntN(3) == 0 {
		said.Asked = said.At.Add(-time.Duration(m.IntN(7200)) * time.Second)
	}
	switch m.IntN(12) {
	case 0:
		said.Content = crm.Media{Type: crm.KindImage, Caption: m.Text(r)}
	case 1:
		said.Content = crm.Choice{Source: "button", Title: m.Text(r)}
	case 2:
		said.Content = crm.FlowReply{Response: fmt.Sprintf(`{"budget":%q,"n":%d,"ok":true,"list":["a","b"]}`, m.Text(r), m.IntN(99))}
	case 3:
		said.Content = crm.Location{Name: "Jakarta"}
	case 4:
		said.Content = crm.Order{Text: m.Text(r)}
	}
	return said
}

// Contact returns a contact with some of the fields that the rules look for.
func (m Maker) Contact(r *lead.Rules) *crm.Contact {
	c := &crm.Contact{Fields: map[string]string{}, LeadStatus: "new", Source: crm.Source{Kind: "chat"}}
	for _, s := range r.Document().Signals {
		for _, name := range s.Fields {
			if m.IntN(3) == 0 {
				c.Fields[name] = "x"
			}
		}
		for _, status := range s.Statuses {
			if m.IntN(12) == 0 {
				c.LeadStatus = status
			}
		}
	}
	if m.IntN(5) == 0 {
		c.Source.Kind = "ad"
	}
	c.OptOut.Out = m.IntN(12) == 0
	return c
}

// Text returns words of the rules among others, in odd spellings.
func (m Maker) Text(r *lead.Rules) string {
	others := []string{"halo", "kak", "ya", "tidak", "belum", "min", "dong", "50jt", "2.500.000", "a@example.com", "https://example.com", "🙂", "?", ".", "\n", "dan", "the"}
	signals := r.Document().Signals
	var b strings.Builder
	for range m.IntN(12) {
		word := others[m.IntN(len(others))]
		if s := signals[m.IntN(len(signals))]; len(s.Words) > 0 && m.IntN(2) == 0 {
			word = s.Words[m.IntN(len(s.Words))]
		}
		switch m.IntN(8) {
		case 0:
			word = strings.ToUpper(word)
		case 1:
			word += strings.Repeat(word[len(word)-1:], m.IntN(4))
		case 2:
			word = strings.ReplaceAll(word, "a", "á")
		}
		b.WriteString(word)
		b.WriteString([]string{" ", " ", ", ", "-", "  "}[m.IntN(5)])
	}
	return b.String()
}

// Write writes n leads with their profiles' bytes and their scores, all there is
// of them.
func Write(w io.Writer, n int) error {
	out := bufio.NewWriter(w)
	for i := range n {
		m := New(uint64(i))
		rules := lead.Education()
		if i%2 == 1 {
			rules = lead.Sales()
		}
		p := m.Profile(rules, 12)
		fmt.Fprintf(out, "%x", p.Append(nil))
		writeScore(out, lead.Of(&p, rules, Now.Add(time.Duration(m.IntN(1000))*time.Hour)))
	}
	return out.Flush()
}

// writeScore writes a score in one line: all of it but the sentences, which stand
// in the rules.
func writeScore(out *bufio.Writer, s lead.Score) {
	fmt.Fprint(out, " ", s.Total, s.Rules, s.At.Unix())
	for _, part := range s.Parts {
		fmt.Fprint(out, " ", part.Category, part.Points, part.Cap)
		for _, line := range part.Lines {
			fmt.Fprint(out, " ", line.Signal, line.Points, line.Worth, line.Capped, line.Match, line.At.Unix(), line.Ref.Kind, line.Ref.ID[:2])
		}
	}
	fmt.Fprintln(out)
}
