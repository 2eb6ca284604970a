//go:build wasip1

package main

import (
	"encoding/binary"
	"strings"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

// The imports, as the canonical ABI of the component model flattens them: a
// resource is a number, and a result of more than one number is written where
// the last argument points.

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.method
func requestMethod(request int32, result *area)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.path-with-query
func requestPath(request int32, result *area)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.headers
func requestHeaders(request int32) int32

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.consume
func requestConsume(request int32, result *area)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-request
func dropRequest(request int32)

//go:wasmimport wasi:http/types@0.2.12 [constructor]fields
func newFields() int32

//go:wasmimport wasi:http/types@0.2.12 [method]fields.get
func fieldsGet(fields int32, name string, result *area)

//go:wasmimport wasi:http/types@0.2.12 [method]fields.append
func fieldsAppend(fields int32, name, value string, result *area)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]fields
func dropFields(fields int32)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-body.stream
func bodyStream(body int32, result *area)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-body
func dropBody(body int32)

//go:wasmimport wasi:io/streams@0.2.12 [method]input-stream.blocking-read
func streamRead(stream int32, limit int64, result *area)

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]input-stream
func dropInput(stream int32)

//go:wasmimport wasi:http/types@0.2.12 [constructor]outgoing-response
func newResponse(headers int32) int32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.set-status-code
func responseStatus(response, status int32) int32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.body
func responseBody(response int32, result *area)

// The arguments after ok are the response, and room for the error that it might
// be instead.
//
//go:wasmimport wasi:http/types@0.2.12 [static]response-outparam.set
func answerSet(answer, ok, response, _ int32, _ int64, _, _, _, _ int32)

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-body.write
func outgoingWrite(body int32, result *area)

//go:wasmimport wasi:http/types@0.2.12 [static]outgoing-body.finish
func outgoingFinish(body, hasTrailers, trailers int32, result *area)

//go:wasmimport wasi:io/streams@0.2.12 [method]output-stream.blocking-write-and-flush
func streamWrite(stream int32, bytes string, result *area)

//go:wasmimport wasi:io/streams@0.2.12 [resource-drop]output-stream
func dropOutput(stream int32)

// area is where the host writes results. The first byte says which case of a
// variant it is, what follows belongs to that case.
type area [16]uint32

func (a *area) tag() byte { return byte(a[0]) }

// bytes returns the bytes whose address and number stand at index i. They are
// the arena's.
func (a *area) bytes(i int) []byte { return bytesAt(a[i], a[i+1]) }

// The cases of wasi:http's method that decide.
var methods = [...]edge.Method{0: edge.Get, 2: edge.Post, 8: edge.Other}

// read reads a request and drops it.
func read(request int32) *edge.Request {
	var result area
	r := new(edge.Request)
	requestMethod(request, &result)
	if tag := result.tag(); int(tag) < len(methods) {
		r.Method = methods[tag]
	}
	requestPath(request, &result)
	if result.tag() == 1 {
		path, query, _ := strings.Cut(string(result.bytes(1)), "?")
		r.Provider, r.Source = middleware.Address(path)
		r.Query = []byte(query)
	}
	headers := requestHeaders(request)
	r.Hub = middleware.Header(header(headers, "x-hub-signature-256")...)
	r.Signature = middleware.Header(header(headers, "x-webhook-signature")...)
	if event := header(headers, "x-webhook-event"); len(event) > 0 {
		r.Event = []byte(event[0])
	}
	dropFields(headers)
	requestConsume(request, &result)
	r.Body = readAll(int32(result[1]))
	dropRequest(request)
	return r
}

func header(headers int32, name string) []string {
	var result area
	fieldsGet(headers, name, &result)
	var values []string
	for list := bytesAt(result[0], 8*result[1]); len(list) > 0; list = list[8:] { // addresses and sizes
		address, size := binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:])
		values = append(values, string(bytesAt(address, size)))
	}
	return values
}

var body []byte // of the request; its memory is used again

// readAll reads a body up to at least one byte more than is accepted, and drops
// it. A stream that fails ends there: what is missing makes the signature wrong.
func readAll(incoming int32) []byte {
	var result area
	body = body[:0]
	bodyStream(incoming, &result)
	stream := int32(result[1])
	for mark := arena.used; len(body) <= edge.MaxBody; arena.used = mark {
		streamRead(stream, chunk, &result)
		if result.tag() != 0 {
			break
		}
		body = append(body, result.bytes(1)...)
	}
	dropInput(stream)
	dropBody(incoming)
	return body
}

// reply answers a request.
func reply(answer int32, a middleware.Answer) {
	var result area
	headers := newFields()
	fieldsAppend(headers, "content-type", "text/plain; charset=utf-8", &result)
	fieldsAppend(headers, "x-content-type-options", "nosniff", &result)
	for _, field := range a.Headers {
		if field.Value != "" {
			fieldsAppend(headers, field.Name, field.Value, &result)
		}
	}
	response := newResponse(headers)
	responseStatus(response, int32(a.Status))
	responseBody(response, &result)
	outgoing := int32(result[1])
	answerSet(answer, 0, response, 0, 0, 0, 0, 0, 0)
	if len(a.Body) > 0 { // a challenge, and so less than the 4096 bytes that may be written at once
		outgoingWrite(outgoing, &result)
		stream := int32(result[1])
		streamWrite(stream, string(a.Body), &result)
		dropOutput(stream)
	}
	outgoingFinish(outgoing, 0, 0, &result)
}
