package hook

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/problem"
)

// opening is how many envelopes are opened at once. Until the signature is
// checked, which is over the decoded payload, anybody can make the host decode
// and hash envelope.MaxPayload bytes: so few at once, and the others wait.
const opening = 2

// Edge is the edge in front, known by its secrets. One serves all providers'
// hooks.
type Edge struct {
	secrets []string
	now     func() time.Time
	decoder *zstd.Decoder
	slots   chan struct{}
}

// NewEdge returns the edge that signs with one of the secrets, newest first.
func NewEdge(secrets []crm.Secret, now func() time.Time) *Edge {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(opening), zstd.WithDecoderMaxMemory(envelope.MaxPayload), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic("hook: a decoder with constant options: " + err.Error())
	}
	e := &Edge{now: now, decoder: decoder, slots: make(chan struct{}, opening)}
	for _, secret := range secrets {
		e.secrets = append(e.secrets, string(secret))
	}
	return e
}

// open returns the parts of an envelope. Who cannot show a signature of the
// edge's is Unauthenticated, as is everybody without an edge.
func (e *Edge) open(ctx context.Context, r *fasthttp.Request) ([]envelope.Part, error) {
	if e == nil {
		return nil, &crm.Error{Op: "open envelope", Code: crm.Unauthenticated, Msg: "No envelope is taken here: there is no secret of an edge."}
	}
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	payload, err := e.payload(r)
	if err != nil {
		return nil, err
	}
	return envelope.Open(sealed(r, payload), e.secrets, e.now())
}

// payload returns the payload of an envelope, in memory of its own.
func (e *Edge) payload(r *fasthttp.Request) ([]byte, error) {
	switch encoding := strings.ToLower(strings.TrimSpace(string(r.Header.ContentEncoding()))); encoding {
	case "", "identity":
		return bytes.Clone(r.Body()), nil // fasthttp reuses its own
	case "zstd":
		return e.decode(r.Body())
	default:
		return nil, &crm.Error{Op: "open envelope", Code: crm.Invalid, Reason: problem.UnsupportedMedia, Msg: "An envelope may be encoded with zstd and with nothing else."}
	}
}

func (e *Edge) decode(body []byte) ([]byte, error) {
	payload, err := e.decoder.DecodeAll(body, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, &crm.Error{Op: "decode envelope", Code: crm.TooLarge, Msg: "The envelope is larger than 64 MiB.", Err: err}
	case err != nil:
		return nil, &crm.Error{Op: "decode envelope", Code: crm.Invalid, Msg: "The body is not encoded with zstd, as it says.", Err: err}
	}
	return payload, nil
}
