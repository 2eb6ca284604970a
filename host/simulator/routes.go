package simulator

import (
	"strings"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// version matches the version in a path: any is served.
const version = "/{version:v[0-9]+\\.[0-9]+}"

// routes lists the whole surface.
func (s *Simulator) routes() fasthttp.RequestHandler {
	r := router.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.NotFound = func(ctx *fasthttp.RequestCtx) {
		noObject(string(ctx.Method()), string(ctx.Path())).write(ctx)
	}
	for _, e := range endpoints {
		r.Handle(e.method, version+e.path, s.provide(crm.Meta, e))
		r.Handle(e.method, "/meta/whatsapp"+version+e.path, s.provide(crm.Kapso, e))
	}
	r.GET("/blob/{id}", s.getBlob)
	for _, e := range platform {
		r.Handle(e.method, "/platform/v1"+e.path, s.administer(e))
	}
	for _, e := range controls {
		r.Handle(e.method, "/_sim"+e.path, s.control(e))
	}
	r.GET("/_sim/media/{id}", s.showMedia)
	r.GET("/", s.showPhone)
	r.GET("/chat", s.showChat)
	r.POST("/say", s.takeForm)
	r.GET("/assets/{file}", showAsset)
	return r.Handler
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
