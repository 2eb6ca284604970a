package main

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// provider takes every message at once, as WhatsApp's Cloud API answers. Whom it
// names is who was written to: one that named the same person each time made every
// send look for an identity that somebody else has.
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
	var message struct{ To string }
	if err := json.Unmarshal(ctx.PostBody(), &message); err != nil {
		ctx.Error(err.Error(), fasthttp.StatusBadRequest)
		return
	}
	ctx.SetContentType("application/json")
	fmt.Fprintf(ctx, `{"messaging_product":"whatsapp","contacts":[{"input":%q,"wa_id":%q}],"messages":[{"id":"wamid.BENCH%d"}]}`,
		message.To, strings.TrimPrefix(message.To, "+"), p.taken.Add(1))
}

func (p *provider) close() {
	if p != nil {
		_ = p.server.Shutdown()
	}
}
