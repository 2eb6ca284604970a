package web

import "github.com/my21staff/my21staff/crm"

func init() {
	show("inbox", "empty", func(string) any { return inboxPage{} })
	show("inbox", "typical", func(x string) any {
		return inboxPage{Frame: outside(x), Filters: filters(crm.Open), Next: "/inbox?before=1", Rows: []row{{
			Address: "/inbox/1", Name: x, Handle: x, Preview: x, Mine: true, Tick: tickOf(crm.Read), At: "10:00", AtISO: "2026-11-02T08:00:00Z",
			Unread: 2, Assignee: x, Status: crm.ConversationStatus(x), Temperature: crm.Temperature(x),
		}}}
	})
	show("thread", "empty", func(string) any { return threadPage{} })
	show("thread", "typical", func(x string) any {
		return threadPage{
			Frame: outside(x), Name: x, Handle: x, Status: crm.Open, Assignee: x, Tags: []string{x}, Older: "/inbox/1?before=1", CanWrite: true,
			Notes: []note{{Author: x, Body: x, At: x, AtISO: x}},
			Messages: []message{
				{ID: "1", Label: x, Body: x, At: x, AtISO: x, Edited: true},
				{ID: "2", Mine: true, Author: x, Body: x, Tick: tickOf(crm.Failed), Failure: x},
				{ID: "3", Revoked: true},
			},
			Composer: composer{Allowed: true, Why: x, Templates: []string{x, x}, Text: x, Nonce: x},
		}
	})
}
