package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/host/request"
)

const (
	writeTimeout = 30 * time.Second
	idleTimeout  = 60 * time.Second
	headerBytes  = 16 << 10
	connections  = 20_000
)

// background is for logging, which has nothing to wait for.
var background = context.Background()

func (g *Gateway) server() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                      g.serve,
		ErrorHandler:                 g.unreadable,
		ReadTimeout:                  g.options.ReadTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxRequestBodySize:           edge.MaxBody,
		ReadBufferSize:               headerBytes,
		Concurrency:                  connections,
		StreamRequestBody:            true, // a body that nobody wants is not read
		DisablePreParseMultipartForm: true,
		CloseOnShutdown:              true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		SecureErrorLogMessage:        true,
		Logger:                       quiet{g.log},
	}
}

// exchange is what there is to say about one request.
type exchange struct {
	start    time.Time
	route    string // the pattern
	provider edge.Provider
	verdict  edge.Verdict
	reason   string // a decision's, or the gateway's own word
	source   string
	cells    []string
	events   int
	err      error
}

// serve answers one request. A panic becomes an answer.
func (g *Gateway) serve(ctx *fasthttp.RequestCtx) {
	x := &exchange{start: time.Now(), route: "none"}
	g.begin(ctx)
	func() {
		defer func() {
			if cause := recover(); cause != nil {
				g.metrics.panicked("request")
				x.err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
				g.refuse(ctx, x, internal)
			}
		}()
		g.route(ctx, x)
	}()
	g.record(ctx, x)
}

// begin sets what every answer carries.
func (g *Gateway) begin(ctx *fasthttp.RequestCtx) {
	id := requestID()
	request.SetID(ctx, id)
	h := &ctx.Response.Header
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set(fasthttp.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	h.Set(fasthttp.HeaderCacheControl, "no-store")
}

func requestID() string {
	var drawn [12]byte
	_, _ = rand.Read(drawn[:]) // crypto/rand does not fail
	return hex.EncodeToString(drawn[:])
}

// pathPrefix is where webhooks arrive, here and at an origin.
const pathPrefix = "/api/webhook/"

// route finds what the request is about.
func (g *Gateway) route(ctx *fasthttp.RequestCtx, x *exchange) {
	path := string(ctx.Path())
	if probe := g.probe(path); probe != nil {
		x.route = path
		if !ctx.IsGet() && !ctx.IsHead() {
			g.refuse(ctx, x, notAllowed)
			return
		}
		probe(ctx)
		return
	}
	word, source, named := strings.Cut(strings.TrimPrefix(path, pathPrefix), "/")
	x.provider = edge.ProviderOf(word)
	if !strings.HasPrefix(path, pathPrefix) || x.provider == 0 || named && source == "" {
		g.refuse(ctx, x, nowhere)
		return
	}
	x.route = pathPrefix + word
	if named {
		x.route += "/{source}"
	}
	defer g.working.Add(-1)
	if g.working.Add(1) > int64(g.options.Requests) {
		g.refuse(ctx, x, busy)
		return
	}
	g.webhook(ctx, x, source)
}

// record counts the request and writes its line.
func (g *Gateway) record(ctx *fasthttp.RequestCtx, x *exchange) {
	took, status := time.Since(x.start), ctx.Response.StatusCode()
	level := slog.LevelInfo
	switch {
	case status >= fasthttp.StatusInternalServerError && x.provider != 0:
		level = slog.LevelError
	case x.provider == 0:
		level = slog.LevelDebug
	}
	if x.provider != 0 {
		g.metrics.answered(x.provider, status, took)
	}
	if !g.log.Enabled(background, level) {
		return
	}
	line := []slog.Attr{
		slog.String("method", known(string(ctx.Method()))), slog.String("route", x.route), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("verdict", x.verdict.String()), slog.String("reason", x.reason),
		slog.String("source", x.source), slog.String("cells", strings.Join(x.cells, ",")), slog.Int("events", x.events),
		slog.String("request_id", request.IDOf(ctx)),
	}
	if x.err != nil {
		line = append(line, slog.Any("error", x.err))
	}
	g.log.LogAttrs(background, level, "request", line...)
}

// known returns the method if it is one of HTTP's.
func known(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// unreadable answers what is no request: fasthttp calls it before there is one.
func (g *Gateway) unreadable(ctx *fasthttp.RequestCtx, err error) {
	g.begin(ctx)
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	why := malformed
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		why = tooLarge
	case errors.As(err, &small):
		why = longHead
	case errors.As(err, &timeout) && timeout.Timeout():
		why = tooSlow
	}
	g.metrics.refusedUnread(why.code)
	why.write(ctx)
}

// quiet passes fasthttp's own words on at debug: they are about connections
// that broke.
type quiet struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, args ...any) { q.log.Debug(fmt.Sprintf(format, args...)) }
