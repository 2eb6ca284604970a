package web

import (
	"cmp"
	"errors"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// accountPage is where a member changes its name, how pages look, and how it signs
// in.
type accountPage struct {
	Frame
	Name        string // as it is, or as it was typed
	Email       string
	Role        crm.Role
	Themes      []string
	HasPassword bool
	Sessions    []sessionLine
	Problem     string // why something was not
}

// sessionLine is a place where the visitor is signed in.
type sessionLine struct {
	Key     string
	Browser string
	Began   string
	Seen    string // the day it was used last
	Here    bool
}

func (w *Web) accountRoutes() []Route {
	return []Route{
		{"GET", "/account", w.signedIn(w.account)},
		{"POST", "/account/name", w.signedIn(w.rename)},
		{"POST", "/account/away", w.signedIn(w.setAway)},
		{"POST", "/account/password", w.signedIn(w.password)},
		{"POST", "/account/others", w.signedIn(w.signOutOthers)},
		{"POST", "/account/session", w.signedIn(w.endSession)},
		{"POST", "/account/workspace", w.signedIn(w.switchWorkspace)},
	}
}

func (w *Web) account(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showAccount(ctx, v, accountPage{})
}

func (w *Web) showAccount(ctx *fasthttp.RequestCtx, v *visitor, p accountPage) error {
	member, err := w.Directory.Member(request.ContextOf(ctx), v.WorkspaceID, v.Member)
	if err != nil {
		return err
	}
	if p.HasPassword, err = w.Directory.HasPassword(request.ContextOf(ctx), v.Principal); err != nil {
		return err
	}
	places, err := w.Directory.Sessions(request.ContextOf(ctx), v.session)
	if err != nil {
		return err
	}
	for _, place := range places {
		p.Sessions = append(p.Sessions, sessionLine{
			place.Key, cmp.Or(browserName(place.Browser), v.say("account.unknown_browser")), v.when(place.BeganAt, w.Now()), v.day(place.SeenAt, w.Now()), place.Here,
		})
	}
	p.Frame = v.frame(ctx, v.say("frame.account"), "account")
	p.Here, p.Styles = "/account", settingsStyles
	p.Email, p.Role, p.Themes = member.Email, member.Role, themes
	if p.Name == "" {
		p.Name = member.Name
	}
	return render(ctx, v.lang, "account", p)
}

// rename changes the visitor's own name.
func (w *Web) rename(ctx *fasthttp.RequestCtx, v *visitor) error {
	name := posted(ctx, "name")
	_, err := w.Directory.Rename(request.ContextOf(ctx), v.Principal, name)
	if refused(err) {
		return again(ctx, func() error { return w.showAccount(ctx, v, accountPage{Name: name, Problem: v.problem(err)}) })
	}
	return after(ctx, err, "/account?done=saved")
}

// setAway says that the visitor is away, or back.
func (w *Web) setAway(ctx *fasthttp.RequestCtx, v *visitor) error {
	away := posted(ctx, "away") == "1"
	if _, err := w.Directory.SetAway(request.ContextOf(ctx), v.Principal, away); err != nil {
		return err
	}
	if away {
		back(ctx, "away")
	} else {
		back(ctx, "back")
	}
	return nil
}

// password sets the visitor's password. A wrong old one counts like one at sign-in.
func (w *Web) password(ctx *fasthttp.RequestCtx, v *visitor) error {
	field := func(name string) string { return string(ctx.PostArgs().Peek(name)) }
	failed := func(why string) error {
		return again(ctx, func() error { return w.showAccount(ctx, v, accountPage{Problem: why}) })
	}
	if field("fresh") != field("again") {
		return failed(v.say("account.not_the_same"))
	}
	var told error
	err := w.Guard.AttemptOf(ctx, v.Member.String(), field("old"), func() error {
		told = w.Directory.SetPassword(request.ContextOf(ctx), v.session, crm.Secret(field("old")), crm.Secret(field("fresh")))
		if reasonOf(told) == "wrong_password" {
			return &crm.Error{Op: "set a password", Code: crm.Unauthenticated, Err: told}
		}
		return told
	})
	if refused(told) {
		return failed(v.problem(told))
	}
	return after(ctx, err, "/account?done=password")
}

func (w *Web) signOutOthers(ctx *fasthttp.RequestCtx, v *visitor) error {
	return after(ctx, w.Directory.SignOutOthers(request.ContextOf(ctx), v.session), "/account?done=others")
}

// endSession signs one browser out; the one that asks has a button for that of its
// own.
func (w *Web) endSession(ctx *fasthttp.RequestCtx, v *visitor) error {
	return after(ctx, w.Directory.EndSession(request.ContextOf(ctx), v.session, posted(ctx, "session")), "/account?done=session")
}

func reasonOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
