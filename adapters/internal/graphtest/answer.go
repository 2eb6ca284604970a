package graphtest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

// decide returns what the outbox makes of a Send's error, in words.
func decide(t *testing.T, err error) string {
	t.Helper()
	var failure *crm.SendError
	if !errors.As(err, &failure) {
		t.Errorf("%v is no *crm.SendError", err)
		return ""
	}
	d := outbox.Decide(failure, outbox.Try{Attempt: 1})
	return string(d.Class) + ": " + string(d.Outcome)
}

// send makes one send to a server that answers so.
func (p Provider) send(t *testing.T, timeout time.Duration, answer http.HandlerFunc) (crm.Accepted, error) {
	t.Helper()
	base, _ := p.serve(t, answer)
	return p.New(base, nil, timeout).Send(t.Context(), p.Channel(), hello)
}

// testAnswers reads what a provider may answer to a send.
func testAnswers(t *testing.T, p Provider) {
	for _, tt := range []struct {
		name string
		body string
		want crm.Accepted
	}{
		{"taken", taken, crm.Accepted{ProviderID: "wamid.A", WaID: "6281200000001"}},
		{
			"taken for a user id", `{"contacts":[{"input":"US.1","user_id":"US.1"}],"messages":[{"id":"wamid.B","message_status":"accepted"}]}`,
			crm.Accepted{ProviderID: "wamid.B", UserID: "US.1"},
		},
		{"held", `{"messages":[{"id":"wamid.C","message_status":"held_for_quality_assessment"}]}`, crm.Accepted{ProviderID: "wamid.C", Held: true}},
		{"paused", `{"messages":[{"id":"wamid.D","message_status":"paused"}]}`, crm.Accepted{ProviderID: "wamid.D", Held: true}},
	} {
		if got, err := p.send(t, patience, always(http.StatusOK, tt.body)); err != nil || got != tt.want {
			t.Errorf("%s: Send = %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
	for name, body := range map[string]string{
		"an empty answer": "", "no message": `{"messages":[]}`, "no id": `{"messages":[{"id":""}]}`, "no object": `[]`,
		"half an answer": taken[:60], "a page": "<html>OK</html>", "too long an answer": `{"pad":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		_, err := p.send(t, patience, always(http.StatusOK, body))
		if got := decide(t, err); got != "ambiguous: unknown" {
			t.Errorf("200 with %s: %v is %s, want ambiguous: unknown", name, err, got)
		}
	}
}

// testPublishedErrors replays every error the published client was recorded to
// meet.
func testPublishedErrors(t *testing.T, p Provider) {
	calls := published(t)
	for call, want := range map[string]string{
		"error:130429 graph":         "throttled: retry",
		"error:131047 kapso 422":     "rejected: failed",
		"error:kapso 409 in-flight":  "busy: retry",
		"error:kapso 429 plan limit": "throttled: retry",
		"error:kapso 402 credits":    "account: stopped",
		"error:kapso 403 sandbox":    "account: stopped",
		"error:190 token":            "account: stopped",
		"error:502 html":             "ambiguous: unknown",
	} {
		recorded, known := calls[call]
		if !known {
			t.Errorf("no recorded call %s", call)
			continue
		}
		delete(calls, call)
		_, err := p.send(t, patience, always(recorded.Replied.Status, string(recorded.Replied.Body)))
		if got := decide(t, err); got != want {
			t.Errorf("%s: %v is %s, want %s", call, err, got, want)
		}
	}
	for call := range calls {
		if strings.HasPrefix(call, "error:") {
			t.Errorf("the recorded %s is not tested", call)
		}
	}
	if err := crm.CheckContent(crm.Text{Body: strings.Repeat("x", 5000)}); !errors.Is(err, crm.Invalid) {
		t.Errorf("CheckContent(5000 characters) = %v, want Invalid: the published client lets them out", err)
	}
}

// testNoAnswer breaks the connection in every way after the request left: the
// provider may have the message, and nothing may say otherwise.
func testNoAnswer(t *testing.T, p Provider) {
	for name, answer := range map[string]http.HandlerFunc{
		"reset after accepting": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			_ = conn.(*net.TCPConn).SetLinger(0) // RST instead of FIN
			_ = conn.Close()
		},
		"closed after accepting": func(w http.ResponseWriter, _ *http.Request) { _ = hijack(t, w).Close() },
		"an answer cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "200")
			_, _ = io.WriteString(w, taken[:60]) // and then the server hangs up
		},
		"an answer that is not HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn := hijack(t, w)
			_, _ = io.WriteString(conn, "hello\r\n\r\n")
			_ = conn.Close()
		},
		"too slow":               func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"too slow after headers": slowBody,
		"a page with 500":        always(http.StatusInternalServerError, "<html>"),
		"a page with 503":        always(http.StatusServiceUnavailable, "down", "Retry-After", "1"),
		"a flat error with 500":  always(http.StatusInternalServerError, `{"error":"Internal server error"}`),
		"a Graph error with 504": always(http.StatusGatewayTimeout, `{"error":{"message":"timeout","code":2}}`),
		"a 201 without a body":   always(http.StatusCreated, ""),
	} {
		timeout := patience
		if strings.HasPrefix(name, "too slow") {
			timeout = impatience
		}
		_, err := p.send(t, timeout, answer)
		if got := decide(t, err); got != "ambiguous: unknown" {
			t.Errorf("%s: %v is %s, want ambiguous: unknown", name, err, got)
		}
		silent(t, name, err)
	}
}

func slowBody(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "200")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func hijack(t *testing.T, w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Errorf("hijack: %v", err)
	}
	return conn
}

// testNotSent fails before a connection is there: such a message is tried again.
func testNotSent(t *testing.T, p Provider) {
	closed := httptest.NewServer(nil)
	closed.Close()
	encrypted := httptest.NewTLSServer(http.HandlerFunc(always(http.StatusOK, taken)))
	t.Cleanup(encrypted.Close)
	plain := httptest.NewServer(http.HandlerFunc(always(http.StatusOK, taken)))
	t.Cleanup(plain.Close)
	dial := func(err error) *http.Client {
		return &http.Client{Transport: &http.Transport{
			DialContext:     func(context.Context, string, string) (net.Conn, error) { return nil, err },
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}}
	}
	for _, tt := range []struct {
		name   string
		base   string
		client *http.Client
	}{
		{"a port nobody listens on", closed.URL, nil},
		{"a name nobody knows", "https://provider.invalid", dial(&net.DNSError{Err: "no such host", Name: "provider.invalid", IsNotFound: true})},
		{"a dial that takes too long", "https://provider.invalid", dial(context.DeadlineExceeded)},
		{"a certificate nobody signed", encrypted.URL, nil},
		{"no TLS where it should be", strings.Replace(plain.URL, "http://", "https://", 1), nil},
	} {
		_, err := p.New(tt.base, tt.client, patience).Send(t.Context(), p.Channel(), hello)
		if got := decide(t, err); got != "offline: retry" {
			t.Errorf("%s: %v is %s, want offline: retry", tt.name, err, got)
		}
		silent(t, tt.name, err)
	}

	ended, end := context.WithCancel(t.Context())
	end()
	_, err := p.New(plain.URL, nil, patience).Send(ended, p.Channel(), hello)
	if got := decide(t, err); got != "offline: retry" {
		t.Errorf("an attempt that ended before it began: %v is %s, want offline: retry", err, got)
	}
	_, err = p.New(plain.URL, &http.Client{Transport: blind{}}, patience).Send(t.Context(), p.Channel(), hello)
	if got := decide(t, err); got != "ambiguous: unknown" {
		t.Errorf("a transport that tells nothing: %v is %s, want ambiguous: unknown", err, got)
	}
}

// blind is a transport that fails without a word on whether anything left.
type blind struct{}

// RoundTrip implements http.RoundTripper.
func (blind) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("failed") }

// silent checks that an error tells neither the token nor whom it was for.
func silent(t *testing.T, name string, err error) {
	t.Helper()
	for _, secret := range []string{string(Token), Number, "6281200000001", "wamid."} {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error %q holds %q", name, err, secret)
		}
	}
}
