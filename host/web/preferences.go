package web

import (
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// The cookies that hold what a browser prefers. They are no secrets.
const (
	langCookie  = "lang"
	themeCookie = "theme"
)

// themes are the ways a page can look; the empty one is the system's.
var themes = []string{"", "light", "dark"}

// langFor returns the language of a page: what the browser chose, else the
// workspace's, else what the browser asks for.
func langFor(ctx *fasthttp.RequestCtx, locale string) lang {
	if l, ok := langOf(string(ctx.Request.Header.Cookie(langCookie))); ok {
		return l
	}
	if l, ok := langOf(locale); ok {
		return l
	}
	return preferred(string(ctx.Request.Header.Peek(fasthttp.HeaderAcceptLanguage)))
}

func themeOf(ctx *fasthttp.RequestCtx) string {
	chosen := string(ctx.Request.Header.Cookie(themeCookie))
	for _, theme := range themes {
		if theme == chosen {
			return theme
		}
	}
	return ""
}

// prefer answers POST /preferences: keeps the language or the look in the
// browser, and goes back to where that was chosen. Nobody has to be signed in.
func (w *Web) prefer(ctx *fasthttp.RequestCtx) error {
	if err := w.Guard.SameSite(ctx); err != nil {
		return err
	}
	form := ctx.PostArgs()
	if form.Has(langCookie) {
		l, ok := langOf(string(form.Peek(langCookie)))
		if !ok {
			return badAddress
		}
		keep(ctx, langCookie, string(l))
	}
	if form.Has(themeCookie) {
		theme := string(form.Peek(themeCookie))
		if theme != "" && theme != "light" && theme != "dark" {
			return badAddress
		}
		keep(ctx, themeCookie, theme)
	}
	seeOther(ctx, localPath(string(form.Peek("next"))))
	return nil
}

// keep has the browser remember a preference for a year.
func keep(ctx *fasthttp.RequestCtx, name, value string) {
	var c fasthttp.Cookie
	c.SetKey(name)
	c.SetValue(value)
	c.SetPath("/")
	c.SetMaxAge(int((365 * 24 * time.Hour).Seconds()))
	c.SetHTTPOnly(true)
	c.SetSameSite(fasthttp.CookieSameSiteLaxMode)
	ctx.Response.Header.SetCookie(&c)
}

// localPath returns a path of ours that a form or an address names, or the inbox:
// never another site, however it is written.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/inbox"
	}
	return path
}
