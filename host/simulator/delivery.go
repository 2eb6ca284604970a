package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Delivery is one webhook request and what became of it.
type Delivery struct {
	Key       string       `json:"key"` // Kapso: X-Idempotency-Key; the same for every attempt
	Provider  crm.Provider `json:"provider"`
	Number    string       `json:"number"`
	URL       string       `json:"url"`
	Event     string       `json:"event"` // Kapso's event, else Meta's field
	Updates   int          `json:"updates"`
	Messages  []string     `json:"messages,omitempty"` // wamids, at most 100
	Bytes     int          `json:"bytes"`
	SHA256    string       `json:"sha256"` // of the body
	Attempts  int          `json:"attempts"`
	Status    int          `json:"status"` // HTTP status of the last answer; 0: none came
	Error     string       `json:"error,omitempty"`
	State     string       `json:"state"` // pending, delivered, given_up
	CreatedAt time.Time    `json:"created_at"`
	LastAt    time.Time    `json:"last_at,omitzero"`
	NextAt    time.Time    `json:"next_at,omitzero"` // when it is tried again
}

// packet is a delivery as it goes out, the same at every attempt.
type packet struct {
	provider crm.Provider
	kind     string
	body     []byte
	headers  map[string]string
	attempts int
	first    time.Time
	record   *Delivery
}

// webhookTimeout is how long Kapso waits for the answer.
const webhookTimeout = 10 * time.Second

// seal gives jobs that are delivered alike their packet, and each its record.
// s.mu is held.
func (s *Simulator) seal(made *packet, jobs ...*job) {
	for _, j := range jobs {
		own, record := *made, *made.record
		own.record = &record
		j.packet = &own
		s.deliveries.add(&record, s.keep)
	}
}

// pack encodes and signs a job. Kapso knows the delivery by key, Meta's payload
// by its sum.
func pack(j *job, key string, now time.Time) *packet {
	n, first := j.updates[0].number, j.updates[0]
	p := &packet{provider: n.Provider, kind: j.hook.Kind, headers: map[string]string{}, body: fillUp(j)}
	maps.Copy(p.headers, j.hook.headers)
	secret := j.hook.Secret
	if j.faults.wrongSignature {
		secret += "-not"
	}
	name, value := webhook.Sign(n.Provider, secret, p.body)
	p.headers[name] = value
	sum := sha256.Sum256(p.body)
	p.record = &Delivery{Provider: n.Provider, Number: n.PhoneNumberID, URL: j.hook.URL, Event: first.field, Updates: len(j.updates),
		Bytes: len(p.body), SHA256: hex.EncodeToString(sum[:]), State: "pending", CreatedAt: now, Key: hex.EncodeToString(sum[:])}
	if p.kind == KindKapso {
		p.record.Event, p.record.Key = first.event, key
		p.headers["X-Webhook-Event"], p.headers["X-Webhook-Payload-Version"] = first.event, "v2"
	}
	if n.Provider == crm.Kapso {
		p.headers["X-Idempotency-Key"] = p.record.Key
	}
	if j.batch {
		p.headers["X-Webhook-Batch"], p.headers["X-Batch-Size"] = "true", strconv.Itoa(len(j.updates))
	}
	for _, u := range j.updates[:min(100, len(j.updates))] {
		if u.message != "" {
			p.record.Messages = append(p.record.Messages, u.message)
		}
	}
	return p
}

// fillUp encodes a job's body, filled up with a part no receiver knows if a
// fault says so.
func fillUp(j *job) []byte {
	body := encodeBody(j, nil)
	if len(body) >= j.faults.fill {
		return body
	}
	const piece = `{"n":"","text":"padding padding padding padding padding padding padding"},`
	var padding []object
	for i := range (j.faults.fill - len(body)) / (len(piece) + 6) {
		padding = append(padding, object{"n": fmt.Sprintf("%06d", i), "text": "padding padding padding padding padding padding padding"})
	}
	return encodeBody(j, padding)
}

func encodeBody(j *job, padding []object) []byte {
	var parts any
	if padding != nil {
		parts = padding
	}
	if j.hook.Kind == KindMeta {
		encoded, _ := encodeMeta(envelope(j.updates, parts)) // maps of strings and numbers
		return encoded
	}
	body := maps.Clone(j.updates[0].body)
	if j.batch {
		body = kapsoBatch(j.updates, j.window)
	}
	if parts != nil {
		body["simulator_padding"] = parts
	}
	encoded, _ := json.Marshal(body)
	return encoded
}

