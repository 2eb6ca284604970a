package web

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// inboxPage is what the team looks at all day: the list of conversations, and
// beside it one of them with what is known of its contact.
type inboxPage struct {
	Frame
	Mates  string // the names of the colleagues by id, as JSON, for who types
	List   listView
	Thread *threadView // nil: none is open
	Panel  *panelView  // nil: none is open, or the visitor may not see contacts
}

func (w *Web) inboxRoutes() []Route {
	return []Route{
		{"GET", "/inbox", w.signedIn(w.inbox)},
		{"POST", "/inbox/bulk", w.signedIn(w.bulk)},
		{"GET", "/inbox/{id}", w.signedIn(w.thread)},
		{"GET", "/inbox/{id}/row", w.signedIn(w.oneRow)},
		{"GET", "/inbox/{id}/templates", w.signedIn(w.templateList)},
		{"POST", "/inbox/{id}/messages", w.signedIn(w.reply)},
		{"POST", "/inbox/{id}/react", w.signedIn(w.react)},
		{"POST", "/inbox/{id}/files", w.sendFile},
		{"POST", "/inbox/{id}/templates", w.signedIn(w.sendTemplate)},
		{"POST", "/inbox/{id}/again", w.signedIn(w.sendAgain)},
		{"POST", "/inbox/{id}/assign", w.signedIn(w.assign)},
		{"POST", "/inbox/{id}/status", w.signedIn(w.status)},
		{"POST", "/inbox/{id}/notes", w.signedIn(w.note)},
		{"POST", "/inbox/{id}/tags", w.signedIn(w.tagContact)},
		{"POST", "/inbox/{id}/tasks", w.signedIn(w.task)},
		{"POST", "/inbox/{id}/consent", w.signedIn(w.consent)},
	}
}

// inbox answers GET /inbox: the page with no conversation open, or with ?part=
// what a page that is open asks for: its rows, or its list with the head.
func (w *Web) inbox(ctx *fasthttp.RequestCtx, v *visitor) error {
	choice, err := readListChoice(ctx.QueryArgs())
	if err != nil {
		return err
	}
	page, err := w.blankInbox(ctx, v)
	if err != nil {
		return err
	}
	list, err := w.list(request.ContextOf(ctx), v, choice, "")
	if err != nil {
		return err
	}
	part := string(ctx.QueryArgs().Peek("part"))
	if part == "rows" {
		return fragment(ctx, v.lang, "inbox", "inbox_rows", list)
	}
	if err := w.narrowing(request.ContextOf(ctx), v, &list); err != nil {
		return err
	}
	if part == "list" {
		return fragment(ctx, v.lang, "inbox", "inbox_list", list)
	}
	page.List = list
	return render(ctx, v.lang, "inbox", page)
}

// blankInbox is the page before anything is read that it shows; for a piece of it
// there is nothing to prepare.
func (w *Web) blankInbox(ctx *fasthttp.RequestCtx, v *visitor) (inboxPage, error) {
	if ctx.QueryArgs().Has("part") {
		return inboxPage{}, nil
	}
	page := inboxPage{Frame: v.frame(ctx, v.say("section.inbox"), "inbox"), Mates: v.mates()}
	page.Styles, page.Scripts, page.Wide = []string{"inbox.css"}, []string{"inbox.js"}, true
	var err error
	page.Seq, err = w.newest(ctx, v)
	return page, err
}

// newest returns the newest fact, for a page that shows news.
func (w *Web) newest(ctx *fasthttp.RequestCtx, v *visitor) (string, error) {
	now, err := w.Feed.After(request.ContextOf(ctx), v.Principal, -1, 1)
	return strconv.FormatInt(now.Next, 10), err
}

// mates are the colleagues' names by their ids, for the script.
func (v *visitor) mates() string {
	names := map[string]string{}
	for _, m := range v.colleagues {
		names[m.ID.String()] = m.Name
	}
	encoded, _ := json.Marshal(names) // texts always encode
	return string(encoded)
}

// oneRow answers GET /inbox/{id}/row with the conversation's row, if the filters
// of the list find it, and else with nothing: how a list that is open learns of
// a change to a row that stands further down.
func (w *Web) oneRow(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	choice, err := readListChoice(ctx.QueryArgs())
	if err != nil {
		return err
	}
	cv, ct, err := w.Inbox.Conversation(request.ContextOf(ctx), v.Principal, id)
	if err != nil {
		return err
	}
	list := listView{choice: choice}
	if choice.holds(cv, ct, v.Member) {
		list.Rows = []row{v.row(cv, choice, "", w.Now())}
	}
	return fragment(ctx, v.lang, "inbox", "inbox_rows", list)
}

