package gateway

import (
	"errors"
	"io"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge"
)

// RequestOf returns a webhook request as the edge sees it, without its body. It
// holds parts of ctx.
func RequestOf(ctx *fasthttp.RequestCtx, provider edge.Provider) edge.Request {
	h := &ctx.Request.Header
	return edge.Request{
		Provider: provider, Method: edge.MethodOf(string(ctx.Method())),
		Hub: header(h, "X-Hub-Signature-256"), Signature: header(h, "X-Webhook-Signature"),
		Event: h.Peek("X-Webhook-Event"), Query: ctx.URI().QueryString(),
	}
}

func header(h *fasthttp.RequestHeader, name string) edge.Header {
	values := h.PeekAll(name)
	if len(values) == 0 {
		return edge.Header{}
	}
	return edge.Header{Value: values[0], Count: uint8(min(len(values), 255))}
}

const (
	firstRead = 64 << 10
	maxDrop   = 8 << 20 // how much of a body that is too large is read all the same
)

// readBody reads a webhook's body into memory of its own, within its bound and
// within what the gateway holds at once; release gives that room back.
func (g *Gateway) readBody(ctx *fasthttp.RequestCtx) (body []byte, release func(), err error) {
	stream, declared := ctx.RequestBodyStream(), ctx.Request.Header.ContentLength()
	room := &room{gateway: g, from: stream}
	switch {
	case stream == nil:
		return nil, room.release, nil
	case declared > edge.MaxBody:
		drop(stream)
		return nil, room.release, fasthttp.ErrBodyTooLarge
	}
	// One byte more than is said, so that the end is seen without growing.
	body = make([]byte, 0, min(max(declared, 512), firstRead)+1)
	for {
		n, err := room.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > edge.MaxBody:
			drop(stream)
			return nil, room.release, fasthttp.ErrBodyTooLarge
		case errors.Is(err, io.EOF):
			return body, room.release, nil
		case err != nil:
			return nil, room.release, err
		case len(body) == cap(body):
			body = append(body, 0)[:len(body)]
		}
	}
}

// drop reads on for a while: a connection that is closed while the client still
// writes is reset, and the client never reads why.
func drop(stream io.Reader) { _, _ = io.Copy(io.Discard, io.LimitReader(stream, maxDrop)) }

// room counts what a body takes of the memory for bodies.
type room struct {
	gateway *Gateway
	from    io.Reader
	taken   int64
}

// errNoRoom is about a body for which there is no memory now.
var errNoRoom = errors.New("the bodies in work take all the memory that there is for them")

// Read reads on as long as there is room.
func (r *room) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.taken += int64(n)
	if r.gateway.held.Add(int64(n)) > r.gateway.options.Bytes {
		return n, errNoRoom
	}
	return n, err
}

func (r *room) release() { r.gateway.held.Add(-r.taken) }

// bodyRefusal is the answer to a body that could not be read.
func bodyRefusal(err error) answer {
	var timeout net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return tooLarge
	case errors.Is(err, errNoRoom):
		return busy
	case errors.As(err, &timeout) && timeout.Timeout():
		return tooSlow
	}
	return broken
}
