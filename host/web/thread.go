package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// threadRows is how many messages a page shows. partRows is how many of the newest a
// part of it has: to open a conversation in place a screen full of them is enough, as
// more come when one scrolls up, and of news there are few.
const threadRows = 50

var partRows = map[string]int{"open": 25, "live": 20}

// threadView is one conversation.
type threadView struct {
	Token     string
	ID        string
	Address   string // of the conversation: "/inbox/ID"
	Suffix    string // the list's choice, for addresses and forms that come back
	Contact   string // the contact's id
	Channel   string // the channel's id
	OnChannel string // the channel's name, where there are several

	Name, Initials, Handle string
	Status                 crm.ConversationStatus
	SnoozedTill            string
	Assignee               string // a name; empty for nobody
	Mine                   bool   // assigned to the visitor
	Members                []choice
	Snoozes                []choice

	Older    string // address of the page with what was said before; empty at the beginning
	Back     string // address of the newest messages, on a page of older ones
	Bubbles  []bubble
	React    *reactForm // nil: nobody may react now
	Composer composer
	CanWrite bool // change status and assignee
	CanNote  bool
	Panel    bool // whether there is one beside it
}

// composer is the form below a conversation.
type composer struct {
	May       bool   // the visitor may send at all
	Open      bool   // free text may be sent now
	Until     string // when that ends, for programs
	UntilAt   string // and for people
	Why       string // why not, or what went wrong the last time
	Refused   bool   // Why is about the last try
	Templates []templateForm
	Text      string // what was typed, when it was refused
	ReplyTo   string // the id of the message that is quoted
	Quote     *quote
	Nonce     string // makes sending twice the same
}

// opened is what a conversation's pages are made of.
type opened struct {
	conversation *crm.Conversation
	contact      *crm.Contact
}

// thread answers GET /inbox/{id}: the whole page, or with ?part= the piece that
// a page which is open asks for: all that is open, what is live of the
// conversation, a page of its messages, the panel.
func (w *Web) thread(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showThread(ctx, v, composer{})
}

// showThread makes the page of a conversation, with what is known of a message
// that was just refused.
func (w *Web) showThread(ctx *fasthttp.RequestCtx, v *visitor, c composer) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	choice, err := readListChoice(ctx.QueryArgs())
	if err != nil {
		return err
	}
	choice.Before = "" // the list beside is from its beginning
	page, err := w.blankInbox(ctx, v)
	if err != nil {
		return err
	}
	o, err := w.open(ctx, v, id)
	if err != nil {
		return err
	}
	part := string(ctx.QueryArgs().Peek("part"))
	if part != "panel" {
		if page.Thread, err = w.threadView(ctx, v, o, choice, c); err != nil {
			return err
		}
	}
	switch part {
	case "messages":
		return fragment(ctx, v.lang, "inbox", "thread_messages", page.Thread)
	case "live":
		return fragment(ctx, v.lang, "inbox", "thread_open", page)
	}
	if err := w.seeMentions(ctx, v, o.contact.ID); err != nil {
		return err
	}
	if page.Panel, err = w.panel(request.ContextOf(ctx), v, o, choice); err != nil {
		return err
	}
	switch part {
	case "panel":
		return fragment(ctx, v.lang, "inbox", "thread_panel", page.Panel)
	case "open":
		return fragment(ctx, v.lang, "inbox", "thread_open", page)
	}
	if page.List, err = w.list(request.ContextOf(ctx), v, choice, id.String()); err != nil {
		return err
	}
	if err := w.narrowing(request.ContextOf(ctx), v, &page.List); err != nil {
		return err
	}
	page.Frame.Title = page.Thread.Name
	return render(ctx, v.lang, "inbox", page)
}

// open finds a conversation and marks it as read, unless the page that asks says
// that nobody is looking (?peek=1).
func (w *Web) open(ctx *fasthttp.RequestCtx, v *visitor, id crm.ConversationID) (opened, error) {
	c := request.ContextOf(ctx)
	cv, ct, err := w.Inbox.Conversation(c, v.Principal, id)
	if err != nil {
		return opened{}, err
	}
	if cv.Unread > 0 && v.Can(access.WriteConversations) && !ctx.QueryArgs().Has("peek") {
		read, err := w.Inbox.Change(c, v.Principal, id, inbox.Change{Read: true})
		if err != nil {
			return opened{}, err
		}
		cv = read
	}
	return opened{cv, ct}, nil
}

