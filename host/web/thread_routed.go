package web

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
)

// routingsBeside asks for what the rules of assignment decided about a conversation
// since the message before a page, which is nil if there is none, and until the
// page's last one, unless nothing comes after it. So each decision stands on one page.
func routingsBeside(id crm.ConversationID, before *crm.Message, messages []*crm.Message, newest bool) inbox.RoutingQuery {
	q := inbox.RoutingQuery{ConversationID: id, Limit: crm.MaxPageRows}
	if before != nil {
		q.From = before.CreatedAt
	}
	if n := len(messages); n > 0 && !newest {
		q.Before = messages[n-1].CreatedAt
	}
	return q
}

// routed shows among a conversation's messages whom the rules of assignment gave
// it to, or that nobody could have it, and why, each where that happened. The
// newest decision comes first.
func (v *visitor) routed(bubbles []bubble, messages []*crm.Message, decided []crm.Routing) []bubble {
	for _, d := range slices.Backward(decided) {
		why := lead.ReasonOf(d.Reason).Text.In(string(v.lang))
		if why == "" {
			continue
		}
		if !d.AssigneeID.IsZero() {
			why = v.say("thread.routed", cmp.Or(v.members[d.AssigneeID.String()], v.say("author.former")), why)
		}
		line := bubble{ID: routedLine(d), Side: "middle", At: v.hour(d.At), AtISO: iso(d.At), Text: spans(why)}
		bubbles = slices.Insert(bubbles, beforeLater(bubbles, messages, d), line)
	}
	return bubbles
}

// routedLine names the line of a decision.
func routedLine(d crm.Routing) string { return "routed-" + strconv.FormatInt(d.At.UnixMilli(), 36) }

// beforeLater returns where a decision stands: before the first bubble of the messages
// that came after it. A reaction stands on its message, so there may be fewer
// bubbles than messages.
func beforeLater(bubbles []bubble, messages []*crm.Message, d crm.Routing) int {
	for _, m := range messages {
		if !m.CreatedAt.After(d.At) {
			continue
		}
		if at := slices.IndexFunc(bubbles, func(b bubble) bool { return b.ID == m.ID.String() }); at >= 0 {
			return at
		}
	}
	return len(bubbles)
}
