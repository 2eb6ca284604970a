package web

import (
	"crypto/rand"
	"crypto/sha256"
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

// threadRows is how many messages a page shows.
const threadRows = 50

// threadPage is one conversation.
type threadPage struct {
	Frame
	Name     string
	Handle   string
	Status   crm.ConversationStatus
	Assignee string
	Mine     bool // assigned to the visitor
	Tags     []string
	Notes    []note
	Older    string // address of the page with what was said before; empty at the beginning
	Messages []message
	Composer composer
	CanWrite bool // change status and assignee
}

// message is one message as the page shows it.
type message struct {
	ID      string
	Mine    bool
	Author  string
	Label   string // what it is, if not text
	Body    string
	At      string
	AtISO   string
	Edited  bool
	Revoked bool
	Tick    tick
	Failure string // why it failed
}

// note is what the team wrote about the contact.
type note struct{ Author, Body, At, AtISO string }

// composer is the form below a conversation.
type composer struct {
	Allowed   bool   // free text may be sent
	Why       string // why not, or what went wrong the last time
	Templates []string
	Text      string // what was typed, when it was refused
	Nonce     string // makes sending twice the same
}

// thread answers GET /inbox/{id}?before=.
func (w *Web) thread(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showThread(ctx, v, composer{})
}

// showThread makes the page of a conversation, with what is known of a message
// that was just refused.
func (w *Web) showThread(ctx *fasthttp.RequestCtx, v *visitor, c composer) error {
	id, err := pathID(ctx)
	if err != nil {
		return err
	}
	rc := request.ContextOf(ctx)
	cv, ct, err := w.Inbox.Conversation(rc, v.Principal, id)
	if err != nil {
		return err
	}
	query := inbox.MessageQuery{ConversationID: id, Limit: threadRows + 1}
	if query.After, err = readMessageCursor(string(ctx.QueryArgs().Peek("before"))); err != nil {
		return err
	}
	found, err := w.Inbox.Messages(rc, v.Principal, query)
	if err != nil {
		return err
	}
	page := threadPage{
		Frame: v.frame(ctx, ct.DisplayName(), "inbox"),
		Name:  ct.DisplayName(), Handle: ct.Handle(), Status: cv.Status,
		Assignee: v.members[cv.AssigneeID.String()], Mine: !v.Member.IsZero() && cv.AssigneeID == v.Member,
		Composer: v.composer(cv, c, w.Now()), CanWrite: v.Can(access.WriteConversations),
	}
	page.Address = "/inbox/" + id.String()
	page.Styles, page.Scripts = inboxStyles, inboxScripts
	if len(found) > threadRows {
		found = found[:threadRows]
		last := found[threadRows-1]
		page.Older = page.Address + "?before=" + writeMessageCursor(inbox.MessageCursor{At: last.ProviderTime, Ingest: last.Ingest})
	}
	for _, m := range slices.Backward(found) {
		page.Messages = append(page.Messages, v.message(m, w.Now()))
	}
	if err := w.beside(ctx, v, &page, ct.ID); err != nil {
		return err
	}
	if cv.Unread > 0 && page.CanWrite {
		if _, err := w.Inbox.Change(rc, v.Principal, id, inbox.Change{Read: true}); err != nil {
			return err
		}
	}
	return render(ctx, v.lang, "thread", page)
}

// beside fills in what stands beside the conversation.
func (w *Web) beside(ctx *fasthttp.RequestCtx, v *visitor, page *threadPage, contact crm.ContactID) error {
	if !v.Can(access.ReadContacts) {
		return nil
	}
	card, err := w.People.Card(request.ContextOf(ctx), v.Principal, contact)
	if err != nil {
		return err
	}
	for _, t := range card.Tags {
		page.Tags = append(page.Tags, t.Name)
	}
	for _, n := range card.Notes {
		page.Notes = append(page.Notes, note{Author: v.author(n.Author), Body: n.Body, At: v.when(n.CreatedAt, w.Now()), AtISO: iso(n.CreatedAt)})
	}
	return nil
}

// composer says whether free text may be sent now, as the service will.
func (v *visitor) composer(cv *crm.Conversation, c composer, now time.Time) composer {
	c.Nonce = rand.Text()
	c.Allowed = v.Can(access.SendMessages) && now.Before(cv.WindowUntil())
	switch {
	case c.Allowed || c.Why != "":
	case !v.Can(access.SendMessages):
		c.Why = "You may read this conversation and not write in it."
	default:
		c.Why = "More than 24 hours have passed since the customer's last message. WhatsApp now only takes an approved template, which can be sent through the API."
	}
	return c
}

func (v *visitor) message(m *crm.Message, now time.Time) message {
	shown := message{
		ID: m.ID.String(), Mine: m.Direction == crm.Outbound, At: v.when(m.ProviderTime, now), AtISO: iso(m.ProviderTime),
		Edited: !m.EditedAt.IsZero(), Revoked: !m.RevokedAt.IsZero(),
	}
	shown.Label, shown.Body = words(m.Content)
	if shown.Mine {
		shown.Author, shown.Tick = v.author(m.Author), tickOf(m.Status)
	}
	if m.Status == crm.Failed {
		shown.Failure = "The provider did not say why."
		if m.Error != nil {
			shown.Failure = m.Error.Error()
		}
	}
	return shown
}

// words returns what a message says, and what it is when that is not plain
// text.
func words(content crm.Content) (label, body string) {
	switch c := content.(type) {
	case nil:
		return "", ""
	case crm.Text:
		return "", c.Body
	case crm.Media:
		label = string(c.Type)
		if c.Filename != "" {
			label += " " + c.Filename
		}
		return label, c.Caption
	case crm.FilledTemplate:
		return "template " + c.Name, c.Body
	case crm.Interactive:
		return string(c.Type), c.Body
	case crm.Choice:
		return "choice", c.Title
	default:
		return string(content.Kind()), content.Preview()
	}
}

func (v *visitor) author(a crm.Actor) string {
	switch a.Kind {
	case crm.ByMember:
		if name := v.members[a.ID]; name != "" {
			return name
		}
		return "a former member"
	case crm.ByKey:
		return "API"
	case crm.ByApp:
		return "business app"
	default:
		return string(a.Kind)
	}
}

// pathID reads the {id} of the path. What is no id is as missing as a
// stranger's.
func pathID(ctx *fasthttp.RequestCtx) (crm.ConversationID, error) {
	text, _ := ctx.UserValue("id").(string)
	id, err := crm.ParseID[crm.Conversation](strings.Clone(text))
	if err != nil {
		return id, &crm.Error{Op: "read path", Code: crm.NotFound, Err: err}
	}
	return id, nil
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

// requestHash binds a form's nonce to what was sent with it.
func requestHash(ctx *fasthttp.RequestCtx) [32]byte { return sha256.Sum256(ctx.PostBody()) }
