package web

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// loginPage lets somebody in who has a sign-in link.
type loginPage struct {
	Frame
	Link string // the link's token; empty: the person has none
}

// loginForm shows a button. Opening the link signs nobody in: mail programs and
// chats open links to preview them, and that must not use it up.
func (w *Web) loginForm(ctx *fasthttp.RequestCtx) error {
	// The token must not travel on in a Referer.
	ctx.Response.Header.Set(fasthttp.HeaderReferrerPolicy, "no-referrer")
	return render(ctx, "login", loginPage{Frame: Frame{Title: "Sign in"}, Link: string(ctx.QueryArgs().Peek("token"))})
}

// login uses the link up and signs the browser in.
func (w *Web) login(ctx *fasthttp.RequestCtx) error {
	if err := w.Guard.SameSite(ctx); err != nil {
		return err
	}
	link := string(ctx.PostArgs().Peek("token"))
	var session crm.Secret
	err := w.Guard.Attempt(ctx, link, func() (err error) {
		session, _, err = w.Directory.SignIn(request.ContextOf(ctx), link)
		return err
	})
	if crm.CodeOf(err) == crm.Unauthenticated {
		return &crm.Error{Op: "sign in", Code: crm.Unauthenticated, Err: err,
			Msg: "This sign-in link was used before or is too old. Ask for a new one."}
	}
	if err != nil {
		return err
	}
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
