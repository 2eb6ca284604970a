// Package auth finds out who sent a request: an API key in x-api-key or
// Authorization, or the session cookie of a browser.
package auth

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/host/request"
)

// CookieName is the session cookie's.
const CookieName = "m21_session"

// Directory knows keys and sessions; the directory service is one.
type Directory interface {
	// KnownKey returns the principal of an API key, or Unauthenticated, from a memory
	// of at most a second.
	KnownKey(ctx context.Context, secret string) (access.Principal, error)
	// KnownSession is KnownKey for a session's token.
	KnownSession(ctx context.Context, token string) (access.Principal, error)
	// Fallen returns the places of the claims that do not hold any more.
	Fallen(ctx context.Context, claims []directory.Claim) ([]int, error)
}

// Credential is what a request proved itself with. It can be asked again, and
// prints as nothing. The zero Credential is none.
type Credential struct {
	key     crm.Secret
	session crm.Secret
}

// Format prints nothing of it, whatever the verb: package fmt shows unexported
// fields without asking them.
func (c Credential) Format(out fmt.State, _ rune) { _, _ = io.WriteString(out, "[credential]") }

// IsZero reports whether there is no credential.
func (c Credential) IsZero() bool { return c == Credential{} }

// Session returns the session's token; empty for an API key.
func (c Credential) Session() string { return string(c.session) }

// Guard stands before the handlers.
type Guard struct {
	dir      Directory
	origin   Origin
	failures *failures
}

// New returns a guard that asks the directory.
func New(dir Directory, origin Origin) *Guard {
	return &Guard{dir: dir, origin: origin, failures: newFailures(origin.Now)}
}

// Require notes who asks for the handlers behind (see package request), and
// the credential. Nobody, or anybody Identify refuses, is an error.
func (g *Guard) Require(ctx *fasthttp.RequestCtx) error {
	principal, credential, err := g.Identify(ctx)
	if err == nil && credential.IsZero() {
		err = nobody
	}
	if err != nil {
		return err
	}
	request.SetPrincipal(ctx, principal)
	ctx.SetUserValue(credentialKey{}, credential)
	return nil
}

var nobody = &crm.Error{Op: "identify", Code: crm.Unauthenticated, Msg: "Sign in or send an API key."}

type credentialKey struct{}

// CredentialOf returns what Require noted; the zero Credential before.
func CredentialOf(ctx *fasthttp.RequestCtx) Credential {
	c, _ := ctx.UserValue(credentialKey{}).(Credential)
	return c
}

// Identify returns who asks and the credential it proved that with, as the
// directory knows it: what was revoked or changed on another host counts within
// a second (directory.KnownFor). A request without any is nobody, and no error. A wrong one is Unauthenticated, too many
// wrong ones from one address Limited, a browser's change that another site
// caused Forbidden.
func (g *Guard) Identify(ctx *fasthttp.RequestCtx) (access.Principal, Credential, error) {
	credential := read(&ctx.Request.Header)
	if credential.IsZero() {
		return access.Principal{}, credential, nil
	}
	var principal access.Principal
	err := g.Attempt(ctx, string(credential.key+credential.session), func() (err error) {
		principal, err = g.recall(request.ContextOf(ctx), credential)
		return err
	})
	if err == nil && credential.session != "" {
		err = g.SameSite(ctx)
	}
	if err != nil {
		return access.Principal{}, credential, err
	}
	return principal, credential, nil
}

// Claim is who a credential stood for.
type Claim struct {
	Credential
	As *access.Principal
}

// Check asks the directory which claims do not hold any more: the credential stands for
// nobody, or has other rights.
func (g *Guard) Check(ctx context.Context, claims []Claim) ([]Claim, error) {
	asked := make([]directory.Claim, len(claims))
	for i, c := range claims {
		asked[i] = directory.Claim{Secret: string(c.key), Token: string(c.session), As: c.As}
	}
	places, err := g.dir.Fallen(ctx, asked)
	if err != nil {
		return nil, err
	}
	fallen := make([]Claim, len(places))
	for n, i := range places {
		fallen[n] = claims[i]
	}
	return fallen, nil
}

// recall returns who a credential stands for, from the directory's memory.
func (g *Guard) recall(ctx context.Context, c Credential) (access.Principal, error) {
	if c.key != "" {
		return g.dir.KnownKey(ctx, string(c.key))
	}
	return g.dir.KnownSession(ctx, string(c.session))
}

// Attempt runs try, which tests something secret that the client sent, unless
// too much from its address was wrong lately: that is Limited.
func (g *Guard) Attempt(ctx *fasthttp.RequestCtx, sent string, try func() error) error {
	return g.attempt(source(g.origin.Client(ctx)), sent, try)
}

// AttemptOf is Attempt for a password of an account: also too many wrong ones for
// the account are Limited, from whatever addresses they came.
func (g *Guard) AttemptOf(ctx *fasthttp.RequestCtx, email, sent string, try func() error) error {
	return g.Attempt(ctx, email+"\x00"+sent, func() error { return g.attempt(g.failures.account(email), sent, try) })
}

func (g *Guard) attempt(who, sent string, try func() error) error {
	if wait := g.failures.wait(who); wait > 0 {
		return limited(wait)
	}
	err := try()
	if crm.CodeOf(err) == crm.Unauthenticated {
		g.failures.note(who, sent)
	}
	return err
}

// SameSite refuses a change that another site's page caused: Forbidden.
func (g *Guard) SameSite(ctx *fasthttp.RequestCtx) error { return g.origin.sameSite(ctx) }

// read returns the request's credential. A key wins over a cookie, because a
// program sends it on purpose.
func read(h *fasthttp.RequestHeader) Credential {
	if key := h.Peek("X-Api-Key"); len(key) > 0 {
		return Credential{key: crm.Secret(key)}
	}
	if scheme, token, ok := strings.Cut(string(h.Peek(fasthttp.HeaderAuthorization)), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return Credential{key: crm.Secret(strings.TrimSpace(token))}
	}
	return Credential{session: crm.Secret(h.Cookie(CookieName))}
}
