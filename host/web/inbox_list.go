package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
)

// listRows is how many conversations a page of the list shows.
const listRows = 30

// listView is the list of conversations with what narrows it.
type listView struct {
	choice  listChoice
	Token   string
	Address string // of the list as it is narrowed, from its beginning
	Suffix  string // the end of that address
	Open    string // the id of the conversation beside it
	Search  string
	Status  string // as the address says it
	Unread  bool
	Narrows int // how many filters are set
	Tabs    []link

	Assignees, Tags, Channels, Temperatures []choice // to filter by
	Mates                                   []choice // to assign to

	Rows  []row
	Next  string // address of the next page; empty on the last
	Bulk  bool   // the visitor may change conversations
	First bool   // from the beginning: an empty list then says what to do
}

// link is a place to go, and whether it is here.
type link struct {
	Label, Address string
	Here           bool
}

// choice is a line of a menu.
type choice struct {
	Value, Label string
	Chosen       bool
}

// row is one conversation in the list.
type row struct {
	ID          string
	Address     string
	Open        bool
	Name        string
	Initials    string
	Handle      string
	Preview     string
	Mine        bool // the preview is our own message
	Tick        tick
	At          string // for people
	AtISO       string // for programs
	Unread      int
	Assignee    string // a colleague's name
	Mate        string // its initials
	ToMe        bool
	Status      crm.ConversationStatus
	SnoozedTill string
	Temperature crm.Temperature
}

// The statuses and temperatures in the order they are offered.
var (
	statusOrder      = map[crm.ConversationStatus]int{crm.Open: 1, crm.Pending: 2, crm.Snoozed: 3, crm.Resolved: 4}
	temperatureOrder = map[crm.Temperature]int{crm.Hot: 1, crm.Warm: 2, crm.Cold: 3}
)

// inOrder lists the words of a closed set in their order.
func inOrder[W ~string](order map[W]int) []W {
	words := make([]W, 0, len(order))
	for word := range order {
		words = append(words, word)
	}
	slices.SortFunc(words, func(a, b W) int { return cmp.Compare(order[a], order[b]) })
	return words
}

// list finds the conversations of a choice. The one that is open is marked.
func (w *Web) list(ctx context.Context, v *visitor, c listChoice, open string) (listView, error) {
	query, err := c.query(v.Member)
	if err != nil {
		return listView{}, err
	}
	found, err := w.Inbox.Conversations(ctx, v.Principal, query)
	if err != nil {
		return listView{}, err
	}
	list := listView{
		choice: c, Token: formToken(v.session), Address: "/inbox" + c.suffix(), Suffix: c.suffix(), Open: open, Search: c.Search, Unread: c.Unread,
		Status: cmp.Or(string(c.Status), allStatuses), Narrows: c.narrows(), Bulk: v.Can(access.WriteConversations), First: c.Before == "",
	}
	if len(found) > listRows {
		found = found[:listRows]
		last := found[listRows-1]
		list.Next = with(list.Address, "before", writeCursor(inbox.ConversationCursor{At: last.LastMessage.At, ID: last.ID}))
	}
	list.Rows = make([]row, 0, len(found))
	now := w.Now()
	for _, cv := range found {
		list.Rows = append(list.Rows, v.row(cv, c, open, now))
	}
	return list, nil
}

// narrowing fills in the tabs and what the list can be filtered by.
func (w *Web) narrowing(ctx context.Context, v *visitor, list *listView) error {
	c := list.choice
	tab := func(status crm.ConversationStatus, label string) {
		to := c
		to.Status = status
		list.Tabs = append(list.Tabs, link{label, "/inbox" + to.suffix(), status == c.Status})
	}
	for _, status := range inOrder(statusOrder) {
		tab(status, v.lang.word("status", string(status)))
	}
	tab("", v.say("inbox.all"))
	list.Mates = v.memberChoices("")
	list.Assignees = append([]choice{{"me", v.say("inbox.mine"), c.Assignee == "me"}, {"none", v.say("inbox.nobodys"), c.Assignee == "none"}}, v.memberChoices(c.Assignee)...)
	for _, t := range inOrder(temperatureOrder) {
		list.Temperatures = append(list.Temperatures, choice{string(t), v.lang.word("temperature", string(t)), t == c.Temperature})
	}
	if v.Can(access.ReadContacts) {
		tags, err := w.tags(ctx, v)
		if err != nil {
			return err
		}
		for _, t := range tags {
			list.Tags = append(list.Tags, choice{t.ID.String(), t.Name, t.ID.String() == c.Tag})
		}
	}
	if !v.Can(access.ReadChannels) {
		return nil
	}
	channels, err := w.Directory.Channels(ctx, v.Principal)
	if err != nil || len(channels) < 2 {
		return err
	}
	for _, ch := range channels {
		list.Channels = append(list.Channels, choice{ch.ID.String(), cmp.Or(ch.Name, ch.DisplayNumber), ch.ID.String() == c.Channel})
	}
	return nil
}

