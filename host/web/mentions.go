package web

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// mentionRows is how many mentions a page shows.
const mentionRows = 50

func (w *Web) mentionRoutes() []Route {
	return []Route{
		{"GET", "/mentions", w.signedIn(w.mentions)},
		{"POST", "/mentions/seen", w.signedIn(w.mentionsSeen)},
	}
}

// mentionsPage is the notes that name the visitor.
type mentionsPage struct {
	Frame
	Tabs []leadTab
	Rows []mentionRow
	Some bool   // some of them the visitor has not seen
	Next string // address of the next page; empty on the last
}

// mentionRow is a note that names the visitor.
type mentionRow struct {
	Address string // where it was written
	Contact string
	Author  string
	Body    []span
	At      string
	AtISO   string
	Unseen  bool
}

// mentionBell leads from every page to the mentions and says how many are new.
type mentionBell struct {
	Shown bool // the visitor may read notes
	Here  bool // the page is the one it leads to
	Count string
	Last  *mentionRow // the newest that is not seen, for the notice of it; nil on a page that is made anew
}

// bell counts what the visitor has not seen.
func (w *Web) bell(ctx context.Context, v *visitor) (mentionBell, error) {
	if !v.Can(access.ReadContacts) {
		return mentionBell{}, nil
	}
	n, err := w.People.UnseenMentions(ctx, v.Principal)
	bell := mentionBell{Shown: true}
	switch {
	case n >= people.MaxUnseen:
		bell.Count = v.say("mentions.many", people.MaxUnseen-1)
	case n > 0:
		bell.Count = v.say("mentions.count", n)
	}
	return bell, err
}

// mentions answers GET /mentions?which=: what names the visitor, or only what it has
// not seen; with ?part=bell the way there with the newest, for a page that is open.
func (w *Web) mentions(ctx *fasthttp.RequestCtx, v *visitor) error {
	if string(ctx.QueryArgs().Peek("part")) == "bell" {
		return w.ring(ctx, v)
	}
	which, after := string(ctx.QueryArgs().Peek("which")), string(ctx.QueryArgs().Peek("after"))
	q := people.MentionQuery{Unseen: which == "new", Limit: mentionRows + 1}
	if !parseInto(after, &q.After) {
		return badAddress
	}
	found, err := w.People.Mentions(request.ContextOf(ctx), v.Principal, q)
	if err != nil {
		return err
	}
	page := mentionsPage{Frame: v.frame(ctx, v.say("mentions.title"), "mentions")}
	page.Styles, page.Scripts = leadStyles, leadScripts
	page.Tabs = []leadTab{
		{Name: v.say("mentions.all"), Address: "/mentions", Chosen: which != "new"},
		{Name: v.say("mentions.unseen"), Address: "/mentions?which=new", Chosen: which == "new"},
	}
	if len(found) > mentionRows {
		found = found[:mentionRows]
		page.Next = with("/mentions?which="+which, "after", found[mentionRows-1].NoteID.String())
	}
	for _, m := range found {
		page.Rows = append(page.Rows, v.mention(m, w.Now()))
		page.Some = page.Some || m.SeenAt.IsZero()
	}
	return render(ctx, v.lang, "mentions", page)
}

// ring answers with the bell and the newest that was not seen.
func (w *Web) ring(ctx *fasthttp.RequestCtx, v *visitor) error {
	bell, err := w.bell(request.ContextOf(ctx), v)
	if err != nil {
		return err
	}
	if bell.Count != "" {
		newest, err := w.People.Mentions(request.ContextOf(ctx), v.Principal, people.MentionQuery{Unseen: true, Limit: 1})
		if err != nil {
			return err
		}
		for _, m := range newest {
			bell.Last = new(v.mention(m, w.Now()))
		}
	}
	return fragment(ctx, v.lang, "mentions", "mentions_bell", bell)
}

// mention is how a page shows a note that names the visitor. It leads to where the
// note was written.
func (v *visitor) mention(m people.Mentioned, now time.Time) mentionRow {
	row := mentionRow{
		Address: contactAddress(m.Contact.ID), Contact: v.nameOf(m.Contact.DisplayName()), Author: v.author(m.Note.Author),
		Body: v.mentioning(m.Note.Body), At: v.when(m.Note.CreatedAt, now), AtISO: iso(m.Note.CreatedAt), Unseen: m.SeenAt.IsZero(),
	}
	if !m.Note.ConversationID.IsZero() {
		row.Address = "/inbox/" + m.Note.ConversationID.String()
	}
	return row
}

// mentionsSeen answers POST /mentions/seen: the visitor has seen all of them.
func (w *Web) mentionsSeen(ctx *fasthttp.RequestCtx, v *visitor) error {
	for {
		seen, err := w.People.SeeMentions(request.ContextOf(ctx), v.Principal, crm.ContactID{})
		if err != nil {
			return err
		}
		if seen < crm.MaxPageRows {
			break
		}
	}
	seeOther(ctx, "/mentions")
	return nil
}

// seeMentions marks what names the visitor in the notes about a contact, which stand
// on a page that is made, unless the page that asks says that nobody is looking.
func (w *Web) seeMentions(ctx *fasthttp.RequestCtx, v *visitor, contact crm.ContactID) error {
	if ctx.QueryArgs().Has("peek") {
		return nil
	}
	_, err := w.People.SeeMentions(request.ContextOf(ctx), v.Principal, contact)
	return err
}
