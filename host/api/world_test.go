package api_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/fasthttp/router"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/api"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// world is one installation: the API behind a real server on a real store, with
// two companies that know nothing of each other.
type world struct {
	tb     testing.TB
	clock  *crmtest.Clock
	store  *bunstore.Store
	api    *api.API
	shelf  *shelf
	client *http.Client
	dial   func() (net.Conn, error)
	routes []described
	ours   *company
	theirs *company
}

// company is a workspace with a number, and a key that may do everything.
type company struct {
	workspace *crm.Workspace
	owner     *crm.Member
	channel   *crm.Channel
	system    access.Principal
	key       string
}

const webhookSecret = "example webhook secret"

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, clock: crmtest.NewClock(), shelf: &shelf{files: map[string]shelved{}}}
	sealer, err := chacha.New(chacha.NewKey())
	w.must(err)
	w.store, err = sqlite.Open(tb.Context(), sqlitetest.Path(tb), sqlite.Options{Sealer: sealer})
	w.must(err)
	mint := w.clock.Mint(1)
	dir := directory.New(w.store.Directory(), mint, rand.Reader)
	box := inbox.New(w.store.Inbox(), dir, mint)
	w.api = &api.API{
		Inbox: box, Sends: box, People: people.New(w.store.People(), mint), Imports: people.NewImports(w.store.Imports(), mint),
		Erasures: people.NewErasures(w.store.Erasures(), w.store.Imports(), mint), Bulks: people.NewBulks(w.store.Bulks(), mint), Directory: dir,
		Figures: figures.New(w.store.Figures(), mint),
		Media:   map[crm.Provider]api.Media{crm.Kapso: w.shelf}, Now: w.clock.Now, Version: "test",
	}
	w.describe()
	stop := w.serve()
	tb.Cleanup(func() {
		stop()
		if err := w.store.Close(); err != nil {
			tb.Error(err)
		}
	})
	w.ours, w.theirs = w.found("Pelita", "100000000000001"), w.found("Cahaya", "100000000000002")
	return w
}

// found makes a company with the number of an id.
func (w *world) found(name, phoneNumberID string) *company {
	w.tb.Helper()
	ctx := w.tb.Context()
	workspace, owner, err := w.api.Directory.CreateWorkspace(ctx, crm.Workspace{Name: name}, crm.Member{Name: "Owner of " + name})
	w.must(err)
	c := &company{workspace: workspace, owner: owner, system: access.System(workspace.ID)}
	c.channel, err = w.api.Directory.SaveChannel(ctx, c.system, crm.Channel{
		Provider: crm.Kapso, PhoneNumberID: phoneNumberID, Name: "Front desk",
		Credentials: crm.Credentials{Token: "example token", VerifyToken: "example word", WebhookSecrets: []crm.Secret{webhookSecret}},
	})
	w.must(err)
	var scopes []string
	for _, action := range access.Actions() {
		scopes = append(scopes, string(action))
	}
	c.key = w.key(c, scopes...)
	return c
}

// key makes an API key of the company with the scopes.
func (w *world) key(c *company, scopes ...string) string {
	w.tb.Helper()
	made, err := w.api.Directory.CreateKey(w.tb.Context(), c.system, "test", scopes, crmtest.Start.AddDate(9, 0, 0))
	w.must(err)
	return string(made.Secret)
}

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// serve starts a server as the host does, and returns what stops it. Bodies are
// streamed, which is the harder way to read them.
func (w *world) serve() (stop func()) {
	mux := router.New()
	for _, route := range w.api.Routes() {
		mux.Handle(route.Method, route.Path, w.mount(route.Handler))
	}
	listener := fasthttputil.NewInmemoryListener()
	server := &fasthttp.Server{Handler: mux.Handler, StreamRequestBody: true, DisablePreParseMultipartForm: true, MaxRequestBodySize: 1 << 20}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	w.client = &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return listener.Dial() },
	}}
	w.dial = listener.Dial
	return func() {
		w.client.CloseIdleConnections()
		for _, err := range []error{listener.Close(), <-served} {
			if err != nil {
				w.tb.Error(err)
			}
		}
	}
}

// mount is what the host's middleware does: it says who asks, and writes what
// went wrong.
func (w *world) mount(handler api.Handler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		request.SetID(ctx, "request")
		p, err := w.identify(ctx)
		if err == nil {
			request.SetPrincipal(ctx, p)
			err = handler(ctx)
		}
		if err != nil {
			problem.Write(ctx, err)
		}
	}
}

// identify returns who asks: an API key, a member's session or nobody.
func (w *world) identify(ctx *fasthttp.RequestCtx) (access.Principal, error) {
	c := request.ContextOf(ctx)
	if key := string(ctx.Request.Header.Peek("x-api-key")); key != "" {
		return w.api.Directory.Authenticate(c, key)
	}
	if session := string(ctx.Request.Header.Cookie("m21_session")); session != "" {
		return w.api.Directory.Session(c, session)
	}
	return access.Principal{}, nil
}

// session signs a member in and returns the cookie, as a pair of header and
// value.
func (w *world) session(m *crm.Member) (header, cookie string) {
	w.tb.Helper()
	link, err := w.api.Directory.SignInLink(w.tb.Context(), m.WorkspaceID, m.ID)
	w.must(err)
	token, _, err := w.api.Directory.SignIn(w.tb.Context(), string(link), "")
	w.must(err)
	return "Cookie", "m21_session=" + string(token)
}

// described is a route and what the description says of it.
type described struct {
	path  *regexp.Regexp
	route *routers.Route
}

