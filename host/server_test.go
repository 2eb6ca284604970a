package host_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

func TestEveryAnswerSaysWhatItCost(t *testing.T) {
	t.Parallel()
	var log lines
	w := hosttest.Start(t, hosttest.Options{Log: &log})
	timing := regexp.MustCompile(`^db;dur=[0-9.]+;desc="[0-9]+ queries", total;dur=[0-9.]+$`)
	for _, path := range []string{"/api/conversations", "/api/nothing", "/healthz", "/metrics", "/openapi.json", "/docs", "/login", "/api/conversations/x"} {
		got := w.Ask("GET", path, nil)
		if header := got.Header.Get("Server-Timing"); !timing.MatchString(header) {
			t.Errorf("%s: Server-Timing is %q", path, header)
		}
		if got.Header.Get("X-Request-Id") == "" || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Security-Policy") == "" || got.Header.Get("Server") != "" {
			t.Errorf("%s: the headers are %v", path, got.Header)
		}
	}
	stream := events(t, w, -1)
	if header := stream.response.Header.Get("Server-Timing"); !timing.MatchString(header) {
		t.Errorf("the stream's Server-Timing is %q", header)
	}
	got := w.Ask("GET", "/api/conversations", nil, "X-Request-Id: my-own-request-1")
	if id := got.Header.Get("X-Request-Id"); id != "my-own-request-1" {
		t.Errorf("a sane request id comes back as %q", id)
	}
	if strings.Contains(got.Header.Get("Server-Timing"), `"0 queries"`) {
		t.Errorf("a list costs %s", got.Header.Get("Server-Timing"))
	}
	for _, bad := range []string{"short", strings.Repeat("x", 65), "with space in it", `"quoted-value"`} {
		if id := w.Ask("GET", "/healthz", nil, "X-Request-Id: "+bad).Header.Get("X-Request-Id"); id == bad {
			t.Errorf("the request id %q is taken over", bad)
		}
	}
	line := log.find("my-own-request-1")
	for _, want := range []string{"method=GET", "route=/api/conversations", "status=200", "ms=", "queries=", "db_ms=", "workspace=" + w.Workspace.ID.String()} {
		if !strings.Contains(line, want) {
			t.Errorf("the request's line %q lacks %s", line, want)
		}
	}
	if strings.Count(log.text(), "my-own-request-1") != 1 {
		t.Error("a request has more than one line")
	}
}

func TestLogHoldsNoSecretAndNoWords(t *testing.T) {
	t.Parallel()
	var log lines
	w := hosttest.Start(t, hosttest.Options{Log: &log})
	live := events(t, w, -1)
	at := simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}
	if _, err := w.Sim.Say(simulator.Inbound{Chat: at, Text: "confidential words"}); err != nil {
		t.Fatal(err)
	}
	live.until("the message came in", func(e event) bool { return e.Kind == "message.received" })
	w.Ask("GET", "/api/contacts/by-phone?phone=%2B6281200000001", nil)
	w.Ask("GET", "/api/conversations", nil, "X-Api-Key: m21_almost_a_key")
	w.Stop()
	for _, secret := range []string{
		"confidential words", "6281200000001", string(w.Key), "m21_almost_a_key",
		string(w.Kapso.Credentials.Token), string(w.Kapso.Credentials.WebhookSecrets[0]), string(w.Meta.Credentials.VerifyToken),
	} {
		if strings.Contains(log.text(), secret) {
			t.Errorf("the log shows %q: %s", secret, log.find(secret))
		}
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	plain := w.Ask("GET", "/openapi.json", nil, "Accept-Encoding: identity")
	packed := w.Ask("GET", "/openapi.json", nil, "Accept-Encoding: gzip")
	reader, err := gzip.NewReader(bytes.NewReader(packed.Body))
	if err != nil {
		t.Fatalf("gzip: %v", err)
	}
	text, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(text, plain.Body) || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("gzip does not give back the same answer (%v)", err)
	}
	packed = w.Ask("GET", "/openapi.json", nil, "Accept-Encoding: zstd")
	decoder, err := zstd.NewReader(bytes.NewReader(packed.Body))
	if err != nil {
		t.Fatalf("zstd: %v", err)
	}
	defer decoder.Close()
	if text, err = io.ReadAll(decoder); err != nil || !bytes.Equal(text, plain.Body) {
		t.Errorf("zstd does not give back the same answer (%v)", err)
	}
}

func TestBeyondItsBoundTheHostSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{Settings: map[string]string{"max_requests": "1"}})
	var running sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 16 {
		running.Go(func() {
			for range 20 {
				req := signed(t, w, w.Meta, inbound(w.Meta, "wamid."+rand.Text(), "62812000000"+fmt.Sprint(10+i), "Halo"))
				got := w.Send(req)
				mu.Lock()
				statuses[got.Status]++
				mu.Unlock()
				if got.Status == 503 && got.Header.Get("Retry-After") == "" {
					t.Error("a refusal does not say when to come back")
				}
				if health := w.Ask("GET", "/healthz", nil); health.Status != 200 {
					t.Errorf("a busy host is said not to live: %d", health.Status)
				}
			}
		})
	}
	running.Wait()
	if statuses[200] == 0 || statuses[503] == 0 || statuses[200]+statuses[503] != 320 {
		t.Errorf("the answers were %v, want some 200 and some 503", statuses)
	}
	count := 0
	for _, c := range hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations?limit=100", nil)).Data {
		count += c.Unread
	}
	if count != statuses[200] {
		t.Errorf("%d messages are stored and %d were answered 200", count, statuses[200])
	}
}

func TestWhatIsNoRequestGetsAProblem(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	for _, c := range []struct {
		name, raw string
		want      string
	}{
		{"garbage", "GARBAGE\r\n\r\n", "HTTP/1.1 400"},
		{"huge head", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		{"bad length", "POST /api/messages/send HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 400"},
		{"endless chunks", "POST /api/messages/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10000\r\n"+strings.Repeat("x", 0x10000)+"\r\n", 17), "HTTP/1.1 413"},
		{"announced too large", "POST /api/messages/send HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + strings.Repeat("x", 16<<10), "HTTP/1.1 413"},
		{"cut body", "POST /api/messages/send HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 400"},
	} {
		answer := raw(t, w, c.raw)
		if !strings.HasPrefix(answer, c.want) || !strings.Contains(answer, "application/problem+json") {
			t.Errorf("%s: answered %.300q, want %s and a problem document", c.name, answer, c.want)
		}
	}
}

// raw sends bytes, ends the sending side and returns all that comes back.
func raw(t *testing.T, w *hosttest.World, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite() // fails if the host closed already
	answer, err := io.ReadAll(conn)
	if err != nil && len(answer) == 0 {
		t.Fatal(err)
	}
	return string(answer)
}

func TestOperationsAnswer(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	for path, want := range map[string]string{
		"/healthz":      `"status":"alive"`,
		"/readyz":       `"status":"ready"`,
		"/metrics":      "m21_outbox_waiting 0",
		"/openapi.json": `"openapi"`,
		"/docs":         "<html",
	} {
		if got := w.Ask("GET", path, nil, "X-Api-Key: "); got.Status != 200 || !strings.Contains(string(got.Body), want) {
			t.Errorf("%s answers %d without %s", path, got.Status, want)
		}
	}
	if got := w.Ask("HEAD", "/healthz", nil); got.Status != 200 {
		t.Errorf("HEAD /healthz answers %d", got.Status)
	}
	metrics := string(w.Ask("GET", "/metrics", nil).Body)
	for _, want := range []string{`m21_http_requests_total{method="GET",route="/healthz",status="200"}`, "m21_db_queries_total", "m21_streams_open 0", "go_goroutines"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// find returns the first line with a text.
func (l *lines) find(text string) string {
	for line := range strings.Lines(l.text()) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}
