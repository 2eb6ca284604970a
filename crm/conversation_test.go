package crm_test

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// TestWaiting follows who waits for whom: "+" is the customer's message, "-" the
// business's, at so many seconds.
func TestWaiting(t *testing.T) {
	t.Parallel()
	type said struct {
		at int
		by byte
	}
	at := func(s int) time.Time { return time.Unix(int64(s), 0).UTC() }
	for _, tt := range []struct {
		name   string
		said   []said
		since  int   // 0: nobody waits
		waited []int // of each answer
	}{
		{"the customer asks", []said{{10, '+'}}, 10, nil},
		{"and asks again", []said{{10, '+'}, {20, '+'}}, 10, nil},
		{"the first answer ends it", []said{{10, '+'}, {20, '+'}, {35, '-'}, {40, '-'}}, 0, []int{25}},
		{"the business writes first", []said{{10, '-'}, {20, '+'}, {21, '-'}}, 0, []int{1}},
		{"each question has its answer", []said{{10, '+'}, {12, '-'}, {20, '+'}, {50, '-'}, {60, '+'}}, 60, []int{2, 30}},
		{"a question told after its answer", []said{{20, '-'}, {10, '+'}}, 0, nil},
		{"an answer told after the next question", []said{{10, '+'}, {30, '+'}, {20, '-'}}, 30, []int{10}},
		{"an answer from before the question", []said{{20, '+'}, {10, '-'}}, 20, nil},
		{"questions told the other way round", []said{{20, '+'}, {10, '+'}, {30, '-'}}, 0, []int{20}},
		{"a question and an answer of one second", []said{{10, '+'}, {10, '-'}}, 0, []int{0}},
		{"a question right after a message", []said{{10, '-'}, {10, '+'}}, 10, nil},
	} {
		var c crm.Conversation
		var waited []int
		for _, s := range tt.said {
			direction := crm.Outbound
			if s.by == '+' {
				direction = crm.Inbound
				c.Ask(at(s.at))
				if at(s.at).After(c.LastInbound) {
					c.LastInbound = at(s.at)
				}
			} else if d, answers := c.Reply(at(s.at)); answers {
				waited = append(waited, int(d.Seconds()))
			}
			if !at(s.at).Before(c.LastMessage.At) {
				c.LastMessage = crm.LastMessage{At: at(s.at), Direction: direction}
			}
		}
		want := time.Time{}
		if tt.since > 0 {
			want = at(tt.since)
		}
		if !c.WaitingSince.Equal(want) {
			t.Errorf("%s: waits since %v, want %v", tt.name, c.WaitingSince, want)
		}
		if len(waited) != len(tt.waited) {
			t.Errorf("%s: the answers ended %v, want %v", tt.name, waited, tt.waited)
			continue
		}
		for i := range waited {
			if waited[i] != tt.waited[i] {
				t.Errorf("%s: the answers ended %v, want %v", tt.name, waited, tt.waited)
			}
		}
	}
}
