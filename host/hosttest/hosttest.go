// Package hosttest starts the whole host, with the WhatsApp simulator beside it
// and a furnished workspace, on ports of this machine that were free. Only tests
// and benchmarks import it.
package hosttest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/simulator"
)

// Options change what is started. The zero value is useful.
type Options struct {
	DSN       string            // of an empty PostgreSQL database; empty: SQLite in a temporary folder
	Settings  map[string]string // of the host, by their names; a data_dir of the test's own is left as it is
	Simulator simulator.Options // its Numbers are the channels', whatever stands here
	Log       io.Writer         // the host's log, at debug; nil: none
}

// World is a host, a simulator, and a workspace with a channel of each provider
// that is the simulator's.
type World struct {
	tb        testing.TB
	Host      *host.Host
	Sim       *simulator.Simulator
	URL       string // of the host, without a slash at the end
	SimURL    string
	Workspace *crm.Workspace
	Owner     *crm.Member
	Key       crm.Secret // an API key that may do what an admin may
	Kapso     *crm.Channel
	Meta      *crm.Channel

	config host.Config
	log    *slog.Logger
	served chan struct{} // closed when the host no longer answers
	stop   func()
}

// Start starts a world; it ends with the test.
func Start(tb testing.TB, o Options) *World {
	tb.Helper()
	w := &World{tb: tb}
	hostLn, simLn := w.listen(), w.listen()
	w.URL, w.SimURL = "http://"+hostLn.Addr().String(), "http://"+simLn.Addr().String()
	settings := map[string]string{"data_dir": tb.TempDir(), "database": o.DSN, "listen": hostLn.Addr().String()}
	for name, text := range o.Settings {
		settings[name] = text
	}
	var err error
	w.config, _, err = host.Load(host.Sources{Flags: settings})
	w.must(err)
	if o.DSN == "" && o.Settings["data_dir"] == "" {
		sqlitetest.Make(tb, w.config.DatabaseFile())
	}
	w.log = slog.New(slog.DiscardHandler)
	if o.Log != nil {
		w.log = slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w.Host, err = host.Open(tb.Context(), w.config, "test", w.log)
	w.must(err)
	w.furnish(tb.Context())
	o.Simulator.Numbers, o.Simulator.BaseURL = []simulator.Number{w.number(w.Kapso), w.number(w.Meta)}, w.SimURL
	o.Simulator.RetryScale = cmp.Or(o.Simulator.RetryScale, 0.01)
	w.Sim = simulator.New(o.Simulator)
	w.serve(hostLn, simLn)
	return w
}

// serve answers on both until Stop.
func (w *World) serve(hostLn, simLn net.Listener) {
	w.answer(hostLn)
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.Sim.Serve(simLn); err != nil {
			w.tb.Errorf("the simulator ended: %v", err)
		}
	})
	w.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := w.Sim.Close(ctx); err != nil {
			w.tb.Errorf("the simulator does not close: %v", err)
		}
		w.close(ctx)
		running.Wait()
	})
	w.tb.Cleanup(w.stop)
}

// answer lets the host answer on ln until it is closed.
func (w *World) answer(ln net.Listener) {
	served, h := make(chan struct{}), w.Host
	w.served = served
	go func() {
		defer close(served)
		if err := h.Serve(ln); err != nil {
			w.tb.Errorf("the host ended: %v", err)
		}
	}()
}

func (w *World) close(ctx context.Context) {
	w.tb.Helper()
	if err := w.Host.Close(ctx); err != nil {
		w.tb.Errorf("the host does not close: %v", err)
	}
	<-w.served
}

// Restart ends the host, runs between, which may be nil, while nobody answers,
// and opens the host anew with the same settings, data and address. The
// simulator goes on.
func (w *World) Restart(between func()) {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w.close(ctx)
	if between != nil {
		between()
	}
	var err error
	w.Host, err = host.Open(w.tb.Context(), w.config, "test", w.log)
	w.must(err)
	ln, err := net.Listen("tcp", w.config.Listen)
	w.must(err)
	w.answer(ln)
}

// Stop ends the world before the test does.
func (w *World) Stop() { w.stop() }

func (w *World) listen() net.Listener {
	w.tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	return ln
}

