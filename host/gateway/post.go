package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge/envelope"
)

const (
	dialTimeout = 3 * time.Second
	answerBytes = 1 << 20 // of an origin's answer
)

// clientOf returns the client of the origin at an address.
func clientOf(address string, o Options) *fasthttp.HostClient {
	u, _ := url.Parse(address) // checked before
	port := "80"
	if u.Scheme == "https" {
		port = "443"
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return &fasthttp.HostClient{
		Addr: net.JoinHostPort(u.Hostname(), port), IsTLS: u.Scheme == "https",
		// Not fasthttp's own, which knows IPv4 alone and keeps addresses for a minute.
		Dial:                func(addr string) (net.Conn, error) { return net.DialTimeout("tcp", addr, dialTimeout) },
		MaxConns:            o.Posts,
		MaxConnWaitTimeout:  o.PostTimeout,
		MaxIdleConnDuration: 30 * time.Second,
		ReadTimeout:         o.PostTimeout,
		WriteTimeout:        o.PostTimeout,
		MaxResponseBodySize: answerBytes,
		// An origin that was started again has closed the connections that were
		// kept. An envelope may be sent twice: its parts are recognised.
		MaxIdemponentCallAttempts: 2,
		RetryIfErr:                func(_ *fasthttp.Request, _ int, err error) (bool, bool) { return false, err != fasthttp.ErrTimeout },
		NoDefaultUserAgentHeader:  true,
		DisablePathNormalizing:    true,
	}
}

// deliver hands one envelope over and says of each part what became of it.
func (c *cell) deliver(batch []*parcel) {
	parts := make([]envelope.Part, len(batch))
	for i, p := range batch {
		parts[i] = p.part
	}
	id, start := envelope.Key(parts), time.Now()
	statuses, err := c.post(id, parts)
	c.gateway.metrics.posted(c.name, time.Since(start))
	outcomes := outcomesOf(statuses, len(parts))
	c.report(id, parts, statuses, outcomes, err)
	for i, p := range batch {
		c.gateway.metrics.part(c.name, outcomes[i])
		p.errand.results <- outcomes[i]
	}
}

// post sends an envelope and returns the status of each of its parts.
func (c *cell) post(id string, parts []envelope.Part) (statuses []int, err error) {
	defer func() { // whoever waits for the parts is to be answered
		if cause := recover(); cause != nil {
			c.gateway.metrics.panicked("post")
			statuses, err = nil, fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	sealed, err := envelope.Seal(id, c.gateway.options.Now(), *c.secrets.Load(), parts)
	if err != nil {
		return nil, err
	}
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(c.url + pathPrefix + parts[0].Provider)
	h := &request.Header
	h.SetMethod(fasthttp.MethodPost)
	h.SetContentType(envelope.ContentType)
	h.SetContentEncoding("zstd")
	h.Set(envelope.IDHeader, sealed.ID)
	h.Set(envelope.TimestampHeader, sealed.Timestamp)
	h.Set(envelope.SignatureHeader, sealed.Signature)
	request.SetBodyRaw(c.gateway.encoder.EncodeAll(sealed.Payload, nil))
	if err := c.client.DoTimeout(request, response, c.gateway.options.PostTimeout); err != nil {
		return nil, err
	}
	return statusesOf(response, len(parts))
}

// unopened is the error of an envelope that an origin refused as a whole.
type unopened struct{ status int }

// Error says so.
func (u unopened) Error() string { return fmt.Sprintf("the origin answered %d", u.status) }

// statusesOf reads an origin's answer.
func statusesOf(response *fasthttp.Response, parts int) ([]int, error) {
	if status := response.StatusCode(); status != fasthttp.StatusOK {
		return nil, unopened{status}
	}
	var answer struct {
		Parts []struct {
			Status int `json:"status"`
		} `json:"parts"`
	}
	if err := json.Unmarshal(response.Body(), &answer); err != nil {
		return nil, fmt.Errorf("the origin's answer cannot be read: %w", err)
	}
	if len(answer.Parts) != parts {
		return nil, fmt.Errorf("the origin answered for %d parts of %d", len(answer.Parts), parts)
	}
	statuses := make([]int, parts)
	for i := range answer.Parts {
		statuses[i] = answer.Parts[i].Status
	}
	return statuses, nil
}

// outcomesOf returns what the statuses mean; without any, nothing was taken.
func outcomesOf(statuses []int, parts int) []outcome {
	outcomes := make([]outcome, parts)
	for i := range outcomes {
		outcomes[i] = failed
		if statuses != nil {
			outcomes[i] = outcomeOf(statuses[i])
		}
	}
	return outcomes
}

// outcomeOf is the table of the package's documentation.
func outcomeOf(status int) outcome {
	switch {
	case status >= 200 && status < 300:
		return taken
	case status == 400 || status == 413 || status == 422:
		return kept
	case status == 401 || status == 403:
		return refused
	}
	return failed
}

// report logs what did not go well: once for the envelope, and once for each
// part that was refused although the edge believed it.
func (c *cell) report(id string, parts []envelope.Part, statuses []int, outcomes []outcome, err error) {
	log := c.gateway.log.With("cell", c.name, "provider", parts[0].Provider, "envelope", id)
	if err != nil {
		level, said := slog.LevelWarn, "an envelope was not taken; the providers send its parts again"
		if u, ok := err.(unopened); ok && (u.status == 401 || u.status == 403) {
			level, said = slog.LevelError, "an origin does not open our envelopes: its secret or its clock is another"
		}
		log.Log(background, level, said, "parts", len(parts), "error", err)
		return
	}
	for i, o := range outcomes {
		switch {
		case o == refused:
			log.Error("an origin does not believe what the edge verified: their secrets differ", "part", i, "status", statuses[i])
		case o == kept && !parts[i].Rest:
			log.Error("an origin cannot use what the edge could read; it is in its journal and is not sent again", "part", i, "status", statuses[i])
		case o == kept:
			log.Warn("an origin keeps in its journal what cannot be read", "part", i, "status", statuses[i])
		case o == failed:
			log.Warn("a part was not taken; the provider sends it again", "part", i, "status", statuses[i])
		}
	}
}
