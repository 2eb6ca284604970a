// Command cmd builds the edge's WebAssembly module:
//
//	go run ./wasm/internal/build/cmd
//
// writes it and its manifest to wasm/dist, and the compressed module to the
// package that embeds it. With -check it writes nothing and compares.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/my21staff/my21staff/wasm/internal/build"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := build.Command(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
