package web

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// TestRoutingsStandWhereTheyHappened: however a thread is cut into pages, each
// decision stands on one of them, behind the messages that were there and before
// those that came later, in the order of time.
func TestRoutingsStandWhereTheyHappened(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 21))
	v := &visitor{lang: indonesian, zone: time.UTC}
	for range 500 {
		var messages []*crm.Message
		var decided []crm.Routing // newest first
		at := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
		want := []string{}
		for n := range 1 + random.IntN(12) {
			at = at.Add(time.Second)
			m := &crm.Message{ID: crm.MessageID{15: byte(n + 1)}, CreatedAt: at}
			messages, want = append(messages, m), append(want, m.ID.String())
			for more := range random.IntN(3) {
				d := crm.Routing{At: at.Add(time.Duration(more) * time.Millisecond), Reason: lead.AllAtWork.Code}
				decided = slices.Insert(decided, 0, d)
				want = append(want, routedLine(d))
			}
		}
		size := 1 + random.IntN(len(messages))
		var got []string
		for end := len(messages); end > 0; end -= size {
			begin := max(0, end-size)
			var before *crm.Message
			if begin > 0 {
				before = messages[begin-1]
			}
			page := messages[begin:end]
			q := routingsBeside(crm.ConversationID{}, before, page, end == len(messages))
			var beside []crm.Routing
			for _, d := range decided {
				if !d.At.Before(q.From) && (q.Before.IsZero() || d.At.Before(q.Before)) {
					beside = append(beside, d)
				}
			}
			var bubbles []bubble
			for _, m := range page {
				bubbles = append(bubbles, bubble{ID: m.ID.String()})
			}
			var shown []string
			for _, b := range v.routed(bubbles, page, beside) {
				shown = append(shown, b.ID)
			}
			got = append(shown, got...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("pages of %d messages show\n%v\nwant\n%v", size, got, want)
		}
	}
}

// TestRoutingsSpeakTheLanguage: a decision is told in the language of who reads it,
// with the name of who got the conversation, and one that this program does not know
// is not shown.
func TestRoutingsSpeakTheLanguage(t *testing.T) {
	t.Parallel()
	dewi, gone := crm.MemberID{15: 1}, crm.MemberID{15: 2}
	for _, tt := range []struct {
		decided crm.Routing
		id, en  string
	}{
		{crm.Routing{Reason: lead.Closed.Code}, lead.Closed.Text.ID, lead.Closed.Text.EN},
		{crm.Routing{Reason: lead.InTurn.Code, AssigneeID: dewi}, "Otomatis ditugaskan kepada Dewi. " + lead.InTurn.Text.ID, "Assigned to Dewi automatically. " + lead.InTurn.Text.EN},
		{crm.Routing{Reason: lead.Skilled.Code, AssigneeID: gone}, "Otomatis ditugaskan kepada Mantan anggota. " + lead.Skilled.Text.ID, "Assigned to A former member automatically. " + lead.Skilled.Text.EN},
		{crm.Routing{Reason: "of a later program", AssigneeID: dewi}, "", ""},
	} {
		for l, want := range map[lang]string{indonesian: tt.id, english: tt.en} {
			v := &visitor{lang: l, zone: time.UTC, members: map[string]string{dewi.String(): "Dewi"}}
			got := ""
			for _, b := range v.routed(nil, nil, []crm.Routing{tt.decided}) {
				for _, s := range b.Text {
					got += s.Text
				}
			}
			if got != want {
				t.Errorf("in %s %q for %s is %q, want %q", l, tt.decided.Reason, tt.decided.AssigneeID, got, want)
			}
		}
	}
}
