package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// The labels of API calls that a fault can name.
const (
	labelSend     = "send"
	labelRead     = "read"
	labelMedia    = "media"
	labelTemplate = "template"
	labelList     = "list"
	labelAny      = "any"
)

// endpoint is one call of the providers' API.
type endpoint struct {
	method, path string
	kapso        bool // Kapso's own; Meta has no such call
	label        string
	serve        func(*call) (any, error) // with s.mu held; the error is a *refusal
}

var endpoints = []endpoint{
	{"POST", "/{node}/messages", false, labelSend, (*call).postMessage},
	{"GET", "/{node}/messages", true, labelList, (*call).listMessages},
	{"GET", "/{node}/messages/{wamid:*}", true, labelList, (*call).getMessage},
	{"POST", "/{node}/media", false, labelMedia, (*call).uploadMedia},
	{"GET", "/{node}", false, labelMedia, (*call).getNode},
	{"DELETE", "/{node}", false, labelMedia, (*call).deleteMedia},
	{"GET", "/{node}/message_templates", false, labelTemplate, (*call).listTemplates},
	{"POST", "/{node}/message_templates", false, labelTemplate, (*call).createTemplate},
	{"DELETE", "/{node}/message_templates", false, labelTemplate, (*call).deleteTemplate},
	{"GET", "/{node}/message_templates/{id}", false, labelTemplate, (*call).getTemplate},
	{"GET", "/{node}/conversations", true, labelList, (*call).listConversations},
	{"GET", "/conversations/{id}", true, labelList, (*call).getConversation},
	{"PATCH", "/conversations/{id}", true, labelList, (*call).patchConversation},
	{"GET", "/{node}/contacts", true, labelList, (*call).listContacts},
	{"GET", "/{node}/contacts/{id}", true, labelList, (*call).getContact},
	{"PATCH", "/{node}/contacts/{id}", true, labelList, (*call).patchContact},
	{"GET", "/{node}/calls", true, labelList, (*call).listCalls},
	{"GET", "/{node}/settings", false, labelList, (*call).getSettings},
	{"GET", "/{node}/whatsapp_business_profile", false, labelList, (*call).getProfile},
}

// call is one request to the providers' API.
type call struct {
	s        *Simulator
	ctx      *fasthttp.RequestCtx
	provider crm.Provider
	token    crm.Secret
	number   *number // of the path's node or phone_number_id, else any of the token's
	send     sendRequest
	accepted *message // by postMessage
}

// provide returns the handler of an endpoint on one provider's side.
func (s *Simulator) provide(p crm.Provider, e endpoint) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		c := &call{s: s, ctx: ctx, provider: p}
		if r := c.authorise(); r != nil {
			r.write(ctx)
			return
		}
		if e.kapso && p != crm.Kapso {
			parameter("Tried accessing nonexisting field (%s)", lastSegment(e.path)).write(ctx)
			return
		}
		at := c.place(e.label)
		if !c.suffer(at) {
			return
		}
		c.answer(e, at)
	}
}

// authorise finds the token and the number it stands for.
func (c *call) authorise() *refusal {
	c.token = crm.Secret(c.ctx.Request.Header.Peek("X-API-Key"))
	if c.provider == crm.Meta || c.token == "" {
		bearer, _ := bytes.CutPrefix(c.ctx.Request.Header.Peek("Authorization"), []byte("Bearer "))
		c.token = crm.Secret(bearer)
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	for _, n := range c.s.numbers {
		if n.Provider != c.provider || n.Token == "" || n.Token != c.token {
			continue
		}
		if c.number == nil || n.PhoneNumberID == c.path("node") || n.PhoneNumberID == c.query("phone_number_id") {
			c.number = n
		}
	}
	if c.number == nil {
		return badToken()
	}
	return c.s.countRequest(c)
}

// place is where the call is, for faults. Only a send knows its customer.
func (c *call) place(label string) place {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	at := place{number: c.number, on: label}
	if label != labelSend || json.Unmarshal(c.ctx.PostBody(), &c.send) != nil {
		return at
	}
	if c.send.Status != "" {
		at.on = labelRead
	}
	at.customer = c.s.people.find(cmp.Or(c.send.To, c.send.Recipient))
	return at
}

// suffer lets the faults strike that come before the call is looked at. It
// reports whether the call goes on.
func (c *call) suffer(at place) bool {
	c.s.mu.Lock()
	slow := c.s.strike(at, FaultSlow)
	hit := c.s.strike(at, FaultError, FaultLimit, FaultDown, FaultHTML, FaultInFlight, FaultCredits, FaultSandbox, FaultStopped, FaultMismatch, FaultClose)
	c.s.mu.Unlock()
	if slow != nil {
		c.s.pause(slow.wait(defaultSlow))
	}
	switch {
	case hit == nil:
		return true
	case hit.Kind == FaultClose:
		abort(c.ctx, false)
	default:
		hit.refusal(c.provider).write(c.ctx)
	}
	return false
}

// answer serves the call and writes what comes of it.
func (c *call) answer(e endpoint, at place) {
	c.s.mu.Lock()
	result, err := e.serve(c)
	encoded, encodeErr := json.Marshal(result) // may share memory with the state
	cut := err == nil && c.accepted != nil && c.s.strike(at, FaultReset) != nil
	if cut {
		c.accepted.send.Unanswered++
	}
	c.s.mu.Unlock()
	refused, _ := err.(*refusal)
	switch {
	case cut:
		abort(c.ctx, true)
	case refused != nil:
		refused.write(c.ctx)
	case err != nil || encodeErr != nil:
		graph(131000, "The simulator could not answer.").write(c.ctx)
	default:
		writeJSON(c.ctx, fasthttp.StatusOK, encoded)
	}
}

// node returns the number the path names, if the token may use it.
func (c *call) node() (*number, error) {
	if c.number.PhoneNumberID != c.path("node") {
		return nil, noObject(string(c.ctx.Method()), c.path("node"))
	}
	return c.number, nil
}

// path returns a parameter of the route, decoded.
func (c *call) path(name string) string { return pathValue(c.ctx, name) }

// query returns a parameter of the query string.
func (c *call) query(name string) string { return string(c.ctx.QueryArgs().Peek(name)) }

// pathValue returns a copy of a parameter of the route, decoded.
func pathValue(ctx *fasthttp.RequestCtx, name string) string {
	raw, _ := ctx.UserValue(name).(string)
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	return decoded
}

// pause waits, or until the simulator closes.
func (s *Simulator) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stop:
	}
}

// abort ends the connection without an answer, where there is TCP by a reset if
// one is asked for.
func abort(ctx *fasthttp.RequestCtx, reset bool) {
	if tcp, ok := ctx.Conn().(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // without it the end is an ordinary one
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(net.Conn) {}) // closes the connection when it returns
}
