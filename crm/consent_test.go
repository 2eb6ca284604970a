package crm_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestConsentWord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		content crm.Content
		word    string
		out     bool
	}{
		{crm.Text{Body: "STOP"}, "STOP", true}, {crm.Text{Body: "stop"}, "STOP", true}, {crm.Text{Body: " Stop! \n"}, "STOP", true},
		{crm.Text{Body: "*STOP*"}, "STOP", true}, {crm.Text{Body: "\"Berhenti.\""}, "BERHENTI", true}, {crm.Text{Body: "BERHENTI"}, "BERHENTI", true},
		{crm.Text{Body: "unsubscribe"}, "UNSUBSCRIBE", true},
		{crm.Choice{Source: "quick_reply", Title: "Stop"}, "STOP", true},
		{crm.Text{Body: "START"}, "START", false}, {crm.Text{Body: "mulai"}, "MULAI", false},
		{content: crm.Text{Body: ""}}, {content: crm.Text{Body: "stop dong"}}, {content: crm.Text{Body: "berhenti dulu ya kak"}}, {content: crm.Text{Body: "nonstop"}},
		{content: crm.Text{Body: "bus stop"}}, {content: crm.Text{Body: "stopp"}}, {content: crm.Text{Body: "mulai kapan?"}}, {content: crm.Text{Body: "S T O P"}},
		{content: crm.Text{Body: "STOP 🙏"}}, {content: crm.Media{Type: crm.KindImage, Caption: "STOP"}}, {content: crm.Reaction{Emoji: "STOP"}},
	} {
		word, out, said := crm.ConsentWord(tt.content)
		if word != tt.word || out != tt.out || said != (tt.word != "") {
			t.Errorf("ConsentWord(%+v) = %q, %t, %t, want %q, %t", tt.content, word, out, said, tt.word, tt.out)
		}
	}
}
