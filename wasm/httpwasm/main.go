//go:build wasip1

// Command httpwasm is the edge as a middleware of http-wasm
// (https://http-wasm.io), which Traefik and Dapr load as a plug-in. The server's
// configuration of the plug-in is the edge's configuration document. A request
// that the edge refuses or answers ends here; one that is to be forwarded goes
// on with the headers of package middleware. Route nothing but the webhooks'
// addresses through it: everything else is a 404.
package main

import (
	"time"

	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

func main() {} // a reactor: what runs is exported

var door = open()

// open runs when the server instantiates the plug-in.
func open() *middleware.Door {
	document := text(getConfig, maxConfig)
	g, err := middleware.New([]byte(document))
	if err != nil {
		log(levelError, err.Error())
	}
	return g
}

//go:wasmexport handle_request
func handleRequest() uint64 {
	request := read()
	answer := door.Decide(request, time.Now())
	if !answer.Forward {
		reply(answer)
		return 0
	}
	for _, field := range answer.Headers {
		if field.Value == "" {
			removeHeader(ofRequest, field.Name)
		} else {
			setHeaderValue(ofRequest, field.Name, field.Value)
		}
	}
	// What was read is gone for who comes next. The host can be asked to keep it,
	// but http-wasm-host-go 0.7.0 keeps the last piece of it only.
	if len(request.Body) > 0 {
		writeBody(ofRequest, &request.Body[0], uint32(len(request.Body)))
	}
	return 1 // to the next handler
}

//go:wasmexport handle_response
func handleResponse(context, failed uint32) {}

func reply(a middleware.Answer) {
	setStatusCode(uint32(a.Status))
	setHeaderValue(ofResponse, "Content-Type", "text/plain; charset=utf-8")
	setHeaderValue(ofResponse, "X-Content-Type-Options", "nosniff")
	if len(a.Body) > 0 {
		writeBody(ofResponse, &a.Body[0], uint32(len(a.Body)))
	}
}
