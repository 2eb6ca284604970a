// Package request carries what the host's middleware learned about a request to
// the handlers: who asks, the context with its deadline, and the request's id.
package request

import (
	"context"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm/access"
)

// key is private so that no other package's user value is taken for ours.
type key int

const (
	principalKey key = iota
	contextKey
	idKey
)

// SetPrincipal notes who asks.
func SetPrincipal(ctx *fasthttp.RequestCtx, p access.Principal) { ctx.SetUserValue(principalKey, p) }

// PrincipalOf returns who asks; the zero Principal, who may nothing, when nobody
// was noted.
func PrincipalOf(ctx *fasthttp.RequestCtx) access.Principal {
	p, _ := ctx.UserValue(principalKey).(access.Principal)
	return p
}

// SetContext notes the context that calls on behalf of the request run under.
func SetContext(ctx *fasthttp.RequestCtx, c context.Context) { ctx.SetUserValue(contextKey, c) }

// ContextOf returns the request's context; the background one when none was
// noted. The RequestCtx itself is never handed on, because fasthttp reuses it.
func ContextOf(ctx *fasthttp.RequestCtx) context.Context {
	if c, ok := ctx.UserValue(contextKey).(context.Context); ok {
		return c
	}
	return context.Background()
}

// SetID notes the request's id.
func SetID(ctx *fasthttp.RequestCtx, id string) { ctx.SetUserValue(idKey, id) }

// IDOf returns the request's id, or "" when none was noted.
func IDOf(ctx *fasthttp.RequestCtx) string {
	id, _ := ctx.UserValue(idKey).(string)
	return id
}
