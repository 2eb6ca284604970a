package gateway_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/hosttest"
)

// origin is a host reduced to what the hand-over needs: it opens envelopes,
// verifies each part, and keeps the messages of its numbers once.
type origin struct {
	t       testing.TB
	name    string
	url     string
	secrets []string // that it opens envelopes with

	mu        sync.Mutex
	server    *http.Server
	address   string
	envelopes [][]envelope.Part
	bad       int                 // requests that were no envelope of ours
	seen      map[string]int      // message id -> how often it came
	order     map[string][]string // number and peer -> new message ids in order
	signers   []crm.Secret
	whole     int                          // status of every answer; 0: 200
	status    func(part envelope.Part) int // of a part; nil: 200
	hold      chan struct{}                // every answer waits until it is closed; nil: none does
	during    func(parts []envelope.Part)  // called before the answer
}

// newOrigin starts an origin that ends with the test.
func newOrigin(t testing.TB, name string) *origin {
	t.Helper()
	o := &origin{
		t: t, name: name, secrets: []string{envelopeSecret(name), envelopeSecret(name + " next")},
		seen: map[string]int{}, order: map[string][]string{}, signers: []crm.Secret{metaSecret, nextSecret, kapsoSecret},
	}
	ln := listen(t, "127.0.0.1:0")
	o.address = ln.Addr().String()
	o.url = "http://" + o.address
	o.serve(ln)
	t.Cleanup(o.end)
	return o
}

func (o *origin) serve(ln net.Listener) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.server = &http.Server{Handler: http.HandlerFunc(o.handle), ReadHeaderTimeout: 10 * time.Second}
	go o.server.Serve(ln)
}

// end cuts every connection and lets the port go.
func (o *origin) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.server.Close()
}

// again listens on the same port once more.
func (o *origin) again() {
	o.t.Helper()
	var ln net.Listener
	hosttest.Until(o.t, "the port is free again", func() bool {
		var err error
		ln, err = net.Listen("tcp", o.address)
		return err == nil
	})
	o.serve(ln)
}

func (o *origin) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

var decoder, _ = zstd.NewReader(nil)

func (o *origin) handle(w http.ResponseWriter, r *http.Request) {
	parts, ok := o.open(r)
	if !ok {
		o.set(func() { o.bad++ })
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	o.mu.Lock()
	hold, during := o.hold, o.during
	o.mu.Unlock()
	if during != nil {
		during(parts)
	}
	if hold != nil {
		<-hold
	}
	w.Header().Set("Content-Type", "application/json")
	o.mu.Lock()
	defer o.mu.Unlock()
	o.envelopes = append(o.envelopes, parts)
	if o.whole != 0 {
		w.WriteHeader(o.whole)
		return
	}
	type status struct {
		Status int `json:"status"`
	}
	var answer struct {
		Parts []status `json:"parts"`
	}
	for _, part := range parts {
		answer.Parts = append(answer.Parts, status{o.take(part)})
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (o *origin) open(r *http.Request) ([]envelope.Part, bool) {
	if r.Method != "POST" || r.Header.Get("Content-Type") != envelope.ContentType || r.Header.Get("Content-Encoding") != "zstd" {
		return nil, false
	}
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, false
	}
	payload, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		return nil, false
	}
	sealed := envelope.Sealed{
		ID: r.Header.Get(envelope.IDHeader), Timestamp: r.Header.Get(envelope.TimestampHeader),
		Signature: r.Header.Get(envelope.SignatureHeader), Payload: payload,
	}
	parts, err := envelope.Open(sealed, o.secrets, time.Now())
	if err != nil || sealed.ID != envelope.Key(parts) {
		return nil, false
	}
	return parts, !slices.ContainsFunc(parts, func(p envelope.Part) bool { return "/api/webhook/"+p.Provider != r.URL.Path })
}

// take keeps a part's messages and returns its status. o.mu is held.
func (o *origin) take(part envelope.Part) int {
	if o.status != nil {
		if s := o.status(part); s != 0 {
			return s
		}
	}
	if _, err := webhook.Verify(webhook.Request{
		Provider: crm.Provider(part.Provider), Hub: some(part.Hub), Signature: some(part.Signature), Event: part.Event, Body: part.Body,
	}, o.signers); err != nil {
		return 401
	}
	facts, err := webhook.Decode(crm.Provider(part.Provider), part.Event, part.Body)
	if err != nil {
		return 400
	}
	for i := range facts {
		f := &facts[i]
		if f.Message == nil || !slices.Contains(part.Numbers, f.PhoneNumberID) {
			continue
		}
		id := f.ProviderID
		if o.seen[id]++; o.seen[id] == 1 {
			at := f.PhoneNumberID + " " + cmp.Or(f.Peer.WaID, f.Peer.UserID)
			o.order[at] = append(o.order[at], id)
		}
	}
	return 200
}

func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// parts returns all parts that came, in order.
func (o *origin) parts() []envelope.Part {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Concat(o.envelopes...)
}

// messages returns how many messages it keeps.
func (o *origin) messages() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.seen)
}
