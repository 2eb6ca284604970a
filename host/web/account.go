package web

import (
	"errors"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// accountPage is where a member changes how it signs in.
type accountPage struct {
	Frame
	Name        string
	HasPassword bool
	Problem     string // why something was not
}

func (w *Web) account(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showAccount(ctx, v, accountPage{})
}

func (w *Web) showAccount(ctx *fasthttp.RequestCtx, v *visitor, p accountPage) (err error) {
	p.Frame, p.Name = v.frame(ctx, v.say("frame.account"), "account"), v.members[v.Member.String()]
	p.Styles = inboxStyles
	if p.HasPassword, err = w.Directory.HasPassword(request.ContextOf(ctx), v.Principal); err != nil {
		return err
	}
	return render(ctx, v.lang, "account", p)
}

// password sets the visitor's password. A wrong old one counts like one at sign-in.
func (w *Web) password(ctx *fasthttp.RequestCtx, v *visitor) error {
	field := func(name string) string { return string(ctx.PostArgs().Peek(name)) }
	if field("fresh") != field("again") {
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
		return w.showAccount(ctx, v, accountPage{Problem: "The two new passwords are not the same."})
	}
	var refused error
	err := w.Guard.AttemptOf(ctx, v.Member.String(), field("old"), func() error {
		refused = w.Directory.SetPassword(request.ContextOf(ctx), v.session, crm.Secret(field("old")), crm.Secret(field("fresh")))
		if reasonOf(refused) == "wrong_password" {
			return &crm.Error{Op: "set a password", Code: crm.Unauthenticated, Err: refused}
		}
		return refused
	})
	switch code := crm.CodeOf(refused); {
	case code == crm.Refused, code == crm.Invalid:
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
		return w.showAccount(ctx, v, accountPage{Problem: sentenceOf(refused)})
	case err != nil:
		return err
	}
	seeOther(ctx, "/account?done=password")
	return nil
}

func (w *Web) signOutOthers(ctx *fasthttp.RequestCtx, v *visitor) error {
	if err := w.Directory.SignOutOthers(request.ContextOf(ctx), v.session); err != nil {
		return err
	}
	seeOther(ctx, "/account?done=others")
	return nil
}

func reasonOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// sentenceOf returns what an error says to people.
func sentenceOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return ""
}
