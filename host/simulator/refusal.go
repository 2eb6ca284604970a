package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// refusal is an answer of the provider that is no success.
type refusal struct {
	status     int
	body       any    // encoded as JSON, or
	html       string // sent as it is
	retryAfter int    // seconds; 0: not said
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("refused with %d", r.status) }

// graphError is the object under "error" in an answer of Meta's shape.
type graphError struct {
	Message string      `json:"message"`
	Type    string      `json:"type"`
	Code    int         `json:"code"`
	Subcode int         `json:"error_subcode,omitempty"`
	Data    *graphExtra `json:"error_data,omitempty"`
	Trace   string      `json:"fbtrace_id,omitempty"`
}

type graphExtra struct {
	Product string `json:"messaging_product,omitempty"`
	Details string `json:"details"`
}

// graphCodes are the documented codes with the HTTP status and title that go
// with them (Meta, "error codes", 2025-12).
var graphCodes = map[int]struct {
	status int
	title  string
}{
	0: {401, "AuthException"}, 1: {400, "API Unknown"}, 2: {503, "API Service"}, 3: {500, "API Method"},
	4: {400, "API Too Many Calls"}, 10: {403, "Permission Denied"}, 33: {400, "Parameter value is not valid"},
	100: {400, "Invalid parameter"}, 190: {401, "Access token has expired"}, 200: {403, "API Permission"},
	368: {403, "Temporarily blocked for policies violations"}, 80007: {400, "Rate limit issues"},
	130429: {400, "Rate limit hit"}, 130472: {400, "User's number is part of an experiment"},
	130497: {403, "Business account is restricted from messaging users in this country."},
	131000: {500, "Something went wrong"}, 131005: {403, "Access denied"}, 131008: {400, "Required parameter is missing"},
	131009: {400, "Parameter value is not valid"}, 131016: {500, "Service unavailable"},
	131021: {400, "Recipient cannot be sender"}, 131026: {400, "Message undeliverable"}, 131031: {403, "Account has been locked"},
	131035: {400, "No-storage configuration is missing"}, 131036: {400, "No-storage configuration is invalid"},
	131037: {400, "Number needs display name approval before message can be sent"},
	131042: {400, "Business eligibility payment issue"}, 131045: {500, "Incorrect certificate"},
	131047: {400, "Re-engagement message"}, 131048: {400, "Spam rate limit hit"},
	131049: {400, "This message was not delivered to maintain healthy ecosystem engagement."},
	131050: {400, "User has stopped marketing messages"}, 131051: {400, "Unsupported message type"},
	131052: {400, "Media download error"}, 131053: {400, "Media upload error"}, 131055: {400, "Method not allowed"},
	131056: {400, "(Business Account, Consumer Account) pair rate limit hit"}, 131057: {500, "Account in maintenance mode"},
	131062: {400, "Business-scoped user id cannot receive authentication templates"},
	132000: {400, "Number of parameters does not match the expected number of params"},
	132001: {404, "Template name does not exist in the translation"}, 132005: {400, "Template hydrated text too long"},
	132007: {400, "Template format character policy violated"}, 132012: {400, "Parameter format does not match format in the created template"},
	132015: {400, "Template is paused"}, 132016: {400, "Template is disabled"}, 132018: {400, "Template parameters are not valid"},
	132068: {400, "Flow is blocked"}, 132069: {400, "Flow is throttled"}, 133004: {500, "Server temporarily unavailable"},
	133010: {400, "Phone number not registered"}, 133016: {400, "Account register deregister rate limit exceeded"},
	134100: {400, "Only marketing messages supported"}, 134101: {400, "Template is syncing"},
	134102: {400, "Template is unavailable for use"}, 135000: {400, "Generic user error"},
}

// graph is Meta's refusal with a code; details say more. A code that is in no
// document is answered 400, as undocumented ones are.
func graph(code int, details string) *refusal {
	known := graphCodes[code]
	title := cmp.Or(known.title, "Error "+strconv.Itoa(code))
	e := graphError{Message: fmt.Sprintf("(#%d) %s", code, title), Type: "OAuthException", Code: code, Trace: "SimulatedTraceId"}
	if details != "" {
		e.Data = &graphExtra{Product: "whatsapp", Details: details}
	}
	return &refusal{status: cmp.Or(known.status, 400), body: map[string]any{"error": e}}
}

// parameter is code 100 with Meta's sentence about one parameter.
func parameter(format string, args ...any) *refusal {
	e := graphError{Message: "(#100) " + fmt.Sprintf(format, args...), Type: "OAuthException", Code: 100, Trace: "SimulatedTraceId"}
	return &refusal{status: 400, body: map[string]any{"error": e}}
}

// noObject is what Meta says of an id that is not there or not the caller's.
func noObject(method, id string) *refusal {
	verb := map[string]string{"GET": "get", "POST": "post", "DELETE": "delete"}[method]
	e := graphError{
		Message: fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, or does not support this operation", cmp.Or(verb, "request"), id),
		Type:    "GraphMethodException", Code: 100, Subcode: 33, Trace: "SimulatedTraceId",
	}
	return &refusal{status: 400, body: map[string]any{"error": e}}
}

// badToken is the refusal of a token or key nobody has.
func badToken() *refusal {
	e := graphError{Message: "Invalid OAuth access token - Cannot parse access token", Type: "OAuthException", Code: 190, Trace: "SimulatedTraceId"}
	return &refusal{status: 401, body: map[string]any{"error": e}}
}

// closedWindow is Kapso's own check of the customer service window.
func closedWindow() *refusal {
	e := graphError{Message: "Cannot send non-template messages outside the 24-hour window.", Type: "MessageError", Code: 131047, Subcode: 131047}
	return &refusal{status: 422, body: map[string]any{"error": e}}
}

// flat is one of Kapso's own errors; an empty code is left out.
func flat(status int, text, code string) *refusal {
	body := map[string]any{"error": text}
	if code != "" {
		body["code"] = code
	}
	return &refusal{status: status, body: body}
}

// limited is a provider's "too many requests", with HTTP status 429.
func limited(p crm.Provider, seconds int) *refusal {
	if p == crm.Kapso {
		return &refusal{status: 429, retryAfter: cmp.Or(seconds, 60), body: map[string]any{
			"error": "Rate limit exceeded", "message": "You have exceeded the rate limit. Please try again later."}}
	}
	r := graph(130429, "Cloud API message throughput has been reached.")
	r.status, r.retryAfter = 429, seconds
	return r
}

// write answers with the refusal.
func (r *refusal) write(ctx *fasthttp.RequestCtx) {
	if r.retryAfter > 0 {
		ctx.Response.Header.Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	if r.html != "" {
		ctx.SetStatusCode(r.status)
		ctx.SetContentType("text/html; charset=utf-8")
		ctx.SetBodyString(r.html)
		return
	}
	encoded, _ := json.Marshal(r.body) // maps of strings and numbers
	writeJSON(ctx, r.status, encoded)
}

// writeJSON answers with an encoded body.
func writeJSON(ctx *fasthttp.RequestCtx, status int, encoded []byte) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json; charset=utf-8")
	ctx.SetBody(encoded)
}
