package meta_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/internal/graphtest"
	"github.com/my21staff/my21staff/adapters/meta"
	"github.com/my21staff/my21staff/crm"
)

func provider() graphtest.Provider {
	return graphtest.Provider{
		Name: crm.Meta,
		New: func(base string, client *http.Client, timeout time.Duration) graphtest.Client {
			return meta.New(meta.Options{BaseURL: base, HTTP: client, Timeout: timeout})
		},
		Header: "Authorization",
		Value:  "Bearer " + string(graphtest.Token),
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	graphtest.Run(t, provider())
}

// internet is a transport to a server here for two names of the real internet.
func internet(server *httptest.Server) *http.Client {
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("X-Asked", r.URL.Scheme+"://"+r.URL.Host)
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server.URL, "http://")
		return server.Client().Transport.RoundTrip(r)
	})}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestLookaside checks that Meta's media host gets the token over TLS, and no
// host that only looks like it, or without TLS.
func TestLookaside(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1": "Bearer secret",
		"http://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1":  "",
		"https://lookaside.fbsbx.com.example/?mid=1":                       "",
		"https://example.com/?mid=1":                                       "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked := r.Header.Get("X-Asked"); asked == "https://graph.facebook.com" {
				_, _ = io.WriteString(w, `{"url":"`+target+`"}`)
				return
			}
			_, _ = io.WriteString(w, r.Header.Get("Authorization"))
		}))
		t.Cleanup(server.Close)
		got, err := read(t.Context(), meta.New(meta.Options{HTTP: internet(server)}))
		if err != nil || got != want {
			t.Errorf("%s got the credentials %q, %v, want %q", target, got, err, want)
		}
	}
}

// TestDowngrade checks that a file is not fetched in clear because a redirect
// says so.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Asked") {
		case "https://graph.facebook.com":
			_, _ = io.WriteString(w, `{"url":"https://example.com/"}`)
		case "https://example.com":
			http.Redirect(w, r, "http://example.com/", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "in clear")
		}
	}))
	t.Cleanup(server.Close)
	if got, err := read(t.Context(), meta.New(meta.Options{HTTP: internet(server)})); crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("Download = %q, %v, want Unavailable", got, err)
	}
}

func read(ctx context.Context, client *meta.Client) (string, error) {
	file, err := client.Download(ctx, &crm.Channel{PhoneNumberID: "1", Credentials: crm.Credentials{Token: "secret"}}, "2")
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(file.Body)
	_ = file.Body.Close() // it was read to its end
	return string(text), err
}
