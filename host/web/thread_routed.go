package web

import (
	"cmp"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// routed shows among a conversation's messages whom the rules of assignment gave
// it to, and why, where that happened. Whole says that the messages are all there
// are on that side: before the first, after the last. A line that belongs to
// another page is not on this one.
func (v *visitor) routed(bubbles []bubble, messages []*crm.Message, cv *crm.Conversation, wholeBefore, wholeAfter bool) []bubble {
	why := lead.ReasonOf(cv.RoutedFor).Text.In(string(v.lang))
	if cv.RoutedAt.IsZero() || why == "" {
		return bubbles
	}
	after := 0 // messages that were there by then
	for _, m := range messages {
		if m.CreatedAt.After(cv.RoutedAt) {
			break
		}
		after++
	}
	if after == 0 && !wholeBefore || after == len(messages) && !wholeAfter {
		return bubbles
	}
	if !cv.AssigneeID.IsZero() {
		why = v.say("thread.routed", cmp.Or(v.members[cv.AssigneeID.String()], v.say("author.former")), why)
	}
	line := bubble{ID: "routed-" + cv.RoutedFor, Side: "middle", At: v.hour(cv.RoutedAt), AtISO: iso(cv.RoutedAt), Text: spans(why)}
	// A reaction stands on its message, so there may be fewer bubbles than messages.
	at := len(bubbles)
	if after < len(messages) {
		if next := slices.IndexFunc(bubbles, func(b bubble) bool { return b.ID == messages[after].ID.String() }); next >= 0 {
			at = next
		}
	}
	return slices.Insert(bubbles, at, line)
}
