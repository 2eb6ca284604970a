// Package graph speaks the Graph-shaped HTTP API that Meta and Kapso share: the
// bodies of messages, uploads, downloads, paged lists, and what an error means
// for a send. What the two do not share (address, credentials, media hosts) is
// in [Options].
//
// It holds one rule above all: a send whose outcome is not known is said to be
// ambiguous, so that nobody sends it twice.
package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Options are what differs between providers, and what a program may choose.
type Options struct {
	BaseURL string        // "https://graph.facebook.com", without the version
	Version string        // "v24.0"
	HTTP    *http.Client  // nil: one with a dial time-out of 5 s
	Timeout time.Duration // of a whole call; 0: 30 s. A file may take ten times as long
	// Authorize puts the credentials on a request.
	Authorize func(http.Header, crm.Secret)
	// MediaHosts are hosts, beside the API's own, that are given the
	// credentials when a file is fetched over TLS.
	MediaHosts []string
}

// Client calls one provider's API for any of its channels. Its methods may be
// used from several goroutines.
type Client struct {
	options Options
	http    *http.Client
}

// The bounds of a call.
const (
	dialTimeout    = 5 * time.Second
	defaultTimeout = 30 * time.Second
	idleTimeout    = 30 * time.Second // below the server's, so that few sends meet a connection it is closing
	mediaPatience  = 10               // how many times longer a file may take than a call
	maxAnswer      = 1 << 20
	maxConnections = 64
)

// New returns a client. The HTTP client of the options is copied, and never
// follows a redirect.
func New(options Options) *Client {
	if options.Timeout <= 0 {
		options.Timeout = defaultTimeout
	}
	client := http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: maxConnections,
		IdleConnTimeout:     idleTimeout,
	}}
	if options.HTTP != nil {
		client = *options.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{options: options, http: &client}
}

// call is one request of the API.
type call struct {
	method      string
	path        []string // below the version; each part is escaped
	query       url.Values
	body        io.Reader
	size        int64 // of the body; -1 when not known
	contentType string
	patience    int // how many time-outs it may take; 0: one
}

// address returns the URL of a path of the API, on the channel's own base
// address if it has one.
func (c *Client) address(ch *crm.Channel, path []string, query url.Values) (*url.URL, error) {
	base := c.options.BaseURL
	if ch.BaseURL != "" {
		base = ch.BaseURL
	}
	address, err := url.Parse(base)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, errors.New("the provider's address is not a URL")
	}
	address = address.JoinPath(c.options.Version)
	for _, part := range path {
		if part == "" || part == "." || part == ".." {
			return nil, errors.New("the channel or the request lacks an id")
		}
		address = address.JoinPath(url.PathEscape(part))
	}
	address.RawQuery = query.Encode()
	return address, nil
}

// post calls a path with a JSON body.
func (c *Client) post(ctx context.Context, ch *crm.Channel, body any, path ...string) ([]byte, *crm.SendError) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, unsendable(err)
	}
	return c.do(ctx, ch, call{
		method: http.MethodPost, path: path,
		body: bytes.NewReader(encoded), size: int64(len(encoded)), contentType: "application/json",
	})
}

// do makes a call and returns the body of a 2xx answer. A 2xx answer that could
// not be read to its end is ambiguous.
func (c *Client) do(ctx context.Context, ch *crm.Channel, call call) ([]byte, *crm.SendError) {
	address, err := c.address(ch, call.path, call.query)
	if err != nil {
		return nil, unsendable(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout*time.Duration(max(call.patience, 1)))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, call.method, address.String(), call.body)
	if err != nil {
		return nil, unsendable(plain(err))
	}
	if call.body != nil {
		request.Header.Set("Content-Type", call.contentType)
		request.ContentLength = call.size
	}
	c.options.Authorize(request.Header, ch.Credentials.Token)
	response, failure := c.roundTrip(request)
	if failure != nil {
		return nil, failure
	}
	defer func() { _ = response.Body.Close() }() // what could be read was read
	return readAnswer(response, ch.Credentials.Token)
}

// readAnswer returns the body of a 2xx answer and the error of any other.
func readAnswer(response *http.Response, token crm.Secret) ([]byte, *crm.SendError) {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // what is cut off there is no JSON
	if response.StatusCode/100 != 2 {
		if err != nil {
			body = nil
		}
		return nil, DecodeError(response.StatusCode, response.Header, body, token, time.Now())
	}
	if err != nil {
		return nil, &crm.SendError{Status: response.StatusCode, Ambiguous: true, Err: plain(err)}
	}
	return body, nil
}

// roundTrip sends a request. A failure is ambiguous unless no connection was
// there to carry it: from the first byte on, nobody knows how much arrived, and
// a round tripper that does not report its connections proves nothing.
func (c *Client) roundTrip(request *http.Request) (*http.Response, *crm.SendError) {
	if err := request.Context().Err(); err != nil {
		return nil, &crm.SendError{Err: err}
	}
	var dialling, connected atomic.Bool
	trace := &httptrace.ClientTrace{
		// Called again when net/http tries another connection, which it does
		// with a POST only if nothing of it was written to the first.
		GetConn: func(string) { dialling.Store(true); connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}
	response, err := c.http.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		stayed := dialling.Load() && !connected.Load()
		return nil, &crm.SendError{Ambiguous: !stayed, Err: plain(err)}
	}
	return response, nil
}

// plain strips the address from a transport's error: it may hold a number's id
// or a file's token.
func plain(err error) error {
	var located *url.Error
	if errors.As(err, &located) {
		return located.Err
	}
	return err
}

// unsendable is the error of a request that cannot be made at all: nothing left
// and a repeat would fare no better.
func unsendable(err error) *crm.SendError {
	return &crm.SendError{Provider: &crm.ProviderError{Word: Unsendable, Title: err.Error()}}
}

// Unsendable is the Word of the error for a message that no request can be made
// of.
const Unsendable = "unsendable"

// Problem turns the error of a call that is not a send into a crm.Error, whose
// sentence tells a person what the provider said.
func Problem(op string, err *crm.SendError) error {
	if err == nil {
		return nil
	}
	problem := &crm.Error{Op: op, Code: crm.Unavailable, Err: err, Msg: "WhatsApp's provider could not be reached. Try again later."}
	switch {
	case err.Provider != nil && err.Provider.Word == Unsendable:
		problem.Code, problem.Msg = crm.Invalid, ""
	case err.Status == http.StatusTooManyRequests:
		problem.Code, problem.Msg = crm.Limited, "WhatsApp's provider asks for fewer requests. Try again later."
	case err.Status == http.StatusUnauthorized, err.Status == http.StatusForbidden:
		problem.Code, problem.Msg = crm.Refused, "WhatsApp's provider refused the channel's credentials."
	case err.Status == http.StatusNotFound, isGone(err.Provider):
		problem.Code, problem.Msg = crm.NotFound, ""
	case err.Status == http.StatusRequestEntityTooLarge:
		problem.Code, problem.Msg = crm.TooLarge, ""
	case err.Status/100 == 4:
		problem.Code, problem.Msg = crm.Invalid, "WhatsApp's provider did not take this"+because(err.Provider)
	}
	return problem
}

// isGone reports whether the Graph says that the id names nothing we may see.
func isGone(e *crm.ProviderError) bool {
	return e != nil && e.Code == 100 && e.Subcode == 33
}

func because(e *crm.ProviderError) string {
	if e == nil {
		return "."
	}
	words := e.Title
	if e.Detail != "" {
		words = e.Detail
	}
	return ": " + strings.TrimRight(words, ".") + "."
}
