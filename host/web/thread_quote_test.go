package web

import (
	"slices"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	answer := func(id byte, to string) *crm.Message {
		m := said(id, crm.Text{Body: "ya"})
		m.ReplyTo = to
		return m
	}
	takenBack := answer(2, "further up")
	takenBack.RevokedAt = noon
	waiting := ours(1, crm.Text{Body: "Halo"}, crm.Queued)
	waiting.ProviderID = ""
	for _, tt := range []struct {
		what     string
		messages []*crm.Message
		want     []string
	}{
		{"nothing is said about others", []*crm.Message{waiting, said(2, crm.Text{Body: "Halo"})}, nil},
		{"all are above", []*crm.Message{said(1, crm.Text{Body: "Halo"}), answer(2, "w1"), said(3, crm.Reaction{MessageID: "w2", Emoji: "👍"})}, nil},
		{"several are about one", []*crm.Message{answer(1, "further up"), answer(2, "further up"), answer(3, "higher")}, []string{"further up", "higher"}},
		{"a reaction", []*crm.Message{said(1, crm.Reaction{MessageID: "further up", Emoji: "👍"})}, []string{"further up"}},
		{"an answer that was taken back", []*crm.Message{takenBack}, nil},
		{"one that stands below", []*crm.Message{answer(1, "w2"), said(2, crm.Text{Body: "Halo"})}, []string{"w2"}},
	} {
		if got := missing(tt.messages); !slices.Equal(got, tt.want) {
			t.Errorf("%s: missing are %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestQuotesOfWhatIsFurtherUp(t *testing.T) {
	t.Parallel()
	v := someone()
	first := ours(1, crm.Text{Body: "Kelasnya mulai Senin."}, crm.Read)
	first.ReplyTo = "w1" // of itself, as nobody may send it: its own quote is not looked for
	gone := said(2, crm.Text{Body: "secret"})
	gone.RevokedAt = noon
	further := map[string]quote{"w1": v.quote(first, "Budi"), "w2": v.quote(gone, "Budi")}
	var messages []*crm.Message
	for i, id := range []string{"w1", "w2", "nobody's"} {
		m := said(byte(3+i), crm.Text{Body: "ya"})
		m.ReplyTo = id
		messages = append(messages, m)
	}
	messages = append(messages, said(6, crm.Reaction{MessageID: "w1", Emoji: "👍"}))
	shown := v.bubbles(messages, further, "Budi", noon)
	for i, want := range []quote{
		{ID: first.ID.String(), Author: "Dewi", Text: "Kelasnya mulai Senin."}, {ID: gone.ID.String(), Author: "Budi", Text: v.say("thread.revoked")},
		{Text: v.say("thread.earlier")}, {ID: first.ID.String(), Author: "Dewi", Text: "Kelasnya mulai Senin."},
	} {
		if got := shown[i].Quote; got == nil || *got != want {
			t.Errorf("message %d quotes %+v, want %+v", i, got, want)
		}
	}
}
