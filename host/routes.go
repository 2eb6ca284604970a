package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/api"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/problem"
)

// route is one line of the surface.
type route struct {
	method, path string
	access       entry
	handler      handler
}

// sends reports whether the route puts a message into the outbox, which then
// need not wait until somebody looks.
func (r route) sends() bool {
	return r.method == fasthttp.MethodPost && (r.path == "/api/messages/send" || strings.HasSuffix(r.path, "/messages"))
}

// handler answers a request or says why not.
type handler = func(*fasthttp.RequestCtx) error

// entry says what stands before a route and how its errors are shown.
type entry int

const (
	open    entry = iota // anybody; problem documents
	members              // who can say who it is; problem documents
	pages                // the page finds out itself; errors are pages
)

// surface lists everything the host answers.
func (h *Host) surface() []route {
	kapso, meta := h.hook(crm.Kapso), h.hook(crm.Meta)
	routes := []route{
		{"GET", "/api/webhook/kapso", open, h.door.before(crm.Kapso, kapso.Handshake)},
		{"POST", "/api/webhook/kapso", open, h.door.before(crm.Kapso, kapso.Receive)},
		{"GET", "/api/webhook/meta", open, h.door.before(crm.Meta, meta.Handshake)},
		{"POST", "/api/webhook/meta", open, h.door.before(crm.Meta, meta.Receive)},
		{"GET", "/api/events", members, h.hub.Handle},
		{"POST", "/api/conversations/{id}/typing", members, h.hub.HandleTyping},
		{"GET", "/healthz", open, h.alive},
		{"HEAD", "/healthz", open, h.alive},
		{"GET", "/readyz", open, h.ready},
		{"HEAD", "/readyz", open, h.ready},
		{"GET", "/metrics", open, h.measured},
	}
	for _, r := range h.api().Routes() { // contacts, conversations, messages ..., /openapi.json and /docs
		access := members
		if r.Public {
			access = open
		}
		routes = append(routes, route{r.Method, r.Path, access, r.Handler})
	}
	for _, r := range h.web.Routes() { // /, /login, /inbox ..., /static
		routes = append(routes, route{r.Method, r.Path, pages, r.Handler})
	}
	return routes
}

// doors lists what is decided about a request before its body is read.
func (h *Host) doors() map[string]look {
	return map[string]look{"/api/webhook/kapso": h.hook(crm.Kapso).Full, "/api/webhook/meta": h.hook(crm.Meta).Full}
}

func (h *Host) hook(p crm.Provider) hook.Hook {
	return hook.Hook{Provider: p, Receiver: h.seams.Receiver(h.gather), Queue: h.gather, Shaker: h.Inbox, Counter: h.metrics, Edge: h.edge, Log: h.log}
}

func (h *Host) api() *api.API {
	return &api.API{
		Inbox: h.Inbox, Sends: h.sends, People: h.People, Imports: h.Imports, Erasures: h.Erasures, Bulks: h.Bulks, Directory: h.Directory, Figures: h.Figures,
		Now: time.Now, Version: h.version,
		Media: map[crm.Provider]api.Media{crm.Kapso: h.seams.Media(h.kapso), crm.Meta: h.seams.Media(h.meta)},
	}
}

// mount puts the surface behind what its routes have in common.
func (h *Host) mount() fasthttp.RequestHandler {
	r := router.New()
	r.RedirectFixedPath, r.RedirectTrailingSlash = false, false
	for _, route := range h.surface() {
		r.Handle(route.method, route.path, h.wrap(route))
	}
	r.NotFound = func(ctx *fasthttp.RequestCtx) {
		h.fail(ctx, open, &crm.Error{Op: "find route", Code: crm.NotFound})
	}
	r.MethodNotAllowed = func(ctx *fasthttp.RequestCtx) {
		h.fail(ctx, open, &crm.Error{Op: "find route", Code: crm.Invalid, Reason: problem.MethodNotAllowed,
			Msg: fmt.Sprintf("This address does not take %s, but: %s.", ctx.Method(), ctx.Response.Header.Peek(fasthttp.HeaderAllow))})
	}
	return r.Handler
}

// wrap notes the route's pattern, finds out who asks, and shows what goes wrong.
func (h *Host) wrap(r route) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		exchangeOf(ctx).route = r.path
		var err error
		if r.access == members {
			err = h.guard.Require(ctx)
		}
		if err == nil {
			err = r.handler(ctx)
		}
		if err != nil {
			h.fail(ctx, r.access, err)
			return
		}
		if r.sends() {
			h.sender.Kick()
		}
	}
}

// fail shows an error: as a page where people look, else as a problem document.
func (h *Host) fail(ctx *fasthttp.RequestCtx, access entry, err error) {
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, crm.Uncertain) {
		err = &crm.Error{Op: "answer request", Code: crm.Unavailable, Reason: "timeout", Msg: "This took too long and was given up. Try again.", Err: err}
	}
	exchangeOf(ctx).err = err
	browser := bytes.Contains(ctx.Request.Header.Peek(fasthttp.HeaderAccept), []byte("text/html"))
	if access == pages || access == open && browser && ctx.IsGet() {
		h.web.Fail(ctx, err)
		return
	}
	problem.Write(ctx, err)
}
