package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// listRows is how many conversations a page of the list shows.
const listRows = 30

// inboxPage is the list of conversations.
type inboxPage struct {
	Frame
	Filters []filter
	Rows    []row
	Next    string // address of the next page; empty on the last
}

// filter is one choice above the list.
type filter struct {
	Label   string
	Address string
	Chosen  bool
}

// row is one conversation in the list.
type row struct {
	Address     string
	Name        string
	Handle      string
	Preview     string
	Mine        bool // the preview is our own message
	Tick        tick
	At          string // for people
	AtISO       string // for programs
	Unread      int
	Assignee    string
	Status      crm.ConversationStatus
	Temperature crm.Temperature
}

// What the pages of the inbox are made with.
var (
	inboxStyles  = []string{"inbox.css"}
	inboxScripts = []string{"live.js"}
)

// statuses are the filters of the list, in their order; the empty one is all.
var statuses = []struct {
	status crm.ConversationStatus
	label  string
}{
	{crm.Open, "Open"}, {crm.Pending, "Pending"}, {crm.Snoozed, "Snoozed"}, {crm.Resolved, "Resolved"}, {"", "All"},
}

// inbox answers GET /inbox?status=&before=.
func (w *Web) inbox(ctx *fasthttp.RequestCtx, v *visitor) error {
	status, err := readStatus(ctx)
	if err != nil {
		return err
	}
	query := inbox.ConversationQuery{Status: status, Limit: listRows + 1}
	if query.After, err = readCursor(string(ctx.QueryArgs().Peek("before"))); err != nil {
		return err
	}
	found, err := w.Inbox.Conversations(request.ContextOf(ctx), v.Principal, query)
	if err != nil {
		return err
	}
	page := inboxPage{Frame: v.frame(ctx, v.say("section.inbox"), "inbox"), Filters: filters(status)}
	page.Styles, page.Scripts = inboxStyles, inboxScripts
	if len(found) > listRows {
		found = found[:listRows]
		last := found[listRows-1]
		page.Next = "/inbox?" + url.Values{
			"status": {statusWord(status)},
			"before": {writeCursor(inbox.ConversationCursor{At: last.LastMessage.At, ID: last.ID})},
		}.Encode()
	}
	for _, cv := range found {
		page.Rows = append(page.Rows, v.row(cv, w.Now()))
	}
	return render(ctx, v.lang, "inbox", page)
}

func (v *visitor) row(cv *crm.Conversation, now time.Time) row {
	last := cv.LastMessage
	r := row{
		Address: "/inbox/" + cv.ID.String(), Name: cv.ContactName, Handle: cv.ContactHandle,
		Preview: last.Preview, Mine: last.Direction == crm.Outbound,
		At: v.when(last.At, now), AtISO: iso(last.At), Unread: cv.Unread,
		Assignee: v.members[cv.AssigneeID.String()], Status: cv.Status, Temperature: cv.Temperature,
	}
	if r.Mine {
		r.Tick = tickOf(last.Status)
	}
	if r.Name == "" {
		r.Name = "Unknown"
	}
	return r
}

func filters(chosen crm.ConversationStatus) []filter {
	var all []filter
	for _, s := range statuses {
		all = append(all, filter{Label: s.label, Address: "/inbox?status=" + statusWord(s.status), Chosen: s.status == chosen})
	}
	return all
}

// readStatus returns the chosen filter: open when nothing is said.
func readStatus(ctx *fasthttp.RequestCtx) (crm.ConversationStatus, error) {
	word := string(ctx.QueryArgs().Peek("status"))
	if word == "" {
		return crm.Open, nil
	}
	for _, s := range statuses {
		if statusWord(s.status) == word {
			return s.status, nil
		}
	}
	return "", badAddress
}

func statusWord(s crm.ConversationStatus) string {
	if s == "" {
		return "all"
	}
	return string(s)
}

var badAddress = &crm.Error{Op: "read address", Code: crm.Invalid, Msg: "This address is not complete. Go back to the inbox."}

// writeCursor names the last row of a page: its time in milliseconds and its id.
func writeCursor(c inbox.ConversationCursor) string {
	return strconv.FormatInt(c.At.UnixMilli(), 10) + "." + c.ID.String()
}

func readCursor(text string) (inbox.ConversationCursor, error) {
	if text == "" {
		return inbox.ConversationCursor{}, nil
	}
	ms, id, _ := strings.Cut(text, ".")
	at, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return inbox.ConversationCursor{}, badAddress
	}
	parsed, err := crm.ParseID[crm.Conversation](id)
	if err != nil {
		return inbox.ConversationCursor{}, badAddress
	}
	return inbox.ConversationCursor{At: time.UnixMilli(at).UTC(), ID: parsed}, nil
}

// tick is how far our message has come, as a sign and in words.
type tick struct{ Sign, Words string }

var ticks = map[crm.MessageStatus]tick{
	crm.Queued:    {"◷", "waiting to be sent"},
	crm.Sending:   {"◷", "being sent"},
	crm.Unknown:   {"?", "nobody knows yet whether it arrived"},
	crm.Sent:      {"✓", "sent"},
	crm.Delivered: {"✓✓", "delivered"},
	crm.Read:      {"✓✓", "read"},
	crm.Played:    {"✓✓", "played"},
	crm.Failed:    {"!", "not sent"},
}

func tickOf(s crm.MessageStatus) tick { return ticks[s] }
