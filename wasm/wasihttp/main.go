//go:build wasip1

// Command wasihttp is the edge as a component that handles wasi:http requests
// (wasi:http/incoming-handler 0.2), for servers such as wasmtime serve and jco
// serve. It is a module of WASI preview 1; component.mjs makes the component of
// it, with the adapter that gives it preview 2.
//
// The configuration is the document in the environment variable
// M21_EDGE_CONFIG_JSON (wasi:cli/environment, which the adapter asks). As under
// CGI, the component answers what is refused or answered at the door, and a
// request that is to be forwarded with 200 and the headers of package middleware,
// for the server that asked it first.
package main

import (
	"os"
	"time"

	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

func main() {} // a reactor: what runs is exported

var door = open()

func open() *middleware.Door {
	g, err := middleware.New([]byte(os.Getenv("M21_EDGE_CONFIG_JSON")))
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
	}
	return g
}

//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(request, answer int32) {
	beginRequest()
	reply(answer, door.Decide(read(request), time.Now()))
}