func (w *Web) threadView(ctx *fasthttp.RequestCtx, v *visitor, o opened, c listChoice, draft composer) (*threadView, error) {
	rc, now := request.ContextOf(ctx), w.Now()
	cv, ct := o.conversation, o.contact
	rows := cmp.Or(partRows[string(ctx.QueryArgs().Peek("part"))], threadRows)
	query := inbox.MessageQuery{ConversationID: cv.ID, Limit: rows + 1}
	var err error
	if query.After, err = readMessageCursor(string(ctx.QueryArgs().Peek("older"))); err != nil {
		return nil, err
	}
	found, err := w.Inbox.Messages(rc, v.Principal, query)
	if err != nil {
		return nil, err
	}
	view := &threadView{
		Token: formToken(v.session), ID: cv.ID.String(), Address: "/inbox/" + cv.ID.String(), Suffix: c.suffix(),
		Contact: ct.ID.String(), Channel: cv.ChannelID.String(),
		Name: v.nameOf(ct.DisplayName()), Handle: ct.Handle(), Status: cv.Status,
		Assignee: v.members[cv.AssigneeID.String()], Mine: !v.Member.IsZero() && cv.AssigneeID == v.Member,
		Members: v.memberChoices(cv.AssigneeID.String()), Snoozes: v.snoozes(now),
		CanWrite: v.Can(access.WriteConversations), CanNote: v.Can(access.WriteContacts), Panel: v.Can(access.ReadContacts),
	}
	view.Initials = initials(view.Name)
	if cv.Status == crm.Snoozed {
		view.SnoozedTill = v.when(cv.SnoozedUntil, now)
	}
	if !query.After.At.IsZero() {
		view.Back = view.Address + view.Suffix
	}
	var before *crm.Message // the first of the page
	if len(found) > rows {
		before = found[rows]
		found = found[:rows]
		last := found[rows-1]
		view.Older = with(view.Address+view.Suffix, "older", writeMessageCursor(inbox.MessageCursor{At: last.ProviderTime, Ingest: last.Ingest}))
	}
	slices.Reverse(found)
	further, err := w.quotes(rc, v, cv, view, found)
	if err != nil {
		return nil, err
	}
	view.Bubbles = v.bubbles(found, further, view.Name, now)
	if v.Can(access.SendMessages) && now.Before(cv.WindowUntil()) {
		view.React = &reactForm{Action: view.Address + "/react" + view.Suffix, Token: view.Token, Emoji: offered}
	}
	reacting := string(ctx.QueryArgs().Peek("react"))
	for i := range view.Bubbles {
		b := &view.Bubbles[i]
		if b.Quotable && v.Can(access.SendMessages) {
			b.Quoting = with(view.Address+view.Suffix, "quote", b.ID) + "#text"
		}
		if b.Quotable && view.React != nil {
			b.Reacting = with(view.Address+view.Suffix, "react", b.ID) + "#m-" + b.ID
			if reacting == b.ID {
				own := *view.React
				own.Message, b.React = b.ID, &own
			}
		}
		if b.Again && v.Can(access.SendMessages) {
			b.Repeating, b.Token = view.Address+"/again"+view.Suffix, view.Token
		}
	}
	decided, err := w.Inbox.Routings(rc, v.Principal, routingsBeside(cv.ID, before, found, view.Back == ""))
	if err != nil {
		return nil, err
	}
	view.Bubbles = v.routed(view.Bubbles, found, decided)
	view.Composer, err = w.composer(rc, v, cv, draft, now)
	if err != nil {
		return nil, err
	}
	if quoted := ctx.QueryArgs().Peek("quote"); len(quoted) > 0 {
		err = w.answer(rc, v, cv, view, string(quoted))
	}
	return view, err
}

// composer says whether free text may be sent now, as the service will; when it
// may not, it offers the templates.
func (w *Web) composer(ctx context.Context, v *visitor, cv *crm.Conversation, c composer, now time.Time) (composer, error) {
	until := cv.WindowUntil()
	c.Nonce, c.May, c.Open = rand.Text(), v.Can(access.SendMessages), now.Before(until)
	c.Until, c.UntilAt, c.Refused = iso(until), v.when(until, now), c.Why != ""
	switch {
	case !c.May:
		c.Why = v.say("thread.may_not_send")
	case c.Refused, c.Open:
	case until.IsZero():
		c.Why = v.say("thread.window_never")
	default:
		c.Why = v.say("thread.window_closed", v.when(until, now))
	}
	if !c.May || c.Open {
		return c, nil
	}
	var err error
	c.Templates, err = w.templates(ctx, v, cv)
	return c, err
}

// snoozes are the times offered to put a conversation off to, in the workspace's
// zone: in an hour and in three, tomorrow and on Monday at eight.
func (v *visitor) snoozes(now time.Time) []choice {
	now = now.In(v.zone)
	morning := func(days int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, 8, 0, 0, 0, v.zone)
	}
	monday := (8 - int(now.Weekday())) % 7
	if monday == 0 {
		monday = 7
	}
	offer := func(word string, at time.Time) choice {
		return choice{Value: iso(at), Label: v.lang.word("snooze", word) + " · " + v.when(at, now)}
	}
	return []choice{
		offer("hour", now.Add(time.Hour)), offer("later", now.Add(3*time.Hour)), offer("tomorrow", morning(1)), offer("monday", morning(monday)),
	}
}

func (v *visitor) author(a crm.Actor) string {
	switch a.Kind {
	case crm.ByMember:
		return cmp.Or(v.members[a.ID], v.say("author.former"))
	default:
		return v.lang.word("author", string(a.Kind))
	}
}

func writeMessageCursor(c inbox.MessageCursor) string {
	return strconv.FormatInt(c.At.UnixMilli(), 10) + "." + strconv.FormatInt(c.Ingest, 10)
}

func readMessageCursor(text string) (inbox.MessageCursor, error) {
	if text == "" {
		return inbox.MessageCursor{}, nil
	}
	first, second, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return inbox.MessageCursor{}, badAddress
	}
	ingest, err := strconv.ParseInt(second, 10, 64)
	if err != nil {
		return inbox.MessageCursor{}, badAddress
	}
	return inbox.MessageCursor{At: time.UnixMilli(ms).UTC(), Ingest: ingest}, nil
}
