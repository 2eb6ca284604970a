// Package graphtest is the suite that every client of a Graph-shaped API must
// pass: that it sends what a published client sends, and that it reads every
// answer, and every way in which an answer can fail to come, for what it is.
// Only tests import it.
package graphtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// Client is what the suite asks of a client.
type Client interface {
	Send(context.Context, *crm.Channel, crm.Outgoing) (crm.Accepted, error)
	MarkRead(ctx context.Context, ch *crm.Channel, providerID string, typing bool) error
	Upload(context.Context, *crm.Channel, crm.File) (string, error)
	Download(ctx context.Context, ch *crm.Channel, mediaID string) (*crm.File, error)
	Templates(context.Context, *crm.Channel) ([]*crm.Template, error)
	Check(context.Context, *crm.Channel) error
}

// Provider is one client under test.
type Provider struct {
	Name   crm.Provider
	New    func(baseURL string, client *http.Client, timeout time.Duration) Client
	Path   string // of the base URL: "/meta/whatsapp"
	Header string // that carries the credentials
	Value  string // and what it holds for Token
}

// What every channel of the suite has.
const (
	Token       crm.Secret = "token-of-the-suite"
	Number                 = "647015955153740"
	Account                = "102290129340398"
	patience               = 5 * time.Second
	impatience             = 50 * time.Millisecond
	maxExchange            = 1 << 20
)

// Channel returns a channel of the provider's.
func (p Provider) Channel() *crm.Channel {
	return &crm.Channel{
		Provider: p.Name, PhoneNumberID: Number, BusinessAccountID: Account,
		Credentials: crm.Credentials{Token: Token},
	}
}

// Run runs the suite.
func Run(t *testing.T, p Provider) {
	for name, test := range map[string]func(*testing.T, Provider){
		"Bodies": testBodies, "Opaque": testOpaque, "ChannelAddress": testChannelAddress, "Unsendable": testUnsendable,
		"Answers": testAnswers, "PublishedErrors": testPublishedErrors, "NoAnswer": testNoAnswer, "NotSent": testNotSent,
		"MarkRead": testMarkRead, "Upload": testUpload, "UploadErrors": testUploadErrors, "UploadRefused": testUploadRefused,
		"Download": testDownload, "DownloadCredentials": testDownloadCredentials, "DownloadErrors": testDownloadErrors,
		"Templates": testTemplates, "TemplateErrors": testTemplateErrors, "Check": testCheck,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

// exchange is one request as a server saw it.
type exchange struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
}

// JSON returns the body as a value that reflect.DeepEqual compares.
func (e exchange) JSON(t *testing.T) any { return value(t, e.Body) }

// value decodes JSON and keeps the digits of numbers.
func value(t *testing.T, encoded []byte) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%q is not JSON: %v", encoded, err)
	}
	return v
}

// serve starts a server on loopback that hands each request to answer and to
// the channel. It returns the address to give a client as its base.
func (p Provider) serve(t *testing.T, answer http.HandlerFunc) (base string, seen <-chan exchange) {
	t.Helper()
	requests := make(chan exchange, 256)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, maxExchange)) // a body cut short is the test's doing
		requests <- exchange{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header.Clone(), Body: body}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + p.Path, requests
}

// always answers every request alike.
func always(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // who hangs up early is part of some tests
	}
}

const taken = `{"messaging_product":"whatsapp","contacts":[{"input":"+6281200000001","wa_id":"6281200000001"}],"messages":[{"id":"wamid.A"}]}`

// hello is a message that any provider takes.
var hello = crm.Outgoing{To: "+6281200000001", Content: crm.Text{Body: "Halo"}}

// recorded is one request of the published client, with the logger's answer.
type recorded struct {
	Call    string            `json:"call"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Body    json.RawMessage   `json:"body"`
	Replied struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	} `json:"repliedWith"`
}

// published returns the recorded requests by their call.
func published(t *testing.T) map[string]recorded {
	t.Helper()
	encoded, err := os.ReadFile(crmtest.Shared(t, "fixtures", "kapso-client-requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Requests []recorded `json:"requests"`
	}
	if err := json.Unmarshal(encoded, &file); err != nil {
		t.Fatal(err)
	}
	calls := map[string]recorded{}
	for _, request := range file.Requests {
		if _, twice := calls[request.Call]; !twice { // a download's second request is the file's
			calls[request.Call] = request
		}
	}
	return calls
}

// same reports a difference between two JSON values.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %v\nwant %v", what, got, want)
	}
}
