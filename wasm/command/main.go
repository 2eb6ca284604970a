// Command command is the edge as a program of WASI preview 1 that decides one
// request and ends: a request's frame on the standard input becomes the
// decision's frame on the standard output (package edge, wire.go). It is for
// tests, for looking at a decision, and for servers that speak CGI or WAGI,
// which it recognises by REQUEST_METHOD (see cgi.go). Where many requests come,
// the reactor wasm/edge is the one to run.
//
// The configuration is the file that M21_EDGE_CONFIG names, or the document
// itself in M21_EDGE_CONFIG_JSON. A configuration that is not sound ends a
// frame's run with code 1 and a sentence, and is a 503 under CGI.
package main

import (
	"io"
	"os"

	"github.com/my21staff/my21staff/edge"
)

func main() {
	run := decide
	if os.Getenv("REQUEST_METHOD") != "" {
		run = serveCGI
	}
	if err := run(os.Stdin, os.Stdout); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

// decide answers a frame.
func decide(in io.Reader, out io.Writer) error {
	document, err := document()
	if err != nil {
		return err
	}
	config, err := edge.Parse(document)
	if err != nil {
		return err
	}
	frame, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	_, err = out.Write(edge.New(config).Handle(frame, nil))
	return err
}

func document() ([]byte, error) {
	if name := os.Getenv("M21_EDGE_CONFIG"); name != "" {
		return os.ReadFile(name)
	}
	return []byte(os.Getenv("M21_EDGE_CONFIG_JSON")), nil
}
