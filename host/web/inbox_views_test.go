package web

import (
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// rowOf is a row of the list with x in every place a text comes from outside.
func rowOf(x string) row {
	return row{
		ID: "1", Address: "/inbox/1", Open: true, Name: x, Initials: x, Handle: x, Preview: x, Mine: true, Tick: tick{"✓✓", x, true},
		At: x, AtISO: x, Unread: 2, Assignee: x, Mate: x, ToMe: true, Status: crm.ConversationStatus(x), SnoozedTill: x, Temperature: crm.Temperature(x),
	}
}

func listOf(x string) listView {
	some := []choice{{x, x, true}, {x, x, false}}
	return listView{
		Token: x, Address: "/inbox?status=all", Suffix: "?status=all", Open: "1", Search: x, Status: x, Unread: true, Narrows: 2, Bulk: true, First: true,
		Tabs: []link{{x, "/inbox", true}, {x, "/inbox?status=all", false}}, Assignees: some, Tags: some, Channels: some, Temperatures: some, Mates: some,
		Rows: []row{rowOf(x), {ID: "2", Address: "/inbox/2"}}, Next: "/inbox?before=1",
	}
}

// everyKind is a bubble of each form that a message takes.
func everyKind(x string) []bubble {
	text := []span{{Text: x}, {Text: x, Style: "strong"}, {Text: x, Style: "em"}, {Text: x, Style: "s"}, {Text: x, Style: "code"}, {Text: x, Address: "https://example.com/?q=1"}}
	shown := func(id, side string, b bubble) bubble {
		b.ID, b.Side, b.Author, b.At, b.AtISO, b.Summary, b.Kind = id, side, x, x, x, x, crm.ContentKind("text")
		return b
	}
	fileOf := func(shape string) *file {
		return &file{Address: "/api/messages/1/media", Shape: shape, Name: x, Size: x, Words: x}
	}
	return []bubble{
		shown("1", "theirs", bubble{Day: x, First: true, Text: text, Forwarded: true, Edited: true, Quoting: "/inbox/1?quote=1#text", Reactions: []reaction{{x, x, true}}, Reacting: "/inbox/1?react=1#m-1", React: &reactForm{Action: x, Token: x, Message: x, Emoji: []string{x}}}),
		shown("2", "mine", bubble{First: true, Text: text, Quote: &quote{ID: "1", Author: x, Text: x}, Tick: tick{"!", x, false}, Failure: x, Repeating: "/inbox/1/again", Token: x}),
		shown("3", "mine", bubble{Text: text, Quote: &quote{Text: x}, Tick: tick{"?", x, false}, Unknown: true}),
		shown("4", "theirs", bubble{Revoked: true}),
		shown("5", "middle", bubble{Text: text, Quote: &quote{ID: "0", Address: "/inbox/1?status=all&older=1.2", Author: x, Text: x}}),
		shown("6", "theirs", bubble{File: fileOf("image"), Text: text}),
		shown("7", "theirs", bubble{File: fileOf("sticker")}),
		shown("8", "theirs", bubble{File: fileOf("video")}),
		shown("9", "theirs", bubble{File: fileOf("audio")}),
		shown("10", "theirs", bubble{File: fileOf("document")}),
		shown("11", "theirs", bubble{File: &file{Shape: "image", Name: x, Trouble: x}}),
		shown("12", "theirs", bubble{Place: &place{Name: x, Address: x, Point: x, Map: "https://www.openstreetmap.org/"}}),
		shown("13", "theirs", bubble{Cards: []card{{Name: x, Lines: []string{x, x}}, {Name: x}}}),
		shown("14", "mine", bubble{Header: x, Text: text, Footer: x, Buttons: []button{{Title: x, About: x, Chosen: true}, {Title: x, Address: "https://example.com/"}}}),
		shown("15", "theirs", bubble{Label: x, Lines: []line{{x, x}, {"", x}}}),
	}
}

func templateFormOf(x string) templateForm {
	pieces := []templatePiece{{Text: x}, {Text: x, Field: "body.1"}}
	return templateForm{
		ID: "1", Name: x, Language: x, Category: x, Header: pieces, Body: pieces, Footer: x, Buttons: []string{x},
		Fields: []templateField{{Name: "header.link", Label: x, Link: true}, {Name: "body.1", Label: x}},
	}
}

func threadOf(x string) *threadView {
	some := []choice{{x, x, true}, {x, x, false}}
	return &threadView{
		React: &reactForm{Action: "/inbox/1/react", Token: x, Emoji: offered},
		Token: x, ID: "1", Address: "/inbox/1", Suffix: "?status=all", Contact: "1", Channel: "1", Name: x, Initials: x, Handle: x,
		Status: crm.Open, SnoozedTill: x, Assignee: x, Members: some, Snoozes: some, Older: "/inbox/1?older=1", Back: "/inbox/1",
		Bubbles: everyKind(x), CanWrite: true, Panel: true,
		Composer: composer{May: true, Open: true, Until: x, UntilAt: x, Why: x, Refused: true, Templates: []templateForm{templateFormOf(x)}, Text: x, ReplyTo: "1", Quote: &quote{ID: "1", Author: x, Text: x}, Nonce: x},
	}
}

func panelOf(x string) *panelView {
	return &panelView{
		Token: x, Address: "/inbox/1", Suffix: "?status=all", Contact: "/contacts/1", CanEdit: true, Name: x, Initials: x, Username: x,
		Known: []line{{x, x}}, Stage: x, Fields: []line{{x, x}}, Source: x, Tags: []tagView{{"1", x, x}}, AddTags: []choice{{"1", x, false}},
		Score: &scoreView{Total: 72, Temperature: crm.Hot, Parts: []scorePart{{Category: lead.Intent, Points: 20, Most: 35, Lines: []scoreLine{{12, x, x}}}}},
		Notes: []noteView{{"1", x, []span{{Text: x}, {Text: x, Style: "mention"}, {Text: x, Style: "me"}}, x, x}}, Tasks: []taskView{{"1", x, x, x, true}}, Others: []row{rowOf(x)}, OptedOut: true, OptedAt: x, OptedWhy: x, Blocked: x,
	}
}

func init() {
	show("inbox", "empty", func(string) any { return inboxPage{} })
	show("inbox", "list", func(x string) any { return inboxPage{Frame: outside(x), List: listOf(x)} })
	show("inbox", "typical", func(x string) any {
		return inboxPage{Frame: outside(x), List: listOf(x), Thread: threadOf(x), Panel: panelOf(x)}
	})
	show("inbox", "closed", func(x string) any {
		t := threadOf(x)
		t.Composer.Open, t.Mine, t.Status, t.SnoozedTill = false, true, crm.Resolved, ""
		return inboxPage{Frame: outside(x), List: listView{First: true}, Thread: t, Panel: &panelView{CanEdit: true}}
	})
	show("inbox", "reader", func(x string) any {
		return inboxPage{Frame: outside(x), List: listView{First: true, Narrows: 1}, Thread: &threadView{Composer: composer{Why: x}}, Panel: &panelView{}}
	})
}
