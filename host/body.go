package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

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
	uploadPath  = "/imports" // the page's form
	exportPath  = "/api/contacts/export"
)

// bodyLimit returns how large the request's body may be; 0 means that its
// handler reads it as a stream.
func bodyLimit(path string) int {
	switch {
	case strings.HasPrefix(path, hookPrefix):
		return webhook.MaxBody
	case path == mediaPath, path == importsPath, path == uploadPath, isFileForm(path):
		return 0
	default:
		return maxBody
	}
}

// isFileForm reports whether a path is that of a conversation's form for a file.
func isFileForm(path string) bool {
	return strings.HasPrefix(path, "/inbox/") && strings.HasSuffix(path, "/files")
}

// limits gives files the time they need. It is called before a body is read.
func limits(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	if path == mediaPath || path == importsPath || path == uploadPath || path == exportPath || isFileForm(path) || strings.HasSuffix(path, "/media") || strings.HasSuffix(path, "/errors") {
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

// smallBody is what of a body is read in any case; nearly every webhook is
// smaller. Who has sent so much and goes on has to find room in the budget, for
// the whole of it at once: were it given bit by bit, many large bodies could
// share it out and none ever come to its end.
// What is not sent takes no memory, so that a crowd of slow senders takes little.
const (
	firstBody = 4 << 10
	smallBody = 64 << 10
)

// readBody reads the body into memory, within its bound, and returns how much of
// the budget it holds. A body for which there is no room is read all the same,
// and forgotten, so that the connection can be used on.
func (s *server) readBody(ctx *fasthttp.RequestCtx, limit int) (held int, err error) {
	stream := ctx.RequestBodyStream()
	if limit == 0 || stream == nil {
		return 0, nil
	}
	length := ctx.Request.Header.ContentLength()
	if length > limit {
		drop(ctx, limit)
		return 0, tooLarge(limit)
	}
	if s.working.Load() >= s.most && !operational(ctx) { // it would be refused when it is read
		return 0, turnAway(ctx, limit, busy)
	}
	most := limit + 1
	if length >= 0 {
		most = length + 1 // the one more finds the end without growing
	}
	block := blocks.Get().(*[firstBody]byte)
	defer blocks.Put(block)
	n, err := stream.Read(block[:min(most, firstBody)])
	body := block[:n:min(most, firstBody)]
	if full := s.full(ctx, body); full != nil {
		return 0, turnAway(ctx, limit, full)
	}
	for {
		switch {
		case len(body) > limit:
			drop(ctx, limit)
			return held, tooLarge(limit)
		case errors.Is(err, io.EOF):
			if len(body) <= firstBody { // it lies in the block, which is another's next
				body = bytes.Clone(body)
			}
			ctx.Request.SetBodyRaw(body)
			return held, nil
		case err != nil:
			return held, broken(err)
		}
		switch {
		case len(body) < cap(body):
		case len(body) < smallBody:
			body = append(make([]byte, 0, min(most, smallBody)), body...)
		case s.bodies.take(most):
			held = most
			body = append(make([]byte, 0, most), body...)
		default:
			return 0, turnAway(ctx, limit, busy)
		}
		n, err = stream.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
	}
}

// blocks are what the beginnings of bodies are read into: one of which no more is
// looked at costs no memory of its own.
var blocks = sync.Pool{New: func() any { return new([firstBody]byte) }}

// full returns why a request is not worth the reading of its body, of which the
// beginning is there; nil if it is.
func (s *server) full(ctx *fasthttp.RequestCtx, body []byte) error {
	look, found := s.doors[string(ctx.Path())]
	if !found || !ctx.IsPost() {
		return nil
	}
	err := look(&ctx.Request.Header, body)
	if err != nil {
		exchangeOf(ctx).route = string(ctx.Path())
	}
	return err
}

// turnAway reads the rest of a body and returns the refusal.
func turnAway(ctx *fasthttp.RequestCtx, limit int, refusal error) error {
	n, err := io.Copy(io.Discard, io.LimitReader(ctx.RequestBodyStream(), int64(limit)+1))
	if err != nil || n > int64(limit) { // what follows is not the next request
		ctx.SetConnectionClose()
	}
	return refusal
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
