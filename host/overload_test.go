package host_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

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
func TestLargeBodiesAreBounded(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	var holders []*sender
	for range 8 {
		holders = append(holders, send(t, w, large, large/2))
	}
	hosttest.Until(t, "a ninth large body is refused", func() bool {
		s := send(t, w, large, large)
		s.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		first := s.answer()
		if first.StatusCode != 503 { // one before it has not come far enough; this one is looked at
			return false
		}
		if first.Header.Get("Retry-After") == "" || first.Close {
			t.Errorf("the refusal has Retry-After %q and closes the connection: %t", first.Header.Get("Retry-After"), first.Close)
		}
		if next := s.answer(); next.StatusCode != 200 {
			t.Errorf("what follows a body that was refused is answered %d", next.StatusCode)
		}
		return true
	})
	message := signed(t, w, w.Meta, inbound(w.Meta, "wamid.small", "6281200000001", "Halo"))
	if got := w.Send(message); got.Status != 200 {
		t.Errorf("a small webhook beside eight large ones is answered %d %s", got.Status, got.Body)
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
	hosttest.Until(t, "there is room for eight again", func() bool {
		for range 9 {
			if send(t, w, large, large).answer().StatusCode != 401 {
				return false
			}
		}
		return true
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