func (w *World) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// furnish makes the workspace, its owner, its channels and a key.
func (w *World) furnish(ctx context.Context) {
	var err error
	w.Workspace, w.Owner, err = w.Host.Directory.CreateWorkspace(ctx, crm.Workspace{Name: "Test"}, crm.Member{Name: "Owner", Email: "owner@example.com"})
	w.must(err)
	w.Kapso = w.channel(ctx, crm.Kapso, "555000000000001", w.SimURL+"/meta/whatsapp")
	w.Meta = w.channel(ctx, crm.Meta, "555000000000002", w.SimURL)
	made, err := w.Host.Directory.CreateKey(ctx, access.System(w.Workspace.ID), "test", []string{access.ScopeAdmin}, time.Time{})
	w.must(err)
	w.Key = made.Secret
}

func (w *World) channel(ctx context.Context, p crm.Provider, id, base string) *crm.Channel {
	ch := crm.Channel{
		WorkspaceID: w.Workspace.ID, Provider: p, PhoneNumberID: id, BusinessAccountID: id + "9",
		DisplayNumber: "+62 812 0000 01" + id[len(id)-2:], Name: string(p), BaseURL: base,
		Credentials: crm.Credentials{
			Token: crm.Secret(rand.Text()), VerifyToken: crm.Secret(rand.Text()), WebhookSecrets: []crm.Secret{crm.Secret(rand.Text())},
		},
	}
	saved, err := w.Host.Directory.SaveChannel(ctx, access.System(w.Workspace.ID), ch)
	w.must(err)
	ch.ID = saved.ID
	return &ch
}

func (w *World) number(ch *crm.Channel) simulator.Number {
	return simulator.Number{
		Provider: ch.Provider, PhoneNumberID: ch.PhoneNumberID, BusinessAccountID: ch.BusinessAccountID, DisplayNumber: ch.DisplayNumber,
		Name: ch.Name, Token: ch.Credentials.Token, OpenMedia: true,
		Webhook: simulator.Webhook{
			URL:    w.URL + "/api/webhook/" + string(ch.Provider),
			Secret: ch.Credentials.WebhookSecrets[0], VerifyToken: ch.Credentials.VerifyToken,
		},
	}
}

// Answer is what the host answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Ask sends a request with the world's key and returns the answer. A body that
// is not nil is sent as JSON. Headers are "Name: value" and win over the key
// when they name X-Api-Key; one with an empty value takes the header away.
func (w *World) Ask(method, path string, body any, headers ...string) Answer {
	w.tb.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		w.must(err)
		reader = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(w.tb.Context(), method, w.URL+path, reader)
	w.must(err)
	req.Header.Set("X-Api-Key", string(w.Key))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return w.Send(req, headers...)
}

// Send sends a request of the caller's making, with headers as Ask has them. A
// redirect is returned, not followed.
func (w *World) Send(req *http.Request, headers ...string) Answer {
	w.tb.Helper()
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Del(strings.TrimSuffix(name, ":"))
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	defer response.Body.Close()
	answered, err := io.ReadAll(response.Body)
	w.must(err)
	return Answer{Status: response.StatusCode, Header: response.Header, Body: answered}
}

// Decode reads the answer's JSON into a value; an answer that is none fails the
// test.
func Decode[T any](tb testing.TB, a Answer) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal(a.Body, &v); err != nil {
		tb.Fatalf("the answer %d %.300s is not the JSON that was expected: %v", a.Status, a.Body, err)
	}
	return v
}

// patience is for how long nothing may come of what a test waits for. It is no
// figure of the product: machines that run tests are busy, and who does not wait in
// vain does not wait longer for it.
const patience = time.Minute

// Until waits for something that is to become true.
func Until(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if is() {
			return
		}
	}
	tb.Fatalf("after %v it is still not so that %s", patience, what)
}

// Settle waits until the host has all that the simulator tells it, for as long as it
// takes some in: under the race detector thousands take minutes, and what is refused
// once comes again when the provider would send it again.
func (w *World) Settle() {
	w.tb.Helper()
	least, end := w.Sim.Waiting(), time.Now().Add(patience)
	for waiting := least; waiting > 0; waiting = w.Sim.Waiting() {
		if waiting < least {
			least, end = waiting, time.Now().Add(patience)
		}
		if time.Now().After(end) {
			w.tb.Fatalf("%d webhooks still wait, and for %v none was taken in", waiting, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Stranger makes another workspace and returns a key of it.
func (w *World) Stranger() crm.Secret {
	w.tb.Helper()
	ctx := w.tb.Context()
	other, _, err := w.Host.Directory.CreateWorkspace(ctx, crm.Workspace{Name: "Other"}, crm.Member{Name: "Other", Email: "other@example.com"})
	w.must(err)
	made, err := w.Host.Directory.CreateKey(ctx, access.System(other.ID), "other", []string{access.ScopeAdmin}, time.Time{})
	w.must(err)
	return made.Secret
}