// tags returns the workspace's tags; a page asks for them in several places.
func (w *Web) tags(ctx context.Context, v *visitor) ([]*crm.Tag, error) {
	if v.tags != nil {
		return v.tags, nil
	}
	tags, err := w.People.Tags(ctx, v.Principal)
	v.tags = tags
	return tags, err
}

// memberChoices lists the colleagues by name.
func (v *visitor) memberChoices(chosen string) []choice {
	var all []choice
	for _, m := range v.colleagues {
		label := m.Name
		if m.Away {
			label = v.say("inbox.away", m.Name)
		}
		all = append(all, choice{m.ID.String(), label, m.ID.String() == chosen})
	}
	slices.SortFunc(all, func(a, b choice) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	return all
}

func (v *visitor) row(cv *crm.Conversation, c listChoice, open string, now time.Time) row {
	last, id := cv.LastMessage, cv.ID.String()
	r := row{
		ID: id, Address: "/inbox/" + id + c.suffix(), Open: id == open,
		Name: v.nameOf(cv.ContactName), Handle: cv.ContactHandle, Preview: v.preview(last.Preview), Mine: last.Direction == crm.Outbound,
		At: v.when(last.At, now), AtISO: iso(last.At), Unread: cv.Unread, Status: cv.Status, Temperature: cv.Temperature,
		ToMe: !v.Member.IsZero() && cv.AssigneeID == v.Member,
	}
	r.Initials = initials(r.Name)
	if r.Assignee = v.members[cv.AssigneeID.String()]; r.Assignee != "" {
		r.Mate = initials(r.Assignee)
	}
	if r.Mine {
		r.Tick = v.tick(last.Status)
	}
	if !cv.SnoozedUntil.IsZero() {
		r.SnoozedTill = v.when(cv.SnoozedUntil, now)
	}
	return r
}

// nameOf is what a contact without a name is called.
func (v *visitor) nameOf(name string) string {
	if name == "" {
		return v.say("inbox.nameless")
	}
	return name
}

// previews are the labels that the library puts before what is no text (see
// crm.Content.Preview), and the key of what the list shows instead.
var previews = map[string]string{
	"image": "image", "video": "video", "audio": "audio", "voice message": "voice", "document": "document", "sticker": "sticker",
	"location": "location", "contact": "contacts", "form": "flow_reply", "unsupported": "unsupported",
}

// preview puts the label of a preview into the visitor's language.
func (v *visitor) preview(text string) string {
	label, rest, labelled := strings.Cut(strings.TrimPrefix(text, "["), "]")
	switch {
	case !labelled || !strings.HasPrefix(text, "["):
		return text
	case text == "[taken back]":
		return v.say("thread.revoked")
	case text == "[reaction removed]":
		return v.say("thread.unreacted")
	case previews[label] != "":
		return strings.TrimSuffix(v.lang.word("kind", previews[label])+": "+strings.TrimSpace(rest), ": ")
	case strings.HasPrefix(label, "order of "):
		return strings.TrimSuffix(v.lang.word("kind", "order")+": "+strings.TrimSpace(rest), ": ")
	case rest == "":
		return cmp.Or(v.lang.known("system", label), text)
	default:
		return text
	}
}

// tick is how far our message has come, as a sign and in words.
type tick struct {
	Sign, Words string
	Read        bool
}

// tickSigns are the signs people know from WhatsApp.
var tickSigns = map[crm.MessageStatus]string{
	crm.Queued: "◷", crm.Sending: "◷", crm.Unknown: "?", crm.Sent: "✓", crm.Delivered: "✓✓", crm.Read: "✓✓", crm.Played: "✓✓", crm.Failed: "!",
}

func (v *visitor) tick(s crm.MessageStatus) tick {
	sign := tickSigns[s]
	if sign == "" {
		return tick{}
	}
	return tick{Sign: sign, Words: v.lang.word("tick", string(s)), Read: s == crm.Read || s == crm.Played}
}
