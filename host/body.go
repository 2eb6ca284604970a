package host

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/problem"
)

// maxBody bounds every body but a webhook's and a file's.
const maxBody = 1 << 20

// maxEnvelope bounds an envelope as it is sent, which holds several webhooks.
// More than a provider's webhook it may be only where an edge is known, if it
// says its size, and while fewer than largeBodies such are in work: anybody can
// claim to be an edge until the signature is checked.
const (
	maxEnvelope = 16 << 20
	largeBodies = 8
)

// maxDrop is how much more than its bound of a body that is too large is read
// all the same.
const maxDrop = 8 << 20

const (
	hookPrefix  = "/api/webhook/"
	mediaPath   = "/api/media"
	importsPath = "/api/imports"
	exportPath  = "/api/contacts/export"
)

// bodyLimit returns how large the request's body may be; 0 means that its
// handler reads it as a stream.
func bodyLimit(path string) int {
	switch {
	case strings.HasPrefix(path, hookPrefix):
		return webhook.MaxBody
	case path == mediaPath, path == importsPath:
		return 0
	default:
		return maxBody
	}
}

// limits gives files the time they need. It is called before a body is read.
func limits(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	if path == mediaPath || path == importsPath || path == exportPath || strings.HasSuffix(path, "/media") || strings.HasSuffix(path, "/errors") {
		return fasthttp.RequestConfig{ReadTimeout: transferTimeout, WriteTimeout: transferTimeout}
	}
	return fasthttp.RequestConfig{}
}

// room returns how large the request's body may be, as bodyLimit does, and what
// gives the room back when the request is answered.
func (s *server) room(ctx *fasthttp.RequestCtx) (limit int, leave func(), err error) {
	path, header := string(ctx.Path()), &ctx.Request.Header
	limit, leave = bodyLimit(path), func() {}
	if !s.envelopes || !strings.HasPrefix(path, hookPrefix) || header.ContentLength() <= limit || !hook.IsEnvelope(header) {
		return limit, leave, nil
	}
	leave = func() { s.large.Add(-1) }
	if s.large.Add(1) > largeBodies {
		leave()
		drop(ctx, maxEnvelope)
		return 0, nil, busy
	}
	return maxEnvelope, leave, nil
}

// readBody reads the body into memory, within its bound.
func readBody(ctx *fasthttp.RequestCtx, limit int) error {
	stream := ctx.RequestBodyStream()
	if limit == 0 || stream == nil {
		return nil
	}
	var body []byte
	if ctx.Request.Header.ContentLength() <= limit {
		var err error
		if body, err = io.ReadAll(io.LimitReader(stream, int64(limit)+1)); err != nil {
			return broken(err)
		}
	}
	if ctx.Request.Header.ContentLength() > limit || len(body) > limit {
		drop(ctx, limit)
		return tooLarge(limit)
	}
	ctx.Request.SetBodyRaw(body)
	return nil
}

// drop reads what is left of a body that is refused, within reason, and closes
// the connection after the answer. One that is closed while the client still
// writes is reset, and the client never reads why.
func drop(ctx *fasthttp.RequestCtx, limit int) {
	_, _ = io.Copy(io.Discard, io.LimitReader(ctx.RequestBodyStream(), int64(limit)+maxDrop))
	ctx.SetConnectionClose()
}

func tooLarge(limit int) error {
	return &crm.Error{Op: "read body", Code: crm.TooLarge, Msg: fmt.Sprintf("A body may have at most %d bytes here.", limit)}
}

func broken(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &crm.Error{Op: "read body", Code: crm.Invalid, Reason: problem.TooSlow, Msg: "The body did not arrive in time.", Err: err}
	}
	return &crm.Error{Op: "read body", Code: crm.Invalid, Reason: "broken_body", Msg: "The body ended too early or is not framed as HTTP says.", Err: err}
}
