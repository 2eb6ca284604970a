package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/runner"
	"github.com/my21staff/my21staff/host/gateway"
)

const (
	metaSecret  = "meta-app-secret-of-the-tests"
	nextSecret  = "next-app-secret-of-the-tests"
	kapsoSecret = "kapso-secret-of-the-tests"
	verifyToken = "verify-word-of-the-tests"
)

// object is a JSON object.
type object = map[string]any

// document returns a configuration for origins: a Meta app, a Kapso webhook, and
// a cell for each origin.
func document(origins ...*origin) object {
	var cells []object
	for _, o := range origins {
		cells = append(cells, object{"name": o.name, "url": o.url, "secrets": o.secrets[:1]})
	}
	return object{
		"version": 1, "epoch": 1,
		"sources": []object{
			{"name": "app", "provider": "meta", "verify_tokens": []string{verifyToken}, "secrets": []string{metaSecret}},
			{"name": "jakarta", "provider": "kapso", "secrets": []string{kapsoSecret}},
		},
		"cells": cells,
	}
}

// with returns a document with one member changed.
func with(o object, name string, value any) object {
	o = maps.Clone(o)
	o[name] = value
	return o
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// envelopeSecret returns a secret of the hand-over; another for each seed.
func envelopeSecret(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return "whsec_" + base64.StdEncoding.EncodeToString(sum[:])
}

// rig is a gateway that serves.
type rig struct {
	t    testing.TB
	gw   *gateway.Gateway
	url  string
	log  *lines
	stop func(limit time.Duration) error
}

// start serves a gateway with a configuration, nil for none.
func start(t testing.TB, config object, o gateway.Options) *rig {
	t.Helper()
	r := &rig{t: t, log: &lines{}}
	if o.Decider == nil {
		first := config
		if first == nil {
			first = document(&origin{name: "a", url: "http://127.0.0.1:1", secrets: []string{envelopeSecret("a")}})
		}
		native, err := runner.NewNative(encode(t, first))
		if err != nil {
			t.Fatal(err)
		}
		o.Decider = native
	}
	o.Log = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if r.gw, err = gateway.New(o); err != nil {
		t.Fatal(err)
	}
	if config != nil {
		if err := r.gw.Configure(encode(t, config)); err != nil {
			t.Fatal(err)
		}
	}
	ln := listen(t, "127.0.0.1:0")
	r.url = "http://" + ln.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.gw.Serve(ln) }()
	var once sync.Once
	r.stop = func(limit time.Duration) (err error) {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			err = r.gw.Close(ctx)
			if serving := <-served; serving != nil {
				t.Errorf("the gateway ended: %v", serving)
			}
		})
		return err
	}
	t.Cleanup(func() {
		if err := r.stop(20 * time.Second); err != nil {
			t.Errorf("the gateway does not close: %v", err)
		}
	})
	return r
}

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// reply is what the gateway answered.
type reply struct {
	status int
	header http.Header
	body   string
}

// code returns the code of a problem document.
func (r reply) code() string {
	var problem struct{ Code string }
	_ = json.Unmarshal([]byte(r.body), &problem)
	return problem.Code
}

// ask sends a request; headers are "Name: value" and may repeat.
func (r *rig) ask(method, path string, body []byte, headers ...string) reply {
	r.t.Helper()
	got, err := r.try(method, path, body, headers...)
	if err != nil {
		r.t.Errorf("%s %s is not answered: %v", method, path, err)
	}
	return got
}

func (r *rig) try(method, path string, body []byte, headers ...string) (reply, error) {
	req, err := http.NewRequest(method, r.url+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	answered, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(answered)}, err
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 3 * time.Minute}

// meta sends a body as Meta does.
func (r *rig) meta(body []byte) reply {
	r.t.Helper()
	return r.ask("POST", "/api/webhook/meta", body, hubSignature(metaSecret, body))
}

func hubSignature(secret crm.Secret, body []byte) string {
	name, value := webhook.Sign(crm.Meta, secret, body)
	return name + ": " + value
}

func kapsoSignature(body []byte) string {
	name, value := webhook.Sign(crm.Kapso, kapsoSecret, body)
	return name + ": " + value
}

// metric returns the value of a line of /metrics, "" if it is not there.
func (r *rig) metric(name string) string {
	r.t.Helper()
	for line := range strings.Lines(r.ask("GET", "/metrics", nil).body) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// said is one message of a body.
type said struct{ number, peer, id string }

// batch returns a Meta body with one message of each, in the order given.
func batch(messages ...said) []byte {
	var changes []string
	for _, m := range messages {
		changes = append(changes, fmt.Sprintf(`{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"62812000","phone_number_id":"%s"},`+
			`"contacts":[{"wa_id":"%[2]s"}],"messages":[{"from":"%[2]s","id":"%s","timestamp":"1790000000","type":"text","text":{"body":"halo"}}]}}`, m.number, m.peer, m.id))
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[` + strings.Join(changes, ",") + `]}]}`)
}

// one returns a body with one message for a number.
func one(number, id string) []byte { return batch(said{number, "6281200000001", id}) }

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps a line.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// with returns the lines that hold all of the words.
func (l *lines) with(words ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for line := range strings.Lines(l.text.String()) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			found = append(found, line)
		}
	}
	return found
}
