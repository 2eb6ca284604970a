package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
	"github.com/my21staff/my21staff/host/telemetry"
)

const (
	readTimeout     = 10 * time.Second // for a whole request
	writeTimeout    = 30 * time.Second
	idleTimeout     = 60 * time.Second
	transferTimeout = 5 * time.Minute // for a file, either way
	headerBytes     = 16 << 10
	connections     = 20_000
)

// server answers requests: what every request has in common stands here, the
// routes stand in routes.go.
type server struct {
	http     *fasthttp.Server
	routes   fasthttp.RequestHandler
	doors    map[string]look // by path, what is decided before a body is read
	origin   auth.Origin
	log      *slog.Logger
	metrics  *telemetry.Metrics
	timeout  time.Duration
	most     int64        // requests in work at once
	working  atomic.Int64 // of them now
	draining atomic.Bool

	envelopes bool         // an edge is known
	large     atomic.Int64 // bodies of envelopes that are larger than a provider's, now
	bodies    budget       // of the memory of large bodies
	refusals  refusals
}

// look returns why a request is refused of whose body the beginning is there; nil
// if it is to be read.
type look = func(header *fasthttp.RequestHeader, body []byte) error

// exchange is what the server knows about one request.
type exchange struct {
	start time.Time
	stats *bunstore.Stats
	route string // the pattern; empty when none fits
	err   error  // why it was refused
}

type exchangeKey struct{}

// idle is what a request has asked the database that comes to no route.
var idle bunstore.Stats

func exchangeOf(ctx *fasthttp.RequestCtx) *exchange {
	x, ok := ctx.UserValue(exchangeKey{}).(*exchange)
	if !ok {
		return &exchange{start: time.Now(), stats: new(bunstore.Stats)}
	}
	return x
}

func newServer(c Config, origin auth.Origin, log *slog.Logger, metrics *telemetry.Metrics) *server {
	s := &server{origin: origin, log: log, metrics: metrics, timeout: c.RequestTimeout, most: int64(c.MaxRequests), envelopes: len(c.EdgeSecrets) > 0}
	s.bodies.left.Store(bodyMemory)
	s.http = &fasthttp.Server{
		Handler:            fasthttp.CompressHandlerLevel(s.serve, fasthttp.CompressBestSpeed),
		ErrorHandler:       s.unreadable,
		HeaderReceived:     limits,
		ReadTimeout:        readTimeout,
		WriteTimeout:       writeTimeout,
		IdleTimeout:        idleTimeout,
		MaxRequestBodySize: maxBody,
		ReadBufferSize:     headerBytes,
		Concurrency:        connections,
		// Files are passed on as they come; every other body is read, up to
		// its bound, before it is answered.
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		CloseOnShutdown:              true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		SecureErrorLogMessage:        true,
		Logger:                       quiet{log},
	}
	return s
}

// serve answers one request.
func (s *server) serve(ctx *fasthttp.RequestCtx) {
	x := &exchange{start: time.Now(), stats: &idle}
	ctx.SetUserValue(exchangeKey{}, x)
	id := requestID(ctx)
	request.SetID(ctx, id)
	s.headers(ctx, id)
	s.answer(ctx, x)
	ctx.Response.Header.Set("Server-Timing", timing(x))
	s.record(ctx, x)
}

// answer finds the route, if the host can take the request on at all. A panic
// becomes an answer like any other fault of ours.
func (s *server) answer(ctx *fasthttp.RequestCtx, x *exchange) {
	defer func() {
		if cause := recover(); cause != nil {
			s.metrics.Panic("request")
			x.err = &crm.Error{Op: "answer request", Code: crm.Internal, Err: fmt.Errorf("panic: %v\n%s", cause, debug.Stack())}
			problem.Write(ctx, x.err)
		}
	}()
	limit, leave, err := s.room(ctx)
	if err == nil {
		defer leave()
		var held int
		held, err = s.readBody(ctx, limit)
		defer s.bodies.give(held)
	}
	if err != nil {
		x.err = err
		problem.Write(ctx, err)
		return
	}
	defer s.working.Add(-1)
	if s.working.Add(1) > s.most && !operational(ctx) {
		x.err = busy
		problem.Write(ctx, busy)
		return
	}
	c, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	c, x.stats = bunstore.WithStats(c)
	request.SetContext(ctx, c)
	s.routes(ctx)
}

var busy = &problem.Error{RetryAfter: time.Second, Err: &crm.Error{Op: "answer request", Code: crm.Unavailable, Reason: "busy",
	Msg: "There is more to do than can be done at once. Try again in a moment."}}

