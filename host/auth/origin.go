package auth

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// sessionAge is how long a browser keeps the cookie; the directory ends a
// session after as long.
const sessionAge = 30 * 24 * time.Hour

// Origin tells where a request really came from and how it was sent.
type Origin struct {
	PublicURL string         // the host's own address; empty: what the request asked for
	Proxies   []netip.Prefix // whose X-Forwarded headers are believed
	Now       func() time.Time
}

// Client returns the address of the client: the nearest one that is no trusted
// proxy.
func (o Origin) Client(ctx *fasthttp.RequestCtx) netip.Addr {
	client := peer(ctx)
	if !o.trusted(client) {
		return client
	}
	hops := strings.Split(string(ctx.Request.Header.Peek(fasthttp.HeaderXForwardedFor)), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap()
		if !o.trusted(client) {
			break
		}
	}
	return client
}

// Secure reports whether the client sent the request over TLS, to us or to a
// trusted proxy.
func (o Origin) Secure(ctx *fasthttp.RequestCtx) bool {
	if ctx.IsTLS() {
		return true
	}
	return o.trusted(peer(ctx)) && strings.EqualFold(string(ctx.Request.Header.Peek(fasthttp.HeaderXForwardedProto)), "https")
}

// URL returns the host's own address as the client knows it, without a slash at
// the end.
func (o Origin) URL(ctx *fasthttp.RequestCtx) string {
	if o.PublicURL != "" {
		return o.PublicURL
	}
	scheme := "http"
	if o.Secure(ctx) {
		scheme = "https"
	}
	return scheme + "://" + string(ctx.Host())
}

func (o Origin) trusted(a netip.Addr) bool {
	for _, prefix := range o.Proxies {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

func peer(ctx *fasthttp.RequestCtx) netip.Addr {
	if tcp, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// sameSite refuses a change that comes with a cookie and was caused by another
// site. Every browser of the last years says where a change comes from
// (Sec-Fetch-Site, else Origin); who says nothing is refused.
func (o Origin) sameSite(ctx *fasthttp.RequestCtx) error {
	if ctx.IsGet() || ctx.IsHead() || ctx.IsOptions() {
		return nil
	}
	site := string(ctx.Request.Header.Peek("Sec-Fetch-Site"))
	from := string(ctx.Request.Header.Peek(fasthttp.HeaderOrigin))
	if site == "same-origin" || site == "" && from != "" && from == o.URL(ctx) {
		return nil
	}
	return &crm.Error{Op: "check origin", Code: crm.Forbidden, Reason: "cross_origin",
		Msg: "A change with a browser's session must come from the inbox's own pages."}
}
