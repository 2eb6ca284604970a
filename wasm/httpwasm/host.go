//go:build wasip1

package main

import (
	"strings"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

// The handler ABI of http-wasm (https://http-wasm.io/http-handler-abi/). A
// function that returns a text writes nothing if it is longer than the limit.

//go:wasmimport http_handler log
func log(level int32, message string)

//go:wasmimport http_handler get_config
//go:noescape
func getConfig(buf *byte, limit uint32) uint32

//go:wasmimport http_handler get_method
//go:noescape
func getMethod(buf *byte, limit uint32) uint32

//go:wasmimport http_handler get_uri
//go:noescape
func getURI(buf *byte, limit uint32) uint32

//go:wasmimport http_handler get_header_values
//go:noescape
func getHeaderValues(kind uint32, name string, buf *byte, limit uint32) uint64

//go:wasmimport http_handler set_header_value
func setHeaderValue(kind uint32, name, value string)

//go:wasmimport http_handler remove_header
func removeHeader(kind uint32, name string)

//go:wasmimport http_handler read_body
//go:noescape
func readBody(kind uint32, buf *byte, limit uint32) uint64

//go:wasmimport http_handler write_body
//go:noescape
func writeBody(kind uint32, buf *byte, size uint32)

//go:wasmimport http_handler set_status_code
func setStatusCode(status uint32)

const (
	levelError = 2
	ofRequest  = 0 // kinds of header and body
	ofResponse = 1
	maxConfig  = 4 << 20
	chunk      = 64 << 10
)

// text returns what a function of the host has to say, or nothing if that is
// longer than limit.
func text(get func(buf *byte, limit uint32) uint32, limit uint32) string {
	var small [512]byte
	n := get(&small[0], uint32(len(small)))
	if n <= uint32(len(small)) {
		return string(small[:n])
	}
	if n > limit {
		return ""
	}
	large := make([]byte, n)
	return string(large[:get(&large[0], n)])
}

// read reads the request from the host.
func read() *edge.Request {
	path, query, _ := strings.Cut(text(getURI, 2*edge.MaxHeader), "?")
	r := &edge.Request{
		Method:    edge.MethodOf(text(getMethod, 16)),
		Hub:       middleware.Header(header("X-Hub-Signature-256")...),
		Signature: middleware.Header(header("X-Webhook-Signature")...),
		Query:     []byte(query),
	}
	if event := header("X-Webhook-Event"); len(event) > 0 {
		r.Event = []byte(event[0])
	}
	r.Provider, r.Source = middleware.Address(path)
	r.Body = readAll()
	return r
}

// header returns the values of a header of the request. Those that are longer
// than what is ever accepted come as something else of that kind.
func header(name string) []string {
	var buf [edge.MaxHeader + 2]byte // one more than is accepted, and the NUL behind it
	answer := getHeaderValues(ofRequest, name, &buf[0], uint32(len(buf)))
	count, n := answer>>32, uint32(answer)
	switch {
	case count == 0:
		return nil
	case n > uint32(len(buf)):
		return []string{strings.Repeat("?", edge.MaxHeader+1)}
	}
	return strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00")
}

var body []byte // of the request; its memory is used again

// readAll reads the body up to at least one byte more than is accepted.
func readAll() []byte {
	body = body[:0]
	for len(body) <= edge.MaxBody {
		if cap(body)-len(body) < chunk {
			body = append(make([]byte, 0, 2*cap(body)+chunk), body...)
		}
		free := body[len(body):cap(body)]
		answer := readBody(ofRequest, &free[0], uint32(len(free)))
		body = body[:len(body)+int(uint32(answer))]
		if answer>>32 != 0 {
			break
		}
	}
	return body
}
