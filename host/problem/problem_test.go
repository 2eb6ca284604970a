package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// write returns the answer for an error.
func write(t *testing.T, err error) (*fasthttp.Response, map[string]any) {
	t.Helper()
	var ctx fasthttp.RequestCtx
	request.SetID(&ctx, "r-1")
	ctx.SetBodyString("half an answer")
	problem.Write(&ctx, err)
	var doc map[string]any
	if err := json.Unmarshal(ctx.Response.Body(), &doc); err != nil {
		t.Fatalf("%q is no document: %v", ctx.Response.Body(), err)
	}
	return &ctx.Response, doc
}

func TestDocument(t *testing.T) {
	t.Parallel()
	secret := errors.New("password is hunter2")
	for _, c := range []struct {
		err    error
		status int
		code   string
		detail string
	}{
		{&crm.Error{Code: crm.Invalid}, 400, "invalid", ""},
		{&crm.Error{Code: crm.Invalid, Reason: "bad_cursor", Msg: "Start again."}, 400, "bad_cursor", "Start again."},
		{&crm.Error{Code: crm.Invalid, Reason: problem.MethodNotAllowed}, 405, "method_not_allowed", ""},
		{&crm.Error{Code: crm.Invalid, Reason: problem.LengthRequired}, 411, "length_required", ""},
		{&crm.Error{Code: crm.Invalid, Reason: problem.UnsupportedMedia}, 415, "unsupported_media_type", ""},
		{&crm.Error{Code: crm.Unauthenticated}, 401, "unauthenticated", ""},
		{&crm.Error{Code: crm.Forbidden, Reason: "tags:manage"}, 403, "forbidden", ""},
		{&crm.Error{Code: crm.NotFound}, 404, "not_found", ""},
		{crm.NotFound, 404, "not_found", ""},
		{&crm.Error{Code: crm.Conflict, Err: secret}, 409, "conflict", ""},
		{&crm.Error{Code: crm.TooLarge}, 413, "too_large", ""},
		{crm.Wrap("outer", &crm.Error{Code: crm.Refused, Reason: crm.WindowClosed, Msg: "Too late."}), 422, "window_closed", "Too late."},
		{&crm.Error{Code: crm.Limited}, 429, "limited", ""},
		{&crm.Error{Code: crm.Unavailable, Err: secret}, 503, "unavailable", ""},
		{&crm.Error{Code: crm.Internal, Reason: "x", Msg: secret.Error(), Err: secret}, 500, "internal", ""},
		{secret, 500, "internal", ""},
		{fmt.Errorf("wrapped: %w", &crm.Error{Code: crm.NotFound, Msg: "Gone."}), 404, "not_found", "Gone."},
	} {
		res, doc := write(t, c.err)
		if res.StatusCode() != c.status || doc["status"] != float64(c.status) || doc["code"] != c.code {
			t.Errorf("%v is answered %d %s, want %d %s", c.err, res.StatusCode(), res.Body(), c.status, c.code)
		}
		if c.detail != "" && doc["detail"] != c.detail || doc["detail"] == "" {
			t.Errorf("%v says %q, want %q", c.err, doc["detail"], c.detail)
		}
		if strings.Contains(string(res.Body()), "hunter2") {
			t.Errorf("%v shows its cause: %s", c.err, res.Body())
		}
		if doc["title"] == "" || doc["request_id"] != "r-1" || !strings.HasPrefix(fmt.Sprint(doc["type"]), "/docs#problem-") {
			t.Errorf("%v is answered %s", c.err, res.Body())
		}
		if string(res.Header.ContentType()) != problem.ContentType {
			t.Errorf("%v is answered as %s", c.err, res.Header.ContentType())
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	limited := &crm.Error{Code: crm.Limited}
	for _, c := range []struct {
		err          error
		header, want string
	}{
		{&crm.Error{Code: crm.Unauthenticated}, "WWW-Authenticate", `Bearer realm="my21staff"`},
		{&crm.Error{Code: crm.Unavailable}, "Retry-After", "2"},
		{limited, "Retry-After", "2"},
		{&problem.Error{Err: limited, RetryAfter: 90 * time.Second}, "Retry-After", "90"},
		{&problem.Error{Err: limited, RetryAfter: 1200 * time.Millisecond}, "Retry-After", "2"},
		{&problem.Error{Err: limited, RetryAfter: time.Millisecond}, "Retry-After", "1"},
		{&crm.Error{Code: crm.NotFound}, "Retry-After", ""},
		{&crm.Error{Code: crm.TooLarge}, "Connection", "close"},
	} {
		res, _ := write(t, c.err)
		if got := string(res.Header.Peek(c.header)); got != c.want {
			t.Errorf("%v is answered with %s: %q, want %q", c.err, c.header, got, c.want)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	_, doc := write(t, problem.OfFields("read", []problem.Field{{Field: "a", Code: problem.WrongType, Detail: "It must be a string."}, {Field: "b", Code: problem.MissingField}}))
	errs, _ := doc["errors"].([]any)
	if doc["code"] != "wrong_type" || len(errs) != 2 || doc["detail"] != "a: It must be a string." {
		t.Errorf("the document for two fields is %v", doc)
	}
	if err := problem.OfFields("read", nil); err != nil {
		t.Errorf("no field is wrong, and the error is %v", err)
	}
	wrapped := &problem.Error{Err: crm.Wrap("send", crm.Refused), Members: map[string]any{"templates": []string{"welcome"}}}
	if _, doc := write(t, wrapped); doc["code"] != "refused" || fmt.Sprint(doc["templates"]) != "[welcome]" {
		t.Errorf("the document with templates is %v", doc)
	}
}
