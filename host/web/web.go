// Package web is the inbox in a browser: pages made on the server that work
// without JavaScript, and one small module that shows news when it comes.
package web

import (
	"context"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// Directory is what the pages ask of the directory service.
type Directory interface {
	settingsDirectory
	SignIn(ctx context.Context, link, browser string) (crm.Secret, access.Principal, error)
	SignInEverywhere(ctx context.Context, email string, password crm.Secret, browser string) ([]directory.Entry, error)
	KnownSession(ctx context.Context, token string) (access.Principal, error)
	SignOut(ctx context.Context, token string) error
	Sessions(ctx context.Context, token string) ([]directory.SignedIn, error)
	EndSession(ctx context.Context, token, key string) error
	SignOutOthers(ctx context.Context, token string) error
	Renew(ctx context.Context, token string) (crm.Secret, error)
	HasPassword(ctx context.Context, p access.Principal) (bool, error)
	SetPassword(ctx context.Context, token string, old, fresh crm.Secret) error
	KnownWorkspace(ctx context.Context, id crm.WorkspaceID) (*crm.Workspace, error)
	Members(ctx context.Context, p access.Principal) ([]*crm.Member, error)
	Member(ctx context.Context, ws crm.WorkspaceID, id crm.MemberID) (*crm.Member, error)
	SetAway(ctx context.Context, p access.Principal, away bool) (*crm.Member, error)
	Rename(ctx context.Context, p access.Principal, name string) (*crm.Member, error)
	Channels(ctx context.Context, p access.Principal) ([]*crm.Channel, error)
	AllChannels(ctx context.Context) ([]*crm.Channel, error)
}

// Inbox is what the pages ask of the inbox service.
type Inbox interface {
	settingsInbox
	Conversations(ctx context.Context, p access.Principal, q inbox.ConversationQuery) ([]*crm.Conversation, error)
	Conversation(ctx context.Context, p access.Principal, id crm.ConversationID) (*crm.Conversation, *crm.Contact, error)
	Messages(ctx context.Context, p access.Principal, q inbox.MessageQuery) ([]*crm.Message, error)
	Quoted(ctx context.Context, p access.Principal, q inbox.QuotedQuery) ([]*crm.Message, error)
	Routings(ctx context.Context, p access.Principal, q inbox.RoutingQuery) ([]crm.Routing, error)
	Change(ctx context.Context, p access.Principal, id crm.ConversationID, c inbox.Change) (*crm.Conversation, error)
	Message(ctx context.Context, p access.Principal, id crm.MessageID) (*crm.Message, error)
	Templates(ctx context.Context, p access.Principal, channel crm.ChannelID) ([]*crm.Template, error)
}

// Sender takes messages to send on; inbox.Service.Send says how.
type Sender interface {
	Send(ctx context.Context, p access.Principal, cmd inbox.SendCommand) (*inbox.Sent, error)
}

// People is what the pages ask of the people service.
type People interface {
	settingsPeople
	leadsPeople
	Card(ctx context.Context, p access.Principal, id crm.ContactID) (*people.Card, error)
	Edit(ctx context.Context, p access.Principal, id crm.ContactID, e people.Edit, region string) (*crm.Contact, error)
	Tags(ctx context.Context, p access.Principal) ([]*crm.Tag, error)
	Fields(ctx context.Context, p access.Principal) ([]*crm.Field, error)
	Pipeline(ctx context.Context, p access.Principal) (*crm.Pipeline, error)
	Mentions(ctx context.Context, p access.Principal, q people.MentionQuery) ([]people.Mentioned, error)
	UnseenMentions(ctx context.Context, p access.Principal) (int, error)
	SeeMentions(ctx context.Context, p access.Principal, contact crm.ContactID) (int, error)
	AddTask(ctx context.Context, p access.Principal, contact crm.ContactID, e people.TaskEdit) (*crm.Task, error)
	EditTask(ctx context.Context, p access.Principal, id crm.TaskID, e people.TaskEdit) (*crm.Task, error)
}

// Figures is what the pages ask of the figures.
type Figures interface {
	Dashboard(ctx context.Context, p access.Principal, ask figures.Ask) (*figures.Dashboard, error)
}

// Feed is what the pages ask of the feed service.
type Feed interface {
	After(ctx context.Context, p access.Principal, after int64, limit int) (feed.Page, error)
}

// Web makes the pages.
type Web struct {
	Directory Directory
	Inbox     Inbox
	Sends     Sender // the inbox, or who gathers for it
	People    People
	Imports   Imports
	Erasures  Erasures
	Figures   Figures
	Feed      Feed
	Guard     *auth.Guard
	Checkers  map[crm.Provider]Checker // who is asked whether a channel's token works
	Media     map[crm.Provider]Media   // who keeps the files of a channel
	Now       func() time.Time
}

// Route is one line of the route list.
type Route struct {
	Method  string
	Path    string
	Handler func(*fasthttp.RequestCtx) error
}

// Routes lists the pages, their forms and what they are made with.
func (w *Web) Routes() []Route {
	templates() // before the first page is asked for
	return slices.Concat([]Route{
		{"GET", "/", toInbox},
		{"POST", "/preferences", w.prefer},
		{"GET", "/static/{name}", static},
	}, w.loginRoutes(), w.accountRoutes(), w.inboxRoutes(), w.mentionRoutes(), w.leadRoutes(), w.contactRoutes(), w.importRoutes(), w.taskRoutes(), w.dashboardRoutes(), w.settingsRoutes())
}

// visitor is who looks at a page.
type visitor struct {
	access.Principal
	session    string // the cookie's token
	workspace  *crm.Workspace
	lang       lang
	zone       *time.Location
	members    map[string]string // names by id
	colleagues []*crm.Member     // those at work, without the visitor
	away       bool              // the visitor is
	tags       []*crm.Tag        // see Web.tags
	beside     []neighbour       // the other workspaces the browser is signed in to
	bell       func() (mentionBell, error)
}

// handler makes a page for somebody who is signed in.
type handler func(ctx *fasthttp.RequestCtx, v *visitor) error

// signedIn finds out who looks, sends nobody to the sign-in page, and lets a
// form through only with the token of its page.
func (w *Web) signedIn(h handler) func(*fasthttp.RequestCtx) error {
	return func(ctx *fasthttp.RequestCtx) error {
		v, err := w.visitor(ctx)
		if crm.CodeOf(err) == crm.Unauthenticated {
			seeOther(ctx, loginAddress(ctx))
			return nil
		}
		switch {
		case err != nil:
		case ctx.IsPost():
			err = checkToken(ctx, v.session)
		default:
			err = w.renew(ctx, v)
		}
		if err != nil {
			return err
		}
		return h(ctx, v)
	}
}

// renew gives a browser that has been signed in for long a new token, so that one
// that was stolen is not good for ever.
func (w *Web) renew(ctx *fasthttp.RequestCtx, v *visitor) error {
	fresh, err := w.Directory.Renew(request.ContextOf(ctx), v.session)
	if fresh != "" {
		v.session = string(fresh)
		w.Guard.SetCookie(ctx, fresh)
	}
	return err
}

func (w *Web) visitor(ctx *fasthttp.RequestCtx) (*visitor, error) {
	if err := w.Guard.Require(ctx); err != nil {
		return nil, err
	}
	v := &visitor{Principal: request.PrincipalOf(ctx), session: auth.CredentialOf(ctx).Session(), members: map[string]string{}}
	if v.session == "" { // an API key is for programs
		return nil, &crm.Error{Op: "open page", Code: crm.Unauthenticated}
	}
	c := request.ContextOf(ctx)
	v.bell = func() (mentionBell, error) { return w.bell(c, v) }
	var err error
	if v.workspace, err = w.Directory.KnownWorkspace(c, v.WorkspaceID); err != nil {
		return nil, err
	}
	v.lang = langFor(ctx, v.workspace.Locale)
	members, err := w.Directory.Members(c, v.Principal)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		v.members[m.ID.String()] = m.Name
		v.away = v.away || m.Away && m.ID == v.Member
		if m.DisabledAt.IsZero() && m.ID != v.Member {
			v.colleagues = append(v.colleagues, m)
		}
	}
	if v.beside, err = w.neighbours(ctx); err != nil {
		return nil, err
	}
	if v.zone, err = time.LoadLocation(v.workspace.TimeZone); err != nil {
		v.zone = time.UTC
	}
	return v, nil
}

// Fail shows what went wrong as a page.
func (w *Web) Fail(ctx *fasthttp.RequestCtx, err error) {
	problem.Write(ctx, err) // for the status and its headers; the page takes the place of the document
	v, doc := visitor{lang: langFor(ctx, "")}, problem.Of(err)
	page := problemPage{Frame: bare(ctx, v.lang, v.lang.word("class", doc.Status)), Detail: v.problem(err), RequestID: request.IDOf(ctx)}
	if failed := render(ctx, v.lang, "problem", page); failed != nil {
		problem.Write(ctx, failed)
	}
}

func toInbox(ctx *fasthttp.RequestCtx) error {
	seeOther(ctx, "/inbox")
	return nil
}

// seeOther sends the browser to a path of ours with GET.
func seeOther(ctx *fasthttp.RequestCtx, path string) {
	ctx.Response.Header.Set(fasthttp.HeaderLocation, path)
	ctx.SetStatusCode(fasthttp.StatusSeeOther)
}
