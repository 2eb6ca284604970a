package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// The bounds of a JSON body.
const (
	maxBody  = 1 << 20
	maxDepth = 48
)

// readJSON reads the request's body into target, a pointer to a struct. Whatever
// is wrong with it is Invalid or TooLarge.
func readJSON(ctx *fasthttp.RequestCtx, target any) error {
	body, err := readBody(ctx)
	if err != nil {
		return err
	}
	return decodeJSON(body, target)
}

// readBody returns a copy of a JSON body, whether the server reads bodies whole
// or as streams. It never reads more than maxBody.
func readBody(ctx *fasthttp.RequestCtx) ([]byte, error) {
	refuse := func(code crm.Code, reason, msg string, err error) error {
		return &crm.Error{Op: "read body", Code: code, Reason: reason, Msg: msg, Err: err}
	}
	tooLarge := fmt.Sprintf("A body may have at most %d bytes.", maxBody)
	kind, _, err := mime.ParseMediaType(string(ctx.Request.Header.ContentType()))
	if err != nil || kind != "application/json" {
		return nil, refuse(crm.Invalid, problem.UnsupportedMedia, "Send the body as application/json.", nil)
	}
	if ctx.Request.Header.ContentLength() > maxBody {
		return nil, refuse(crm.TooLarge, "", tooLarge, nil)
	}
	stream := ctx.RequestBodyStream()
	if stream == nil {
		stream = bytes.NewReader(ctx.PostBody())
	}
	body, err := io.ReadAll(io.LimitReader(stream, maxBody+1))
	switch {
	case err != nil:
		return nil, refuse(crm.Invalid, "broken_body", "The body ended too early.", err)
	case len(body) > maxBody:
		return nil, refuse(crm.TooLarge, "", tooLarge, nil)
	}
	return body, nil
}

// decodeJSON reads a JSON object into target, a pointer to a struct. Syntax,
// depth and encoding are checked first, then each field by bind.
func decodeJSON(body []byte, target any) error {
	bad := func(msg string, err error) error {
		return &crm.Error{Op: "decode body", Code: crm.Invalid, Reason: "bad_json", Msg: msg, Err: err}
	}
	if !utf8.Valid(body) {
		return bad("The body is not UTF-8.", nil)
	}
	if err := checkShape(body); err != nil {
		return bad("The body "+err.Error()+".", nil)
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return bad(fmt.Sprintf("The body is not JSON (at byte %d).", syntax.Offset), err)
		}
		return bad("The body is not JSON.", err)
	}
	return problem.OfFields("decode body", bind(raw, target))
}

// checkShape refuses nesting deeper than maxDepth and the escape \u0000, which
// JSON allows and a text column does not. It trusts nothing: the bytes may be no
// JSON at all.
func checkShape(body []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			if bytes.HasPrefix(body[i:], []byte(`\u0000`)) {
				return errors.New(`holds the character \u0000, which no text may`)
			}
			i++ // the escaped character ends no string
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return fmt.Errorf("is nested more than %d levels deep", maxDepth)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}
