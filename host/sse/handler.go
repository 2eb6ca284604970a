package sse

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// Handle answers GET /api/events: it opens a stream of the facts after
// Last-Event-ID (or ?after=), or from now on. The server's KeepHijackedConns must
// not be set: the connection is its own to close when the hub has taken over.
func (h *Hub) Handle(ctx *fasthttp.RequestCtx) error {
	st := &stream{credential: auth.CredentialOf(ctx)}
	who := request.PrincipalOf(ctx)
	after, err := resumeAt(ctx)
	if err != nil {
		return err
	}
	newest, err := h.newest(request.ContextOf(ctx), who)
	if err != nil {
		return err
	}
	if h.Open() >= h.o.Max {
		return full(h.o.Max)
	}
	if st.at = after; after < 0 {
		st.at = newest
	}
	ctx.Response.Header.SetContentType("text/event-stream")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.Response.Header.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	if h.o.Timing != nil {
		ctx.Response.Header.Set("Server-Timing", h.o.Timing(ctx))
	}
	opening := append(head(ctx), greeting(st.at)...)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(conn net.Conn) {
		if whole, ok := conn.(interface{ UnsafeConn() net.Conn }); ok {
			conn = whole.UnsafeConn()
		}
		boundKernel(conn)
		st.socket = socketOf(conn)
		held := st.held
		h.admit(arrival{stream: st, who: who, newest: newest}, opening)
		if held != nil { // the server closes a connection when this returns
			<-held.over
		}
	})
	return nil
}

// newest returns the number after which who comes now hears everything. The database is
// asked by the first of an audience: when ten thousand come back at once it has other
// things to do. The others have the first one's rights, and so its leave. They may hear
// of what happened in the moment before they came.
func (h *Hub) newest(ctx context.Context, who access.Principal) (int64, error) {
	if head, known := h.shard(who.WorkspaceID).newest(audienceOf(who)); known {
		return head, nil
	}
	page, err := h.feed.After(ctx, who, -1, 1)
	return page.Next, err
}

// kernelBuffer is how much the kernel may keep of what a reader does not take;
// Linux doubles it. Left to itself it keeps megabytes, of each stream, and a
// reader that does not read is found out only when they are full.
const kernelBuffer = 32 << 10

func boundKernel(conn net.Conn) {
	if sealed, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = sealed.NetConn()
	}
	if c, ok := conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = c.SetWriteBuffer(kernelBuffer) // without it the reader is found out later
	}
}

// admit hands a stream to its shard. One that comes while the hub stops is told
// what the others were told.
func (h *Hub) admit(a arrival, opening []byte) {
	h.open.Add(1)
	a.stream.send(opening)
	if a.stream.cut || !h.shard(a.who.WorkspaceID).join(a) {
		a.stream.say(goodbye())
		h.open.Add(-1)
		a.stream.close()
	}
}

// resumeAt returns the number to go on after, or -1 for "from now on".
func resumeAt(ctx *fasthttp.RequestCtx) (int64, error) {
	text := string(ctx.Request.Header.Peek("Last-Event-ID"))
	if text == "" {
		text = string(ctx.QueryArgs().Peek("after"))
	}
	if text == "" {
		return -1, nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, &crm.Error{Op: "open stream", Code: crm.Invalid, Reason: "bad_event_id",
			Msg: fmt.Sprintf("Last-Event-ID is the id of an event of this stream, not %.40q.", text)}
	}
	return after, nil
}

// head returns the answer's head. It is written by hand because fasthttp would
// add a length; a stream ends when its connection does.
func head(ctx *fasthttp.RequestCtx) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n")
	for name, value := range ctx.Response.Header.All() {
		switch string(name) {
		case fasthttp.HeaderContentLength, fasthttp.HeaderConnection:
		default:
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func full(most int) error {
	return &problem.Error{RetryAfter: 10 * time.Second, Err: &crm.Error{Op: "open stream", Code: crm.Unavailable, Reason: "too_many_streams",
		Msg: fmt.Sprintf("%d event streams are open, which is as many as may be. Try again in a little while.", most)}}
}