// describe reads the API's description, which every answer is then held against.
func (w *world) describe() {
	encoded, err := json.Marshal(w.api.Description())
	w.must(err)
	doc, err := openapi3.NewLoader().LoadFromData(encoded)
	w.must(err)
	for _, path := range doc.Paths.InMatchingOrder() {
		item := doc.Paths.Value(path)
		for method, op := range item.Operations() {
			w.routes = append(w.routes, described{
				path:  regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(path), `\{id\}`, "[^/]+") + "$"),
				route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
			})
		}
	}
}

// reply is what the API answered.
type reply struct {
	tb     testing.TB
	what   string
	status int
	header http.Header
	body   string
}

// do asks the API with a key and holds the answer against the description.
// Headers follow as pairs; a body is JSON unless they say otherwise.
func (w *world) do(key, method, target, body string, headers ...string) reply {
	w.tb.Helper()
	req, err := http.NewRequestWithContext(w.tb.Context(), method, "http://api"+target, strings.NewReader(body))
	w.must(err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("x-api-key", key)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.client.Do(req)
	w.must(err)
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	w.must(err)
	got := reply{w.tb, method + " " + target, res.StatusCode, res.Header, string(content)}
	w.check(req, got)
	return got
}

// check holds an answer against the description.
func (w *world) check(req *http.Request, got reply) {
	w.tb.Helper()
	for _, d := range w.routes {
		if d.route.Method != req.Method || !d.path.MatchString(req.URL.Path) {
			continue
		}
		kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
		isJSON := strings.HasSuffix(kind, "json")
		if response := d.route.Operation.Responses.Status(got.status); !isJSON && response != nil && response.Value.Content.Get(kind) == nil && got.body != "" {
			w.tb.Errorf("%s answered %d with a %s, which the description does not say", got.what, got.status, kind)
		}
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: d.route, PathParams: map[string]string{}},
			Status:                 got.status, Header: got.header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !isJSON},
		}
		input.SetBodyBytes([]byte(got.body))
		if err := openapi3filter.ValidateResponse(w.tb.Context(), input); err != nil {
			w.tb.Errorf("%s answered %d with what the description does not say: %v\n%.400s", got.what, got.status, err, got.body)
		}
		return
	}
	w.tb.Errorf("%s is not described", got.what)
}

// us asks as our company.
func (w *world) us(method, target, body string, headers ...string) reply {
	w.tb.Helper()
	return w.do(w.ours.key, method, target, body, headers...)
}

// is fails unless the status is the one wanted, and returns the JSON object
// that was answered.
func (r reply) is(status int) object {
	r.tb.Helper()
	if r.status != status {
		r.tb.Fatalf("%s answered %d, want %d: %.500s", r.what, r.status, status, r.body)
	}
	var decoded object
	if r.body != "" {
		if err := json.Unmarshal([]byte(r.body), &decoded); err != nil {
			r.tb.Fatalf("%s did not answer a JSON object: %v: %.200s", r.what, err, r.body)
		}
	}
	return decoded
}

// fails fails unless the answer is a problem with the status and code.
func (r reply) fails(status int, code string) object {
	r.tb.Helper()
	doc := r.is(status)
	if doc["code"] != code {
		r.tb.Errorf("%s answered code %v, want %s: %s", r.what, doc["code"], code, r.body)
	}
	if got := r.header.Get("Content-Type"); got != problem.ContentType {
		r.tb.Errorf("%s answered a problem as %s", r.what, got)
	}
	return doc
}

// object is a decoded JSON object.
type object map[string]any

func (o object) text(key string) string { text, _ := o[key].(string); return text }
func (o object) object(key string) object {
	inner, _ := o[key].(map[string]any)
	return inner
}

func (o object) list(key string) []object {
	var list []object
	elements, _ := o[key].([]any)
	for _, element := range elements {
		inner, _ := element.(map[string]any)
		list = append(list, inner)
	}
	return list
}

// hear has a customer write to the company: a signed webhook with one text.
func (w *world) hear(c *company, number int, id, text string) {
	w.tb.Helper()
	digits := fmt.Sprintf("628120000%04d", number)
	w.receive(c, object{
		"message": object{
			"id": "wamid." + id, "timestamp": fmt.Sprint(w.clock.Now().Unix()), "type": "text", "text": object{"body": text}, "from": digits,
			"kapso": object{"direction": "inbound", "status": "received", "origin": "cloud_api"},
		},
		"conversation":    object{"id": "c", "phone_number": "+" + digits, "phone_number_id": c.channel.PhoneNumberID},
		"phone_number_id": c.channel.PhoneNumberID,
	})
}

// receive hands a signed Kapso webhook to the inbox.
func (w *world) receive(c *company, update object) inbox.Receipt {
	w.tb.Helper()
	body, err := json.Marshal(update)
	w.must(err)
	_, signature := webhook.Sign(crm.Kapso, webhookSecret, body)
	receipt, err := w.api.Inbox.Receive(w.tb.Context(), webhook.Request{
		Provider: crm.Kapso, Signature: []string{signature}, Event: "whatsapp.message.received", Body: body,
	})
	w.must(err)
	return receipt
}

// conversation returns the company's newest conversation.
func (w *world) conversation(c *company) object {
	w.tb.Helper()
	list := w.do(c.key, "GET", "/api/conversations", "").is(200).list("data")
	if len(list) == 0 {
		w.tb.Fatal("there is no conversation")
	}
	return list[0]
}

func escape(text string) string { return url.QueryEscape(text) }

// encode writes a value as JSON.
func encode(tb testing.TB, v any) string {
	tb.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(encoded)
}