// post makes one attempt and returns the HTTP status.
func (s *Simulator) post(h *hook, p *packet) (int, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(h.URL)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	req.Header.SetUserAgent(word(p.kind == KindMeta, "facebookexternalua", "Kapso-Webhooks"))
	for name, value := range p.headers {
		req.Header.Set(name, value)
	}
	req.SetBodyRaw(p.body)
	if err := s.client.DoTimeout(req, resp, webhookTimeout); err != nil {
		return 0, fmt.Errorf("deliver webhook: %w", err)
	}
	return resp.StatusCode(), nil
}

// settle records an attempt and reports whether it succeeded. Only 200 does.
// s.mu is held.
func (s *Simulator) settle(p *packet, status int, err error, wait time.Duration, more bool) bool {
	p.attempts++
	if p.first.IsZero() {
		p.first = time.Now()
	}
	r := p.record
	r.Attempts, r.Status, r.Error, r.LastAt, r.NextAt = p.attempts, status, "", s.now(), time.Time{}
	if err != nil {
		r.Error = err.Error()
	}
	switch {
	case err == nil && status == fasthttp.StatusOK:
		r.State = "delivered"
		return true
	case more:
		r.NextAt = r.LastAt.Add(wait)
	default:
		r.State = "given_up"
	}
	return false
}

// Deliveries returns what was sent or tried, oldest first; what was not yet
// tried is in Waiting.
func (s *Simulator) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Delivery, 0, len(s.deliveries.items))
	for _, d := range s.deliveries.items {
		all = append(all, *d)
	}
	return all
}

// Waiting returns how many webhook updates wait to be delivered or are under
// way.
func (s *Simulator) Waiting() int { return s.queue.waiting() }

// Handshake performs Meta's handshake with a number's webhook.
func (s *Simulator) Handshake(p crm.Provider, number string) error {
	s.mu.Lock()
	n, err := s.find(p, number)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.handshake(n)
}

func (s *Simulator) handshake(n *number) error {
	s.mu.Lock()
	w := n.hooks[0].Webhook
	s.mu.Unlock()
	return s.handshakeWith(w)
}

// handshakeWith asks a webhook to echo a challenge, as Meta does when it is
// set.
func (s *Simulator) handshakeWith(w Webhook) error {
	s.mu.Lock()
	challenge := digits(s.sending, 10)
	s.mu.Unlock()
	query := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {string(w.VerifyToken)}}
	address, err := url.Parse(w.URL)
	if err != nil || w.URL == "" {
		return &crm.Error{Op: "handshake", Code: crm.Invalid, Msg: "The webhook has no address that can be read.", Err: err}
	}
	if address.RawQuery != "" {
		address.RawQuery += "&"
	}
	address.RawQuery += query.Encode()
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(address.String())
	if err := s.client.DoTimeout(req, resp, webhookTimeout); err != nil {
		return &crm.Error{Op: "handshake", Code: crm.Unavailable, Msg: "The webhook did not answer.", Err: err}
	}
	if resp.StatusCode() != fasthttp.StatusOK || string(resp.Body()) != challenge {
		return &crm.Error{Op: "handshake", Code: crm.Refused, Msg: fmt.Sprintf("The webhook answered %d, and not with the challenge alone.", resp.StatusCode())}
	}
	return nil
}

// connections are the open ones of a client, so that Close can cut off a
// receiver that does not answer.
type connections struct {
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

func newClient() (*fasthttp.Client, *connections) {
	c := &connections{open: map[net.Conn]struct{}{}}
	return &fasthttp.Client{
		NoDefaultUserAgentHeader: true, MaxConnsPerHost: 256, MaxIdleConnDuration: 2 * time.Second, MaxResponseBodySize: 64 << 10,
		DialTimeout: func(addr string, timeout time.Duration) (net.Conn, error) {
			conn, err := net.DialTimeout("tcp", addr, max(timeout, time.Second))
			if err != nil {
				return nil, err
			}
			return c.keep(conn)
		},
	}, c
}

func (c *connections) keep(conn net.Conn) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fmt.Errorf("dial: %w", net.ErrClosed)
	}
	c.open[conn] = struct{}{}
	return &keptConn{Conn: conn, in: c}, nil
}

// cut closes every connection, and those that would still be made.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		_ = conn.Close() // the delivery on it fails, which is what is wanted
	}
}

// keptConn forgets itself when it is closed.
type keptConn struct {
	net.Conn
	in *connections
}

// Close implements net.Conn.
func (k *keptConn) Close() error {
	k.in.mu.Lock()
	delete(k.in.open, k.Conn)
	k.in.mu.Unlock()
	return k.Conn.Close()
}
