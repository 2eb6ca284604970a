package web

import (
	"net/url"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/host/request"
)

// loginPage lets somebody in with a sign-in link, or with a password.
type loginPage struct {
	Frame
	Link    string // the link's token; empty: the person has none
	Email   string // as it was typed
	Next    string // where to go then; empty: the inbox
	Add     bool   // beside the workspace the browser is in already
	Problem string // why the last try did not do
}

func (w *Web) loginRoutes() []Route {
	return []Route{
		{"GET", "/login", w.loginForm},
		{"POST", "/login", w.login},
		{"POST", "/logout", w.signedIn(w.logout)},
	}
}

// loginAddress is where a page sends whoever has to sign in before seeing it.
func loginAddress(ctx *fasthttp.RequestCtx) string {
	asked := string(ctx.RequestURI())
	if !ctx.IsGet() || asked == "/" || localPath(asked) == localPath("") {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(asked)
}

// loginForm shows a button to whoever has a link. Opening the link signs nobody in:
// mail programs and chats open links to preview them, and that must not use it up.
func (w *Web) loginForm(ctx *fasthttp.RequestCtx) error {
	asked := ctx.QueryArgs()
	return showLogin(ctx, loginPage{Link: string(asked.Peek("token")), Next: string(asked.Peek("next")), Add: asked.Has("add")})
}

func showLogin(ctx *fasthttp.RequestCtx, p loginPage) error {
	// The token must not travel on in a Referer.
	ctx.Response.Header.Set(fasthttp.HeaderReferrerPolicy, "no-referrer")
	v := visitor{lang: langFor(ctx, "")}
	if p.Next != "" {
		p.Next = localPath(p.Next)
	}
	p.Frame = bare(ctx, v.lang, v.say("login.title"))
	p.Here = "/login" // whoever changes the language there must not carry the token on
	if p.Next != "" {
		p.Here += "?next=" + url.QueryEscape(p.Next)
	}
	p.Styles = settingsStyles
	return render(ctx, v.lang, "login", p)
}

// login uses a link up, or takes a password, and signs the browser in.
func (w *Web) login(ctx *fasthttp.RequestCtx) error {
	if err := w.Guard.SameSite(ctx); err != nil {
		return err
	}
	if ctx.PostArgs().Has("email") {
		return w.loginWithPassword(ctx)
	}
	link := posted(ctx, "token")
	var entry directory.Entry
	err := w.Guard.Attempt(ctx, link, func() (err error) {
		entry.Token, entry.Principal, err = w.Directory.SignIn(request.ContextOf(ctx), link, browserOf(ctx))
		return err
	})
	if crm.CodeOf(err) == crm.Unauthenticated {
		return &crm.Error{Op: "sign in", Code: crm.Unauthenticated, Reason: "link_used", Err: err,
			Msg: "This sign-in link was used before or is too old. Ask for a new one."}
	}
	if err != nil {
		return err
	}
	return w.enter(ctx, []directory.Entry{entry})
}

func (w *Web) loginWithPassword(ctx *fasthttp.RequestCtx) error {
	email, password := posted(ctx, "email"), string(ctx.PostArgs().Peek("password"))
	var entries []directory.Entry
	err := w.Guard.AttemptOf(ctx, email, password, func() (err error) {
		entries, err = w.Directory.SignInEverywhere(request.ContextOf(ctx), email, crm.Secret(password), browserOf(ctx))
		return err
	})
	again := loginPage{Email: email, Next: posted(ctx, "next"), Add: posted(ctx, "add") != ""}
	v := visitor{lang: langFor(ctx, "")}
	switch crm.CodeOf(err) {
	case crm.Unauthenticated:
		ctx.SetStatusCode(fasthttp.StatusUnauthorized)
		again.Problem = v.say("login.wrong")
		return showLogin(ctx, again)
	case crm.Limited:
		ctx.SetStatusCode(fasthttp.StatusTooManyRequests)
		again.Problem = v.say("login.limited")
		return showLogin(ctx, again)
	}
	if err != nil {
		return err
	}
	return w.enter(ctx, entries)
}

// enter gives the browser the first of the sessions, keeps the others beside it, and
// goes where the form says.
func (w *Web) enter(ctx *fasthttp.RequestCtx, entries []directory.Entry) error {
	w.Guard.SetCookie(ctx, entries[0].Token)
	if err := w.keepBeside(ctx, entries, posted(ctx, "add") != ""); err != nil {
		return err
	}
	seeOther(ctx, localPath(posted(ctx, "next")))
	return nil
}

// logout ends every session of the browser.
func (w *Web) logout(ctx *fasthttp.RequestCtx, v *visitor) error {
	if err := w.Directory.SignOut(request.ContextOf(ctx), v.session); err != nil {
		return err
	}
	w.Guard.ClearCookie(ctx)
	if err := w.dropBeside(ctx); err != nil {
		return err
	}
	seeOther(ctx, "/login")
	return nil
}
