package web

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// loginPage lets somebody in with a sign-in link, or with a password.
type loginPage struct {
	Frame
	Link    string // the link's token; empty: the person has none
	Email   string // as it was typed
	Problem string // why the last try did not do
}

// loginForm shows a button to whoever has a link. Opening the link signs nobody in:
// mail programs and chats open links to preview them, and that must not use it up.
func (w *Web) loginForm(ctx *fasthttp.RequestCtx) error {
	return showLogin(ctx, loginPage{Link: string(ctx.QueryArgs().Peek("token"))})
}

func showLogin(ctx *fasthttp.RequestCtx, p loginPage) error {
	// The token must not travel on in a Referer.
	ctx.Response.Header.Set(fasthttp.HeaderReferrerPolicy, "no-referrer")
	l := langFor(ctx, "")
	p.Frame = bare(ctx, l, "Sign in")
	p.Styles = inboxStyles
	return render(ctx, l, "login", p)
}

// login uses a link up, or takes a password, and signs the browser in.
func (w *Web) login(ctx *fasthttp.RequestCtx) error {
	if err := w.Guard.SameSite(ctx); err != nil {
		return err
	}
	if ctx.PostArgs().Has("email") {
		return w.loginWithPassword(ctx)
	}
	link := string(ctx.PostArgs().Peek("token"))
	var session crm.Secret
	err := w.Guard.Attempt(ctx, link, func() (err error) {
		session, _, err = w.Directory.SignIn(request.ContextOf(ctx), link)
		return err
	})
	if crm.CodeOf(err) == crm.Unauthenticated {
		return &crm.Error{Op: "sign in", Code: crm.Unauthenticated, Reason: "link_used", Err: err,
			Msg: "This sign-in link was used before or is too old. Ask for a new one."}
	}
	if err != nil {
		return err
	}
	return w.enter(ctx, session)
}

func (w *Web) loginWithPassword(ctx *fasthttp.RequestCtx) error {
	email, password := string(ctx.PostArgs().Peek("email")), string(ctx.PostArgs().Peek("password"))
	var session crm.Secret
	err := w.Guard.AttemptOf(ctx, email, password, func() (err error) {
		session, _, err = w.Directory.SignInWithPassword(request.ContextOf(ctx), email, crm.Secret(password))
		return err
	})
	switch crm.CodeOf(err) {
	case crm.Unauthenticated:
		ctx.SetStatusCode(fasthttp.StatusUnauthorized)
		return showLogin(ctx, loginPage{Email: email, Problem: "The e-mail address or the password is not right."})
	case crm.Limited:
		ctx.SetStatusCode(fasthttp.StatusTooManyRequests)
		return showLogin(ctx, loginPage{Email: email, Problem: "Too many wrong attempts. Wait a minute, or use a sign-in link."})
	}
	if err != nil {
		return err
	}
	return w.enter(ctx, session)
}

// enter gives the browser its session.
func (w *Web) enter(ctx *fasthttp.RequestCtx, session crm.Secret) error {
	w.Guard.SetCookie(ctx, session)
	seeOther(ctx, "/inbox")
	return nil
}

func (w *Web) logout(ctx *fasthttp.RequestCtx, v *visitor) error {
	if err := w.Directory.SignOut(request.ContextOf(ctx), v.session); err != nil {
		return err
	}
	w.Guard.ClearCookie(ctx)
	seeOther(ctx, "/login")
	return nil
}
