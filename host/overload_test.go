package host_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/hosttest"
)

// sender is a connection on which a webhook is sent piece by piece.
type sender struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

// send opens a connection, announces a body and sends so much of it.
func send(t *testing.T, w *hosttest.World, announced, sent int) *sender {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := &sender{c, t, bufio.NewReader(c)}
	s.say("POST /api/webhook/meta HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", announced, strings.Repeat(" ", sent))
	return s
}

func (s *sender) say(format string, args ...any) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s, format, args...); err != nil {
		s.t.Error(err)
	}
}

// answer reads an answer.
func (s *sender) answer() *http.Response {
	s.t.Helper()
	response, err := http.ReadResponse(s.in, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	doc := make([]byte, 4096)
	for n := 1; n > 0; n, _ = response.Body.Read(doc) { // to the end, so that the next answer follows
	}
	return response
}

const large = 3 << 20

// Large bodies are let into memory while there is room. One for which there is
// none is read and forgotten: what follows on its connection is answered.
func TestLargeBodiesAreBounded(t *testing.T) { // not in parallel: a body that does not come in ten seconds loses its room
	w := hosttest.Start(t, hosttest.Options{})
	const each = large + 1 // the one more finds the end
	var holders []*sender
	for n := 1; n*each <= host.BodyMemory; n++ {
		holders = append(holders, send(t, w, large, large/2))
		until(t, w, n*each)
	}
	refused := send(t, w, large, large)
	refused.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if got := refused.answer(); got.StatusCode != 503 || got.Header.Get("Retry-After") == "" || got.Close {
		t.Errorf("a body without room is answered %d, Retry-After %q, and closes the connection: %t", got.StatusCode, got.Header.Get("Retry-After"), got.Close)
	}
	if next := refused.answer(); next.StatusCode != 200 {
		t.Errorf("what follows a body that was refused is answered %d", next.StatusCode)
	}
	message := signed(t, w, w.Meta, inbound(w.Meta, "wamid.small", "6281200000001", "Halo"))
	if got := w.Send(message); got.Status != 200 {
		t.Errorf("a small webhook beside the large ones is answered %d %s", got.Status, got.Body)
	}
	for _, s := range holders[:4] {
		s.say("%s", strings.Repeat(" ", large-large/2))
		if got := s.answer(); got.StatusCode != 401 {
			t.Errorf("a large body that came to its end, unsigned, is answered %d", got.StatusCode)
		}
	}
	for _, s := range holders[4:] {
		_ = s.Close()
	}
	until(t, w, 0)
}

// until waits until so many bytes are lent to large bodies.
func until(t *testing.T, w *hosttest.World, lent int) {
	t.Helper()
	metric := "\nm21_large_bodies_bytes " + strconv.Itoa(lent) + "\n"
	hosttest.Until(t, fmt.Sprintf("large bodies hold %d bytes", lent), func() bool {
		return strings.Contains(string(w.Ask("GET", "/metrics", nil).Body), metric)
	})
}

// Who announces much and sends little takes no room.
func TestSlowSendersTakeNoRoom(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	for range 20 {
		send(t, w, large, 60_000)
	}
	for range 3 {
		if got := send(t, w, large, large).answer(); got.StatusCode != 401 {
			t.Errorf("beside slow senders a large body, unsigned, is answered %d", got.StatusCode)
		}
	}
}

// A body of an unknown length grows as it comes.
func TestChunkedBodiesOfEverySize(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	for _, size := range []int{0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1 << 20} {
		req := signed(t, w, w.Meta, []byte(`{"object":"`+strings.Repeat("x", size)+`"}`))
		req.ContentLength = -1
		if got := w.Send(req); got.Status != 200 && got.Status != 400 {
			t.Errorf("a signed body of %d bytes in chunks is answered %d %s", size, got.Status, got.Body)
		}
	}
}

// A body is its request's own for as long as that is in work, whatever comes
// meanwhile.
func TestBodiesAreKeptApart(t *testing.T) {
	t.Parallel()
	var there, all sync.WaitGroup
	there.Add(32)
	server := host.NewBare(func(ctx *fasthttp.RequestCtx) {
		body := ctx.PostBody()
		there.Done()
		there.Wait() // until every body was read
		ctx.SetBody(body)
	})
	for one := range 32 {
		all.Go(func() {
			body := strings.Repeat(string(rune('A'+one)), 1+one*300) // the largest are more than a first block
			line := &wire{request: fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body), left: 1}
			if err := server.ServeConn(line); err != nil || !strings.HasSuffix(string(line.answer), "\r\n\r\n"+body) {
				t.Errorf("a body of %d bytes came to its handler as another: %v, %.600s", len(body), err, line.answer)
			}
		})
	}
	all.Wait()
}

// What is sure to be refused is refused when its beginning is there: it is not
// kept, not verified and not decoded, it is counted, and the connection goes on.
func TestRefusalsCostNextToNothing(t *testing.T) { // not in parallel: it looks at the memory of the whole program
	f := host.NewFull(t, slog.New(slog.DiscardHandler))
	line := &wire{request: host.Wire(host.RequestFor(host.FullNumber, 200))}
	refuse := func(n int) {
		t.Helper()
		line.left, line.refused = n, 0
		if err := f.ServeConn(line); err != nil || line.refused != n {
			t.Fatalf("of %d webhooks on one connection %d are refused: %v; the last answer is %s", n, line.refused, err, line.answer)
		}
	}
	refuse(100)
	before := allocated()
	refuse(1000)
	if each := (allocated() - before) / 1000; each > 8<<10 { // with the race detector pools forget
		t.Errorf("to refuse a webhook of %d bytes takes %d bytes of memory", len(line.request), each)
	}
	if f.Desk.Prepared != 0 {
		t.Errorf("%d webhooks were verified before they were refused", f.Desk.Prepared)
	}
	var metrics strings.Builder
	f.Metrics.Write(&metrics)
	for _, want := range []string{
		`m21_webhooks_total{provider="meta",verdict="unavailable"} 1100`,
		`m21_http_requests_total{method="POST",route="/api/webhook/meta",status="503"} 1100`,
	} {
		if !strings.Contains(metrics.String(), want) {
			t.Errorf("the metrics do not hold %s", want)
		}
	}
	for _, want := range []string{"\r\nRetry-After: 2\r\n", `"code":"busy"`, `"request_id":"`} {
		if !strings.Contains(string(line.answer), want) {
			t.Errorf("a refusal does not hold %q: %s", want, line.answer)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A host that refuses much says so once a second, and how much it was.
func TestRefusalsAreCountedNotListed(t *testing.T) {
	t.Parallel()
	var r host.Refusals
	begin := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		at   time.Duration
		want string
	}{
		{0, "[refused_before=0]"}, {time.Millisecond, ""}, {999 * time.Millisecond, ""}, {time.Second, "[refused_before=2]"},
		{1500 * time.Millisecond, ""}, {time.Minute, "[refused_before=1]"}, {2 * time.Minute, "[refused_before=0]"},
	} {
		got := ""
		if line := r.Line(begin.Add(c.at), []slog.Attr{}); line != nil {
			got = fmt.Sprint(line)
		}
		if got != c.want {
			t.Errorf("after %v the line is %s, want %s", c.at, got, c.want)
		}
	}
}
