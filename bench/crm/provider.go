package main

import (
	"fmt"
	"net"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// provider takes every message at once, as WhatsApp's Cloud API answers.
type provider struct {
	url    string
	server *fasthttp.Server
	taken  atomic.Int64
}

func newProvider() (*provider, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{url: "http://" + ln.Addr().String()}
	p.server = &fasthttp.Server{Handler: p.answer}
	go func() { _ = p.server.Serve(ln) }()
	return p, nil
}

func (p *provider) answer(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("application/json")
	fmt.Fprintf(ctx, `{"messaging_product":"whatsapp","contacts":[{"input":"0","wa_id":"0"}],"messages":[{"id":"wamid.BENCH%d"}]}`, p.taken.Add(1))
}

func (p *provider) close() {
	if p != nil {
		_ = p.server.Shutdown()
	}
}
