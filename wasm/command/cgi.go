package main

import (
	"io"
	"os"
	"strconv"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

// serveCGI answers a request as CGI 1.1 (RFC 3875) has it, of which WAGI is a
// dialect: variables in the environment, the body on the standard input.
//
// A program of this kind opens no connection, so it forwards nothing. It is the
// one whom a server asks first, as nginx does with auth_request: 200 with the
// headers of package middleware means that the server is to hand the request on;
// everything else is the provider's answer as it stands. A server that gave the
// provider that 200 would lose the webhook.
func serveCGI(in io.Reader, out io.Writer) error {
	document, err := document()
	var door *middleware.Door
	if err == nil {
		door, err = middleware.New(document)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return write(out, middleware.Answer{Status: 503})
	}
	request, err := requestOf(in)
	if err != nil {
		return err
	}
	return write(out, door.Decide(request, time.Now()))
}

// requestOf reads the request out of the variables and the standard input, which
// a server need not close: CONTENT_LENGTH says how much of it is the body.
func requestOf(in io.Reader) (*edge.Request, error) {
	r := &edge.Request{
		Method:    edge.MethodOf(os.Getenv("REQUEST_METHOD")),
		Hub:       header("HTTP_X_HUB_SIGNATURE_256"),
		Signature: header("HTTP_X_WEBHOOK_SIGNATURE"),
		Event:     []byte(os.Getenv("HTTP_X_WEBHOOK_EVENT")),
		Query:     []byte(os.Getenv("QUERY_STRING")),
	}
	r.Provider, r.Source = middleware.Address(os.Getenv("SCRIPT_NAME") + os.Getenv("PATH_INFO"))
	size, _ := strconv.ParseInt(os.Getenv("CONTENT_LENGTH"), 10, 64) // missing: no body
	var err error
	r.Body, err = io.ReadAll(io.LimitReader(in, min(size, edge.MaxBody+1)))
	return r, err
}

func header(variable string) edge.Header {
	value, found := os.LookupEnv(variable)
	if !found {
		return middleware.Header()
	}
	return middleware.Header(value)
}

func write(out io.Writer, a middleware.Answer) error {
	text := "Status: " + strconv.Itoa(a.Status) + "\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
	for _, field := range a.Headers {
		if field.Value != "" {
			text += field.Name + ": " + field.Value + "\r\n"
		}
	}
	_, err := io.WriteString(out, text+"\r\n"+string(a.Body))
	return err
}
