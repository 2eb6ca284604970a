package host_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
)

// certify writes a certificate for 127.0.0.1 and its key, and returns a client
// that trusts it.
func certify(t *testing.T) (cert, key string, client *http.Transport) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", encoded),
		&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
}

func TestHostSpeaksTLS(t *testing.T) {
	t.Parallel()
	cert, key, client := certify(t)
	c, _, err := host.Load(host.Sources{Flags: map[string]string{"data_dir": t.TempDir(), "tls_cert": cert, "tls_key": key, "listen": "0.0.0.0:0"}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.Open(t.Context(), c, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // the test's own has ended
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	w, _, err := h.Directory.CreateWorkspace(t.Context(), crm.Workspace{Name: "TLS"}, crm.Member{Name: "Owner", Email: "owner@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := h.Directory.CreateKey(t.Context(), access.System(w.ID), "tls", []string{access.ScopeAdmin}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), method, "https://"+ln.Addr().String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", string(made.Secret))
		req.Header.Set("Content-Type", "application/json")
		response, err := client.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}
	if got := ask("GET", "/healthz", ""); got.StatusCode != 200 || got.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over TLS the host answers %d, %v", got.StatusCode, got.Header)
	}
	stream := &stream{t: t, lines: bufio.NewScanner(ask("GET", "/api/events", "").Body)}
	if got := ask("POST", "/api/contacts", `{"name": "Contoh", "phone": "+62 812 0000 0001"}`); got.StatusCode >= 300 {
		t.Fatalf("a contact cannot be made: %d", got.StatusCode)
	}
	stream.until("the contact was made", func(e event) bool { return e.Kind == "contact.created" })
}
