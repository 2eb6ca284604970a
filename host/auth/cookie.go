package auth

import (
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// BesideName is the cookie of the sessions that a browser has beside the one it
// uses: of the same person in other workspaces.
const BesideName = "m21_beside"

// MaxBeside bounds how many there are.
const MaxBeside = 8

// besideMark stands between two tokens, which are base64url and have none.
const besideMark = "."

// Beside returns the tokens of the sessions that the browser has beside the one it
// uses. Whether they are good, the directory knows.
func Beside(ctx *fasthttp.RequestCtx) []string {
	kept := string(ctx.Request.Header.Cookie(BesideName))
	if kept == "" {
		return nil
	}
	tokens := strings.Split(kept, besideMark)
	return tokens[:min(len(tokens), MaxBeside)]
}

// SetBeside has the browser keep sessions beside the one it uses, the first
// MaxBeside of them; none takes the cookie from it.
func (g *Guard) SetBeside(ctx *fasthttp.RequestCtx, tokens []string) {
	age := int(sessionAge.Seconds())
	if len(tokens) == 0 {
		age = -1
	}
	g.cookie(ctx, BesideName, strings.Join(tokens[:min(len(tokens), MaxBeside)], besideMark), age)
}

// SetCookie signs the browser in with a session's token. The cookie's age is
// the browser's, the session's own end is the directory's.
func (g *Guard) SetCookie(ctx *fasthttp.RequestCtx, token crm.Secret) {
	g.cookie(ctx, CookieName, string(token), int(sessionAge.Seconds()))
}

// ClearCookie takes the session from the browser.
func (g *Guard) ClearCookie(ctx *fasthttp.RequestCtx) { g.cookie(ctx, CookieName, "", -1) }

func (g *Guard) cookie(ctx *fasthttp.RequestCtx, name, value string, age int) {
	var c fasthttp.Cookie
	c.SetKey(name)
	c.SetValue(value)
	c.SetPath("/")
	c.SetHTTPOnly(true)
	c.SetSameSite(fasthttp.CookieSameSiteLaxMode)
	c.SetSecure(g.origin.Secure(ctx))
	if age > 0 {
		c.SetMaxAge(age)
	} else {
		c.SetExpire(fasthttp.CookieExpireDelete)
	}
	ctx.Response.Header.SetCookie(&c)
}

// URL returns the host's own address as the client knows it, without a slash at the
// end.
func (g *Guard) URL(ctx *fasthttp.RequestCtx) string { return g.origin.URL(ctx) }
