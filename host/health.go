package host

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// probeTimeout bounds what a question about health asks of the database.
const probeTimeout = 2 * time.Second

// health is the answer of /healthz and /readyz.
type health struct {
	Status  string   `json:"status"`
	Version string   `json:"version"`
	Reasons []string `json:"reasons,omitempty"` // why not ready
}

// alive says that the process runs.
func (h *Host) alive(ctx *fasthttp.RequestCtx) error {
	return writeHealth(ctx, fasthttp.StatusOK, health{Status: "alive", Version: h.version})
}

// ready says whether requests can be served, and if not, why.
func (h *Host) ready(ctx *fasthttp.RequestCtx) error {
	reasons := h.reasons(request.ContextOf(ctx))
	if len(reasons) == 0 {
		return writeHealth(ctx, fasthttp.StatusOK, health{Status: "ready", Version: h.version})
	}
	ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, "2")
	return writeHealth(ctx, fasthttp.StatusServiceUnavailable, health{Status: "not ready", Version: h.version, Reasons: reasons})
}

// reasons returns why requests cannot be served. Migrations are not among them:
// the store opens only when they are done.
func (h *Host) reasons(ctx context.Context) []string {
	if h.server.draining.Load() {
		return []string{"The host is stopping."}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var reasons []string
	if err := h.store.Ping(ctx); err != nil {
		reasons = append(reasons, "The database does not answer.")
	}
	for _, name := range h.workers.Down() {
		reasons = append(reasons, "The worker "+name+" is being started again.")
	}
	return reasons
}

func writeHealth(ctx *fasthttp.RequestCtx, status int, answer health) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return &crm.Error{Op: "encode health", Code: crm.Internal, Err: err}
	}
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.SetBody(body)
	return nil
}

// measured answers /metrics. A database that does not answer leaves the
// outbox's last figures.
func (h *Host) measured(ctx *fasthttp.RequestCtx) error {
	c, cancel := context.WithTimeout(request.ContextOf(ctx), probeTimeout)
	defer cancel()
	if waiting, oldest, err := h.Outbox.Depth(c); err == nil {
		age := time.Duration(0)
		if !oldest.IsZero() {
			age = time.Since(oldest)
		}
		h.metrics.Outbox(waiting, age)
	}
	var out bytes.Buffer
	h.metrics.Write(&out)
	ctx.SetContentType("text/plain; version=0.0.4; charset=utf-8")
	ctx.SetBody(out.Bytes())
	return nil
}
