package gateway

import (
	"bytes"
	"encoding/json"

	"github.com/VictoriaMetrics/metrics"
	"github.com/valyala/fasthttp"
)

// health is the answer of /healthz and /readyz.
type health struct {
	Status  string   `json:"status"`
	Epoch   *uint32  `json:"epoch,omitempty"`   // of the configuration in force
	Reasons []string `json:"reasons,omitempty"` // why not ready
}

// probe returns what answers questions about the gateway itself; nil for any
// other path. They are answered however much there is to do.
func (g *Gateway) probe(path string) func(*fasthttp.RequestCtx) {
	switch path {
	case "/healthz":
		return g.alive
	case "/readyz":
		return g.ready
	case "/metrics":
		return g.measured
	}
	return nil
}

func (g *Gateway) alive(ctx *fasthttp.RequestCtx) { writeHealth(ctx, 200, health{Status: "alive"}) }

// ready says whether webhooks are taken. Origins are not asked: one that is down
// is no reason to send the others' webhooks elsewhere.
func (g *Gateway) ready(ctx *fasthttp.RequestCtx) {
	p := g.current()
	switch {
	case p == nil:
		writeHealth(ctx, 503, health{Status: "not ready", Reasons: []string{"There is no configuration yet."}})
	case g.draining.Load():
		writeHealth(ctx, 503, health{Status: "not ready", Reasons: []string{"The gateway is stopping."}})
	default:
		writeHealth(ctx, 200, health{Status: "ready", Epoch: &p.config.Epoch})
	}
}

func writeHealth(ctx *fasthttp.RequestCtx, status int, answer health) {
	body, _ := json.Marshal(answer) // texts and numbers
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.SetBody(body)
}

func (g *Gateway) measured(ctx *fasthttp.RequestCtx) {
	var out bytes.Buffer
	g.metrics.set.WritePrometheus(&out)
	metrics.WriteProcessMetrics(&out)
	ctx.SetContentType("text/plain; version=0.0.4; charset=utf-8")
	ctx.SetBody(out.Bytes())
}
