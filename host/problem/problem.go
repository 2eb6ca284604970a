// Package problem turns errors into problem documents (RFC 9457): the one table
// from an error's class to an HTTP status.
package problem

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// Class is how a class of errors is answered.
type Class struct {
	Code   crm.Code
	Status int
	Title  string
	Detail string // the sentence for an error that brings none
}

// Classes lists every class, for the table in the documentation.
var Classes = []Class{
	{crm.Invalid, 400, "The request cannot be read", "Something in the request is not as it should be."},
	{crm.Unauthenticated, 401, "Sign in first", "Sign in or send an API key."},
	{crm.Forbidden, 403, "Not allowed", "You are not allowed to do this."},
	{crm.NotFound, 404, "Not found", "There is nothing here."},
	{crm.Conflict, 409, "Conflict with what is stored", "What is stored says otherwise."},
	{crm.TooLarge, 413, "Too large", "The request is larger than is accepted."},
	{crm.Refused, 422, "Refused by a rule", "A rule says no."},
	{crm.Limited, 429, "Too often", "Too many requests. Wait a little."},
	{crm.Internal, 500, "Our fault", "Something went wrong here. It has been noted."},
	{crm.Unavailable, 503, "Not available now", "This cannot be done right now. Nothing was done; try again."},
	{crm.Uncertain, 504, "It is not known whether this was done", "The database's answer was lost. Look whether it was done, or repeat it with the same Idempotency-Key."},
}

// The reasons for which HTTP has a status of its own.
const (
	MethodNotAllowed = "method_not_allowed"
	LengthRequired   = "length_required"
	UnsupportedMedia = "unsupported_media_type"
	TooSlow          = "too_slow"
	HeaderTooLarge   = "header_too_large"
)

var reasonStatus = map[string]int{MethodNotAllowed: 405, TooSlow: 408, LengthRequired: 411, UnsupportedMedia: 415, HeaderTooLarge: 431}

// retryAfter is what a client is asked to wait when the error does not say.
const retryAfter = 2 * time.Second

// Error adds to err what only the HTTP answer shows. It has err's class.
type Error struct {
	Err        error
	RetryAfter time.Duration  // for Limited, Unavailable and Uncertain
	Members    map[string]any // extension members of the document
}

// Error returns err's text.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns err.
func (e *Error) Unwrap() error { return e.Err }

// Field is one part of a request that is not as it should be.
type Field struct {
	Field  string `json:"field"` // "text.body", "tags[2]", or a query parameter's name
	Code   string `json:"code"`  // one of the words below
	Detail string `json:"detail"`
}

// What can be wrong with a field.
const (
	UnknownField = "unknown_field"
	MissingField = "missing_field"
	WrongType    = "wrong_type"
	BadValue     = "bad_value"
)

// OfFields returns the Invalid error for fields, nil if there are none. Its
// reason is the first one's code, its members list them all.
func OfFields(op string, fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	first := fields[0]
	return &Error{
		Err:     &crm.Error{Op: op, Code: crm.Invalid, Reason: first.Code, Msg: fmt.Sprintf("%s: %s", first.Field, first.Detail)},
		Members: map[string]any{"errors": fields},
	}
}

// Document is a problem document without its extension members.
type Document struct {
	Type      string `json:"type"` // where the class is explained
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`               // a sentence for a person
	Code      string `json:"code"`                 // stable: what a program decides on
	Reason    string `json:"reason,omitempty"`     // the reason within the class
	RequestID string `json:"request_id,omitempty"` // to look for in the log
}

// Of returns the document for err. Code is the reason if there is one, else the
// class; only of a forbidden action, whose reason is the action, it is always
// the class. An internal error shows nothing of itself.
func Of(err error) Document {
	class := classOf(crm.CodeOf(err))
	doc := Document{
		Type: "/docs#problem-" + string(class.Code), Title: class.Title,
		Status: class.Status, Detail: class.Detail, Code: string(class.Code),
	}
	var e *crm.Error
	if class.Code == crm.Internal || !errors.As(err, &e) {
		return doc
	}
	if e.Msg != "" {
		doc.Detail = e.Msg
	}
	doc.Reason = e.Reason
	if e.Reason != "" && class.Code != crm.Forbidden {
		doc.Code = e.Reason
	}
	if status := reasonStatus[e.Reason]; status != 0 && class.Code == crm.Invalid {
		doc.Status = status
	}
	return doc
}

func classOf(code crm.Code) Class {
	for _, class := range Classes {
		if class.Code == code {
			return class
		}
	}
	return classOf(crm.Internal)
}

// Write answers ctx with the document for err. What the handler wrote before is
// dropped.
func Write(ctx *fasthttp.RequestCtx, err error) {
	doc := Of(err)
	doc.RequestID = request.IDOf(ctx)
	var extra Error
	if e := (*Error)(nil); errors.As(err, &e) {
		extra = *e
	}
	ctx.Response.ResetBody()
	ctx.Response.Header.SetContentType(ContentType)
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.SetStatusCode(doc.Status)
	switch crm.CodeOf(err) {
	case crm.Unauthenticated:
		ctx.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, `Bearer realm="my21staff"`)
	case crm.Unavailable, crm.Uncertain, crm.Limited:
		// Whole seconds, rounded up: a client that comes back early is refused again.
		wait := cmp.Or(extra.RetryAfter, retryAfter)
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	case crm.TooLarge:
		ctx.SetConnectionClose() // the rest of the body is not worth reading
	}
	ctx.SetBody(encode(doc, extra.Members))
}

// encode writes the document's members and then the extension's.
func encode(doc Document, members map[string]any) []byte {
	body, err := json.Marshal(doc)
	if err != nil || len(members) == 0 {
		return body
	}
	more, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return append(append(body[:len(body)-1], ','), more[1:]...)
}