// operational reports whether the request asks how the host is, which is
// answered however much there is to do.
func operational(ctx *fasthttp.RequestCtx) bool {
	switch string(ctx.Path()) {
	case "/healthz", "/readyz", "/metrics":
		return true
	}
	return false
}

// headers sets what every answer carries; a page sets a policy of its own.
func (s *server) headers(ctx *fasthttp.RequestCtx, id string) {
	h := &ctx.Response.Header
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set(fasthttp.HeaderReferrerPolicy, "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set(fasthttp.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	if s.origin.Secure(ctx) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// requestID returns the client's id for the request if it is a sane one, else a
// new one.
func requestID(ctx *fasthttp.RequestCtx) string {
	given := string(ctx.Request.Header.Peek("X-Request-Id"))
	sane := len(given) >= 8 && len(given) <= 64 && strings.Trim(given, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == ""
	if sane {
		return given
	}
	return hex.EncodeToString(randomBytes(12))
}

// timing says how long the answer took, as browsers' tools show it.
func timing(x *exchange) string {
	appendMS := func(text []byte, d time.Duration) []byte {
		return strconv.AppendFloat(text, float64(d)/float64(time.Millisecond), 'f', 3, 64)
	}
	text := appendMS(append(make([]byte, 0, 64), "db;dur="...), x.stats.Duration())
	text = strconv.AppendInt(append(text, `;desc="`...), int64(x.stats.Queries()), 10)
	return string(appendMS(append(text, ` queries", total;dur=`...), time.Since(x.start)))
}

// serverTiming is timing for a handler that answers by itself.
func serverTiming(ctx *fasthttp.RequestCtx) string { return timing(exchangeOf(ctx)) }

// record counts the request and writes its line.
func (s *server) record(ctx *fasthttp.RequestCtx, x *exchange) {
	took, status, route := time.Since(x.start), ctx.Response.StatusCode(), x.route
	if route == "" {
		route = "none"
	}
	method := string(ctx.Method())
	s.metrics.Request(known(method), route, status, took)
	s.metrics.Database(x.stats.Queries(), x.stats.Duration())
	level := slog.LevelInfo
	switch {
	case status >= fasthttp.StatusInternalServerError:
		level = slog.LevelError
	case operational(ctx):
		level = slog.LevelDebug
	}
	line := []slog.Attr{
		slog.String("method", known(method)), slog.String("route", route), slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("queries", x.stats.Queries()),
		slog.Float64("db_ms", float64(x.stats.Duration().Microseconds())/1000),
		slog.String("workspace", request.PrincipalOf(ctx).WorkspaceID.String()), slog.String("request_id", request.IDOf(ctx)),
	}
	if x.err != nil {
		line = append(line, problem.Attrs(x.err)...)
	}
	if isBusy(x.err) {
		if line = s.refusals.line(time.Now(), line); line == nil {
			return
		}
		level = slog.LevelWarn
	}
	s.log.LogAttrs(context.Background(), level, "request", line...)
}

// known returns the method if it is one of HTTP's: metrics must not grow with
// what strangers send.
func known(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// unreadable answers what is no request: fasthttp calls it before there is one
// to serve.
func (s *server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	request.SetID(ctx, fmt.Sprintf("%x", randomBytes(12)))
	s.headers(ctx, request.IDOf(ctx))
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		problem.Write(ctx, tooLarge(maxBody))
	case errors.As(err, &small):
		problem.Write(ctx, &crm.Error{Op: "read request", Code: crm.Invalid, Reason: problem.HeaderTooLarge,
			Msg: fmt.Sprintf("The head of a request may have at most %d bytes.", headerBytes), Err: err})
	case errors.As(err, &timeout) && timeout.Timeout():
		problem.Write(ctx, &crm.Error{Op: "read request", Code: crm.Invalid, Reason: problem.TooSlow, Msg: "The request did not arrive in time.", Err: err})
	default:
		problem.Write(ctx, &crm.Error{Op: "read request", Code: crm.Invalid, Reason: "bad_request", Msg: "This is not an HTTP request that can be read.", Err: err})
	}
	ctx.Response.Header.Set("Server-Timing", timing(exchangeOf(ctx)))
	s.metrics.Request("other", "unreadable", ctx.Response.StatusCode(), 0)
}

// quiet passes fasthttp's own words on to the log, where they belong at debug:
// they are about connections that broke.
type quiet struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, args ...any) { q.log.Debug(fmt.Sprintf(format, args...)) }
