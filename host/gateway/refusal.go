package gateway

import (
	"encoding/json"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// answer is why a request is not taken: a status, a stable code and a sentence.
type answer struct {
	status int
	code   string
	detail string
}

// What the gateway says of its own.
var (
	nowhere    = answer{404, "not_found", "There is nothing at this address."}
	notAllowed = answer{405, "method_not_allowed", "This address takes GET."}
	tooSlow    = answer{408, "too_slow", "The request did not arrive in time."}
	tooLarge   = answer{413, edge.BodyTooLarge.String(), sentences[edge.BodyTooLarge]}
	longHead   = answer{431, "header_too_large", "The head of the request is too long."}
	malformed  = answer{400, "bad_request", "This is not an HTTP request that can be read."}
	broken     = answer{400, "broken_body", "The body ended too early or is not framed as HTTP says."}
	internal   = answer{500, "internal", "Something went wrong here. It has been noted."}
	busy       = answer{503, "busy", "There is more to do than can be done at once. Try again in a moment."}
	undecided  = answer{503, "undecided", "The request could not be decided. Try again."}
	unready    = answer{503, edge.NotConfigured.String(), sentences[edge.NotConfigured]}
	notTaken   = answer{503, "origin_unavailable", "Not everybody has taken this. Nothing is lost if it is sent again."}
	distrusted = answer{503, "origin_refused", "An origin does not believe what was verified here. It is to be sent again."}
)

// sentences explain a decision's reason to whoever reads the provider's log.
var sentences = map[edge.Reason]string{
	edge.NotConfigured:      "There is no configuration yet.",
	edge.BadMethod:          "A webhook is a POST, its handshake a GET.",
	edge.UnknownSource:      "Nobody who is known here sends webhooks to this address.",
	edge.BodyTooLarge:       "The body is larger than is accepted.",
	edge.HeaderTooLong:      "A header or the query is longer than is accepted.",
	edge.HandshakeMode:      "hub.mode is not subscribe.",
	edge.HandshakeToken:     "The verify token is not one of ours.",
	edge.HandshakeChallenge: "The challenge is too long or cannot be read.",
	edge.SignatureMissing:   "The request is not signed.",
	edge.SignatureRepeated:  "The signature comes more than once.",
	edge.SignatureMalformed: "The signature has not its form.",
	edge.SignatureWrong:     "The signature is by none of our secrets.",
}

// Sentence explains why a decision refuses a request; "" for a reason that is
// none for refusing.
func Sentence(reason edge.Reason) string { return sentences[reason] }

// refuse answers and notes why.
func (g *Gateway) refuse(ctx *fasthttp.RequestCtx, x *exchange, why answer) {
	x.verdict, x.reason = edge.Refuse, why.code
	why.write(ctx)
}

// write writes the problem document.
func (a answer) write(ctx *fasthttp.RequestCtx) {
	document := problem.Document{
		Type: "about:blank", Title: fasthttp.StatusMessage(a.status), Status: a.status,
		Detail: a.detail, Code: a.code, RequestID: request.IDOf(ctx),
	}
	body, _ := json.Marshal(document) // texts and numbers
	ctx.Response.ResetBody()
	ctx.SetStatusCode(a.status)
	h := &ctx.Response.Header
	h.SetContentType(problem.ContentType)
	switch a.status {
	case fasthttp.StatusServiceUnavailable:
		h.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(retryAfter))
	case fasthttp.StatusMethodNotAllowed:
		h.Set(fasthttp.HeaderAllow, "GET, POST")
	case fasthttp.StatusRequestEntityTooLarge:
		ctx.SetConnectionClose() // the rest of the body is not worth reading
	}
	ctx.SetBody(body)
}

// retryAfter is how many seconds a provider is asked to wait.
const retryAfter = 2
