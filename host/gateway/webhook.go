package gateway

import (
	"context"
	"errors"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// webhook answers a provider's request.
func (g *Gateway) webhook(ctx *fasthttp.RequestCtx, x *exchange, source string) {
	r := RequestOf(ctx, x.provider)
	r.Source = []byte(source)
	if r.Method == edge.Post {
		body, release, err := g.readBody(ctx)
		defer release()
		if err != nil {
			x.err = err
			g.refuse(ctx, x, bodyRefusal(err))
			return
		}
		r.Body = body
	}
	d := g.decisions.Get().(*runner.Decision)
	defer g.decisions.Put(d)
	limit, cancel := context.WithDeadline(background, x.start.Add(g.options.Patience))
	defer cancel()
	p, err := g.decide(limit, &r, d)
	if err != nil {
		x.err = err
		g.refuse(ctx, x, undecided)
		return
	}
	if p == nil {
		g.refuse(ctx, x, unready)
		return
	}
	g.metrics.decided(x.provider, &d.Decision)
	x.note(p, &d.Decision)
	switch d.Verdict {
	case edge.Forward:
		g.forward(limit, ctx, x, p, &r, &d.Decision)
	case edge.Answer:
		ctx.SetStatusCode(d.Status)
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBody(d.Challenge)
	default:
		answer{d.Status, d.Reason.String(), sentences[d.Reason]}.write(ctx)
	}
}

// decide decides a request and returns the plan by which it was decided; nil
// before there is one. What a decision says of cells is about that plan alone.
func (g *Gateway) decide(ctx context.Context, r *edge.Request, d *runner.Decision) (*plan, error) {
	g.swap.RLock()
	defer g.swap.RUnlock()
	if g.plan == nil {
		return nil, nil
	}
	return g.plan, g.options.Decider.Decide(ctx, r, g.options.Now(), d)
}

// note keeps for the log what was decided.
func (x *exchange) note(p *plan, d *edge.Decision) {
	x.verdict, x.reason, x.events = d.Verdict, d.Reason.String(), len(d.Events)
	if d.Source >= 0 && d.Source < len(p.config.Sources) {
		x.source = p.config.Sources[d.Source].Name
	}
}

// forward hands each cell its part and answers when all have theirs, or when it
// is clear that one has not in the provider's time.
func (g *Gateway) forward(limit context.Context, ctx *fasthttp.RequestCtx, x *exchange, p *plan, r *edge.Request, d *edge.Decision) {
	shares, err := p.shares(r, d)
	if err != nil {
		x.err = err
		g.refuse(ctx, x, undecided)
		return
	}
	for i := range shares {
		x.cells = append(x.cells, shares[i].cell.name)
	}
	switch worst := g.handOver(limit, shares); {
	case worst.done():
		ctx.SetStatusCode(d.Status)
		ctx.SetContentType("application/json")
		ctx.SetBodyString(`{"status":"taken"}`)
	case worst == refused:
		x.err = errors.New("an origin refused a part")
		distrusted.write(ctx)
	default:
		x.err = errors.New("a part is " + worst.String())
		notTaken.write(ctx)
	}
}

// handOver queues the shares and returns the worst of what became of them.
func (g *Gateway) handOver(limit context.Context, shares []share) outcome {
	e := &errand{results: make(chan outcome, len(shares))}
	worst := taken
	waiting := 0
	for i := range shares {
		if shares[i].cell.put(&parcel{errand: e, part: shares[i].part}) {
			waiting++
			continue
		}
		g.metrics.part(shares[i].cell.name, full)
		worst = full
	}
	for ; waiting > 0; waiting-- {
		select {
		case o := <-e.results:
			worst = max(worst, o)
		case <-limit.Done():
			e.over.Store(true)
			return late
		}
	}
	return worst
}