// listChoice is what somebody chose to see of the list, as its address says it.
type listChoice struct {
	Status      crm.ConversationStatus // empty: all
	Assignee    string                 // "me", "none" or a member's id
	Unread      bool
	Tag         string
	Channel     string
	Temperature crm.Temperature
	Search      string
	Before      string // the cursor
}

// allStatuses is the word for no status in particular.
const allStatuses = "all"

// readListChoice reads the list's part of an address. Without a status it is the
// open conversations, and all of them when something is searched for.
func readListChoice(args *fasthttp.Args) (listChoice, error) {
	text := func(name string) string { return strings.Clone(string(args.Peek(name))) }
	c := listChoice{
		Status: crm.ConversationStatus(text("status")), Assignee: text("assignee"), Unread: text("unread") == "1",
		Tag: text("tag"), Channel: text("channel"), Temperature: crm.Temperature(text("temperature")),
		Search: strings.TrimSpace(text("q")), Before: text("before"),
	}
	switch {
	case c.Status == allStatuses, c.Status == "" && c.Search != "":
		c.Status = ""
	case c.Status == "":
		c.Status = crm.Open
	}
	_, err := c.query(crm.MemberID{})
	return c, err
}

// query is the choice as the service takes it, one row more than are shown.
func (c listChoice) query(me crm.MemberID) (inbox.ConversationQuery, error) {
	q := inbox.ConversationQuery{
		Status: c.Status, Unread: c.Unread, Temperature: c.Temperature, Search: c.Search,
		Unassigned: c.Assignee == "none", Limit: listRows + 1,
	}
	known := c.Status == "" || statusOrder[c.Status] > 0
	known = known && (c.Temperature == "" || temperatureOrder[c.Temperature] > 0)
	switch c.Assignee {
	case "", "none":
	case "me":
		q.AssigneeID = me
	default:
		known = parseInto(c.Assignee, &q.AssigneeID) && known
	}
	known = parseInto(c.Tag, &q.TagID) && parseInto(c.Channel, &q.ChannelID) && known
	if !known {
		return q, badAddress
	}
	var err error
	q.After, err = readCursor(c.Before)
	return q, err
}

// parseInto reads an id, if there is one, and reports whether it could.
func parseInto[T any](text string, id *crm.ID[T]) bool {
	if text == "" {
		return true
	}
	parsed, err := crm.ParseID[T](text)
	*id = parsed
	return err == nil
}

// holds reports whether the list with this choice shows a conversation. What
// only the store can tell, a search, it takes for granted.
func (c listChoice) holds(cv *crm.Conversation, ct *crm.Contact, me crm.MemberID) bool {
	q, err := c.query(me)
	switch {
	case err != nil,
		q.Status != "" && cv.Status != q.Status,
		q.Unread && cv.Unread == 0,
		q.Temperature != "" && cv.Temperature != q.Temperature,
		q.Unassigned && !cv.AssigneeID.IsZero(),
		!q.AssigneeID.IsZero() && cv.AssigneeID != q.AssigneeID,
		!q.ChannelID.IsZero() && cv.ChannelID != q.ChannelID:
		return false
	case !q.TagID.IsZero():
		for _, tag := range ct.Tags {
			if tag == q.TagID {
				return true
			}
		}
		return false
	}
	return true
}

// narrows counts the choices behind the filter button.
func (c listChoice) narrows() int {
	n := 0
	for _, on := range []bool{c.Assignee != "", c.Unread, c.Tag != "", c.Channel != "", c.Temperature != ""} {
		if on {
			n++
		}
	}
	return n
}

// suffix is the choice as the end of an address, without the cursor: "" for the
// list as it is at first. A conversation's address carries it, so that the list
// beside it stays as it was.
func (c listChoice) suffix() string {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	switch {
	case c.Status == "" && c.Search == "":
		set("status", allStatuses)
	case c.Status != crm.Open || c.Search != "":
		set("status", string(c.Status))
	}
	set("assignee", c.Assignee)
	set("tag", c.Tag)
	set("channel", c.Channel)
	set("temperature", string(c.Temperature))
	set("q", c.Search)
	if c.Unread {
		set("unread", "1")
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// with adds a parameter to an address that may have some.
func with(address, name, value string) string {
	sign := "?"
	if strings.Contains(address, "?") {
		sign = "&"
	}
	return address + sign + name + "=" + url.QueryEscape(value)
}

var badAddress = &crm.Error{Op: "read address", Code: crm.Invalid, Reason: "bad_address", Msg: "This address is not complete. Go back to the inbox."}

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
