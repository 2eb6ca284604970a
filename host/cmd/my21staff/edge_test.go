package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
)

const (
	edgeToken    = "verify-word-of-the-test"
	edgeSecret   = "app-secret-of-the-test"
	edgeEnvelope = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// edgeDocument writes an edge's document, with one cell, for its owner alone.
func edgeDocument(t *testing.T, cell string, epoch string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edge.json")
	writeEdge(t, path, cell, epoch)
	return path
}

func writeEdge(t *testing.T, path, cell, epoch string) {
	t.Helper()
	document := `{"version": 1, "epoch": ` + epoch + `, "sources": [{"name": "app", "provider": "meta", "verify_tokens": ["` + edgeToken + `"], "secrets": ["` + edgeSecret + `"]}],
		"cells": [{"name": "a", "url": "` + cell + `", "secrets": ["` + edgeEnvelope + `"]}], "routes": {"555000000000002": "a"}}`
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEdgeIsUnderstoodOrExplained(t *testing.T) {
	t.Parallel()
	i := install(t, "")
	good := edgeDocument(t, "https://a.example.com", "7")
	bad := edgeDocument(t, "no address", "7")
	open := edgeDocument(t, "https://a.example.com", "7")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"help edge", 0, "-cache-dir"},
		{"edge -h", 0, "127.0.0.1:2120"},
		{"edge", 2, "-config edge.json"},
		{"edge now", 2, `"now" is one word too many`},
		{"edge -config /missing.json", 2, "cannot be read"},
		{"edge -config " + good + " -check", 0, "cell      a  https://a.example.com  weight 100  1 secrets  journal"},
		{"edge -config " + good + " -check", 0, "routes    1 numbers, 0 accounts"},
		{"edge -config " + bad + " -check", 2, "cells[0].url is no address"},
		{"edge -config " + bad, 2, "cells[0].url is no address"},
		{"edge -config " + open, 2, "chmod 600 " + open},
		{"edge -config " + open + " -check", 2, "chmod 600 " + open},
		{"edge -config " + good + " -engine steam", 2, "native or wasm"},
		{"edge -config " + good + " -listen 0.0.0.0:0", 2, "without TLS"},
		{"edge -config " + good + " -senders 3", 2, "-senders"}, // a host's setting
		{"edge -config " + good + " -log-level loud", 2, "log_level"},
		{"serve -edge steam", 2, "edge"},
	} {
		r := i.run(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.out+r.errors, c.want) {
			t.Errorf("my21staff %s ends with %d: %s%s; want %d and %q", c.args, r.code, r.out, r.errors, c.code, c.want)
		}
		for _, secret := range []string{edgeToken, edgeSecret, edgeEnvelope} {
			if strings.Contains(r.out+r.errors, secret) {
				t.Errorf("my21staff %s prints a secret", c.args)
			}
		}
	}
}

// The edge as a program: it answers the handshake, hands over what is signed,
// follows its document, and on SIGTERM finishes what it began.
func TestEdgeServes(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"native", "wasm"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			arrived, release := make(chan struct{}), make(chan struct{})
			origin := originThat(t, func(w http.ResponseWriter, r *http.Request) {
				close(arrived)
				<-release
				_, _ = io.WriteString(w, `{"parts":[{"status":200}]}`)
			})
			i := install(t, "")
			path := edgeDocument(t, origin, "1")
			p := i.listening(exec.CommandContext(t.Context(), binary, "edge", "-config", path, "-listen", "127.0.0.1:0", "-engine", engine, "-cache-dir", t.TempDir()))
			if status, body := get(t, p.url+"/api/webhook/meta?hub.mode=subscribe&hub.challenge=42&hub.verify_token="+edgeToken); status != 200 || body != "42" {
				t.Errorf("the handshake is answered %d %s", status, body)
			}
			writeEdge(t, path, origin, "2")
			if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			hosttest.Until(t, "the new document is in force", func() bool {
				status, body := get(t, p.url+"/readyz")
				return status == 200 && strings.Contains(body, `"epoch":2`)
			})

			answered := make(chan int, 1)
			go func() { answered <- signedPost(t, p.url+"/api/webhook/meta") }()
			<-arrived
			ended := make(chan int, 1)
			go func() { ended <- p.end(syscall.SIGTERM) }()
			hosttest.Until(t, "nobody is let in any more", func() bool {
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				if err == nil {
					_ = conn.Close()
				}
				return err != nil
			})
			close(release)
			if status := <-answered; status != 200 {
				t.Errorf("what was in work is answered %d", status)
			}
			if code := <-ended; code != 0 {
				t.Errorf("SIGTERM ends the edge with %d", code)
			}
		})
	}
}

// originThat serves until the test ends.
func originThat(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handle, ReadHeaderTimeout: time.Minute}
	go server.Serve(ln)
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + ln.Addr().String()
}

// signedPost sends a message as Meta does and returns the status.
func signedPost(t *testing.T, address string) int {
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{"id": "1", "changes": []any{map[string]any{
		"field": "messages", "value": map[string]any{"metadata": map[string]any{"phone_number_id": "555000000000002"}, "messages": []any{map[string]any{
			"from": "6281200000001", "id": "wamid.1", "timestamp": "1790000000", "type": "text", "text": map[string]any{"body": "halo"},
		}}},
	}}}}})
	if err != nil {
		t.Error(err)
		return 0
	}
	req, err := http.NewRequest("POST", address, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set(webhook.Sign(crm.Meta, edgeSecret, body))
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// get returns the status and body of an answer; 0 for none.
func get(t *testing.T, address string) (int, string) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}
